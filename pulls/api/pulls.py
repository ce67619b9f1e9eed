"""Pull requests, what they consist of, and merging."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.actors import Scope
from core.apiviews import ApiView, page
from core.errors import Invalid
from core.schema import PAGED, operation, page_of, text
from issues.logic.query import Query, parse
from issues.models import Thread
from issues.queries import filtering
from projects.api.base import RepositoryBase, origin
from projects.api.shapes import git as git_shapes
from projects.queries.browsing import reading
from pulls import commands, queries
from pulls.api import shapes
from pulls.commands.auto import set_auto_merge
from pulls.commands.merging import merge_pull
from pulls.models import Pull
from pulls.queries import proposing

QUERY = text("q", "conditions as in the search box, `is:open` if absent: `is:merged author:ada sort:updated-desc words`")
FILES_MAX = 3000  # listed


class PullBase(RepositoryBase):
    """Views below one pull request."""

    def pull(self, request: Request, namespace: str, name: str, number: int) -> Pull:
        """The pull request. Raises NotFound."""
        return queries.pull(self.actor(request), self.repository(request, namespace, name), number)

    def printed(self, request: Request, row: Pull) -> dict[str, Any]:  # type: ignore[override]
        """JSON values of one pull request, read anew."""
        fresh = queries.pull(self.actor(request), row.repository, row.thread.number)
        return shapes.pulls_out(self.actor(request), [fresh], origin(request))[0]

    def home(self, request: Request, row: Pull) -> str:
        """The address of its page."""
        return origin(request) + row.get_absolute_url()


def asked(request: Request) -> Query:
    """The query. Raises Invalid for what cannot be read."""
    found = parse(request.query_params.get("q", "is:open"))
    if found.faults:
        raise Invalid(filtering.sentence(found.faults[0]), field="q")
    return found


class PullsApi(PullBase):
    """`…/pulls`."""

    @operation("list_pulls", answer=page_of(shapes.PullOut), query=[QUERY, *PAGED])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Pull requests of a repository

        By a query; open ones if none is given.
        """
        row, query, actor = self.repository(request, namespace, name), asked(request), self.actor(request)
        threads = filtering.filtered(actor, Thread.objects.filter(repository=row, kind=Thread.Kind.PULL), query, repository=row)
        found = page(
            threads,
            limit=self.limit(request),
            cursor=request.query_params.get("cursor", ""),
            by=filtering.order_of(query),
            show=lambda one: one,
        )
        rows = queries.of_threads(row, found["items"])
        return self.page(request, {**found, "items": shapes.pulls_out(actor, rows, origin(request))})

    @operation(
        "create_pull", body=shapes.PullIn, answer=shapes.PullOut, status=201, scope=Scope.WRITE,
        example={"title": "Batch requests", "head": "topic", "base": "main", "body": "What and why: …"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Open a pull request

        From a branch of the repository, or of a fork that you may write to.
        """
        row, given, actor = self.repository(request, namespace, name), self.validated(request, shapes.PullIn), self.actor(request)
        head = proposing.branch_end(actor, row, given["head"])
        if head is None:
            raise Invalid(_("There is no such branch, or you may not see it."), field="head")
        made = commands.open_pull(
            actor, row, head=head.home, head_branch=head.position.name, base_branch=given["base"], title=given["title"], body=given["body"],
            is_draft=given["draft"], maintainers_may_push=given["maintainers_may_push"],
        )  # fmt: skip
        return Response(self.printed(request, made), status=201)


class PullApi(PullBase):
    """`…/pulls/{number}`."""

    @operation("get_pull", answer=shapes.PullOut)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """A pull request"""
        return Response(self.printed(request, self.pull(request, namespace, name, number)))

    @operation(
        "update_pull",
        body=shapes.PullPatch,
        answer=shapes.PullOut,
        scope=Scope.WRITE,
        also=[412],
        example={"title": "A better title", "draft": False},
    )
    def patch(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Change, retarget, close or reopen a pull request"""
        row, actor = self.pull(request, namespace, name, number), self.actor(request)
        self.require_match(request, self.printed(request, row))
        given = self.validated(request, shapes.PullPatch)
        if "title" in given or "body" in given:
            row = commands.edit_pull(actor, row, title=given.get("title"), body=given.get("body"))
        if "maintainers_may_push" in given:
            row = commands.let_maintainers_push(actor, row, allowed=given["maintainers_may_push"])
        if "base" in given:
            row = commands.retarget_pull(actor, row, base_branch=given["base"])
        if "draft" in given and given["draft"] != row.is_draft:
            row = commands.set_draft(actor, row, is_draft=given["draft"])
        if "state" in given and given["state"] != row.thread.state:
            row = (commands.close_pull if given["state"] == "closed" else commands.reopen_pull)(actor, row)
        return Response(self.printed(request, row))


class PullCommitsApi(PullBase):
    """`…/pulls/{number}/commits`."""

    @operation("list_pull_commits", answer=page_of(git_shapes.CommitOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Commits of a pull request

        Of the newest version, oldest first; the newest 250 of many.
        """
        row = self.pull(request, namespace, name, number)
        with reading():
            found = queries.commits(row)
        return self.slice(request, found, git_shapes.commit_out)


class PullFilesApi(PullBase):
    """`…/pulls/{number}/files`."""

    @operation("list_pull_files", answer=page_of(git_shapes.FileOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Changed files of a pull request"""
        row = self.pull(request, namespace, name, number)
        self.spend(request, 2)
        with reading():
            diff = gitstore.diff(row.repository.path, row.merge_base, row.head_oid, limit=FILES_MAX, lines=0)
        return self.slice(request, git_shapes.files_out(diff), lambda one: one)


class PullVersionsApi(PullBase):
    """`…/pulls/{number}/versions`."""

    @operation("list_pull_versions", answer=page_of(shapes.VersionOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Versions of a pull request

        Each push is one; their commits stay fetchable.
        """
        row = self.pull(request, namespace, name, number)
        return self.rows(request, row.versions.select_related("pushed_by"), by="pk", show=shapes.version_out)


class PullMergeApi(PullBase):
    """`…/pulls/{number}/merge`."""

    @operation("get_merge_state", answer=shapes.MergeOut)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Whether it can be merged, and why not"""
        row = self.pull(request, namespace, name, number)
        return Response(shapes.merge_out(queries.merge_state(self.actor(request), row)))

    @operation("merge_pull", body=shapes.MergeIn, answer=shapes.PullOut, scope=Scope.WRITE, also=[409], example={"method": "squash"})
    def post(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Merge a pull request

        409 says what hinders it, or that the head is not the one you saw.
        """
        row, actor = self.pull(request, namespace, name, number), self.actor(request)
        given = self.validated(request, shapes.MergeIn)
        words = {"method": given["method"], "title": given["title"], "message": given["message"]}
        if given["when"] == "ready":
            set_auto_merge(actor, row, **words)
        else:
            merge_pull(actor, row, expected=given["expected"], **words)
        return Response(self.printed(request, row))


class OwnPullsApi(ApiView):
    """`/user/pulls`."""

    @operation("list_own_pulls", answer=page_of(shapes.PullOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """Pull requests that concern you

        Opened by you, or waiting for your review; newest first.
        """
        person, actor = self.signed_in(request), self.actor(request)
        rows = queries.readable_pulls(actor).filter(queries.concerning(person.pk))
        found = page(rows, limit=self.limit(request), cursor=request.query_params.get("cursor", ""), by="-pk", show=lambda one: one)
        return self.page(request, {**found, "items": shapes.pulls_out(actor, found["items"], origin(request))})
