"""Files by path: read, write, delete; README, licence, archives."""

import base64
import binascii
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core import filenames, licences
from core.actors import Scope
from core.errors import Invalid, NotFound
from githubapi.api.base import RepositoryView, signed_in
from githubapi.api.git import raw
from githubapi.api.shapes import git as shapes
from githubapi.api.shapes import repositories as forms
from projects import commands
from projects.commands.edits import Change, Edited, Remove, Write
from projects.models import Repository
from projects.queries.browsing import reading

CONTENT_MAX = 1024**2  # bytes of a file in JSON; larger ones have the media type `raw` and the address of the download
RAW_MAX = 100 * 1024**2
ENTRIES_MAX = 1000  # of a directory, as GitHub has it


class PersonIn(serializers.Serializer[Any]):
    """GitHub lets one name author and committer; here whoever asks is both."""

    name = serializers.CharField(required=False)
    email = serializers.CharField(required=False)


class ContentIn(serializers.Serializer[Any]):
    """A file to write."""

    message = serializers.CharField(max_length=100_000)
    content = serializers.CharField(allow_blank=True, trim_whitespace=False)
    sha = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    branch = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)
    author = PersonIn(required=False)
    committer = PersonIn(required=False)


class ContentDelete(serializers.Serializer[Any]):
    """A file to delete."""

    message = serializers.CharField(max_length=100_000)
    sha = serializers.CharField(max_length=64)
    branch = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)


class ContentsApi(RepositoryView):
    """`…/contents/{path}`."""

    def get(self, request: Request, owner: str, repo: str, path: str = "") -> HttpResponseBase:
        """A file with its content in base64, or the entries of a directory."""
        row, at = self.repository(request, owner, repo), self.at(request)
        here, path = self.asked(request, row), path.strip("/")
        if path:
            entry = self.entry(row, here.oid, path)
            if entry.kind != "tree":
                return self.file(request, row, entry, here.name)
        with reading():
            entries = gitstore.tree(row.path, here.oid, path)[:ENTRIES_MAX]
        return Response([shapes.content(row, one, here.name, self.size(row, one), at) for one in entries])

    def size(self, row: Repository, entry: gitstore.Entry) -> int:
        """Bytes of a file, 0 of anything else."""
        with reading():
            return gitstore.blob_size(row.path, entry.oid) if entry.kind not in ("tree", "submodule") else 0

    def file(self, request: Request, row: Repository, entry: gitstore.Entry, ref: str) -> HttpResponseBase:
        """The bytes for the media type `raw`, else JSON; over 1 MB without the content, as GitHub has it."""
        at, size = self.at(request), self.size(row, entry)
        if entry.kind == "submodule":
            return Response({**shapes.content(row, entry, ref, 0, at), "submodule_git_url": None})
        if self.accepts(request, "raw"):
            if size > RAW_MAX:
                raise Invalid("This file is too large for this address; clone the repository.", field="path", code="too_large")
            with reading():
                return raw(gitstore.blob(row.path, entry.oid, limit=max(size, 1)).data)
        with reading():
            data = gitstore.blob(row.path, entry.oid, limit=CONTENT_MAX).data if size <= CONTENT_MAX else None
        shown = shapes.content(row, entry, ref, size, at, data)
        if entry.kind == "symlink" and data is not None:
            shown["target"] = data.decode("utf-8", "replace")
        return Response(shown if data is not None else {**shown, "content": "", "encoding": "none"})

    @signed_in(Scope.WRITE)
    def put(self, request: Request, owner: str, repo: str, path: str) -> Response:
        """Create a file, or replace the one whose blob is `sha`; one commit."""
        row, at = self.repository(request, owner, repo), self.at(request)
        given, path = self.given(request, ContentIn), path.strip("/")
        try:
            content = base64.b64decode("".join(given["content"].split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Invalid("content is not valid Base64", field="content") from error
        oid = self.commit(request, row, Write(path, content, expected=given["sha"]), given)
        with reading():
            entry = gitstore.entry_at(row.path, oid, path)
        branch = given["branch"] or row.default_branch
        shown = shapes.content(row, entry, branch, len(content), at) if entry else None
        return Response({"content": shown, "commit": self.told(request, row, oid)}, status=200 if given["sha"] else 201)

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, path: str) -> Response:
        """Delete the file whose blob is `sha`; one commit."""
        row = self.repository(request, owner, repo)
        if not request.data and request.query_params:
            request._full_data = request.query_params.dict()  # type: ignore[attr-defined]
        given = self.given(request, ContentDelete)
        oid = self.commit(request, row, Remove(path.strip("/"), expected=given["sha"]), given)
        return Response({"content": None, "commit": self.told(request, row, oid)})

    def commit(self, request: Request, row: Repository, change: Change, given: dict[str, Any]) -> str:
        """Raises Invalid where a file is there and no `sha` was given, as GitHub does; Conflict where it is another one."""
        branch = given["branch"].removeprefix("refs/heads/") or row.default_branch
        try:
            return commands.commit_files(self.actor(request), row, branch=branch, changes=[change], message=given["message"])
        except Edited as error:
            if not given["sha"]:
                raise Invalid('"sha" wasn\'t supplied.', field="sha") from error
            if not error.present:
                raise NotFound("Not Found") from error
            raise

    def told(self, request: Request, row: Repository, oid: str) -> dict[str, Any]:
        """The commit that was made."""
        with reading():
            return shapes.git_commit(row, gitstore.commit(row.path, oid), self.at(request))


class ReadmeApi(ContentsApi):
    """`…/readme`."""

    def get(self, request: Request, owner: str, repo: str, path: str = "") -> HttpResponseBase:
        """The README of the root or of a directory."""
        row = self.repository(request, owner, repo)
        here = self.asked(request, row)
        with reading():
            entries = gitstore.tree(row.path, here.oid, path.strip("/"))
        names = sorted((one for one in entries if one.name.lower().partition(".")[0] == "readme" and one.kind != "tree"), key=_readme_rank)
        if not names:
            raise NotFound("Not Found")
        return self.file(request, row, names[0], here.name)

    http_method_names = ["get", "head", "options"]


def _readme_rank(entry: gitstore.Entry) -> tuple[int, int, str]:
    """Markdown first, then the shortest."""
    return (0 if entry.name.lower().endswith((".md", ".markdown")) else 1, len(entry.name), entry.name)


class LicenceApi(ContentsApi):
    """`…/license`."""

    def get(self, request: Request, owner: str, repo: str, path: str = "") -> HttpResponseBase:
        """The licence's file, and which it is."""
        row = self.repository(request, owner, repo)
        here = self.asked(request, row)
        with reading():
            entries = gitstore.tree(row.path, here.oid, "")
        found = next((one for one in entries if one.kind in ("blob", "executable") and licences.is_licence_file(one.name)), None)
        if found is None:
            raise NotFound("Not Found")
        answer = self.file(request, row, found, here.name)
        if isinstance(answer, Response):
            answer.data["license"] = forms.licence(row.licence, self.at(request)) or forms.licence("NOASSERTION", self.at(request))
        return answer

    http_method_names = ["get", "head", "options"]


class ArchiveApi(RepositoryView):
    """`…/tarball/{ref}`, `…/zipball/{ref}`."""

    kind = "tar.gz"

    def get(self, request: Request, owner: str, repo: str, ref: str = "") -> HttpResponse:
        """302 to the archive."""
        row = self.repository(request, owner, repo)
        here = self.commit_at(row, ref)
        wanted = f"ref={quote(filenames.shown(here.name), safe='')}&format={self.kind}"
        return HttpResponseRedirect(f"/api/v1/repositories/{quote(row.namespace.slug, safe=':')}/{quote(row.name)}/archive?{wanted}")
