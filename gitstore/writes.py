"""Writing without a work tree: blobs, trees and commits from an in-memory index."""

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pygit2

from gitstore import process
from gitstore.errors import GitFailed, NameInvalid, PathMissing
from gitstore.names import check_path
from gitstore.objects import entry_at
from gitstore.refs import ref_oid, update_refs
from gitstore.store import object_of, opened, root_tree
from gitstore.types import ZERO, Edit, Put, Signature


def write_blob(path: Path, content: bytes) -> str:
    """Store a blob; returns its oid."""
    return _stored(lambda: opened(path).create_blob(content))


def _stored(write: Callable[[], pygit2.Oid]) -> str:
    """The oid that `write` stored; git may remove an emptied objects/xx folder just before libgit2 puts a file there, so try again."""
    for left in (2, 1, 0):
        try:
            return str(write())
        except (OSError, pygit2.GitError):
            if not left:
                raise
    raise AssertionError("unreachable")


def write_blob_stream(path: Path, pieces: Iterable[bytes]) -> str:
    """Store a blob of any size in flat memory; returns its oid. Raises GitFailed."""
    child = process.start(path, ["hash-object", "-w", "--stdin"], stdin=subprocess.PIPE, config={"core.bigFileThreshold": "8m"})
    assert child.stdin is not None  # noqa: S101 - for the type checker
    assert child.stdout is not None  # noqa: S101
    assert child.stderr is not None  # noqa: S101
    try:
        for piece in pieces:
            child.stdin.write(piece)
        child.stdin.close()
        oid = child.stdout.read(64).decode().strip()
        if child.wait(timeout=120) or len(oid) != 40:
            raise GitFailed(["hash-object"], child.returncode, child.stderr.read(2000).decode("utf-8", "replace"))
        return oid
    finally:
        process.end(child)


def write_commit(
    path: Path, *, parent: str, edits: Sequence[Edit], message: str, author: Signature, committer: Signature, parents: Sequence[str] = ()
) -> str:
    """Apply `edits` on top of the commit `parent` ("" for none) and write trees and commit; no ref moves. Returns the commit's oid.

    A put replaces whatever is at its path, a folder too; a delete of a missing path raises PathMissing. Raises NameInvalid.
    """
    base = str(root_tree(opened(path), parent).id) if parent else ""
    root = edited_tree(path, base, edits)
    ancestors = [*([parent] if parent else []), *parents]
    return _stored(lambda: opened(path).create_commit(None, _native(author), _native(committer), message, root, ancestors))


def edited_tree(path: Path, tree: str, edits: Sequence[Edit]) -> str:
    """The tree with the edits, written into the repository. As `write_commit`."""
    made = _edited(path, tree, _grouped(edits))
    return made or _stored(lambda: opened(path).odb.write(pygit2.enums.ObjectType.TREE, b""))


def _native(who: Signature) -> pygit2.Signature:
    """pygit2 refuses empty names and the characters Git drops."""
    name, email = (text.translate(_DROPPED).strip() for text in (who.name, who.email))
    when = who.when or datetime.now(UTC)
    offset = when.utcoffset()
    return pygit2.Signature(
        name or "unknown", email or "unknown", int(when.timestamp()), int(offset.total_seconds() // 60) if offset else 0, "utf-8"
    )


_DROPPED = str.maketrans(dict.fromkeys("<>\n\r\0"))


class _Folder:
    """Edits below one directory: files by name, folders by name."""

    def __init__(self) -> None:
        self.files: dict[str, Edit] = {}
        self.folders: dict[str, _Folder] = {}


def _grouped(edits: Sequence[Edit]) -> _Folder:
    root = _Folder()
    for edit in edits:
        if edit.oid:
            check_path(edit.path)
        *parents, name = edit.path.split("/")
        here = root
        for part in parents:
            here = here.folders.setdefault(part, _Folder())
        here.files[name] = edit
    return root


def _edited(path: Path, base: str, edits: _Folder) -> str:
    """The tree `base` ("" for an empty one) with the edits; "" when nothing is left in it. Other entries stay byte for byte."""
    repository = opened(path)
    present: dict[bytes, tuple[int, str]] = {}
    if base:
        for child in repository[base]:  # type: ignore[attr-defined]
            present[child.raw_name] = (int(child.filemode), str(child.id))
    for name, edit in edits.files.items():
        key = os.fsencode(name)
        if not edit.oid and present.pop(key, None) is None:
            raise PathMissing(edit.path)
    for name, folder in edits.folders.items():
        key = os.fsencode(name)
        mode, oid = present.get(key, (0, ""))
        below = _edited(path, oid if mode == 0o40000 else "", folder)
        if below:
            present[key] = (0o40000, below)
        elif mode == 0o40000:
            del present[key]
    for name, edit in edits.files.items():
        if edit.oid:
            if name in edits.folders:
                raise NameInvalid(edit.path, "part")
            present[os.fsencode(name)] = (edit.mode, edit.oid)
    if not present:
        return ""
    return _write_tree(repository, present)


def _write_tree(repository: pygit2.Repository, entries: dict[bytes, tuple[int, str]]) -> str:
    """The raw tree object: Git sorts a directory as if its name ended with a slash."""
    ordered = sorted(entries.items(), key=lambda item: item[0] + (b"/" if item[1][0] == 0o40000 else b""))
    raw = b"".join(b"%o %s\0%s" % (mode, name, bytes.fromhex(oid)) for name, (mode, oid) in ordered)
    return _stored(lambda: repository.odb.write(pygit2.enums.ObjectType.TREE, raw))


def commit_changes(
    path: Path,
    *,
    branch: str,
    changes: Sequence[Put | Edit],
    message: str,
    author: Signature,
    committer: Signature | None = None,
    expected: str | None = None,
) -> str:
    """Commit onto `branch` (made if missing) and move it; returns the commit's oid.

    `expected` is the tip the caller saw ("" for no branch); None takes the present one. Raises RefConflict, NameInvalid, PathMissing.
    """
    ref = f"refs/heads/{branch}"
    tip = ref_oid(path, ref) if expected is None else expected
    edits = [Edit(change.path, write_blob(path, change.content), change.mode) if isinstance(change, Put) else change for change in changes]
    commit = write_commit(path, parent=tip, edits=edits, message=message, author=author, committer=committer or author)
    update_refs(path, [(ref, tip or ZERO, commit)])
    return commit


def rename_edits(path: Path, commit: str, old: str, new: str) -> list[Edit]:
    """The two edits that move a file or folder. Raises PathMissing."""
    found = entry_at(path, commit, old)
    if found is None:
        raise PathMissing(old)
    return [Edit(old, ""), Edit(new, found.oid, found.mode)]


def fetch_objects(path: Path, source: Path, oids: Sequence[str], *, timeout: float = 600) -> None:
    """Bring commits with all they reach from another local repository, no refs. Objects already here are not copied. Raises GitFailed."""
    missing = [oid for oid in oids if not _complete(path, oid)]
    if not missing:
        return
    arguments = [
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--end-of-options",
        str(source),
        *missing,
    ]
    process.run(
        path,
        arguments,
        timeout=timeout,
        config={"protocol.file.allow": "always", "uploadpack.allowAnySHA1InWant": "true", "fetch.unpackLimit": "1"},
    )


def _complete(path: Path, oid: str) -> bool:
    """True if the commit and all it reaches are here (as a ref or in the pool): connectivity as `git fetch` checks it."""
    try:
        object_of(path, oid)
        process.run(path, ["rev-list", "--objects", "--quiet", f"{oid}^0", "--not", "--all"], timeout=60)
    except (PathMissing, GitFailed):
        return False
    return True


def write_tag(path: Path, name: str, commit: str, message: str, tagger: Signature) -> str:
    """Store an annotated tag of `commit` (git-mktag(1)); no ref moves. Returns its oid."""
    who = _native(tagger)
    minutes = abs(who.offset)
    zone = f"{'-' if who.offset < 0 else '+'}{minutes // 60:02}{minutes % 60:02}"
    head = f"object {commit}\ntype commit\ntag {name}\ntagger {who.name} <{who.email}> {who.time} {zone}\n\n"
    content = head.encode("utf-8", "surrogateescape") + message.encode("utf-8", "replace")
    return _stored(lambda: opened(path).write(pygit2.enums.ObjectType.TAG, content))
