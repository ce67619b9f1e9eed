"""Issues and what they share with pull requests: comments, labels, people, milestones, locks."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from accounts.models import User
from core.actors import Actor, Scope
from core.errors import Invalid, NotFound
from githubapi.api.base import GitHubView, RepositoryView, signed_in
from githubapi.api.history import moment
from githubapi.api.shapes import issues as shapes
from issues import commands, rules
from issues.models import Assignment, Label, Labelling, Thread
from issues.queries import planning, threads
from projects.models import Repository

SORTS = {"created": "created_at", "updated": "updated_at", "comments": "comment_count"}


class IssueIn(serializers.Serializer[Any]):
    """A new issue. Labels, people and milestone of whoever may not set them are left out, as GitHub does."""

    title = serializers.CharField(max_length=255)
    body = serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)
    labels = serializers.ListField(child=serializers.JSONField(), required=False, max_length=100)
    assignees = serializers.ListField(child=serializers.CharField(max_length=39), required=False, max_length=10)
    assignee = serializers.CharField(max_length=39, required=False, allow_blank=True)
    milestone = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class IssuePatch(serializers.Serializer[Any]):
    """What can be changed of an issue."""

    title = serializers.CharField(max_length=255, required=False)
    body = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    state = serializers.ChoiceField(choices=["open", "closed"], required=False)
    state_reason = serializers.ChoiceField(choices=["completed", "not_planned", "reopened", "duplicate"], required=False)
    labels = serializers.ListField(child=serializers.JSONField(), required=False, max_length=100)
    assignees = serializers.ListField(child=serializers.CharField(max_length=39), required=False, max_length=10)
    assignee = serializers.CharField(max_length=39, required=False, allow_blank=True)
    milestone = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class LockIn(serializers.Serializer[Any]):
    """Why a talk ends."""

    lock_reason = serializers.ChoiceField(choices=["off-topic", "too heated", "resolved", "spam"], required=False, default="")


def printable(rows: QuerySet[Thread]) -> QuerySet[Thread]:
    """With all that the shape of an issue needs; three queries whatever the number of rows."""
    return rows.select_related("author__namespace", "milestone", "closed_by__namespace").prefetch_related(
        Prefetch("labellings", Labelling.objects.select_related("label").order_by("label__name")),
        Prefetch("assignments", Assignment.objects.select_related("user__namespace").order_by("pk")),
    )


def names(given: Iterable[Any]) -> list[str]:
    """Names of labels, which may come as objects."""
    found = [str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in given]
    return [name.strip() for name in found if name.strip()]


class ThreadView(RepositoryView):
    """Views of issues and pull requests."""

    def thread(self, request: Request, row: Repository, number: int, kind: str = "") -> Thread:
        """Raises NotFound."""
        return threads.thread(self.actor(request), row, number, kind=kind)

    def shown(self, request: Request, row: Repository, number: int, status: int = 200) -> Response:
        """It as it is now."""
        return Response(shapes.issue(row, self.printed(row, number), self.at(request)), status=status)

    def printed(self, row: Repository, number: int) -> Thread:
        """With all that its shape needs."""
        found = printable(Thread.objects.filter(repository=row, number=number)).get()
        found.repository = row
        return found

    def labels(self, actor: Actor, row: Repository, wanted: Iterable[str], *, makes: bool = True) -> list[Label]:
        """Labels by name; new ones are made by whoever may, as GitHub does."""
        known = {one.name.lower(): one for one in planning.labels(row)}
        found = []
        for name in wanted:
            if name.lower() not in known and makes:
                known[name.lower()] = commands.save_label(actor, row, name=name)
            if name.lower() in known:
                found.append(known[name.lower()])
        return found

    def people(self, logins: Iterable[str]) -> list[User]:
        """Raises Invalid for a name that is nobody's."""
        found = []
        for login in logins:
            try:
                found.append(people.person(login))
            except NotFound as error:
                raise Invalid(f"{login} cannot be assigned to this issue.", field="assignees") from error
        return found


class IssuesApi(ThreadView):
    """`…/issues`: pull requests among them, as on GitHub."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Newest first; `state`, `labels`, `milestone`, `assignee`, `creator`, `since`, `sort`, `direction`."""
        row, at = self.repository(request, owner, repo), self.at(request)
        rows = Thread.objects.filter(repository=row)
        if not rules.has_issues(row):
            rows = rows.filter(kind=Thread.Kind.PULL)
        rows = ordered(request, filtered(self, request, row, rows))

        def show(one: Thread) -> dict[str, Any]:
            one.repository = row
            return shapes.issue(row, one, at)

        return self.listed(request, printable(rows), show)

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Open an issue."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        given = self.given(request, IssueIn)
        chosen: dict[str, Any] = {}
        if rules.can_triage(actor, row):
            logins = [*given.get("assignees", []), *([given["assignee"]] if given.get("assignee") else [])]
            chosen = {"labels": self.labels(actor, row, names(given.get("labels", []))), "assignees": self.people(dict.fromkeys(logins))}
            if "milestone" in given:
                chosen["milestone"] = planning.milestone(row, given["milestone"])
        made = commands.open_issue(actor, row, title=given["title"], body=given["body"], **chosen)
        return self.shown(request, row, made.number, 201)


def filtered(view: GitHubView, request: Request, row: Repository, rows: QuerySet[Thread]) -> QuerySet[Thread]:
    """By the words of the query; a name that is nobody's matches nothing."""
    said = request.query_params
    if (state := said.get("state", "open")) in ("open", "closed"):
        rows = rows.filter(state=state)
    for name in said.get("labels", "")[:2000].split(","):
        if name.strip():
            rows = rows.filter(labellings__label__name__iexact=name.strip())
    for key, field in (("assignee", "assignments__user"), ("milestone", "milestone")):
        wanted = said.get(key, "").strip()
        if wanted in ("none", "*"):
            rows = rows.filter(**{f"{field}__isnull": wanted == "none"})
        elif wanted and key == "assignee":
            rows = rows.filter(assignments__user__username__iexact=wanted[:200])
        elif wanted:
            rows = rows.filter(milestone__number=int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else -1)
    if creator := said.get("creator", "").strip():
        rows = rows.filter(author__username__iexact=creator[:200])
    since: datetime | None = moment(request, "since")
    return (rows.filter(updated_at__gte=since) if since else rows).distinct()


def ordered(request: Request, rows: QuerySet[Thread]) -> QuerySet[Thread]:
    """By `sort` and `direction`."""
    field = SORTS.get(request.query_params.get("sort", ""), "created_at")
    sign = "" if request.query_params.get("direction") == "asc" else "-"
    return rows.order_by(f"{sign}{field}", f"{sign}pk")


class OwnIssuesApi(GitHubView):
    """`/issues` and `/user/issues`."""

    @signed_in(Scope.READ)
    def get(self, request: Request) -> Response:
        """What is assigned to oneself; `filter=created|mentioned|all` for other."""
        actor, at, person = self.actor(request), self.at(request), self.signed_in(request)
        what = {"created": "created", "mentioned": "mentioned", "all": "", "repos": ""}.get(
            request.query_params.get("filter", ""), "assigned"
        )
        rows = threads.threads_across(actor, Thread.Kind.ISSUE).filter(threads.involving(person, what))
        if (state := request.query_params.get("state", "open")) in ("open", "closed"):
            rows = rows.filter(state=state)
        rows = printable(ordered(request, rows)).select_related("repository__namespace__user", "repository__namespace__organization")
        return self.listed(request, rows, lambda one: shapes.issue(one.repository, one, at))


class IssueApi(ThreadView):
    """`…/issues/{number}`."""

    def get(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """An issue, or a pull request as one."""
        row = self.repository(request, owner, repo)
        self.thread(request, row, number)
        return self.shown(request, row, number)

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Change it; all fields or none."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.thread(request, row, number, Thread.Kind.ISSUE)
        sent = request.data
        cleared = isinstance(sent, dict) and sent.get("milestone", 0) in (None, "")
        if isinstance(sent, dict) and cleared:
            del sent["milestone"]
        given = self.given(request, IssuePatch)
        with transaction.atomic():
            self.change(actor, row, found, given, cleared=cleared)
        return self.shown(request, row, number)

    def change(self, actor: Actor, row: Repository, found: Thread, given: dict[str, Any], *, cleared: bool) -> None:
        """Everything that was given."""
        if {"title", "body"} & given.keys():
            commands.edit_thread(actor, found, title=given.get("title"), body=given.get("body"))
        if "labels" in given:
            self.relabel(actor, row, found, names(given["labels"]))
        logins = [given["assignee"]] if given.get("assignee") else [] if "assignee" in given else None
        logins = given.get("assignees", logins)
        if logins is not None:
            wanted, held = self.people(logins), [one.user for one in found.assignments.select_related("user")]
            add, gone = [one for one in wanted if one not in held], [one for one in held if one not in wanted]
            commands.change_assignees(actor, found, add=add, remove=gone)
        if cleared or "milestone" in given:
            commands.set_milestone(actor, found, None if cleared else planning.milestone(row, given["milestone"]))
        if given.get("state") == "closed" and found.is_open:
            reason = given.get("state_reason", "completed")
            commands.close_issue(actor, found, reason="not_planned" if reason == "not_planned" else "completed")
        elif given.get("state") == "open" and not found.is_open:
            commands.reopen_issue(actor, found)

    def relabel(self, actor: Actor, row: Repository, found: Thread, wanted: list[str]) -> None:
        """These and no others."""
        rules.can_triage(actor, row).require()
        labels, held = self.labels(actor, row, wanted), [one.label for one in found.labellings.select_related("label")]
        add, gone = [one for one in labels if one not in held], [one for one in held if one not in labels]
        commands.change_labels(actor, found, add=add, remove=gone)


class IssueLabelsApi(IssueApi):
    """`…/issues/{number}/labels`."""

    http_method_names = ["get", "head", "post", "put", "delete", "options"]

    def told(self, request: Request, row: Repository, found: Thread) -> Response:
        """Those it has now."""
        at = self.at(request)
        rows = found.labellings.select_related("label").order_by("label__name")
        return Response([shapes.label(row, one.label, at) for one in rows])

    def wanted(self, request: Request) -> list[str]:
        """A list of names, or an object that holds one. Raises Invalid."""
        said = request.data.get("labels", []) if isinstance(request.data, dict) else request.data
        if not isinstance(said, list) or len(said) > 100 or any(not isinstance(one, str | dict) for one in said):
            raise Invalid("labels must be an array", field="labels")
        return names(said)

    def get(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Those it has."""
        row = self.repository(request, owner, repo)
        return self.told(request, row, self.thread(request, row, number))

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Put some on."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.thread(request, row, number)
        rules.can_triage(actor, row).require()
        commands.change_labels(actor, found, add=self.labels(actor, row, self.wanted(request)))
        return self.told(request, row, found)

    @signed_in(Scope.WRITE)
    def put(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """These and no others."""
        row = self.repository(request, owner, repo)
        found = self.thread(request, row, number)
        self.relabel(self.actor(request), row, found, self.wanted(request))
        return self.told(request, row, found)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, number: int) -> HttpResponse:
        """Take all off."""
        row = self.repository(request, owner, repo)
        self.relabel(self.actor(request), row, self.thread(request, row, number), [])
        return HttpResponse(status=204)


class IssueLabelApi(IssueLabelsApi):
    """`…/issues/{number}/labels/{name}`."""

    http_method_names = ["delete", "options"]

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, number: int, name: str = "") -> HttpResponse:
        """Take one off."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = self.thread(request, row, number)
        rules.can_triage(actor, row).require()
        commands.change_labels(actor, found, remove=[planning.label(row, name)])
        return self.told(request, row, found)


class AssigneesApi(ThreadView):
    """`…/issues/{number}/assignees`."""

    def changed(self, request: Request, owner: str, repo: str, number: int, *, add: bool) -> Repository:
        """Put people on or off."""
        row = self.repository(request, owner, repo)
        found = self.thread(request, row, number)
        rules.can_triage(self.actor(request), row).require()
        wanted = self.people(self.given(request, AssigneesIn)["assignees"])
        commands.change_assignees(self.actor(request), found, **{"add" if add else "remove": wanted})
        return row

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Put people on."""
        return self.shown(request, self.changed(request, owner, repo, number, add=True), number, 201)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Take people off."""
        return self.shown(request, self.changed(request, owner, repo, number, add=False), number)


class AssigneesIn(serializers.Serializer[Any]):
    """Logins."""

    assignees = serializers.ListField(child=serializers.CharField(max_length=39), max_length=10)


class LockApi(ThreadView):
    """`…/issues/{number}/lock`."""

    @signed_in(Scope.WRITE)
    def put(self, request: Request, owner: str, repo: str, number: int) -> HttpResponse:
        """Only those with write access talk on."""
        row = self.repository(request, owner, repo)
        found = self.thread(request, row, number)
        reason = self.given(request, LockIn)["lock_reason"].replace(" ", "-") if request.data else ""
        commands.lock_thread(self.actor(request), found, reason=reason)
        return HttpResponse(status=204)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, number: int) -> HttpResponse:
        """Everybody may talk again."""
        row = self.repository(request, owner, repo)
        commands.unlock_thread(self.actor(request), self.thread(request, row, number))
        return HttpResponse(status=204)
