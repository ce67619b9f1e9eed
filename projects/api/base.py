"""What views below one repository share."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from accounts import queries as people
from accounts.models import Namespace
from core.apiviews import ApiView, page
from core.errors import Forbidden, NotFound
from projects import queries, rules
from projects.api.shapes import repositories as shapes
from projects.models import Repository
from projects.queries.browsing import default_position, position, reading
from projects.queries.positions import Position
from projects.queries.visible import readable_among


def origin(request: Request) -> str:
    """Scheme and host of the request (an allowed host)."""
    return request.build_absolute_uri("/").rstrip("/")


class RepositoryBase(ApiView):
    """Views below one repository."""

    def repository(self, request: Request, namespace: str, name: str) -> Repository:
        """The repository, by an old address too, as Git is served. Raises NotFound, TakenDown, Forbidden (the operation needs a person)."""
        found = queries.repository_for_git(self.actor(request), namespace, name)
        self.require_person(request)
        return found

    def administered(self, request: Request, namespace: str, name: str) -> Repository:
        """The repository, for its administrators. Raises NotFound, Forbidden."""
        row = self.repository(request, namespace, name)
        rules.can_administer(self.actor(request), row).require()
        return row

    def address(self, request: Request, row: Repository) -> str:
        """The page of the repository."""
        return origin(request) + row.get_absolute_url()

    def printed(self, request: Request, rows: Sequence[Repository]) -> list[dict[str, Any]]:
        """JSON values of annotated rows; parents that the caller may not read are not named. One query for all of them."""
        readable = readable_among(self.actor(request), (row.forked_from_id for row in rows))
        home = origin(request)
        return [shapes.repository_out(row, home, parent=str(row.forked_from) if row.forked_from_id in readable else None) for row in rows]

    def one(self, request: Request, row: Repository) -> dict[str, Any]:
        """JSON values of one repository, counted anew, with the caller's access."""
        actor = self.actor(request)
        counted = queries.repositories(actor).filter(pk=row.pk).first()
        return {
            **self.printed(request, [counted or row])[0],
            "access": rules.access(actor, counted or row),
            "shared_size": row.shared_bytes,
        }

    def repositories(self, request: Request, rows: QuerySet[Repository], *, by: str) -> Response:
        """A keyset page of annotated repositories."""
        found = page(rows, limit=self.limit(request), cursor=request.query_params.get("cursor", ""), by=by, show=lambda row: row)
        return self.page(request, {**found, "items": self.printed(request, found["items"])})


def namespace_for(view: ApiView, request: Request, slug: str) -> Namespace:
    """The named namespace, or the caller's own. Raises Forbidden, NotFound."""
    if slug:
        return people.namespace(slug)
    person = view.actor(request).person
    if person is None or person.namespace is None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    return person.namespace


class GitBase(RepositoryBase):
    """Views that read a commit."""

    def at(self, row: Repository, ref: str) -> Position:
        """The commit of `ref`, or of the default branch. Raises NotFound."""
        found = position(row, ref) if ref else default_position(row)
        if found is None or found.path:
            raise NotFound(_("There is no such branch, tag or commit."))
        return found

    def asked(self, request: Request, row: Repository) -> Position:
        """The commit of `?ref=`; one that is no tip costs an anonymous reader budget. Raises NotFound, LimitReached."""
        here = self.at(row, request.query_params.get("ref", ""))
        if not here.is_tip:
            self.spend(request, 1)
        return here

    def entry(self, row: Repository, oid: str, path: str) -> gitstore.Entry:
        """The entry at a path. Raises NotFound."""
        with reading():
            found = gitstore.entry_at(row.path, oid, path.strip("/"))
        if found is None:
            raise NotFound(_("There is nothing at this path."))
        return found

    def file(self, row: Repository, oid: str, path: str) -> gitstore.Entry:
        """The file at a path. Raises NotFound."""
        found = self.entry(row, oid, path)
        if found.kind in ("tree", "submodule"):
            raise NotFound(_("There is no file at this path."))
        return found

    def named(self, request: Request, found: Iterable[gitstore.Ref]) -> list[gitstore.Ref]:
        """Refs whose name holds `?q=`."""
        wanted = request.query_params.get("q", "").lower()
        return [ref for ref in found if wanted in ref.short.lower()]
