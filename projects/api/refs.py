"""Branches and tags."""

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.actors import Scope
from core.errors import Invalid, NotFound
from core.schema import PAGED, operation, page_of, text
from projects import commands, queries
from projects.api.base import GitBase
from projects.api.shapes import git as shapes
from projects.commands.moves import create_tag, move_branch
from projects.models import Repository
from projects.queries.browsing import reading

Q = text("q", "part of the name")
GUARD = text("oid", "the ref must still hold this object id")


class BranchesApi(GitBase):
    """`…/branches`."""

    @operation("list_branches", answer=page_of(shapes.BranchOut), query=[*PAGED, Q])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Branches of a repository"""
        row = self.repository(request, namespace, name)
        with reading():
            found = queries.refs(row)[0]
        return self.slice(request, self.named(request, found), lambda ref: branch_out(row, ref))

    @operation(
        "create_branch", body=shapes.BranchIn, answer=shapes.BranchOut, status=201, scope=Scope.WRITE,
        example={"name": "topic", "start": "main"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a branch"""
        row = self.repository(request, namespace, name)
        given = self.validated(request, shapes.BranchIn)
        start = given["start"] or row.default_branch
        oid = commands.create_branch(self.actor(request), row, branch=given["name"], start=start)
        return Response({"name": given["name"], "commit": oid, "default": False}, status=201)


def branch_out(row: Repository, ref: gitstore.Ref) -> dict[str, object]:
    """JSON values of a branch."""
    return {"name": shapes.shown_text(ref.short), "commit": ref.commit, "default": ref.short == row.default_branch}


class BranchApi(GitBase):
    """`…/branches/{branch}`."""

    def shown(self, row: Repository, branch: str) -> dict[str, object]:
        """JSON values of the branch. Raises NotFound."""
        with reading():
            oid = gitstore.ref_oid(row.path, f"refs/heads/{branch}")
        if not oid:
            raise NotFound(_("There is no branch “%s”.") % branch)
        return {"name": branch, "commit": oid, "default": branch == row.default_branch}

    @operation("get_branch", answer=shapes.BranchOut)
    def get(self, request: Request, namespace: str, name: str, branch: str) -> Response:
        """A branch"""
        return Response(self.shown(self.repository(request, namespace, name), branch))

    @operation(
        "update_branch", body=shapes.BranchPatch, answer=shapes.BranchOut, scope=Scope.WRITE, also=[412],
        example={"commit": "v1.0", "expected": "0123456789abcdef0123456789abcdef01234567", "force": True},
    )  # fmt: skip
    def patch(self, request: Request, namespace: str, name: str, branch: str) -> Response:
        """Rename a branch, or move it to another commit

        `expected` or `If-Match` guards against pushes meanwhile. Protections decide as for a push.
        """
        row = self.repository(request, namespace, name)
        present = self.shown(row, branch)
        self.require_match(request, present)
        given, actor = self.validated(request, shapes.BranchPatch), self.actor(request)
        if not {"name", "commit"} & given.keys():
            raise Invalid(_("Give a new name or a commit."), field="name")
        name = given.get("name", branch)
        if "commit" in given:
            expected = given.get("expected", "") or (str(present["commit"]) if "If-Match" in request.headers else "")
            moved = {"to": given["commit"], "expected": expected, "force": given["force"], "name": name if name != branch else ""}
            move_branch(actor, row, branch=branch, **moved)
        elif name != branch:
            commands.rename_branch(actor, row, branch=branch, name=name)
        row.refresh_from_db(fields=["default_branch"])
        return Response(self.shown(row, name))

    @operation("delete_branch", status=204, query=[GUARD], scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, branch: str) -> Response:
        """Delete a branch"""
        row = self.repository(request, namespace, name)
        commands.delete_branch(self.actor(request), row, branch=branch, oid=request.query_params.get("oid", ""))
        return Response(status=204)


class TagsApi(GitBase):
    """`…/tags`."""

    @operation("list_tags", answer=page_of(shapes.TagOut), query=[*PAGED, Q])
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Tags of a repository

        The highest version first.
        """
        row = self.repository(request, namespace, name)
        with reading():
            found = queries.tags(row)
        return self.slice(request, self.named(request, found), shapes.tag_out)

    @operation(
        "create_tag", body=shapes.TagIn, answer=shapes.OneTagOut, status=201, scope=Scope.WRITE,
        example={"name": "v1.0", "target": "main", "message": "First release"},
    )  # fmt: skip
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Make a tag

        With a message it is an annotated one.
        """
        row = self.repository(request, namespace, name)
        given = self.validated(request, shapes.TagIn)
        create_tag(self.actor(request), row, tag=given["name"], target=given["target"], message=given["message"])
        return Response(tag_shown(row, given["name"]), status=201)


def tag_shown(row: Repository, tag: str) -> dict[str, object]:
    """JSON values of a tag with its message. Raises NotFound."""
    with reading():
        found = next((ref for ref in queries.refs(row)[1] if ref.short == tag), None)
        if found is None:
            raise NotFound(_("There is no tag “%s”.") % tag)
        details, marks = gitstore.tag_details(row.path, found.oid), queries.tag_marks(row, [found])
    tagger = shapes.shown_text(details.tagger.name) if details.tagger else ""
    told = {"message": shapes.shown_text(details.message), "tagger": tagger}
    return {**shapes.tag_out(found), **told, "verification": shapes.verification_out(marks.get(found.oid))}


class TagApi(GitBase):
    """`…/tags/{tag}`."""

    @operation("get_tag", answer=shapes.OneTagOut)
    def get(self, request: Request, namespace: str, name: str, tag: str) -> Response:
        """A tag"""
        return Response(tag_shown(self.repository(request, namespace, name), tag))

    @operation("delete_tag", status=204, query=[GUARD], scope=Scope.WRITE)
    def delete(self, request: Request, namespace: str, name: str, tag: str) -> Response:
        """Delete a tag

        A release of it keeps its notes.
        """
        row = self.repository(request, namespace, name)
        commands.delete_tag(self.actor(request), row, tag=tag, oid=request.query_params.get("oid", ""))
        return Response(status=204)
