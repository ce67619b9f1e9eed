"""Commits, trees, blobs, refs, tags, changed files."""

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import gitstore
from accounts.models import User
from githubapi.api.shapes.common import At, moment, node_id, text
from githubapi.api.shapes.people import person
from githubapi.api.shapes.repositories import base
from projects import queries
from projects.models import Repository

STATUS = {"added": "added", "deleted": "removed", "modified": "modified", "renamed": "renamed", "copied": "copied", "type": "changed"}
KINDS = {"tree": "tree", "submodule": "commit"}
PATCH_LINES = 3000


def signature(one: gitstore.Signature) -> dict[str, Any]:
    """Who and when."""
    return {"name": text(one.name), "email": text(one.email), "date": moment(one.when)}


def verification(mark: queries.Mark | None) -> dict[str, Any]:
    """What a signature is worth, in GitHub's words."""
    reason = {"tag-ok": "valid", "tag-warn": "invalid"}.get(mark.tag, "unknown_key") if mark else "unsigned"
    return {"verified": reason == "valid", "reason": reason, "signature": None, "payload": None, "verified_at": None}


def git_commit(row: Repository, found: gitstore.Commit, at: At, mark: queries.Mark | None = None) -> dict[str, Any]:
    """A commit as Git's object."""
    here, page = base(row, at), at.page(row.get_absolute_url())
    return {
        "sha": found.oid, "node_id": node_id("Commit", found.oid), "url": f"{here}/git/commits/{found.oid}",
        "html_url": f"{page}/commit/{found.oid}", "author": signature(found.author), "committer": signature(found.committer),
        "tree": {"sha": found.tree, "url": f"{here}/git/trees/{found.tree}"}, "message": text(found.message).rstrip("\n"),
        "parents": [_parent(row, oid, at, git="/git") for oid in found.parents], "verification": verification(mark),
    }  # fmt: skip


def _parent(row: Repository, oid: str, at: At, git: str = "") -> dict[str, Any]:
    return {"sha": oid, "url": f"{base(row, at)}{git}/commits/{oid}", "html_url": f"{at.page(row.get_absolute_url())}/commit/{oid}"}


def commit(
    row: Repository,
    found: gitstore.Commit,
    at: At,
    known: dict[str, User],
    mark: queries.Mark | None = None,
    diff: gitstore.Diff | None = None,
) -> dict[str, Any]:
    """A commit with the people who confirmed its addresses (`known`: by lower-case address), and its files if `diff` is given."""
    here, page = base(row, at), at.page(row.get_absolute_url())
    inner = git_commit(row, found, at, mark)
    whole: dict[str, Any] = {
        "sha": found.oid, "node_id": node_id("Commit", found.oid),
        "commit": {
            **{key: inner[key] for key in ("author", "committer", "message", "tree", "verification")}, "url": inner["url"], "comment_count": 0,
        },
        "url": f"{here}/commits/{found.oid}", "html_url": f"{page}/commit/{found.oid}", "comments_url": f"{here}/commits/{found.oid}/comments",
        "author": person(known.get(found.author.email.lower()), at), "committer": person(known.get(found.committer.email.lower()), at),
        "parents": [_parent(row, oid, at) for oid in found.parents],
    }  # fmt: skip
    if diff is not None:
        added, gone = diff.additions or 0, diff.deletions or 0
        whole["stats"] = {"total": added + gone, "additions": added, "deletions": gone}
        whole["files"] = files(row, found.oid, diff, at)
    return whole


def files(row: Repository, oid: str, diff: gitstore.Diff, at: At) -> list[dict[str, Any]]:
    """Changed files at the commit `oid`."""
    here, page = base(row, at), at.page(row.get_absolute_url())
    return [_file(one, here, page, oid) for one in diff.files]


def _file(one: gitstore.FileDiff, here: str, page: str, oid: str) -> dict[str, Any]:
    name = text(one.path)
    path = quote(name, safe="/")
    found = {
        "sha": one.new_oid if one.status != "deleted" else one.old_oid, "filename": name, "status": STATUS[one.status],
        "additions": one.additions, "deletions": one.deletions, "changes": one.additions + one.deletions,
        "blob_url": f"{page}/blob/{oid}/{path}", "raw_url": f"{page}/raw/{oid}/{path}", "contents_url": f"{here}/contents/{path}?ref={oid}",
    }  # fmt: skip
    if one.status in ("renamed", "copied"):
        found["previous_filename"] = text(one.old_path)
    if one.hunks and not one.binary and not one.cut:
        found["patch"] = patch(one.hunks)
    return found


def patch(hunks: Iterable[gitstore.Hunk]) -> str:
    """Hunks as unified text."""
    lines: list[str] = []
    for hunk in hunks:
        lines.append(hunk.header.rstrip("\n"))
        lines += [line.kind + line.text.decode("utf-8", "replace").rstrip("\n") for line in hunk.lines]
    return "\n".join(lines[: PATCH_LINES + 1])


def branch_short(row: Repository, ref: gitstore.Ref, at: At, *, protected: bool) -> dict[str, Any]:
    """A branch in a list."""
    return {
        "name": text(ref.short), "commit": {"sha": ref.commit, "url": f"{base(row, at)}/commits/{ref.commit}"}, "protected": protected,
    }  # fmt: skip


def tag_short(row: Repository, ref: gitstore.Ref, at: At) -> dict[str, Any]:
    """A tag in a list."""
    here, name = base(row, at), quote(text(ref.short), safe="")
    return {
        "name": text(ref.short), "commit": {"sha": ref.commit, "url": f"{here}/commits/{ref.commit}"}, "node_id": node_id("Ref", ref.name),
        "zipball_url": f"{here}/zipball/refs/tags/{name}", "tarball_url": f"{here}/tarball/refs/tags/{name}",
    }  # fmt: skip


def git_ref(row: Repository, name: str, oid: str, kind: str, at: At) -> dict[str, Any]:
    """A ref by its full name; `kind`: commit or tag."""
    here = base(row, at)
    return {
        "ref": text(name), "node_id": node_id("Ref", f"{row.pk}:{text(name)}"), "url": f"{here}/git/{quote(text(name), safe='/')}",
        "object": {"sha": oid, "type": kind, "url": f"{here}/git/{kind}s/{oid}"},
    }  # fmt: skip


def git_tag(row: Repository, ref: gitstore.Ref, details: gitstore.TagDetails, mark: queries.Mark | None, at: At) -> dict[str, Any]:
    """An annotated tag as Git's object."""
    here = base(row, at)
    return {
        "node_id": node_id("Tag", ref.oid), "tag": text(ref.short), "sha": ref.oid, "url": f"{here}/git/tags/{ref.oid}",
        "message": text(details.message), "tagger": signature(details.tagger) if details.tagger else None,
        "object": {"type": "commit", "sha": ref.commit, "url": f"{here}/git/commits/{ref.commit}"}, "verification": verification(mark),
    }  # fmt: skip


def git_tree(row: Repository, oid: str, entries: list[dict[str, Any]], at: At, *, truncated: bool) -> dict[str, Any]:
    """A tree with its entries (from `tree_entry`)."""
    return {"sha": oid, "url": f"{base(row, at)}/git/trees/{oid}", "tree": entries, "truncated": truncated}


def tree_entry(row: Repository, path: str, mode: int, kind: str, oid: str, size: int | None, at: At) -> dict[str, Any]:
    """One entry; `kind` as gitstore names it."""
    kind = KINDS.get(kind, "blob")
    found: dict[str, Any] = {"path": text(path), "mode": f"{mode:06o}", "type": kind, "sha": oid}
    if kind == "blob" and size is not None:
        found["size"] = size
    if kind != "commit":
        found["url"] = f"{base(row, at)}/git/{kind}s/{oid}"
    return found


def git_blob(row: Repository, found: gitstore.Blob, at: At) -> dict[str, Any]:
    """A blob, its content in base64."""
    return {
        "sha": found.oid, "node_id": node_id("Blob", found.oid), "size": found.size, "url": f"{base(row, at)}/git/blobs/{found.oid}",
        "content": base64.encodebytes(found.data).decode(), "encoding": "base64",
    }  # fmt: skip


def content(row: Repository, entry: gitstore.Entry, ref: str, size: int, at: At, data: bytes | None = None) -> dict[str, Any]:
    """A file, directory, symlink or submodule at a ref; files with `data` carry their content."""
    here, page = base(row, at), at.page(row.get_absolute_url())
    kind = {"tree": "dir", "symlink": "symlink", "submodule": "submodule"}.get(entry.kind, "file")
    path, where = quote(text(entry.path), safe="/"), quote(ref, safe="")
    url = f"{here}/contents/{path}?ref={where}"
    git = f"{here}/git/{'trees' if kind == 'dir' else 'blobs'}/{entry.oid}"
    html = f"{page}/{'tree' if kind == 'dir' else 'blob'}/{quote(ref, safe='/')}/{path}"
    found: dict[str, Any] = {
        "name": text(entry.name), "path": text(entry.path), "sha": entry.oid, "size": size, "url": url, "html_url": html, "git_url": git,
        "download_url": f"{page}/raw/{quote(ref, safe='/')}/{path}" if kind == "file" else None, "type": kind,
        "_links": {"self": url, "git": git, "html": html},
    }  # fmt: skip
    if data is not None:
        found |= {"content": base64.encodebytes(data).decode(), "encoding": "base64"}
    return found
