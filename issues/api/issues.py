"""Issues, their talk and their timeline."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import Scope
from core.apiviews import ApiView
from core.errors import Invalid, NotFound
from core.schema import PAGED, operation, page_of, text
from issues import commands, queries, rules
from issues.api import shapes
from issues.logic.query import Query, parse
from issues.models import Comment, Thread
from issues.queries import filtering
from issues.queries.timelines import visible
from projects.api.base import RepositoryBase, origin
from projects.models import Repository

QUERY = text("q", "conditions as in the search box, `is:open` if absent: `is:closed label:bug author:ada sort:updated-desc words`")


class IssueBase(RepositoryBase):
    """Views below one repository that has issues."""

    def tracked(self, request: Request, namespace: str, name: str) -> Repository:
        """The repository. Raises NotFound where issues are off."""
        row = self.repository(request, namespace, name)
        if not rules.has_issues(row):
            raise NotFound(_("There is nothing at this address, or you may not see it."))
        return row

    def issue(self, request: Request, namespace: str, name: str, number: int) -> Thread:
        """The issue. Raises NotFound."""
        return queries.thread(self.actor(request), self.tracked(request, namespace, name), number)

    def talk(self, request: Request, namespace: str, name: str, number: int) -> Thread:
        """The issue or pull request of that number. Raises NotFound."""
        return queries.thread(self.actor(request), self.repository(request, namespace, name), number, kind="")


def asked(request: Request) -> Query:
    """The query. Raises Invalid for what cannot be read."""
    found = parse(request.query_params.get("q", "is:open"))
    if found.faults:
        raise Invalid(filtering.sentence(found.faults[0]), field="q")
    return found


def printed(request: Request, row: Thread) -> dict[str, Any]:
    """JSON values of one issue, read anew."""
    fresh = queries.listed(Thread.objects.filter(pk=row.pk)).defer(None).get()
    return shapes.issue_out(fresh, origin(request))


class IssuesApi(IssueBase):
    """`…/issues`."""

    @operation("list_issues", answer=page_of(shapes.IssueOut), query=[QUERY, *PAGED])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Issues of a repository

        By a query; open ones if none is given.
        """
        row, query = self.tracked(request, namespace, name), asked(request)
        rows = filtering.filtered(self.actor(request), queries.threads_of(row, Thread.Kind.ISSUE), query, repository=row)
        home = origin(request)
        return self.rows(
            request, queries.listed(rows).defer(None), by=filtering.order_of(query), show=lambda found: shapes.issue_out(found, home)
        )

    @operation(
        "create_issue", body=shapes.IssueIn, answer=shapes.IssueOut, status=201, scope=Scope.WRITE,
        example={"title": "Training stops after an hour", "body": "What I did: …"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Open an issue"""
        row, given = self.tracked(request, namespace, name), self.validated(request, shapes.IssueIn)
        chosen: dict[str, Any] = {
            "labels": commands.labels_named(row, given.pop("labels", [])),
            "assignees": commands.people_named(given.pop("assignees", [])),
            "milestone": commands.milestone_numbered(row, given.pop("milestone", None)),
        }
        made = commands.open_issue(self.actor(request), row, **given, **chosen)
        return Response(printed(request, made), status=201)


class IssueApi(IssueBase):
    """`…/issues/{number}`."""

    @operation("get_issue", answer=shapes.IssueOut)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """An issue"""
        return Response(printed(request, self.issue(request, namespace, name, number)))

    @operation(
        "update_issue", body=shapes.IssuePatch, answer=shapes.IssueOut, scope=Scope.WRITE, also=[412],
        example={"state": "closed", "labels": ["bug"]},
    )  # fmt: skip
    def patch(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Change, close, reopen, sort or plan an issue

        All of it or nothing. The author changes words and state; the rest needs write access.
        """
        row = self.issue(request, namespace, name, number)
        self.require_match(request, printed(request, row))
        commands.change_issue(self.actor(request), row, self.validated(request, shapes.IssuePatch, partial=True))
        return Response(printed(request, row))


class CommentsApi(IssueBase):
    """`…/issues/{number}/comments`, of pull requests too."""

    @operation("list_issue_comments", answer=page_of(shapes.CommentOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Comments of an issue or pull request

        Oldest first.
        """
        row = self.talk(request, namespace, name, number)
        rows = Comment.objects.filter(thread=row).select_related("author", "edited_by")
        home = origin(request)
        return self.rows(request, rows, by="pk", show=lambda found: shapes.comment_out(found, row, home))

    @operation(
        "create_issue_comment",
        body=shapes.CommentIn,
        answer=shapes.CommentOut,
        status=201,
        scope=Scope.WRITE,
        example={"body": "Same here."},
    )
    def post(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Comment on an issue or pull request"""
        row = self.talk(request, namespace, name, number)
        made = commands.add_comment(self.actor(request), row, **self.validated(request, shapes.CommentIn))
        return Response(shapes.comment_out(made, row, origin(request)), status=201)


class CommentApi(IssueBase):
    """`…/comments/{id}`."""

    @operation("get_issue_comment", answer=shapes.CommentOut)
    def get(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """A comment"""
        found = queries.comment(self.actor(request), self.repository(request, namespace, name), pk)
        return Response(shapes.comment_out(found, found.thread, origin(request)))

    @operation(
        "update_issue_comment",
        body=shapes.CommentIn,
        answer=shapes.CommentOut,
        scope=Scope.WRITE,
        also=[412],
        example={"body": "Better words."},
    )
    def patch(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Change a comment

        What stood there is kept.
        """
        found = queries.comment(self.actor(request), self.repository(request, namespace, name), pk)
        self.require_match(request, shapes.comment_out(found, found.thread, origin(request)))
        changed = commands.edit_comment(self.actor(request), found, **self.validated(request, shapes.CommentIn))
        return Response(shapes.comment_out(changed, found.thread, origin(request)))

    @operation("delete_issue_comment", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Delete a comment"""
        commands.delete_comment(self.actor(request), queries.comment(self.actor(request), self.repository(request, namespace, name), pk))
        return Response(status=204)


class TimelineApi(IssueBase):
    """`…/issues/{number}/timeline`, of pull requests too."""

    @operation("list_issue_timeline", answer=page_of(shapes.HappeningOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """What happened to an issue or pull request

        Oldest first; what you may not read has not named it.
        """
        row = self.talk(request, namespace, name, number)
        related = ("by", "reference__source", "reference__source_repository__namespace")
        rows = visible(self.actor(request), row).select_related(*related)
        return self.rows(request, rows, by="pk", show=shapes.happening_out)


class AssigneesApi(IssueBase):
    """`…/assignees`."""

    @operation("list_assignees", answer=page_of(shapes.AssignableOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """People whom issues can be assigned to

        Those with write access, by login; besides them those who take part in an issue.
        """
        row = self.repository(request, namespace, name)
        return self.rows(request, queries.writers(row), by="username", show=shapes.person_out)


class OwnIssuesApi(ApiView):
    """`user/issues`."""

    @operation(
        "list_own_issues", answer=page_of(shapes.IssueOut), query=[text("of", "assigned, mentioned or created; all three if absent"), QUERY, *PAGED],
        scope=Scope.READ,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Your issues in all repositories"""
        person, query = self.signed_in(request), asked(request)
        rows = queries.threads_across(self.actor(request), Thread.Kind.ISSUE)
        rows = rows.filter(queries.involving(person, request.query_params.get("of", "")))
        rows = filtering.filtered(self.actor(request), rows, query)
        home = origin(request)
        by = filtering.order_of(query, one_repository=False)
        return self.rows(request, queries.listed(rows).defer(None), by=by, show=lambda found: shapes.issue_out(found, home))
