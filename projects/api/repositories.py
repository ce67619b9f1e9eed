"""Repositories, forks, stars, protections, releases."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from accounts.models import Namespace
from core.apiviews import CURSOR, LIMIT, ApiView, page, query
from core.errors import Forbidden, NotFound
from projects import commands, queries, rules
from projects.api import shapes
from projects.models import Protection, Release, Repository
from projects.queries.explore import explore


class RepositoryBase(ApiView):
    """Views below one repository."""

    def repository(self, request: Request, namespace: str, name: str) -> Repository:
        """The repository, or NotFound."""
        return queries.repository(self.actor(request), namespace, name)

    def origin(self, request: Request) -> str:
        """Scheme and host of the request (an allowed host)."""
        return request.build_absolute_uri("/").rstrip("/")

    def shown(self, request: Request, row: Repository) -> dict[str, Any]:
        """JSON values; a parent that the caller may not read is not named."""
        parent = row.forked_from
        readable = parent is not None and rules.access(self.actor(request), parent)
        return shapes.repository_out(row, self.origin(request), parent=str(parent) if readable else None)


def namespace_for(view: ApiView, request: Request, slug: str) -> Namespace:
    """The named namespace, or the caller's own. Raises Forbidden, NotFound."""
    if slug:
        return people.namespace(slug)
    person = view.actor(request).person
    if person is None or person.namespace is None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    return person.namespace


class RepositoriesApi(RepositoryBase):
    """`/repositories`."""

    parameters = {"GET": [CURSOR, LIMIT, query("q", "words"), query("namespace", "only this owner's")]}

    @extend_schema(responses=shapes.RepositoryPage)
    def get(self, request: Request) -> Response:
        """What the caller may read, latest change first."""
        rows = explore(self.actor(request), query=request.query_params.get("q", "")[:200].replace("\0", ""))
        if owner := request.query_params.get("namespace", "").replace("\0", ""):
            rows = rows.filter(namespace__slug__iexact=owner)
        cursor = request.query_params.get("cursor", "")
        return Response(page(rows, limit=self.limit(request), cursor=cursor, by="-updated_at", show=lambda row: self.shown(request, row)))

    @extend_schema(request=shapes.RepositoryIn, responses={201: shapes.RepositoryOut})
    def post(self, request: Request) -> Response:
        """Create one."""
        given = self.validated(request, shapes.RepositoryIn)
        namespace = namespace_for(self, request, given.pop("namespace"))
        made = commands.create_repository(self.actor(request), namespace, **given)
        return Response(self.shown(request, made), status=201)


class RepositoryApi(RepositoryBase):
    """`/repositories/{namespace}/{name}`."""

    parameters = {"DELETE": [query("confirm", "the full name, typed")]}

    @extend_schema(responses=shapes.RepositoryOut)
    def get(self, request: Request, namespace: str, name: str) -> Any:
        """One repository."""
        row = self.repository(request, namespace, name)
        counted = queries.repositories(self.actor(request)).filter(pk=row.pk).first()
        return self.conditional(request, self.shown(request, counted or row))

    @extend_schema(request=shapes.RepositoryPatch, responses=shapes.RepositoryOut)
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Change it; `If-Match` guards against changes meanwhile."""
        row = self.repository(request, namespace, name)
        counted = queries.repositories(self.actor(request)).filter(pk=row.pk).first()
        self.require_match(request, self.shown(request, counted or row))
        actor, given = self.actor(request), self.validated(request, shapes.RepositoryPatch)
        if {"description", "website", "topics"} & given.keys():
            row = commands.change_repository(
                actor, row, description=given.get("description", row.description), website=given.get("website", row.website),
                topics=given.get("topics", row.topics),
            )  # fmt: skip
        if "default_branch" in given:
            row = commands.set_default_branch(actor, row, branch=given["default_branch"])
        if "visibility" in given and given["visibility"] != row.visibility:
            row = commands.set_visibility(actor, row, visibility=given["visibility"])
        if "archived" in given and given["archived"] != row.is_archived:
            row = commands.set_archived(actor, row, archived=given["archived"])
        if "name" in given and given["name"] != row.name:
            row = commands.rename_repository(actor, row, name=given["name"])
        return Response(self.shown(request, row))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Delete it (7 days of undo); `confirm` repeats the full name."""
        row = self.repository(request, namespace, name)
        commands.delete_repository(self.actor(request), row, confirmation=request.query_params.get("confirm", ""))
        return Response(status=204)


class ForksApi(RepositoryBase):
    """`…/forks`."""

    parameters = {"GET": [CURSOR, LIMIT]}

    @extend_schema(responses=shapes.RepositoryPage)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Forks the caller may read."""
        row = self.repository(request, namespace, name)
        rows = queries.repositories(self.actor(request)).filter(forked_from=row)
        cursor = request.query_params.get("cursor", "")
        return Response(page(rows, limit=self.limit(request), cursor=cursor, by="-created_at", show=lambda fork: self.shown(request, fork)))

    @extend_schema(request=shapes.ForkIn, responses={201: shapes.RepositoryOut})
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Fork it; the fork can be cloned at once."""
        row = self.repository(request, namespace, name)
        given = self.validated(request, shapes.ForkIn)
        into = namespace_for(self, request, given["namespace"])
        return Response(self.shown(request, commands.fork_repository(self.actor(request), row, into=into, name=given["name"])), status=201)


class StarApi(RepositoryBase):
    """`…/star`."""

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Star it."""
        commands.star_repository(self.actor(request), self.repository(request, namespace, name))
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Take the star back."""
        commands.unstar_repository(self.actor(request), self.repository(request, namespace, name))
        return Response(status=204)


class ProtectionsApi(RepositoryBase):
    """`…/protections`."""

    @extend_schema(responses=shapes.ProtectionOut(many=True))
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Rules; for administrators of the repository."""
        row = self.repository(request, namespace, name)
        rules.can_administer(self.actor(request), row).require()
        return Response([shapes.protection_out(rule) for rule in row.protections.order_by("kind", "pattern")])

    @extend_schema(request=shapes.ProtectionIn, responses={201: shapes.ProtectionOut})
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a rule."""
        row = self.repository(request, namespace, name)
        made = commands.save_protection(self.actor(request), row, **self.validated(request, shapes.ProtectionIn))
        return Response(shapes.protection_out(made), status=201)


class ProtectionApi(RepositoryBase):
    """`…/protections/{pk}`."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Remove a rule."""
        row = self.repository(request, namespace, name)
        rules.can_administer(self.actor(request), row).require()
        found = Protection.objects.filter(repository=row, pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound(_("There is no such rule."))
        commands.delete_protection(self.actor(request), found)
        return Response(status=204)


class ReleasesApi(RepositoryBase):
    """`…/releases`."""

    parameters = {"GET": [CURSOR, LIMIT]}

    @extend_schema(responses=shapes.ReleasePage)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Releases, latest first; drafts for maintainers."""
        row = self.repository(request, namespace, name)
        rows = queries.releases(self.actor(request), row)
        base = self.origin(request) + row.get_absolute_url()
        cursor = request.query_params.get("cursor", "")
        return Response(
            page(rows, limit=self.limit(request), cursor=cursor, by="-created_at", show=lambda found: shapes.release_out(found, base))
        )

    @extend_schema(request=shapes.ReleaseIn, responses={201: shapes.ReleaseOut})
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Write a release."""
        row = self.repository(request, namespace, name)
        made = commands.save_release(self.actor(request), row, **self.validated(request, shapes.ReleaseIn))
        return Response(shapes.release_out(made, self.origin(request) + row.get_absolute_url()), status=201)


class ReleaseApi(RepositoryBase):
    """`…/releases/{tag}`."""

    def release(self, request: Request, row: Repository, tag: str) -> Release:
        """The release, or NotFound."""
        return queries.release(self.actor(request), row, tag)

    @extend_schema(responses=shapes.ReleaseOut)
    def get(self, request: Request, namespace: str, name: str, tag: str) -> Any:
        """One release."""
        row = self.repository(request, namespace, name)
        return self.conditional(request, shapes.release_out(self.release(request, row, tag), self.origin(request) + row.get_absolute_url()))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, namespace: str, name: str, tag: str) -> Response:
        """Remove notes and files; the tag stays."""
        row = self.repository(request, namespace, name)
        commands.delete_release(self.actor(request), self.release(request, row, tag))
        return Response(status=204)
