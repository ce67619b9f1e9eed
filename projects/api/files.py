"""Trees, blobs, raw bytes, READMEs, archives, blame."""

import html
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core import encodings, filenames, markdown, restructuredtext
from core.apiviews import matches, opened, sealed
from core.blobs.downloads import range_of
from core.clients import client_ip
from core.errors import NotFound
from core.schema import BYTES, CURSOR, LIMIT, flag, operation, page_of, text
from projects.api.base import GitBase
from projects.api.shapes import git as shapes
from projects.commands.counting import note_visit
from projects.counting.visits import ARCHIVE
from projects.models import Repository
from projects.queries.browsing import begun, blob_pieces, reading, require_reached
from projects.queries.parts import part

REF = text("ref", "branch, tag or commit; the default branch unless told")
PATH = text("path", "path inside the repository", required=True)
FOLDER = text("path", "directory; the root unless told")
CONTENT_LIMIT = 1024**2
BLAME_LINES = 3000
FORMATS = {"zip": "application/zip", "tar.gz": "application/gzip"}
SANDBOX = "default-src 'none'; sandbox"


class TreeApi(GitBase):
    """`…/tree`."""

    @operation(
        "get_tree", answer=shapes.TreePage, query=[REF, FOLDER, flag("recursive", "all files below, without directories"), CURSOR, LIMIT]
    )
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """A directory

        Directories first. The cursor keeps to the commit of the first page, whatever is pushed meanwhile.
        """
        row = self.repository(request, namespace, name)
        cursor, path = request.query_params.get("cursor", ""), request.query_params.get("path", "").strip("/")
        oid, first = opened(cursor, str, int) if cursor else (self.asked(request, row).oid, 0)
        if cursor:
            oid = self.at(row, oid).oid
        with reading():
            found = self.entries(request, row, oid, path)
        limit = self.limit(request)
        after = sealed(oid, first + limit) if len(found) > first + limit else ""
        shown = [shapes.entry_out(entry) for entry in found[first : first + limit]]
        return self.page(request, {"commit": oid, "path": shapes.shown_text(path), "total": len(found), "items": shown, "next": after})

    def entries(self, request: Request, row: Repository, oid: str, path: str) -> list[gitstore.Entry]:
        """Entries of the directory, or all files below it."""
        if request.query_params.get("recursive") != "1":
            return gitstore.tree(row.path, oid, path)
        self.spend(request, 2)
        tree = gitstore.tree_oid(row.path, oid, path)
        found: list[tuple[str, str, int]] = part(("files below", tree), lambda: gitstore.files(row.path, tree))
        prefix = f"{path}/" if path else ""
        kinds = {0o100755: "executable", 0o120000: "symlink"}
        return [gitstore.Entry(name.rpartition("/")[2], prefix + name, mode, kinds.get(mode, "blob"), blob) for name, blob, mode in found]


class BlobApi(GitBase):
    """`…/blobs/{oid}`."""

    @operation("get_blob", answer=shapes.BlobOut)
    def get(self, request: Request, namespace: str, name: str, oid: str) -> Response:
        """A blob by its id

        Only one that a branch or tag of this repository leads to.
        """
        row = self.repository(request, namespace, name)
        if len(oid) != 40 or any(character not in "0123456789abcdef" for character in oid):
            raise NotFound(_("There is no such blob."))
        self.spend(request, 2)
        with reading():
            size = gitstore.blob_size(row.path, oid)
            require_reached(row, oid)
            found = gitstore.blob(row.path, oid, limit=min(CONTENT_LIMIT, max(size, 1)))
        return Response(shapes.blob_out(found))


class RawApi(GitBase):
    """`…/raw`."""

    @operation("get_raw", answer=BYTES, query=[REF, PATH])
    def get(self, request: Request, namespace: str, name: str) -> HttpResponseBase:
        """The bytes of a file

        Also in ranges.
        """
        row = self.repository(request, namespace, name)
        entry = self.file(row, self.asked(request, row).oid, request.query_params.get("path", ""))
        with reading():
            size = gitstore.blob_size(row.path, entry.oid)
        return ranged(request, size, f'"{entry.oid}"', lambda first, end: blob_pieces(row, entry.oid, first, end))


def ranged(request: Request, size: int, etag: str, pieces: Callable[[int, int], Iterator[bytes]]) -> HttpResponseBase:
    """200, 206 with one range, 304 or 416 (RFC 9110 §14), as a download in a sandbox."""
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Security-Policy": SANDBOX, "Content-Disposition": "attachment"}
    if matches(request.headers.get("If-None-Match", ""), etag):
        return HttpResponse(status=304, headers=headers)
    wanted = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    try:
        first, end = (range_of(wanted, size) if wanted else None) or (0, size)
    except ValueError:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    status = 206 if wanted and (first, end) != (0, size) else 200
    if status == 206:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    body = pieces(first, end) if request.method == "GET" else iter(())
    answer = StreamingHttpResponse(body, status=status, headers=headers, content_type="application/octet-stream")
    answer["Content-Length"] = str(end - first)
    return answer


class ReadmeApi(GitBase):
    """`…/readme`."""

    @operation("get_readme", answer=shapes.ReadmeOut, query=[REF, FOLDER])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """The README of a directory

        As it is and as safe HTML; in your language where there is one.
        """
        row = self.repository(request, namespace, name)
        here = self.asked(request, row)
        with reading():
            entries = gitstore.tree(row.path, here.oid, request.query_params.get("path", "").strip("/"))
        found = min((entry for entry in entries if _rank(entry) is not None), key=lambda entry: (_rank(entry), entry.name), default=None)
        if found is None:
            raise NotFound(_("There is no README here."))
        with reading():
            blob = gitstore.blob(row.path, found.oid, limit=CONTENT_LIMIT)
        base, ref = row.get_absolute_url(), filenames.quoted(here.name)
        links = markdown.Links(f"{base}/blob/{ref}", f"{base}/raw/{ref}", shapes.shown_text(found.path.rpartition("/")[0]))
        rendered = part(("api readme", found.oid, found.path, links), lambda: _html(found.name, blob.data, links))
        return Response({**shapes.blob_out(blob), "path": shapes.shown_text(found.path), "commit": here.oid, "html": rendered})


def _rank(entry: gitstore.Entry) -> int | None:
    """Lower is better: the reader's language, then none, then others; None for what is no README."""
    stem, _dot, extension = entry.name.lower().partition(".")
    if entry.kind not in ("blob", "executable") or not stem.startswith("readme"):
        return None
    words = entry.name.lower().replace("_", "-").replace(".", "-").split("-")[1:]
    mine, other = ("en", "zh") if (get_language() or "").startswith("en") else ("zh", "en")
    spoken = next((word for word in words if word in ("zh", "cn", "en")), "").replace("cn", "zh")
    language = {mine: 0, "": 1, other: 2}[spoken]
    return language * 10 + ({"md": 0, "markdown": 0, "rst": 1}.get(extension.rpartition(".")[2], 2))


def _html(name: str, data: bytes, links: markdown.Links) -> str:
    if encodings.is_binary(data):
        return ""
    source, extension = encodings.decode(data).text, name.lower().rpartition(".")[2]
    if extension in ("md", "markdown"):
        return markdown.render(source, links).html
    return restructuredtext.render(source, links) if extension == "rst" else f"<pre>{html.escape(source)}</pre>"


class ArchiveApi(GitBase):
    """`…/archive`."""

    @operation(
        "get_archive", answer={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        query=[REF, OpenApiParameter("format", {"type": "string", "enum": [*FORMATS], "default": "zip"})],
    )  # fmt: skip
    def get(self, request: Request, namespace: str, name: str) -> HttpResponseBase:
        """All files of a commit as an archive"""
        row = self.repository(request, namespace, name)
        here, kind = self.at(row, request.query_params.get("ref", "")), request.query_params.get("format", "zip")
        if kind not in FORMATS:
            raise NotFound(_("Archives come as .zip and .tar.gz."))
        tag = f'"{here.oid}.{kind}"'
        if matches(request.headers.get("If-None-Match", ""), tag):
            return HttpResponse(status=304, headers={"ETag": tag})
        self.spend(request, 10)
        label = "".join("-" if character in "/\\" or ord(character) < 32 else character for character in here.shown)[:100]
        top = f"{row.name}-{label}"
        body = begun(gitstore.archive(row.path, here.oid, kind, top)) if request.method == "GET" else iter(())
        answer = StreamingHttpResponse(body, content_type="application/octet-stream")
        answer["Content-Disposition"] = content_disposition_header(True, f"{top}.{kind}") or "attachment"
        answer["ETag"] = tag
        if request.method == "GET":
            note_visit(
                self.actor(request), row.pk, ARCHIVE, address=client_ip(request._request), agent=request.headers.get("User-Agent", "")
            )
        return answer


class BlameApi(GitBase):
    """`…/blame`."""

    @operation("get_blame", answer=page_of(shapes.BlameOut), query=[REF, PATH, CURSOR])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Who last changed each line of a file

        3,000 lines a page.
        """
        row = self.repository(request, namespace, name)
        cursor = request.query_params.get("cursor", "")
        here = self.at(row, request.query_params.get("ref", ""))
        entry = self.file(row, here.oid, request.query_params.get("path", ""))
        self.spend(request, 5)
        first = opened(cursor, int)[0] if cursor else 1
        with reading():
            if entry.kind == "symlink" or gitstore.blob_size(row.path, entry.oid) > 2 * CONTENT_LIMIT:
                raise NotFound(_("This file is too large or not text; it has no blame."))
            data = gitstore.blob(row.path, entry.oid, limit=2 * CONTENT_LIMIT).data
            if encodings.is_binary(data):
                raise NotFound(_("This file is too large or not text; it has no blame."))
            lines = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
            ranges = gitstore.blame(row.path, here.oid, entry.path, first=max(first, 1), lines=BLAME_LINES) if first <= lines else []
        after = sealed(first + BLAME_LINES) if lines >= first + BLAME_LINES else ""
        content: dict[str, Any] = {"items": [shapes.blame_out(one) for one in ranges], "next": after}
        return self.page(request, content)
