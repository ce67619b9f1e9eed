"""Releases and their files."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from core import blobs
from core.actors import Scope
from core.apiviews import LengthRequired
from core.clients import client_ip
from core.errors import Conflict, Invalid, NotFound
from core.schema import BYTES, PAGED, operation, page_of, text
from projects import commands, queries, rules
from projects.api.base import RepositoryBase
from projects.api.shapes import releases as shapes
from projects.commands.releases import require_asset_room
from projects.counting.visits import ASSET
from projects.models import Release, Repository

BLOCK = 1024**2


class FileTooLarge(exceptions.APIException):
    """Larger than this site stores."""

    status_code, default_code = 413, "body_too_large"


def fields(given: dict[str, Any]) -> dict[str, Any]:
    """The words of the API as those of the command."""
    return {{"draft": "is_draft", "prerelease": "is_prerelease"}.get(key, key): value for key, value in given.items()}


class ReleasesApi(RepositoryBase):
    """`…/releases`."""

    @operation("list_releases", answer=page_of(shapes.ReleaseOut), query=PAGED)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Releases of a repository

        Latest first; drafts for maintainers only.
        """
        row = self.repository(request, namespace, name)
        base = self.address(request, row)
        rows = queries.releases(self.actor(request), row)
        return self.rows(request, rows, by="-created_at", show=lambda found: shapes.release_out(found, base))

    @operation(
        "create_release", body=shapes.ReleaseIn, answer=shapes.ReleaseOut, status=201, scope=Scope.WRITE,
        example={"tag": "v1.0", "target": "main", "title": "First release", "notes": "What is new"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Write a release

        Publishing makes the tag from `target` if it is missing.
        """
        row = self.repository(request, namespace, name)
        made = commands.save_release(self.actor(request), row, **fields(self.validated(request, shapes.ReleaseIn)))
        return Response(shapes.release_out(made, self.address(request, row)), status=201)


class LatestReleaseApi(RepositoryBase):
    """`…/releases/latest`."""

    @operation("get_latest_release", answer=shapes.ReleaseOut)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """The newest release

        Neither draft nor prerelease.
        """
        row = self.repository(request, namespace, name)
        found = queries.latest_release(row)
        if found is None:
            raise NotFound(_("There is no release yet."))
        return Response(shapes.release_out(found, self.address(request, row)))


class ReleaseApi(RepositoryBase):
    """`…/releases/{tag}`."""

    @operation("get_release", answer=shapes.ReleaseOut)
    def get(self, request: Request, namespace: str, name: str, tag: str) -> Response:
        """A release"""
        row = self.repository(request, namespace, name)
        return Response(shapes.release_out(queries.release(self.actor(request), row, tag), self.address(request, row)))

    @operation(
        "update_release", body=shapes.ReleasePatch, answer=shapes.ReleaseOut, scope=Scope.WRITE, also=[412], example={"draft": False}
    )
    def patch(self, request: Request, namespace: str, name: str, tag: str) -> Response:
        """Change or publish a release"""
        row, actor = self.repository(request, namespace, name), self.actor(request)
        found: Release = queries.release(actor, row, tag)
        base = self.address(request, row)
        self.require_match(request, shapes.release_out(found, base))
        present = {key: getattr(found, key) for key in ("tag", "target", "title", "notes", "is_draft", "is_prerelease")}
        values = {**present, **fields(self.validated(request, shapes.ReleasePatch))}
        return Response(shapes.release_out(commands.save_release(actor, row, release=found, **values), base))

    @operation("delete_release", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, tag: str) -> Response:
        """Delete a release

        Notes and files go; the tag stays.
        """
        row = self.repository(request, namespace, name)
        commands.delete_release(self.actor(request), queries.release(self.actor(request), row, tag))
        return Response(status=204)


class AssetApi(RepositoryBase):
    """`…/releases/{tag}/assets/{file}`."""

    parser_classes = []  # the body is the file

    @operation("download_asset", answer=BYTES)
    def get(self, request: Request, namespace: str, name: str, tag: str, file: str) -> HttpResponseBase:
        """Download a file of a release

        Also in ranges; the ETag is the SHA-256.
        """
        row = self.repository(request, namespace, name)
        found = queries.asset(self.actor(request), row, tag, file)
        if "Range" not in request.headers and request.method == "GET":
            commands.note_download(found)
            commands.note_visit(
                self.actor(request), row.pk, ASSET, address=client_ip(request._request), agent=request.headers.get("User-Agent", "")
            )
        return blobs.response(request._request, found.sha256, filename=found.name)

    @operation(
        "upload_asset", body={"application/octet-stream": OpenApiTypes.BINARY}, answer=shapes.AssetOut, status=201, scope=Scope.WRITE,
        query=[text("sha256", "what the file must have; else nothing is stored")],
    )  # fmt: skip
    def put(self, request: Request, namespace: str, name: str, tag: str, file: str) -> Response:
        """Upload a file of a release

        The body is the file, as `curl -T` sends it; it is stored while it comes in.
        """
        row, actor = self.repository(request, namespace, name), self.actor(request)
        release: Release = queries.release(actor, row, tag)
        rules.can_maintain(actor, row).require()
        kept = commands.asset_name(file)
        if release.assets.filter(name=kept).exists():
            raise Conflict(_("There is a file “%s” already.") % kept, field="files")
        blob = self._stored(request, row)
        kind = (request.content_type or "")[:100]
        made = commands.add_asset(actor, release, name=kept, sha256=blob.sha256, size=blob.size, content_type=kind)
        return Response(shapes.asset_out(made, self.address(request, row), release.tag), status=201)

    def _stored(self, request: Request, row: Repository) -> blobs.Blob:
        """The body as a blob. Raises LengthRequired, FileTooLarge, LimitReached (quota), Invalid (not the announced file)."""
        announced = request.META.get("CONTENT_LENGTH") or ""
        if not announced.isdigit():
            raise LengthRequired(_("Send the length of the body (Content-Length)."))
        size, wanted = int(announced), request.query_params.get("sha256", "").lower()
        if size > settings.MAX_BLOB_BYTES:
            raise FileTooLarge(_("The file is larger than this site allows."))
        require_asset_room(row, size)

        def blocks() -> Iterator[bytes]:
            while block := request._request.read(BLOCK):
                yield block

        try:
            return blobs.put(blocks(), size=size, sha256=wanted)
        except blobs.WrongBlob as error:
            raise Invalid(_("The file arrived cut or changed."), field="sha256") from error

    @operation("delete_asset", status=204, scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, tag: str, file: str) -> Response:
        """Delete a file of a release"""
        row = self.repository(request, namespace, name)
        commands.remove_asset(self.actor(request), queries.asset(self.actor(request), row, tag, file))
        return Response(status=204)
