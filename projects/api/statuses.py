"""What programs say about commits."""

from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import Scope
from core.schema import PAGED, flag, operation, page_of, text
from projects import commands
from projects.api.base import RepositoryBase
from projects.api.shapes import statuses as shapes
from projects.queries import statuses as reads

AT = text("ref", "branch, tag or commit", required=True)


class StatusesApi(RepositoryBase):
    """`…/statuses/{ref}`."""

    @operation("list_statuses", answer=page_of(shapes.StatusOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, ref: str) -> Response:
        """Statuses of a commit

        All that were ever set, newest first; the `latest` of each context counts.
        """
        row = self.repository(request, namespace, name)
        return self.rows(request, reads.statuses(row, reads.commit_named(row, ref)), by="-pk", show=shapes.status_out)

    @operation(
        "set_status", body=shapes.StatusIn, answer=shapes.StatusOut, status=201, scope=Scope.WRITE,
        example={"state": "success", "context": "ci/tests", "description": "1,204 tests passed", "target_url": "https://ci.example.org/7"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str, ref: str) -> Response:
        """Say something about a commit

        It becomes the latest of its context. `ref` may be a branch; the status is its commit's, not the branch's.
        """
        row = self.repository(request, namespace, name)
        values = shapes.given(self.validated(request, shapes.StatusIn))
        made = commands.set_status(self.actor(request), row, oid=reads.commit_named(row, ref), **values)
        return Response(shapes.status_out(made), status=201)


class ChecksApi(RepositoryBase):
    """`…/checks/{ref}`."""

    @operation("get_checks", answer=shapes.ChecksOut)
    def get(self, request: Request, namespace: str, name: str, ref: str) -> Response:
        """What was said about a commit, put together

        The latest status of each context and the latest check run of each name.
        """
        row = self.repository(request, namespace, name)
        return Response(shapes.checks_out(reads.combined(row, reads.commit_named(row, ref))))


class CheckRunsApi(RepositoryBase):
    """`…/check-runs`."""

    @operation("list_check_runs", answer=page_of(shapes.CheckRunOut), query=[*PAGED, AT, flag("all", "earlier runs of the same name too")])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Check runs of a commit

        Newest first; of each name the latest.
        """
        row = self.repository(request, namespace, name)
        oid, latest = reads.commit_named(row, request.query_params.get("ref", "")), request.query_params.get("all") != "1"
        return self.rows(request, reads.check_runs(row, oid, latest=latest), by="-pk", show=shapes.check_run_out)

    @operation(
        "create_check_run", body=shapes.CheckRunIn, answer=shapes.CheckRunOut, status=201, scope=Scope.WRITE,
        example={
            "name": "lint", "commit": "main", "conclusion": "failure", "title": "1 problem",
            "annotations": [{"path": "src/a.py", "start_line": 1, "level": "warning", "message": "Unused import"}],
        },
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Begin a check run, or tell of one that is over

        It becomes the latest of its name. A conclusion completes it.
        """
        row, actor = self.repository(request, namespace, name), self.actor(request)
        values = shapes.given(self.validated(request, shapes.CheckRunIn))
        made = commands.create_check_run(actor, row, **{**values, "oid": reads.commit_named(row, values["oid"])})
        return Response(shapes.check_run_out(reads.check_run(row, made.pk)), status=201)


class CheckRunApi(RepositoryBase):
    """`…/check-runs/{id}`."""

    @operation("get_check_run", answer=shapes.CheckRunOut)
    def get(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """A check run"""
        return Response(shapes.check_run_out(reads.check_run(self.repository(request, namespace, name), pk)))

    @operation(
        "update_check_run", body=shapes.CheckRunPatch, answer=shapes.CheckRunOut, scope=Scope.WRITE, also=[412],
        example={"conclusion": "success", "summary": "All is well."},
    )  # fmt: skip
    def patch(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Change a check run

        50 annotations at once; further ones with further changes.
        """
        row = self.repository(request, namespace, name)
        found = reads.check_run(row, pk)
        self.require_match(request, shapes.check_run_out(found))
        commands.update_check_run(self.actor(request), found, **shapes.given(self.validated(request, shapes.CheckRunPatch, partial=True)))
        return Response(shapes.check_run_out(reads.check_run(row, pk)))


class AnnotationsApi(RepositoryBase):
    """`…/check-runs/{id}/annotations`."""

    @operation("list_annotations", answer=page_of(shapes.AnnotationOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """What a check run says about lines"""
        run = reads.check_run(self.repository(request, namespace, name), pk)
        return self.rows(request, reads.annotations(run), by="pk", show=shapes.annotation_out)
