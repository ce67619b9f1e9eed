"""Branches, tags, refs, and Git's objects."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import gitstore
from core.actors import Scope
from core.errors import Invalid, NotFound
from githubapi.api.base import RepositoryView, signed_in
from githubapi.api.shapes import git as shapes
from githubapi.api.shapes.repositories import base
from projects import commands, queries
from projects.commands.moves import create_tag, move_branch
from projects.logic import matching_pattern
from projects.models import Protection, Repository
from projects.queries.browsing import reading, require_reached

BLOB_MAX = 10 * 1024**2  # bytes of a blob in JSON
TREE_MAX = 10_000  # entries of a tree that is listed with everything below it


def patterns(row: Repository) -> list[str]:
    """Of protected branches."""
    return list(Protection.objects.filter(repository=row, kind=Protection.Kind.BRANCH).values_list("pattern", flat=True))


def object_oid(oid: str) -> str:
    """A full oid. Raises NotFound."""
    if len(oid) != 40 or any(one not in "0123456789abcdef" for one in oid):
        raise NotFound("Not Found")
    return oid


class BranchesApi(RepositoryView):
    """`…/branches`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """By name; `protected=true|false` narrows them."""
        row, at = self.repository(request, owner, repo), self.at(request)
        with reading():
            found = queries.refs(row)[0]
        rules = patterns(row)
        wanted = request.query_params.get("protected", "")
        if wanted in ("true", "false"):
            found = [ref for ref in found if bool(matching_pattern(rules, ref.short)) == (wanted == "true")]
        return self.listed(
            request, found, lambda ref: shapes.branch_short(row, ref, at, protected=bool(matching_pattern(rules, ref.short)))
        )


class BranchApi(RepositoryView):
    """`…/branches/{branch}`."""

    def get(self, request: Request, owner: str, repo: str, branch: str) -> Response:
        """A branch with its commit."""
        row, at = self.repository(request, owner, repo), self.at(request)
        with reading():
            oid = gitstore.ref_oid(row.path, f"refs/heads/{branch}")
            if not oid:
                raise NotFound("Branch not found")
            commit = gitstore.commit(row.path, oid)
        protected = bool(matching_pattern(patterns(row), branch))
        shown = shapes.branch_short(row, gitstore.Ref(f"refs/heads/{branch}", oid, oid, "branch"), at, protected=protected)
        address = f"{base(row, at)}/branches/{branch}"
        whole = shapes.commit(row, commit, at, queries.authors([commit]), queries.signature_mark(row, commit))
        links = {"self": address, "html": f"{at.page(row.get_absolute_url())}/tree/{branch}"}
        checks = {"enabled": protected, "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []}}
        return Response({**shown, "commit": whole, "_links": links, "protection": checks, "protection_url": f"{address}/protection"})


class TagsApi(RepositoryView):
    """`…/tags`."""

    def get(self, request: Request, owner: str, repo: str) -> Response:
        """The highest version first."""
        row, at = self.repository(request, owner, repo), self.at(request)
        with reading():
            found = [] if row.is_empty else queries.tags(row)
        return self.listed(request, found, lambda ref: shapes.tag_short(row, ref, at))


class RefIn(serializers.Serializer[Any]):
    """A new ref."""

    ref = serializers.CharField(max_length=255)
    sha = serializers.RegexField(r"^[0-9a-f]{40}$")


class RefPatch(serializers.Serializer[Any]):
    """Where a branch goes."""

    sha = serializers.RegexField(r"^[0-9a-f]{40}$")
    force = serializers.BooleanField(required=False, default=False)


class MatchingRefsApi(RepositoryView):
    """`…/git/matching-refs/{prefix}`."""

    def get(self, request: Request, owner: str, repo: str, prefix: str = "") -> Response:
        """Branches and tags whose full name begins so."""
        row, at = self.repository(request, owner, repo), self.at(request)
        with reading():
            found = [ref for every in queries.refs(row) for ref in every if ref.name.startswith(f"refs/{prefix}")]
        return self.listed(request, found, lambda ref: shapes.git_ref(row, ref.name, ref.oid, _kind(ref), at))


class RefsApi(MatchingRefsApi):
    """`…/git/refs`."""

    @signed_in(Scope.WRITE)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Make a branch or a tag."""
        row, at = self.repository(request, owner, repo), self.at(request)
        given = self.given(request, RefIn)
        name, actor = given["ref"], self.actor(request)
        if name.startswith("refs/heads/"):
            commands.create_branch(actor, row, branch=name.removeprefix("refs/heads/"), start=given["sha"])
        elif name.startswith("refs/tags/"):
            create_tag(actor, row, tag=name.removeprefix("refs/tags/"), target=given["sha"])
        else:
            raise Invalid("Reference name must start with 'refs/heads/' or 'refs/tags/'.", field="ref")
        return Response(shapes.git_ref(row, name, given["sha"], "commit", at), status=201)


def _kind(ref: gitstore.Ref) -> str:
    return "tag" if ref.oid != ref.commit else "commit"


class RefApi(RepositoryView):
    """`…/git/ref/{ref}` and `…/git/refs/{ref}`."""

    def found(self, row: Repository, ref: str) -> gitstore.Ref:
        """Raises NotFound."""
        with reading():
            known = next((one for every in queries.refs(row) for one in every if one.name == f"refs/{ref}"), None)
        if known is None:
            raise NotFound("Not Found")
        return known

    def get(self, request: Request, owner: str, repo: str, ref: str) -> Response:
        """A branch or tag by its name below `refs/`."""
        row = self.repository(request, owner, repo)
        known = self.found(row, ref)
        return Response(shapes.git_ref(row, known.name, known.oid, _kind(known), self.at(request)))

    @signed_in(Scope.WRITE)
    def patch(self, request: Request, owner: str, repo: str, ref: str) -> Response:
        """Move a branch; 422 where commits would be lost, unless `force`."""
        row = self.repository(request, owner, repo)
        known = self.found(row, ref)
        given = self.given(request, RefPatch)
        if not known.name.startswith("refs/heads/"):
            raise Invalid("Only branches can be moved; delete the tag and make it again.", field="ref")
        oid = move_branch(self.actor(request), row, branch=known.short, to=given["sha"], force=given["force"])
        return Response(shapes.git_ref(row, known.name, oid, "commit", self.at(request)))

    @signed_in(Scope.WRITE)
    def delete(self, request: Request, owner: str, repo: str, ref: str) -> HttpResponse:
        """Delete a branch or tag."""
        row = self.repository(request, owner, repo)
        known = self.found(row, ref)
        if known.kind == "branch":
            commands.delete_branch(self.actor(request), row, branch=known.short)
        else:
            commands.delete_tag(self.actor(request), row, tag=known.short)
        return HttpResponse(status=204)


class GitCommitApi(RepositoryView):
    """`…/git/commits/{sha}`."""

    def get(self, request: Request, owner: str, repo: str, sha: str) -> Response:
        """A commit as Git's object."""
        row = self.repository(request, owner, repo)
        with reading():
            commit = gitstore.commit(row.path, object_oid(sha))
            require_reached(row, sha)
        return Response(shapes.git_commit(row, commit, self.at(request), queries.signature_mark(row, commit)))


class GitTagApi(RepositoryView):
    """`…/git/tags/{sha}`."""

    def get(self, request: Request, owner: str, repo: str, sha: str) -> Response:
        """An annotated tag as Git's object."""
        row = self.repository(request, owner, repo)
        with reading():
            known = next((ref for ref in queries.refs(row)[1] if ref.oid == object_oid(sha) and ref.oid != ref.commit), None)
            if known is None:
                raise NotFound("Not Found")
            details = gitstore.tag_details(row.path, known.oid)
        return Response(shapes.git_tag(row, known, details, queries.tag_marks(row, [known]).get(known.oid), self.at(request)))


class TreeApi(RepositoryView):
    """`…/git/trees/{sha}`: of a tree, a commit, a branch or a tag."""

    def get(self, request: Request, owner: str, repo: str, sha: str) -> Response:
        """Its entries; with `recursive` all below it, at most 10,000."""
        row, at = self.repository(request, owner, repo), self.at(request)
        recursive = request.query_params.get("recursive", "") not in ("", "0", "false")
        self.spend(request, 2 if recursive else 1)
        tree = self.tree(row, sha)
        with reading():
            entries = gitstore.tree(row.path, tree) if not recursive else []
            below = gitstore.files(row.path, tree) if recursive else []
        if not recursive:
            shown = [shapes.tree_entry(row, one.name, one.mode, one.kind, one.oid, self.size(row, one), at) for one in entries]
            return Response(shapes.git_tree(row, tree, shown, at, truncated=False))
        shown = self.folders(row, tree, below, at)
        return Response(shapes.git_tree(row, tree, shown[:TREE_MAX], at, truncated=len(shown) > TREE_MAX))

    def tree(self, row: Repository, sha: str) -> str:
        """The oid of the tree. Raises NotFound."""
        with reading():
            if len(sha) == 40 and not any(one not in "0123456789abcdef" for one in sha):
                try:
                    gitstore.commit(row.path, sha)
                except gitstore.PathMissing:
                    require_reached(row, sha)
                    return sha
            return gitstore.tree_oid(row.path, self.commit_at(row, sha).oid, "")

    def size(self, row: Repository, entry: gitstore.Entry) -> int | None:
        """Of a blob."""
        with reading():
            return gitstore.blob_size(row.path, entry.oid) if entry.kind not in ("tree", "submodule") else None

    def folders(self, row: Repository, tree: str, below: list[tuple[str, str, int]], at: Any) -> list[dict[str, Any]]:
        """Files and the folders that lead to them, by path."""
        shown = [
            shapes.tree_entry(row, path, mode, "submodule" if mode == 0o160000 else "blob", oid, None, at)
            for path, oid, mode in below[:TREE_MAX]
        ]
        known = {"/".join(path.split("/")[:depth]) for path, _oid, _mode in below[:TREE_MAX] for depth in range(1, path.count("/") + 1)}
        with reading():
            for folder in known:
                oid = gitstore.tree_oid(row.path, tree, folder)
                shown.append(shapes.tree_entry(row, folder, 0o40000, "tree", oid, None, at))
        if len(below) > TREE_MAX:
            shown.append({})
        return sorted(shown, key=lambda one: one.get("path", "\U0010ffff"))


class BlobApi(RepositoryView):
    """`…/git/blobs/{sha}`."""

    def get(self, request: Request, owner: str, repo: str, sha: str) -> Response | HttpResponse:
        """A blob that a branch or tag leads to, in base64; the media type `raw` for its bytes."""
        row = self.repository(request, owner, repo)
        self.spend(request, 2)
        with reading():
            size = gitstore.blob_size(row.path, object_oid(sha))
            require_reached(row, sha)
            if size > BLOB_MAX:
                raise Invalid("This blob is too large for this address; clone the repository.", field="sha", code="too_large")
            found = gitstore.blob(row.path, sha, limit=max(size, 1))
        if self.accepts(request, "raw"):
            return raw(found.data)
        return Response(shapes.git_blob(row, found, self.at(request)))


def raw(data: bytes) -> HttpResponse:
    """Bytes as a download in a sandbox."""
    answer = HttpResponse(data, content_type="application/octet-stream")
    answer["Content-Security-Policy"], answer["Content-Disposition"] = "default-src 'none'; sandbox", "attachment"
    return answer
