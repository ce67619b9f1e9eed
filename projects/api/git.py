"""Refs, trees, blobs, raw bytes, commits, comparisons, contents."""

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.apiviews import CURSOR, LIMIT, query
from core.errors import Invalid, NotFound
from projects import commands
from projects.api import shapes
from projects.api.repositories import RepositoryBase
from projects.commands.edits import Remove, Write
from projects.models import Repository
from projects.queries.browsing import default_position, opened_cursor, position, reading, require_reached, sealed
from projects.queries.positions import Position

REF = query("ref", "branch, tag or commit; the default branch unless told")
CONTENT_LIMIT = 1024**2


class GitBase(RepositoryBase):
    """Views that read a commit."""

    def at(self, request: Request, row: Repository, ref: str = "") -> Position:
        """The commit of `ref` (or `?ref=`). Raises NotFound."""
        ref = ref or request.query_params.get("ref", "")
        if "\0" in ref:
            raise NotFound(_("There is no such branch, tag or commit."))
        found = position(row, ref) if ref else default_position(row)
        if found is None or found.path:
            raise NotFound(_("There is no such branch, tag or commit."))
        return found

    def entry(self, row: Repository, oid: str, path: str) -> gitstore.Entry:
        """The entry at a path. Raises NotFound."""
        with reading():
            found = gitstore.entry_at(row.path, oid, path.strip("/")) if "\0" not in path else None
        if found is None:
            raise NotFound(_("There is nothing at this path."))
        return found


class RefsBase(GitBase):
    """Branches or tags, by name."""

    parameters = {"GET": [CURSOR, LIMIT, query("q", "part of the name")]}

    def paged(self, request: Request, found: Iterable[gitstore.Ref]) -> Response:
        """A page after the name `cursor`."""
        after, wanted, limit = request.query_params.get("cursor", ""), request.query_params.get("q", ""), self.limit(request)
        rows = [ref for ref in found if ref.short > after and wanted.lower() in ref.short.lower()]
        items = [{"name": shapes.shown_text(ref.short), "oid": ref.oid, "commit": ref.commit} for ref in rows[:limit]]
        return Response({"items": items, "next": shapes.shown_text(rows[limit - 1].short) if len(rows) > limit else ""})


class BranchesApi(RefsBase):
    """`…/branches`."""

    @extend_schema(responses=shapes.RefPage)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Branches."""
        with reading():
            found = gitstore.branches(self.repository(request, namespace, name).path)
        return self.paged(request, found)

    @extend_schema(request=shapes.BranchIn, responses={201: shapes.CommittedOut})
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a branch."""
        row = self.repository(request, namespace, name)
        given = self.validated(request, shapes.BranchIn)
        oid = commands.create_branch(self.actor(request), row, branch=given["name"], start=given["start"])
        return Response({"commit": oid}, status=201)


class BranchApi(GitBase):
    """`…/branches/{branch}`."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, namespace: str, name: str, branch: str) -> Response:
        """Delete a branch."""
        commands.delete_branch(self.actor(request), self.repository(request, namespace, name), branch=branch.replace("\0", "?"))
        return Response(status=204)


class TagsApi(RefsBase):
    """`…/tags`."""

    @extend_schema(responses=shapes.RefPage)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Tags."""
        with reading():
            found = gitstore.tags(self.repository(request, namespace, name).path)
        return self.paged(request, found)


class TreeApi(GitBase):
    """`…/tree`."""

    parameters = {"GET": [REF, query("path", "directory"), OpenApiParameter("offset", OpenApiTypes.INT)]}

    @extend_schema(responses=shapes.TreeOut)
    def get(self, request: Request, namespace: str, name: str) -> Any:
        """A directory."""
        row = self.repository(request, namespace, name)
        here = self.at(request, row)
        path = request.query_params.get("path", "").strip("/")
        if "\0" in path:
            raise NotFound(_("There is nothing at this path."))
        offset = request.query_params.get("offset", "0")
        if not (offset.isascii() and offset.isdigit() and len(offset) < 9):
            raise Invalid(_("Give a number."), field="offset")
        with reading():
            entries = gitstore.tree(row.path, here.oid, path)
        shown = [shapes.entry_out(entry) for entry in entries[int(offset) : int(offset) + 1000]]
        return self.conditional(request, {"commit": here.oid, "path": shapes.shown_text(path), "total": len(entries), "entries": shown})


class BlobApi(GitBase):
    """`…/blobs/{oid}`."""

    @extend_schema(responses=shapes.BlobOut)
    def get(self, request: Request, namespace: str, name: str, oid: str) -> Any:
        """A blob that a ref of this repository reaches."""
        row = self.repository(request, namespace, name)
        if len(oid) != 40 or any(character not in "0123456789abcdef" for character in oid):
            raise NotFound(_("There is no such blob."))
        require_reached(row, oid)
        with reading():
            found = gitstore.blob(row.path, oid, limit=CONTENT_LIMIT)
        content = base64.b64encode(found.data).decode()
        return self.conditional(
            request, {"oid": oid, "size": found.size, "encoding": "base64", "content": content, "truncated": found.truncated}
        )


class RawApi(GitBase):
    """`…/raw`."""

    parameters = {"GET": [REF, query("path", "file")]}

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, namespace: str, name: str) -> Any:
        """The bytes of a file."""
        row = self.repository(request, namespace, name)
        entry = self.entry(row, self.at(request, row).oid, request.query_params.get("path", ""))
        if entry.kind in ("tree", "submodule"):
            raise NotFound(_("There is no file at this path."))
        with reading():
            size = gitstore.blob_size(row.path, entry.oid)
        headers = {
            "Content-Length": str(size),
            "ETag": f'"{entry.oid}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": "attachment",
        }
        return StreamingHttpResponse(gitstore.blob_stream(row.path, entry.oid), content_type="application/octet-stream", headers=headers)


class CommitsApi(GitBase):
    """`…/commits`."""

    parameters = {"GET": [REF, CURSOR, LIMIT, query("path", "only commits that touch it")]}

    @extend_schema(responses=shapes.CommitPage)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """History, newest first."""
        row = self.repository(request, namespace, name)
        here = self.at(request, row)
        path, cursor = request.query_params.get("path", "").strip("/"), request.query_params.get("cursor", "")
        if "\0" in path:
            raise NotFound(_("There is nothing at this path."))
        start = opened_cursor(row, cursor) if cursor and not path else cursor
        with reading():
            found = gitstore.log(row.path, here.oid, limit=self.limit(request), after=start, file=path)
        after = sealed(row, found.next) if found.next and not path else found.next
        return Response({"items": [shapes.commit_out(commit) for commit in found.commits], "next": after})


class CommitApi(GitBase):
    """`…/commits/{oid}`."""

    @extend_schema(responses=shapes.CommitOut)
    def get(self, request: Request, namespace: str, name: str, oid: str) -> Any:
        """A commit that a ref of this repository reaches."""
        row = self.repository(request, namespace, name)
        here = self.at(request, row, oid)
        with reading():
            return self.conditional(request, shapes.commit_out(gitstore.commit(row.path, here.oid)))


class CompareApi(GitBase):
    """`…/compare`."""

    parameters = {"GET": [query("base", "branch, tag or commit"), query("head", "branch, tag or commit")]}

    @extend_schema(responses=shapes.CompareOut)
    def get(self, request: Request, namespace: str, name: str) -> Any:
        """From the merge base of both to the head."""
        row = self.repository(request, namespace, name)
        base, head = (self.at(request, row, request.query_params.get(key, "")) for key in ("base", "head"))
        with reading():
            common = gitstore.merge_base(row.path, base.oid, head.oid)
            apart = gitstore.divergence(row.path, head.oid, base.oid)
            commits = gitstore.between(row.path, base.oid, head.oid, limit=250)
            diff = gitstore.diff(row.path, common or base.oid, head.oid, limit=300, lines=100_000)
        answer = {
            "base": base.oid, "head": head.oid, "merge_base": common, "ahead": apart.ahead, "behind": apart.behind,
            "commits": [shapes.commit_out(commit) for commit in commits], "files": shapes.files_out(diff), "files_total": diff.total,
        }  # fmt: skip
        return self.conditional(request, answer)


class ContentsApi(GitBase):
    """`…/contents/{path}`."""

    parameters = {"GET": [REF], "DELETE": [query("oid", "blob it must still be"), query("branch"), query("message")]}

    @extend_schema(responses=shapes.ContentOut)
    def get(self, request: Request, namespace: str, name: str, path: str) -> Any:
        """A file at a ref."""
        row = self.repository(request, namespace, name)
        entry = self.entry(row, self.at(request, row).oid, path)
        if entry.kind in ("tree", "submodule"):
            raise NotFound(_("There is no file at this path."))
        with reading():
            found = gitstore.blob(row.path, entry.oid, limit=CONTENT_LIMIT)
        content = base64.b64encode(found.data).decode()
        shown = {
            "path": shapes.shown_text(entry.path),
            "oid": entry.oid,
            "size": found.size,
            "encoding": "base64",
            "content": content,
            "truncated": found.truncated,
        }
        return self.conditional(request, shown)

    @extend_schema(request=shapes.ContentIn, responses={200: shapes.CommittedOut})
    def put(self, request: Request, namespace: str, name: str, path: str) -> Response:
        """Create or replace a file in one commit."""
        row = self.repository(request, namespace, name)
        given = self.validated(request, shapes.ContentIn)
        try:
            content = base64.b64decode(given["content"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise Invalid(_("This is not base64."), field="content") from error
        change = Write(path, content, expected=given["oid"])
        return Response({"commit": self._commit(request, row, change, given, _("Change %s") % path)})

    @extend_schema(responses={200: shapes.CommittedOut})
    def delete(self, request: Request, namespace: str, name: str, path: str) -> Response:
        """Delete a file in one commit."""
        row = self.repository(request, namespace, name)
        given = {"branch": request.query_params.get("branch", ""), "message": request.query_params.get("message", ""), "new_branch": ""}
        change = Remove(path, expected=request.query_params.get("oid", ""))
        return Response({"commit": self._commit(request, row, change, given, _("Delete %s") % path)})

    def _commit(self, request: Request, row: Repository, change: Write | Remove, given: dict[str, Any], default: str) -> str:
        return commands.commit_files(
            self.actor(request), row, branch=given["branch"] or row.default_branch, changes=[change], message=given["message"],
            new_branch=given["new_branch"], default_message=default,
        )  # fmt: skip
