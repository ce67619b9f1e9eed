"""Files by path: read, write, delete."""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.actors import Scope
from core.errors import Invalid
from core.schema import operation, text
from projects import commands
from projects.api.base import GitBase
from projects.api.files import CONTENT_LIMIT, REF
from projects.api.shapes import git as shapes
from projects.commands.edits import Change, Remove, Write
from projects.models import Repository
from projects.queries.browsing import reading


def content_of(given: dict[str, Any]) -> bytes:
    """The bytes of `content` in its `encoding`. Raises Invalid."""
    if given["encoding"] == "utf-8":
        return str(given["content"]).encode()
    try:
        return base64.b64decode(given["content"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(_("This is not base64."), field="content") from error


class ContentsApi(GitBase):
    """`…/contents/{path}`."""

    @operation("get_contents", answer=shapes.ContentOut, query=[REF])
    def get(self, request: Request, namespace: str, name: str, path: str) -> Response:
        """A file at a branch, tag or commit"""
        row = self.repository(request, namespace, name)
        here = self.asked(request, row)
        entry = self.file(row, here.oid, path)
        with reading():
            found = gitstore.blob(row.path, entry.oid, limit=CONTENT_LIMIT)
        return Response({**shapes.blob_out(found), "path": shapes.shown_text(entry.path), "commit": here.oid})

    @operation(
        "put_contents", body=shapes.ContentIn, answer=shapes.CommittedOut, scope=Scope.WRITE,
        example={"content": "# Demo\n", "encoding": "utf-8", "message": "Say what it is", "oid": ""},
    )  # fmt: skip
    def put(self, request: Request, namespace: str, name: str, path: str) -> Response:
        """Create or replace a file

        One commit. `oid` is the blob it replaces, empty for a new file; 409 if someone was faster.
        """
        row = self.repository(request, namespace, name)
        given = self.validated(request, shapes.ContentIn)
        change = Write(path, content_of(given), expected=given["oid"])
        return Response({"commit": self._commit(request, row, change, given, _("Change %s") % path)})

    @operation(
        "delete_contents", answer=shapes.CommittedOut, scope=Scope.WRITE,
        query=[text("oid", "the blob it must still be", required=True), text("branch"), text("message")],
    )  # fmt: skip
    def delete(self, request: Request, namespace: str, name: str, path: str) -> Response:
        """Delete a file

        One commit.
        """
        row = self.repository(request, namespace, name)
        given = {"branch": request.query_params.get("branch", ""), "message": request.query_params.get("message", ""), "new_branch": ""}
        oid = request.query_params.get("oid", "")
        if not oid:
            raise Invalid(_("Say which blob is there (`oid`)."), field="oid")
        return Response({"commit": self._commit(request, row, Remove(path, expected=oid), given, _("Delete %s") % path)})

    def _commit(self, request: Request, row: Repository, change: Change, given: dict[str, Any], default: str) -> str:
        return commands.commit_files(
            self.actor(request), row, branch=given["branch"] or row.default_branch, changes=[change], message=given["message"],
            new_branch=given["new_branch"], default_message=default,
        )  # fmt: skip
