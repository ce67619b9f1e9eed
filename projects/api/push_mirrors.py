"""Push mirrors of a repository."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import Scope
from core.schema import PAGED, operation, page_of
from projects import rules
from projects.api.base import RepositoryBase
from projects.api.shapes.pushing import PushMirrorIn, PushMirrorOut, push_mirror_out
from projects.commands import pushing
from projects.models import PushMirror, Repository
from projects.queries import pushing as reads


class PushMirrorBase(RepositoryBase):
    """For maintainers."""

    def maintained(self, request: Request, namespace: str, name: str) -> Repository:
        """The repository. Raises NotFound, Forbidden."""
        row = self.repository(request, namespace, name)
        rules.can_push_elsewhere(self.actor(request), row).require()
        return row

    def push_mirror(self, request: Request, namespace: str, name: str, pk: int) -> PushMirror:
        """The push mirror. Raises NotFound, Forbidden."""
        return reads.push_mirror(self.maintained(request, namespace, name), pk)


class PushMirrorsApi(PushMirrorBase):
    """`…/push-mirrors`."""

    @operation("list_push_mirrors", answer=page_of(PushMirrorOut), query=PAGED, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Push mirrors of a repository

        Other hosts that it is pushed to on every change.
        """
        row = self.maintained(request, namespace, name)

        def show(mirror: PushMirror) -> dict[str, Any]:
            mirror.repository = row
            return push_mirror_out(mirror)

        return self.rows(request, reads.push_mirrors(row), by="pk", show=show)

    @operation(
        "create_push_mirror", body=PushMirrorIn, answer=PushMirrorOut, status=201, scope=Scope.ADMIN,
        example={"address": "ssh://git@example.org/owner/name.git", "prunes": True},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Push a repository to another host

        Over HTTPS it begins at once, over SSH once `public_key` may write there and it is asked for.
        """
        row = self.maintained(request, namespace, name)
        made = pushing.add_push_mirror(self.actor(request), row, **self.validated(request, PushMirrorIn))
        return Response(push_mirror_out(made), status=201)


class PushMirrorApi(PushMirrorBase):
    """`…/push-mirrors/{pk}`."""

    @operation("get_push_mirror", answer=PushMirrorOut, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """A push mirror"""
        return Response(push_mirror_out(self.push_mirror(request, namespace, name, pk)))

    @operation("delete_push_mirror", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Push there no longer

        What is there stays.
        """
        pushing.remove_push_mirror(self.actor(request), self.push_mirror(request, namespace, name, pk))
        return Response(status=204)


class PushMirrorSyncApi(PushMirrorBase):
    """`…/push-mirrors/{pk}/sync`."""

    @operation("sync_push_mirror", answer=PushMirrorOut, status=202, scope=Scope.ADMIN)
    def post(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Push now

        It goes within seconds; `pushed` and `cause` say how it went.
        """
        pushing.ask_for_push(self.actor(request), self.push_mirror(request, namespace, name, pk))
        return Response(push_mirror_out(self.push_mirror(request, namespace, name, pk)), status=202)
