"""Labels and milestones."""

from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import Scope
from core.schema import PAGED, operation, page_of, text
from issues import commands, queries
from issues.api import shapes
from projects.api.base import RepositoryBase


class LabelsApi(RepositoryBase):
    """`…/labels`."""

    @operation("list_labels", answer=page_of(shapes.LabelOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Labels of a repository

        By name.
        """
        return self.rows(request, queries.labels(self.repository(request, namespace, name)), by="name", show=shapes.label_out)

    @operation(
        "create_label",
        body=shapes.LabelIn,
        answer=shapes.LabelOut,
        status=201,
        scope=Scope.WRITE,
        example={"name": "bug", "colour": "d73a4a"},
    )
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a label"""
        row = self.repository(request, namespace, name)
        made = commands.save_label(self.actor(request), row, **self.validated(request, shapes.LabelIn))
        return Response(shapes.label_out(made), status=201)


class LabelApi(RepositoryBase):
    """`…/labels/{label}`."""

    @operation("get_label", answer=shapes.LabelOut)
    def get(self, request: Request, namespace: str, name: str, label: str) -> Response:
        """A label"""
        return Response(shapes.label_out(queries.label(self.repository(request, namespace, name), label)))

    @operation("update_label", body=shapes.LabelPatch, answer=shapes.LabelOut, scope=Scope.WRITE, also=[412], example={"colour": "0075ca"})
    def patch(self, request: Request, namespace: str, name: str, label: str) -> Response:
        """Change a label"""
        row = self.repository(request, namespace, name)
        found = queries.label(row, label)
        self.require_match(request, shapes.label_out(found))
        present = {"name": found.name, "colour": found.colour, "description": found.description}
        values = {**present, **self.validated(request, shapes.LabelPatch, partial=True)}
        return Response(shapes.label_out(commands.save_label(self.actor(request), row, label=found, **values)))

    @operation("delete_label", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, label: str) -> Response:
        """Delete a label

        It is taken off all issues and pull requests.
        """
        commands.delete_label(self.actor(request), queries.label(self.repository(request, namespace, name), label))
        return Response(status=204)


class MilestonesApi(RepositoryBase):
    """`…/milestones`."""

    @operation("list_milestones", answer=page_of(shapes.MilestoneOut), query=[text("state", "open or closed; all if absent"), *PAGED])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Milestones of a repository

        By number.
        """
        row = self.repository(request, namespace, name)
        state = request.query_params.get("state", "")
        rows = queries.milestones(row, state=state if state in ("open", "closed") else "").order_by()
        found = self.rows(request, rows, by="number", show=lambda one: one)
        base = self.address(request, row)
        found.data["items"] = [shapes.milestone_out(one, base) for one in queries.progress(found.data["items"])]
        return found

    @operation(
        "create_milestone", body=shapes.MilestoneIn, answer=shapes.MilestoneOut, status=201, scope=Scope.WRITE,
        example={"title": "v1.0", "due_on": "2027-03-31"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a milestone"""
        row = self.repository(request, namespace, name)
        made = commands.save_milestone(self.actor(request), row, **self.validated(request, shapes.MilestoneIn))
        return Response(shapes.milestone_out(queries.progress([made])[0], self.address(request, row)), status=201)


class MilestoneApi(RepositoryBase):
    """`…/milestones/{number}`."""

    @operation("get_milestone", answer=shapes.MilestoneOut)
    def get(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """A milestone"""
        row = self.repository(request, namespace, name)
        return Response(shapes.milestone_out(queries.progress([queries.milestone(row, number)])[0], self.address(request, row)))

    @operation(
        "update_milestone",
        body=shapes.MilestonePatch,
        answer=shapes.MilestoneOut,
        scope=Scope.WRITE,
        also=[412],
        example={"state": "closed"},
    )
    def patch(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Change, close or reopen a milestone"""
        row, actor = self.repository(request, namespace, name), self.actor(request)
        found, base = queries.milestone(row, number), self.address(request, row)
        self.require_match(request, shapes.milestone_out(queries.progress([found])[0], base))
        given = self.validated(request, shapes.MilestonePatch, partial=True)
        changed = commands.change_milestone(actor, found, given)
        return Response(shapes.milestone_out(queries.progress([changed])[0], base))

    @operation("delete_milestone", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, number: int) -> Response:
        """Delete a milestone

        Its issues and pull requests stay.
        """
        commands.delete_milestone(self.actor(request), queries.milestone(self.repository(request, namespace, name), number))
        return Response(status=204)
