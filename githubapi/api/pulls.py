"""Pull requests: open, change, merge; reviews and comments on lines."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from accounts import queries as people
from accounts.models import Team, User
from core.actors import Scope
from core.errors import Conflict, Invalid, NotFound
from githubapi.api.base import RepositoryView, signed_in
from githubapi.api.history import plain
from githubapi.api.issues import printable
from githubapi.api.shapes import git as commits
from githubapi.api.shapes import pulls as shapes
from githubapi.api.shapes.people import person
from issues.models import Thread
from projects import queries as hosting
from projects import rules
from projects.models import Repository
from projects.queries.browsing import reading
from pulls import commands, queries
from pulls.commands.merging import Moved, merge_pull
from pulls.models import Pull
from pulls.queries import proposing
from pulls.queries.conversations import shown_comments

SORTS = {"created": "created_at", "updated": "updated_at", "popularity": "comment_count", "long-running": "created_at"}
METHODS = {"merge": "merge", "squash": "squash", "rebase": "rebase"}
FILES_MAX = 3000


class NotMergeable(exceptions.APIException):
    """Something hinders the merge; clients look for this status."""

    status_code, default_code = 405, "not_mergeable"


class PullIn(serializers.Serializer[Any]):
    """A new pull request; `head` is `branch`, or `owner:branch` of a fork."""

    title = serializers.CharField(max_length=255)
    head = serializers.CharField(max_length=500)
    base = serializers.CharField(max_length=255)
    body = serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)
    draft = serializers.BooleanField(required=False, default=False)
    maintainer_can_modify = serializers.BooleanField(required=False, default=True)
    head_repo = serializers.CharField(max_length=300, required=False, allow_blank=True)


class PullPatch(serializers.Serializer[Any]):
    """What can be changed of a pull request."""

    title = serializers.CharField(max_length=255, required=False)
    body = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    state = serializers.ChoiceField(choices=["open", "closed"], required=False)
    base = serializers.CharField(max_length=255, required=False)
    maintainer_can_modify = serializers.BooleanField(required=False)


class MergeIn(serializers.Serializer[Any]):
    """How to merge; `sha` is the head that was seen."""

    commit_title = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    commit_message = serializers.CharField(max_length=100_000, required=False, default="", allow_blank=True)
    sha = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    merge_method = serializers.ChoiceField(choices=[*METHODS], required=False, default="merge")


class ReviewersIn(serializers.Serializer[Any]):
    """Logins and names of teams."""

    reviewers = serializers.ListField(child=serializers.CharField(max_length=39), required=False, default=list, max_length=20)
    team_reviewers = serializers.ListField(child=serializers.CharField(max_length=60), required=False, default=list, max_length=20)


class PullView(RepositoryView):
    """Views below pull requests."""

    def pull(self, request: Request, row: Repository, number: int) -> Pull:
        """Raises NotFound."""
        return queries.pull(self.actor(request), row, number)

    def printed(self, request: Request, row: Repository, rows: list[Pull]) -> list[dict[str, Any]]:
        """The forms of a list."""
        threads = {one.pk: one for one in printable(Thread.objects.filter(pk__in=[one.thread_id for one in rows]))}
        for thread in threads.values():
            thread.repository = row
        found = [(one, threads[one.thread_id]) for one in rows if one.thread_id in threads]
        return shapes.pulls(self.actor(request), row, found, self.at(request))

    def shown(self, request: Request, row: Repository, number: int, status: int = 200) -> Response:
        """One as it is now."""
        found = self.pull(request, row, number)
        short = self.printed(request, row, [found])[0]
        said = shown_comments(self.actor(request)).filter(thread__pull=found).count()
        whole = shapes.whole(
            short, found, self.at(request), comments=found.thread.comment_count, line_comments=said, waits=queries.requests(found)
        )
        return Response(whole, status=status)


class PullsApi(PullView):
    """`…/pulls`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Newest first; `state`, `head` (`owner:branch`), `base`, `sort`, `direction`."""
        row, said = self.repository(request, owner, repo), request.query_params
        rows = queries.pulls_of(row).select_related("head_repository__namespace__user", "head_repository__namespace__organization")
        if (state := said.get("state", "open")) in ("open", "closed"):
            rows = rows.filter(thread__state=state)
        if base := said.get("base", "")[:300]:
            rows = rows.filter(base_branch=base)
        if head := said.get("head", "")[:500]:
            owner_of_head, colon, branch = head.partition(":")
            readable = Repository.objects.filter(rules.readable_by(self.actor(request))).values("pk")
            rows = rows.filter(
                head_branch=branch if colon else head, head_repository__in=readable
            )  # a hidden fork is not found by its branches
            if colon:
                rows = rows.filter(head_repository__namespace__slug__iexact=owner_of_head.replace(":", "/"))
        field, sign = SORTS.get(said.get("sort", ""), "created_at"), "" if said.get("direction") == "asc" else "-"
        return self.page_of(request, row, rows.order_by(f"{sign}thread__{field}", f"{sign}pk"))

    def page_of(self, request: Request, row: Repository, rows: QuerySet[Pull]) -> Response:
        """A page of them."""
        page, size, first = self.pages(request)
        found = list(rows[first : first + size])
        return self.linked(request, Response(self.printed(request, row, found)), page, size, rows.count())

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Open one."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        given = self.given(request, PullIn)
        text = given["head"]
        if (other := given.get("head_repo", "")) and ":" not in text:
            text = f"{other if '/' in other else f'{row.namespace.slug}/{other}'}:{text}"
        head = proposing.branch_end(actor, row, text)
        if head is None:
            raise Invalid("There is no such branch, or you may not see it.", field="head")
        try:
            made = commands.open_pull(
                actor, row, head=head.home, head_branch=head.position.name, base_branch=given["base"], title=given["title"], body=given["body"],
                is_draft=given["draft"], maintainers_may_push=given["maintainer_can_modify"],
            )  # fmt: skip
        except commands.AlreadyOpen as error:
            raise Invalid(f"A pull request already exists for {text}.", field="head") from error
        return self.shown(request, row, made.thread.number, 201)


class PullApi(PullView):
    """`…/pulls/{number}`."""

    def get(self, request: Request, owner: str, repo: str, number: int) -> HttpResponseBase:
        """A pull request; the media types `diff` and `patch`."""
        row = self.repository(request, owner, repo)
        found = self.pull(request, row, number)
        if self.accepts(request, "diff") or self.accepts(request, "patch"):
            self.spend(request, 2)
            return plain(gitstore.diff_stream(row.path, found.merge_base, found.head_oid))
        return self.shown(request, row, number)

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Change, retarget, close or reopen it."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.pull(request, row, number)
        given = self.given(request, PullPatch)
        if {"title", "body"} & given.keys():
            found = commands.edit_pull(actor, found, title=given.get("title"), body=given.get("body"))
        if given.get("maintainer_can_modify", found.maintainers_may_push) != found.maintainers_may_push:
            found = commands.let_maintainers_push(actor, found, allowed=given["maintainer_can_modify"])
        if given.get("base", found.base_branch) != found.base_branch:
            found = commands.retarget_pull(actor, found, base_branch=given["base"])
        if given.get("state", found.thread.state) != found.thread.state:
            (commands.close_pull if given["state"] == "closed" else commands.reopen_pull)(actor, found)
        return self.shown(request, row, number)


class PullCommitsApi(PullView):
    """`…/pulls/{number}/commits`."""

    def get(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Oldest first; the newest 250 of many, as on GitHub."""
        row, at = self.repository(request, owner, repo), self.at(request)
        with reading():
            found = queries.commits(self.pull(request, row, number))
        known = hosting.authors(found)
        return self.listed(request, found, lambda one: commits.commit(row, one, at, known))


class PullFilesApi(PullView):
    """`…/pulls/{number}/files`."""

    def get(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Changed files of the newest version."""
        row, at = self.repository(request, owner, repo), self.at(request)
        found = self.pull(request, row, number)
        page, size, first = self.pages(request)
        with reading():
            diff = gitstore.diff(row.path, found.merge_base, found.head_oid, first=first, limit=size, lines=commits.PATCH_LINES)
        answer = Response(commits.files(row, found.head_oid, diff, at))
        return self.linked(request, answer, page, size, min(diff.total, FILES_MAX))


class MergeApi(PullView):
    """`…/pulls/{number}/merge`."""

    def get(self, request: Request, owner: str, repo: str, number: int) -> HttpResponse:
        """204 if it is merged."""
        row = self.repository(request, owner, repo)
        if not self.pull(request, row, number).is_merged:
            raise NotFound("Not Found")
        return HttpResponse(status=204)

    @signed_in(Scope.WRITE)
    def put(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Merge it; 405 where something hinders, 409 where the head is another one than `sha`."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.pull(request, row, number)
        given = self.given(request, MergeIn)
        try:
            merged = merge_pull(
                actor, found, method=METHODS[given["merge_method"]], expected=given["sha"], title=given["commit_title"],
                message=given["commit_message"],
            )  # fmt: skip
        except Moved:
            raise
        except Conflict as error:
            raise NotMergeable(error.message) from error
        return Response({"sha": merged.merged_oid, "merged": True, "message": "Pull Request successfully merged"})


class ReviewersApi(PullView):
    """`…/pulls/{number}/requested_reviewers`."""

    def get(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Whose review is waited for."""
        row, at = self.repository(request, owner, repo), self.at(request)
        waits = queries.requests(self.pull(request, row, number))
        return Response(
            {
                "users": [person(one.user, at) for one in waits if one.user],
                "teams": [shapes.team(one.team, at) for one in waits if one.team],
            }
        )

    def named(self, request: Request, row: Repository) -> tuple[list[User], list[Team]]:
        """People and teams of the body. Raises Invalid."""
        given = self.given(request, ReviewersIn)
        try:
            persons = [people.person(login) for login in given["reviewers"]]
            organization = row.namespace.organization if given["team_reviewers"] and row.namespace.kind == "organization" else None
            teams = [people.team(organization, slug) for slug in given["team_reviewers"]] if organization else []
        except NotFound as error:
            raise Invalid("Reviews may only be requested from collaborators.", field="reviewers") from error
        if len(teams) < len(given["team_reviewers"]):
            raise Invalid("Reviews may only be requested from teams of the organization.", field="team_reviewers")
        return persons, teams

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Ask people and teams."""
        row = self.repository(request, owner, repo)
        found = self.pull(request, row, number)
        persons, teams = self.named(request, row)
        commands.request_review(self.actor(request), found, people=persons, teams=teams)
        return self.shown(request, row, number, 201)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Ask them no more."""
        row = self.repository(request, owner, repo)
        found = self.pull(request, row, number)
        persons, teams = self.named(request, row)
        for one in queries.requests(found):
            if one.user in persons or one.team in teams:
                commands.withdraw_request(self.actor(request), one)
        return self.shown(request, row, number)
