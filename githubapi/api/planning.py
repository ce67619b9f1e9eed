"""Labels and milestones."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import Scope
from githubapi.api.base import RepositoryView, signed_in
from githubapi.api.shapes import issues as shapes
from issues import commands, rules
from issues.queries import planning
from projects.models import Repository


class LabelIn(serializers.Serializer[Any]):
    """A new label."""

    name = serializers.CharField(max_length=60)
    color = serializers.RegexField(r"^#?[0-9a-fA-F]{6}$", required=False, default="")
    description = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class LabelPatch(serializers.Serializer[Any]):
    """What can be changed of a label."""

    name = serializers.CharField(max_length=60, required=False)
    new_name = serializers.CharField(max_length=60, required=False)
    color = serializers.RegexField(r"^#?[0-9a-fA-F]{6}$", required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)


class MilestonePatch(serializers.Serializer[Any]):
    """What can be said of a milestone."""

    title = serializers.CharField(max_length=120, required=False)
    state = serializers.ChoiceField(choices=["open", "closed"], required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    due_on = serializers.DateTimeField(required=False)


class MilestoneIn(MilestonePatch):
    """A new milestone."""

    title = serializers.CharField(max_length=120)


class LabelsApi(RepositoryView):
    """`…/labels`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """By name."""
        row, at = self.repository(request, owner, repo), self.at(request)
        return self.listed(request, planning.labels(row), lambda one: shapes.label(row, one, at))

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Another one."""
        row = self.repository(request, owner, repo)
        rules.can_triage(self.actor(request), row).require()
        given = self.given(request, LabelIn)
        made = commands.save_label(
            self.actor(request), row, name=given["name"], colour=given["color"].lstrip("#").lower(), description=given["description"]
        )
        return Response(shapes.label(row, made, self.at(request)), status=201)


class LabelApi(RepositoryView):
    """`…/labels/{name}`."""

    def get(self, request: Request, owner: str, repo: str, name: str) -> Response:
        """A label."""
        row = self.repository(request, owner, repo)
        return Response(shapes.label(row, planning.label(row, name), self.at(request)))

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, name: str) -> Response:
        """Change it, on all issues that have it."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = planning.label(row, name)
        rules.can_triage(actor, row).require()
        given = self.given(request, LabelPatch)
        changed = commands.save_label(
            actor, row, label=found, name=given.get("new_name") or given.get("name") or found.name,
            colour=given.get("color", found.colour).lstrip("#").lower(), description=given.get("description", found.description),
        )  # fmt: skip
        return Response(shapes.label(row, changed, self.at(request)))

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, name: str) -> HttpResponse:
        """Take it off all issues and away."""
        row = self.repository(request, owner, repo)
        commands.delete_label(self.actor(request), planning.label(row, name))
        return HttpResponse(status=204)


class MilestonesApi(RepositoryView):
    """`…/milestones`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Open ones by day; `state=closed|all`."""
        row, at = self.repository(request, owner, repo), self.at(request)
        state = request.query_params.get("state", "open")
        rows = planning.milestones(row, state=state if state in ("open", "closed") else "" if state == "all" else "open")
        page, size, first = self.pages(request)
        counted = planning.progress(list(rows[first : first + size]))
        answer = Response([progress_of(row, one, at) for one in counted])
        return self.linked(request, answer, page, size, rows.count())

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Another one."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        rules.can_triage(actor, row).require()
        given = self.given(request, MilestoneIn)
        due = given.get("due_on")
        with transaction.atomic():
            made = commands.save_milestone(
                actor, row, title=given["title"], description=given.get("description", ""), due_on=due.date() if due else None
            )
            if given.get("state") == "closed":
                commands.set_milestone_state(actor, made, closed=True)
        return Response(shapes.milestone(row, made, self.at(request)), status=201)


def progress_of(row: Repository, one: planning.Progress, at: Any) -> dict[str, Any]:
    """A milestone with its numbers."""
    return shapes.milestone(row, one.milestone, at, open_total=one.opened, closed_total=one.closed)


class MilestoneApi(RepositoryView):
    """`…/milestones/{number}`."""

    def told(self, request: Request, row: Repository, number: int) -> Response:
        """It as it is now."""
        return Response(progress_of(row, planning.progress([planning.milestone(row, number)])[0], self.at(request)))

    def get(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """A milestone."""
        return self.told(request, self.repository(request, owner, repo), number)

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, number: int) -> Response:
        """Change, close or open it."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = planning.milestone(row, number)
        rules.can_triage(actor, row).require()
        given = self.given(request, MilestonePatch)
        due = given["due_on"].date() if "due_on" in given else found.due_on
        with transaction.atomic():
            commands.save_milestone(
                actor, row, milestone=found, title=given.get("title", found.title), description=given.get("description", found.description),
                due_on=due,
            )  # fmt: skip
            if given.get("state", found.state) != found.state:
                commands.set_milestone_state(actor, found, closed=given["state"] == "closed")
        return self.told(request, row, number)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, number: int) -> HttpResponse:
        """Take it away; its issues stay."""
        row = self.repository(request, owner, repo)
        commands.delete_milestone(self.actor(request), planning.milestone(row, number))
        return HttpResponse(status=204)
