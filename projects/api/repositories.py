"""Repositories: find, create, change, move, delete, restore."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from core import gitignores, licences
from core.actors import Scope
from core.apiviews import ApiView
from core.schema import PAGED, operation, page_of, text
from projects import commands, queries
from projects.api.base import RepositoryBase, namespace_for
from projects.api.shapes import repositories as shapes
from projects.queries.explore import explore
from projects.queries.visible import own_repositories

FILTERS = (
    text("q", "words in name, owner or description"), text("namespace", "only this owner's"), text("language", "main language"),
    text("licence", "SPDX id"), text("topic"),
)  # fmt: skip


class RepositoriesApi(RepositoryBase):
    """`/repositories`."""

    @operation("list_repositories", answer=page_of(shapes.RepositoryOut), query=[*PAGED, *FILTERS])
    def get(self, request: Request) -> Response:
        """Find repositories

        All that you may read, latest change first.
        """
        asked = {key: request.query_params.get(name, "")[:200] for key, name in
                 (("query", "q"), ("language", "language"), ("licence", "licence"), ("topic", "topic"))}  # fmt: skip
        rows = explore(self.actor(request), **asked)
        if owner := request.query_params.get("namespace", ""):
            rows = rows.filter(namespace__slug__iexact=owner)
        return self.repositories(request, rows, by="-updated_at")

    @operation(
        "create_repository", body=shapes.RepositoryIn, answer=shapes.OneRepositoryOut, status=201, scope=Scope.WRITE,
        example={"name": "demo", "description": "A first repository", "readme": True, "licence": "MulanPSL-2.0"},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Create a repository

        With `readme`, `gitignore` or `licence` it has a first commit; without it is empty, ready for a push.
        """
        given = self.validated(request, shapes.RepositoryIn)
        namespace = namespace_for(self, request, given.pop("namespace"))
        return Response(self.one(request, commands.create_repository(self.actor(request), namespace, **given)), status=201)


class OwnRepositoriesApi(RepositoryBase):
    """`/user/repositories`."""

    @operation("list_own_repositories", answer=page_of(shapes.RepositoryOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """Repositories you work on

        Your own, your organizations' and those shared with you.
        """
        self.signed_in(request)
        return self.repositories(request, own_repositories(self.actor(request)), by="-updated_at")


class RepositoryApi(RepositoryBase):
    """`/repositories/{namespace}/{name}`."""

    @operation("get_repository", answer=shapes.OneRepositoryOut)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """A repository"""
        return Response(self.one(request, self.repository(request, namespace, name)))

    @operation(
        "update_repository", body=shapes.RepositoryPatch, answer=shapes.OneRepositoryOut, scope=Scope.WRITE, also=[412],
        example={"description": "New words", "topics": ["nlp", "大模型"]},
    )  # fmt: skip
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change a repository

        Description, website and topics need a maintainer and the scope `write`; default branch, visibility, `archived` and name need an
        administrator and the scope `admin`. All fields change, or none; `errors` names each that cannot.
        The old address keeps leading here after a new name.
        """
        row = self.repository(request, namespace, name)
        self.require_match(request, self.one(request, row))
        given = self.validated(request, shapes.RepositoryPatch)
        return Response(self.one(request, commands.update_repository(self.actor(request), row, **given)))

    @operation("delete_repository", status=204, query=[text("confirm", "its full name, repeated", required=True)], scope=Scope.ADMIN)
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Delete a repository

        It can be restored for seven days.
        """
        row = self.repository(request, namespace, name)
        commands.delete_repository(self.actor(request), row, confirmation=request.query_params.get("confirm", ""))
        return Response(status=204)


class DeletedRepositoriesApi(ApiView):
    """`/user/deleted-repositories`."""

    @operation("list_deleted_repositories", answer=page_of(shapes.DeletedOut), query=PAGED, scope=Scope.WRITE)
    def get(self, request: Request) -> Response:
        """Deleted repositories that you can restore"""
        self.signed_in(request, Scope.WRITE)
        return self.rows(request, queries.deleted_repositories(self.actor(request)), by="-deleted_at", show=shapes.deleted_out)


class RestoreApi(RepositoryBase):
    """`/user/deleted-repositories/{pk}/restore`."""

    @operation("restore_repository", body=shapes.RestoreIn, answer=shapes.OneRepositoryOut, scope=Scope.WRITE, example={})
    def post(self, request: Request, pk: int) -> Response:
        """Restore a deleted repository"""
        self.signed_in(request, Scope.WRITE)
        row = queries.deleted_repository(self.actor(request), min(pk, 2**62))
        given = self.validated(request, shapes.RestoreIn)
        return Response(self.one(request, commands.restore_repository(self.actor(request), row, name=given["name"])))


class TransferApi(RepositoryBase):
    """`…/transfer`."""

    @operation(
        "transfer_repository", body=shapes.TransferIn, answer=shapes.OneRepositoryOut, scope=Scope.ADMIN,
        example={"namespace": "pcl-intelligence", "confirm": "ada/demo"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Move a repository under another name

        You must be allowed to create repositories there. The old address keeps leading here.
        """
        row = self.administered(request, namespace, name)
        given = self.validated(request, shapes.TransferIn)
        to = people.namespace(given["namespace"])
        return Response(self.one(request, commands.transfer_repository(self.actor(request), row, to=to, confirmation=given["confirm"])))


class TopicsApi(RepositoryBase):
    """`…/topics`."""

    @operation("get_topics", answer=shapes.TopicsIn)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Topics of a repository"""
        return Response({"topics": self.repository(request, namespace, name).topics})

    @operation("set_topics", body=shapes.TopicsIn, answer=shapes.TopicsIn, scope=Scope.WRITE, also=[412], example={"topics": ["nlp"]})
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Replace the topics of a repository"""
        row = self.repository(request, namespace, name)
        self.require_match(request, {"topics": row.topics})
        topics = self.validated(request, shapes.TopicsIn)["topics"]
        row = commands.change_repository(self.actor(request), row, description=row.description, website=row.website, topics=topics)
        return Response({"topics": row.topics})


class PushRulesApi(RepositoryBase):
    """`…/push-rules`."""

    @operation("get_push_rules", answer=shapes.PushRulesIn, scope=Scope.ADMIN)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """What every push is checked against"""
        return Response(shapes.push_rules_out(self.administered(request, namespace, name)))

    @operation(
        "set_push_rules", body=shapes.PushRulesIn, answer=shapes.PushRulesIn, scope=Scope.ADMIN, also=[412],
        example={"forbidden_paths": ["*.exe"], "check_emails": True, "max_blob_bytes": 104857600},
    )  # fmt: skip
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Replace the push rules"""
        row = self.administered(request, namespace, name)
        self.require_match(request, shapes.push_rules_out(row))
        row = commands.change_push_rules(self.actor(request), row, **self.validated(request, shapes.PushRulesIn))
        return Response(shapes.push_rules_out(row))


class NameOut(serializers.Serializer[Any]):
    """A name to choose from."""

    id = serializers.CharField()
    name = serializers.CharField()


class LicencesApi(ApiView):
    """`/licences`."""

    @operation("list_licences", answer=page_of(NameOut), query=PAGED)
    def get(self, request: Request) -> Response:
        """Licences that a new repository can start with"""
        return self.slice(request, licences.offered(), lambda one: {"id": one.id, "name": one.name})


class GitignoresApi(ApiView):
    """`/gitignores`."""

    @operation("list_gitignores", answer=page_of(NameOut), query=PAGED)
    def get(self, request: Request) -> Response:
        """Templates of .gitignore that a new repository can start with"""
        return self.slice(request, gitignores.names(), lambda one: {"id": one, "name": one})
