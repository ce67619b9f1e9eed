"""Releases and their files."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import blobs
from core.actors import Scope
from core.apiviews import LengthRequired
from core.errors import Conflict, Invalid, NotFound
from githubapi.api.base import RepositoryView, signed_in
from githubapi.api.shapes import releases as shapes
from projects import commands, queries, rules
from projects.commands.releases import require_asset_room
from projects.models import Release, ReleaseAsset, Repository

BLOCK = 1024**2
WORDS = {
    "tag_name": "tag",
    "target_commitish": "target",
    "name": "title",
    "body": "notes",
    "draft": "is_draft",
    "prerelease": "is_prerelease",
}


class ReleasePatch(serializers.Serializer[Any]):
    """What can be said of a release."""

    tag_name = serializers.CharField(max_length=200, required=False)
    target_commitish = serializers.CharField(max_length=200, required=False, allow_blank=True)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    body = serializers.CharField(max_length=100_000, required=False, allow_blank=True)
    draft = serializers.BooleanField(required=False)
    prerelease = serializers.BooleanField(required=False)


class ReleaseIn(ReleasePatch):
    """A new release."""

    tag_name = serializers.CharField(max_length=200)


class FileTooLarge(exceptions.APIException):
    """Larger than this site stores."""

    status_code, default_code = 413, "body_too_large"


class ReleaseView(RepositoryView):
    """Views of releases."""

    def rows(self, request: Request, row: Repository) -> QuerySet[Release]:  # type: ignore[override]
        """Those one may see, with author and files."""
        return queries.releases(self.actor(request), row).select_related("author__namespace")

    def release(self, request: Request, row: Repository, pk: int) -> Release:
        """Raises NotFound."""
        found = self.rows(request, row).filter(pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound("Not Found")
        found.repository = row
        return found

    def shown(self, request: Request, row: Repository, pk: int, status: int = 200) -> Response:
        """A release as it is now."""
        return Response(shapes.release(row, self.release(request, row, pk), self.at(request)), status=status)


class ReleasesApi(ReleaseView):
    """`…/releases`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Latest first; drafts for maintainers."""
        row, at = self.repository(request, owner, repo), self.at(request)
        return self.listed(request, self.rows(request, row), lambda one: shapes.release(row, one, at))

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Write one; publishing makes the tag if it is missing."""
        row = self.repository(request, owner, repo)
        given = {WORDS[key]: value for key, value in self.given(request, ReleaseIn).items()}
        made = commands.save_release(self.actor(request), row, **given)
        return self.shown(request, row, made.pk, 201)


class LatestApi(ReleaseView):
    """`…/releases/latest`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """Neither draft nor prerelease."""
        row = self.repository(request, owner, repo)
        found = queries.latest_release(row)
        if found is None:
            raise NotFound("Not Found")
        return self.shown(request, row, found.pk)


class TaggedApi(ReleaseView):
    """`…/releases/tags/{tag}`."""

    def get(self, request: Request, owner: str, repo: str, tag: str) -> Response:
        """The published release of a tag."""
        row = self.repository(request, owner, repo)
        found = self.rows(request, row).filter(tag=tag, is_draft=False).first()
        if found is None:
            raise NotFound("Not Found")
        return Response(shapes.release(row, found, self.at(request)))


class ReleaseApi(ReleaseView):
    """`…/releases/{id}`."""

    def get(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """A release."""
        return self.shown(request, self.repository(request, owner, repo), pk)

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """Change or publish it."""
        row = self.repository(request, owner, repo)
        found = self.release(request, row, pk)
        present = {name: getattr(found, name) for name in WORDS.values()}
        given = {WORDS[key]: value for key, value in self.given(request, ReleasePatch).items()}
        commands.save_release(self.actor(request), row, release=found, **{**present, **given})
        return self.shown(request, row, pk)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, pk: int) -> HttpResponse:
        """Notes and files go; the tag stays."""
        row = self.repository(request, owner, repo)
        commands.delete_release(self.actor(request), self.release(request, row, pk))
        return HttpResponse(status=204)


class AssetsApi(ReleaseView):
    """`…/releases/{id}/assets`."""

    def get(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """Its files."""
        row, at = self.repository(request, owner, repo), self.at(request)
        found = self.release(request, row, pk)
        return self.listed(request, list(found.assets.all()), lambda one: shapes.asset(row, one, at, tag=found.tag, author=found))

    def get_parsers(self) -> list[Any]:
        """The body is the file."""
        return []

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """The body is the file `?name=`; it is stored while it comes in."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        release = self.release(request, row, pk)
        rules.can_maintain(actor, row).require()
        kept = commands.asset_name(request.query_params.get("name", ""))
        if release.assets.filter(name=kept).exists():
            raise Invalid("already_exists", field="name", code="already_exists")
        blob = self.stored(request, row)
        try:
            made = commands.add_asset(
                actor, release, name=kept, sha256=blob.sha256, size=blob.size, content_type=(request.content_type or "")[:100]
            )
        except Conflict as error:
            raise Invalid("already_exists", field="name", code="already_exists") from error
        return Response(shapes.asset(row, made, self.at(request), tag=release.tag, author=release), status=201)

    def stored(self, request: Request, row: Repository) -> blobs.Blob:
        """The body as a blob. Raises LengthRequired, FileTooLarge, LimitReached (quota), Invalid (cut)."""
        announced = request.META.get("CONTENT_LENGTH") or ""
        if not announced.isdigit():
            raise LengthRequired("Send the length of the body (Content-Length).")
        if int(announced) > settings.MAX_BLOB_BYTES:
            raise FileTooLarge("The file is larger than this site allows.")
        require_asset_room(row, int(announced))

        def blocks() -> Iterator[bytes]:
            while block := request._request.read(BLOCK):
                yield block

        try:
            return blobs.put(blocks(), size=int(announced))
        except blobs.WrongBlob as error:
            raise Invalid("The file arrived cut.", field="name") from error


class AssetApi(ReleaseView):
    """`…/releases/assets/{id}`."""

    def asset(self, request: Request, row: Repository, pk: int) -> ReleaseAsset:
        """With its release. Raises NotFound, also for a draft's that one may not see."""
        found = ReleaseAsset.objects.filter(release__repository=row, pk=min(pk, 2**62)).select_related("release").first()
        if found is None:
            raise NotFound("Not Found")
        found.release = self.release(request, row, found.release_id)
        return found

    def get(self, request: Request, owner: str, repo: str, pk: int) -> HttpResponseBase:
        """What is known of the file, or with `Accept: application/octet-stream` the file."""
        row = self.repository(request, owner, repo)
        found = self.asset(request, row, pk)
        if "application/octet-stream" in request.headers.get("Accept", ""):
            if "Range" not in request.headers:
                commands.note_download(found)
            return blobs.response(request._request, found.sha256, filename=found.name)
        return Response(shapes.asset(row, found, self.at(request), tag=found.release.tag, author=found.release))

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, pk: int) -> HttpResponse:
        """Take it away."""
        row = self.repository(request, owner, repo)
        commands.remove_asset(self.actor(request), self.asset(request, row, pk))
        return HttpResponse(status=204)
