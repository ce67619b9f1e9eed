"""Commits, trees and blobs, read in process."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import pygit2
from pygit2.enums import FileMode

from gitstore import process
from gitstore.errors import PathMissing
from gitstore.store import object_of, opened, raw_object, root_tree
from gitstore.types import Blob, Commit, Entry, Signature

_KINDS = {
    FileMode.TREE: "tree",
    FileMode.BLOB: "blob",
    FileMode.BLOB_EXECUTABLE: "executable",
    FileMode.LINK: "symlink",
    FileMode.COMMIT: "submodule",
}
_HEX40 = re.compile(r"[0-9a-f]{40}")
IN_MEMORY = 8 * 1024**2  # bytes; larger blobs go through `git cat-file`


def text_of(raw: bytes, encoding: str | None) -> str:
    """Bytes of a message or name by its declared encoding, UTF-8, or GB18030 before giving up with replacement."""
    for name in (encoding or "utf-8", "utf-8", "gb18030"):
        try:
            return raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("utf-8", "replace")


def moment(seconds: int, offset: int) -> datetime | None:
    """Aware time from seconds and minutes of offset; None where it does not fit a calendar."""
    try:
        zone = timezone(timedelta(minutes=offset)) if abs(offset) < 1440 else UTC
        return datetime.fromtimestamp(seconds, zone)
    except (OverflowError, ValueError, OSError):
        return None


def signature(found: pygit2.Signature, encoding: str | None = None) -> Signature:
    """pygit2's signature as ours."""
    return Signature(text_of(found.raw_name, encoding), text_of(found.raw_email, encoding), moment(found.time, found.offset))


_IDENTITY = re.compile(rb"(?P<name>[^<]*)<(?P<email>[^>]*)>?\s*(?P<seconds>-?\d+)?(?:\s+(?P<zone>[+-]\d{1,4}))?", re.DOTALL)


def _identity(raw: bytes, encoding: str | None) -> Signature:
    """`Name <mail> seconds zone`; whatever is malformed is empty or None."""
    found = _IDENTITY.match(raw)
    if found is None:
        return Signature(text_of(raw, encoding), "", None)
    zone = int(found["zone"] or 0)
    minutes = (abs(zone) // 100 * 60 + abs(zone) % 100) * (-1 if zone < 0 else 1)
    when = moment(int(found["seconds"]), minutes) if found["seconds"] and len(found["seconds"]) < 15 else None
    return Signature(text_of(found["name"].strip(), encoding), text_of(found["email"], encoding), when)


def parsed(oid: str, content: bytes) -> Commit:
    """A commit object (git-commit-tree(1)); headers that we do not know, signatures among them, are passed over."""
    head, _, message = content.partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    parents = []
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif key:  # a line that begins with a space continues a signature
            fields.setdefault(key, value)
    encoding = fields[b"encoding"].decode("ascii", "replace") if b"encoding" in fields else None
    return Commit(
        oid=oid,
        tree=fields.get(b"tree", b"").decode("ascii", "replace"),
        parents=tuple(parents),
        author=_identity(fields.get(b"author", b""), encoding),
        committer=_identity(fields.get(b"committer", b""), encoding),
        message=text_of(message, encoding),
    )


_NODE = re.compile(rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author [^\n]*\ncommitter [^\n]*?(?:> (\d{1,12}) [^\n]*)?\n")


class Node(NamedTuple):
    """What a walk needs of a commit; `when` is seconds, 0 where malformed."""

    tree: str
    parents: tuple[str, ...]
    when: int


def node(content: bytes) -> Node:
    """The part of a commit object that walks use, read quickly. Raises PathMissing if it is no commit."""
    found = _NODE.match(content)
    if found is None:
        raise PathMissing("not a commit")
    parents = found[2]
    return Node(found[1].decode(), tuple(parents[at + 7 : at + 47].decode() for at in range(0, len(parents), 48)), int(found[3] or 0))


def commit(path: Path, oid: str) -> Commit:
    """The commit of a full oid. Raises PathMissing."""
    kind, content = raw_object(opened(path), oid)
    if kind != "commit":
        raise PathMissing(oid)
    return parsed(oid, content)


def commits(path: Path, oids: Iterator[str] | list[str]) -> dict[str, Commit]:
    """Several commits by oid; missing ones are left out."""
    answer = {}
    for oid in set(oids):
        try:
            answer[oid] = commit(path, oid)
        except PathMissing:
            continue
    return answer


def _root(path: Path, commit_or_tree: str) -> pygit2.Tree:
    return root_tree(opened(path), commit_or_tree)


def _entry(found: pygit2.Object, folder: str) -> Entry:
    name = os.fsdecode(found.raw_name or b"")
    mode = int(found.filemode)
    return Entry(name, f"{folder}/{name}" if folder else name, mode, _KINDS.get(FileMode(mode), "blob"), str(found.id))


def _walk(path: Path, oid: str, inside: str) -> pygit2.Object:
    """The object at `inside`, step by step (a 4,000-deep path costs 4,000 lookups, not recursion)."""
    here: pygit2.Object = _root(path, oid)
    for part in inside.split("/"):
        if not isinstance(here, pygit2.Tree) or "\0" in part:
            raise PathMissing(inside)
        here = _child(here, part, inside)
    return here


def _child(folder: pygit2.Tree, name: str, inside: str) -> pygit2.Object:
    try:
        return folder / os.fsencode(name).decode("utf-8")
    except UnicodeDecodeError:  # pygit2 looks up text only
        for child in folder:
            if child.raw_name == os.fsencode(name):
                return child
        raise PathMissing(inside) from None
    except (KeyError, ValueError, TypeError) as error:
        raise PathMissing(inside) from error


def entry_at(path: Path, oid: str, inside: str) -> Entry | None:
    """The entry at `inside` in the tree of a commit or tree, None if there is none."""
    try:
        return _entry(_walk(path, oid, inside), inside.rpartition("/")[0])
    except PathMissing:
        return None


def entry(path: Path, oid: str, inside: str) -> Entry:
    """The entry at `inside` in the tree of a commit or tree. Raises PathMissing."""
    return _entry(_walk(path, oid, inside), inside.rpartition("/")[0])


def tree(path: Path, oid: str, inside: str = "") -> list[Entry]:
    """Entries of a directory: directories first, then by name. Raises PathMissing (no such directory)."""
    found = _walk(path, oid, inside) if inside else _root(path, oid)
    if not isinstance(found, pygit2.Tree):
        raise PathMissing(inside)
    entries = [_entry(child, inside) for child in found]
    entries.sort(key=lambda entry: (entry.kind != "tree", entry.name))
    return entries


def tree_oid(path: Path, oid: str, inside: str = "") -> str:
    """Oid of a directory's tree object. Raises PathMissing."""
    found = _walk(path, oid, inside) if inside else _root(path, oid)
    if not isinstance(found, pygit2.Tree):
        raise PathMissing(inside)
    return str(found.id)


def blob_size(path: Path, oid: str) -> int:
    """Bytes of a blob, without reading it. Raises PathMissing."""
    try:
        kind, size = opened(path).odb.read_header(oid)
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise PathMissing(oid) from error
    if int(kind) != int(pygit2.enums.ObjectType.BLOB):
        raise PathMissing(oid)
    return int(size)


def blob(path: Path, oid: str, *, limit: int = 1024**2) -> Blob:
    """At most `limit` bytes of a blob; one beyond IN_MEMORY is read from a pipe, never whole. Raises PathMissing."""
    size = blob_size(path, oid)
    if size <= max(limit, IN_MEMORY):
        data = bytes(object_of(path, oid).read_raw())
    else:
        data = b""
        for piece in blob_stream(path, oid):
            data += piece
            if len(data) >= limit:
                break
    return Blob(oid, size, data[:limit], size > limit)


def blob_stream(path: Path, oid: str) -> Iterator[bytes]:
    """A blob in blocks, in flat memory."""
    if not _HEX40.fullmatch(oid):
        raise PathMissing(oid)
    if blob_size(path, oid) <= IN_MEMORY:
        yield bytes(object_of(path, oid).read_raw())
        return
    yield from process.stream(path, ["cat-file", "blob", oid], config={"core.bigFileThreshold": "8m"})


def files(path: Path, oid: str, *, limit: int = 100_000) -> list[tuple[str, str, int]]:
    """(path, blob oid, mode) of every file of a commit, at most `limit`, in Git's order; submodules are left out."""
    answer: list[tuple[str, str, int]] = []
    stack = [("", _root(path, oid))]
    while stack and len(answer) < limit:
        folder, here = stack.pop()
        for child in here:
            name = os.fsdecode(child.raw_name or b"")
            full = f"{folder}{name}"
            if isinstance(child, pygit2.Tree):
                stack.append((full + "/", child))
            elif isinstance(child, pygit2.Blob):
                answer.append((full, str(child.id), int(child.filemode)))
    return sorted(answer[:limit])
