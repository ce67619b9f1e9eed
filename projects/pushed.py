"""What a push brings: its new commits and files, read from the quarantine alone, so the cost follows the push and not the history."""

import contextlib
import os
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pygit2

import gitstore
from projects.places import ZERO, Proposal

MAX_OBJECTS = 200_000  # of a change in the browser or a small push; never reached by an honest one
LARGE = 20_000  # objects; a larger push is an import: git lists its sizes, names, committers and contents in processes of its own
LARGE_BYTES = 64 * 1024**2  # so is one that weighs this much
SAMPLE = 2_000  # commits of an import that `new_commits` gives
WHOLE = 8 * 1024**2  # bytes of a file that is taken into memory at once


@dataclass(frozen=True, slots=True)
class NewBlob:
    """A file that is new to the repository, where the push first has it. `size` in bytes, `commit` as hex oid."""

    oid: str
    path: str
    size: int
    commit: str


def is_large(proposal: Proposal) -> bool:
    """True if the push brings so much that looking at each object in process would take minutes."""
    if "large" not in proposal.memo:
        packs = (proposal.quarantine / "pack").glob("*.pack") if proposal.quarantine is not None else ()
        proposal.memo["large"] = proposal.quarantine_bytes > LARGE_BYTES or sum(_objects_in(pack) for pack in packs) > LARGE
    return bool(proposal.memo["large"])


def _objects_in(pack: Path) -> int:
    """Number of objects, from the pack's header (gitformat-pack(5))."""
    with pack.open("rb") as handle:
        return int.from_bytes(handle.read(12)[8:], "big")


def oversized(proposal: Proposal, limit: int) -> Iterator[NewBlob]:
    """Files of more than `limit` bytes, with a path; git lists the sizes, paths are looked for only if there are any."""
    if not is_large(proposal):
        yield from (blob for blob in new_blobs(proposal) if blob.size > limit)
        return
    found = {oid: size for oid, size in _blobs(proposal) if size > limit}
    for oid, path in named_objects(proposal) if found else ():
        if oid in found:
            yield NewBlob(oid, path, found[oid], "")


def matching_blobs(proposal: Proposal, expression: str) -> Iterator[tuple[str, bytes]]:
    """(oid, match) for each place in the files of at most WHOLE bytes of a large push that a POSIX extended regular expression matches.

    git prints them all, one after the other, and grep says at which byte: nothing passes through this process, memory stays flat.
    """
    with tempfile.TemporaryFile() as oids, tempfile.TemporaryFile() as sizes:
        for oid, size in _blobs(proposal):
            if size <= WHOLE:
                oids.write(f"{oid}\n".encode())
                sizes.write(f"{oid} {size}\n".encode())
        oids.seek(0)
        sizes.seek(0)
        extra = {"GIT_OBJECT_DIRECTORY": str(proposal.quarantine)}
        printing = gitstore.start(
            proposal.repository.path, ["cat-file", "--batch", "--buffer"], stdin=oids, stderr=subprocess.DEVNULL, extra=extra
        )
        searching = subprocess.Popen(
            ["grep", "-aboE", "-e", expression],
            stdin=printing.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        try:
            assert searching.stdout is not None  # noqa: S101 - for the type checker
            yield from _at_offsets(sizes, (line.rstrip(b"\n").split(b":", 1) for line in searching.stdout))
            if printing.wait() or searching.wait() > 1:
                raise gitstore.GitFailed(["cat-file", "--batch"], printing.returncode, "the push could not be searched")
        finally:
            searching.kill()
            searching.wait()
            gitstore.end(printing)


def _at_offsets(sizes: IO[bytes], found: Iterable[list[bytes]]) -> Iterator[tuple[str, bytes]]:
    """(oid, match) of each [offset, match], offsets rising, in what `git cat-file --batch` prints; `sizes` has a line `oid size` for each."""
    end, oid = 0, ""
    for offset, match in found:
        while int(offset) >= end:
            name, size = sizes.readline().split()
            oid = name.decode()
            end += len(oid) + len(" blob ") + len(size) + 1 + int(size) + 1
        yield oid, match


def huge_blobs(proposal: Proposal) -> list[str]:
    """Oids of files of a large push that are more than WHOLE bytes."""
    return [oid for oid, size in _blobs(proposal) if size > WHOLE]


def _blobs(proposal: Proposal) -> Iterator[tuple[str, int]]:
    """(oid, bytes) of every file in the pushed packs, in the order they lie there."""
    arguments = ["cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch-check=%(objecttype) %(objectsize) %(objectname)"]
    for line in _lines(proposal, arguments, {"GIT_OBJECT_DIRECTORY": str(proposal.quarantine)}):
        if line.startswith(b"blob "):
            _kind, size, oid = line.decode().split(" ")
            yield oid, int(size)


def windows(proposal: Proposal, oid: str, *, size: int = 1024**2, overlap: int = 4096) -> Iterator[bytes]:
    """A file of any length in pieces that overlap, so that no match of less than `overlap` bytes is cut."""
    extra = _borrowed(proposal) if proposal.quarantine is not None else {}
    tail = b""
    pieces = gitstore.stream(proposal.repository.path, ["cat-file", "blob", oid], block=size, extra=extra, timeout=3600)
    with contextlib.closing(pieces):
        gathered = bytearray()
        for piece in pieces:
            gathered += piece
            if len(gathered) >= size:
                yield tail + bytes(gathered)
                tail = bytes(gathered[-overlap:])
                gathered.clear()
        if gathered or not tail:
            yield tail + bytes(gathered)


def committers(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """(oid, committer's e-mail) of every commit the push adds."""
    if not is_large(proposal):
        yield from ((str(commit.id), commit.committer.email) for commit in new_commits(proposal))
        return
    with _tips(proposal) as revisions:
        arguments = ["log", "--no-show-signature", "--format=%H %ce", "--stdin", "--not", "--all"]
        for line in _lines(proposal, arguments, _borrowed(proposal), stdin=revisions):
            oid, _space, email = line.decode("utf-8", "replace").partition(" ")
            yield oid, email


def new_paths(proposal: Proposal) -> Iterator[str]:
    """Paths of files the push adds or changes (of a large push: of directories too)."""
    if is_large(proposal):
        yield from (path for _oid, path in named_objects(proposal) if path)
    else:
        yield from (blob.path for blob in new_blobs(proposal))


def named_objects(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """(oid, path) of every object the push brings, as git walks them."""
    with _tips(proposal) as revisions:
        for line in _lines(proposal, ["rev-list", "--objects", "--stdin", "--not", "--all"], _borrowed(proposal), stdin=revisions):
            oid, _space, path = line.decode("utf-8", "surrogateescape").partition(" ")
            yield oid, path


def _borrowed(proposal: Proposal) -> dict[str, str]:
    """Environment that reads the pushed objects and the repository's."""
    return {
        "GIT_OBJECT_DIRECTORY": str(proposal.quarantine),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(proposal.repository.path / "objects"),
    }


@contextlib.contextmanager
def _tips(proposal: Proposal) -> Iterator[Path]:
    """A file with the new oids, one a line: too many for a command line."""
    with tempfile.NamedTemporaryFile("w") as revisions:
        revisions.write("".join(f"{new}\n" for _ref, _old, new in proposal.updates if new != ZERO))
        revisions.flush()
        yield Path(revisions.name)


def _lines(proposal: Proposal, arguments: list[str], extra: dict[str, str], stdin: Path | None = None) -> Iterator[bytes]:
    with stdin.open("rb") if stdin else open(os.devnull, "rb") as source:
        child = gitstore.start(proposal.repository.path, arguments, stdin=source, stderr=subprocess.DEVNULL, extra=extra)
        try:
            assert child.stdout is not None  # noqa: S101 - for the type checker
            for line in child.stdout:
                yield line.rstrip(b"\n")
            if status := child.wait():
                raise gitstore.GitFailed(arguments, status, "")
        finally:
            gitstore.end(child)


def _is_new(proposal: Proposal) -> Any:
    """A predicate on pygit2 oids: does the push bring this object?"""
    if proposal.quarantine is not None:
        odb = pygit2.Odb(str(proposal.quarantine))
        return lambda oid: oid in odb
    return lambda oid: True


def new_commits(proposal: Proposal) -> list[Any]:
    """Commits the push adds, from the tips down (pygit2 commits); of a large push the first SAMPLE."""
    if "commits" not in proposal.memo:
        proposal.memo["commits"] = list(_new_commits(proposal))
    return list(proposal.memo["commits"])


def _new_commits(proposal: Proposal) -> Iterator[Any]:
    store = proposal.store
    tips = [_commit(store, new) for _ref, _old, new in proposal.updates if new != ZERO]
    starts = [tip for tip in tips if tip is not None]
    if proposal.quarantine is not None:
        is_new = _is_new(proposal)
        limit = SAMPLE if is_large(proposal) else MAX_OBJECTS
        yield from _walk_new(store, [tip for tip in starts if is_new(tip.id)], is_new, limit)
        return
    walker = store.walk(None, pygit2.enums.SortMode.TOPOLOGICAL)
    for tip in starts:
        walker.push(tip.id)
    for _ref, old, _new in proposal.updates:
        if old != ZERO and old in store:
            walker.hide(old)
    if all(old == ZERO for _ref, old, _new in proposal.updates):  # a new branch: hide what other refs have
        moved = {ref for ref, _old, _new in proposal.updates}
        for name in store.references:
            known = None if name in moved else _commit(store, str(store.references[name].resolve().target))
            if known is not None:
                walker.hide(known.id)
    for count, commit in enumerate(walker):
        if count >= MAX_OBJECTS:
            return
        yield commit


def _walk_new(store: Any, starts: list[Any], is_new: Any, limit: int) -> Iterator[Any]:
    seen, queue = {tip.id for tip in starts}, deque(starts)
    while queue and len(seen) <= limit:
        commit = queue.popleft()
        yield commit
        for parent in commit.parent_ids:
            if parent not in seen and is_new(parent):
                seen.add(parent)
                queue.append(store[parent])


def _commit(store: Any, oid: str) -> Any:
    """The commit behind a commit or tag, None for other things."""
    try:
        return store[oid].peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError):
        return None


def new_blobs(proposal: Proposal) -> list[NewBlob]:
    """Files the push adds or changes in `new_commits`, each content once, with the path it is first met at."""
    if "blobs" not in proposal.memo:
        proposal.memo["blobs"] = list(_new_blobs(proposal))
    return list(proposal.memo["blobs"])


def _new_blobs(proposal: Proposal) -> Iterator[NewBlob]:
    """Walks trees beside the first parent's, so what stands unchanged at the same place costs nothing."""
    store, is_new = proposal.store, _is_new(proposal)
    seen: set[Any] = set()
    for commit in new_commits(proposal):
        yield from _in_tree(store, is_new, seen, commit.tree_id, _parent_tree(store, commit), str(commit.id))
    for ref, _old, new in proposal.updates:  # a tag may name a tree or a file without any commit
        found = _target(store, new) if new != ZERO else None
        if isinstance(found, pygit2.Blob) and found.id not in seen and is_new(found.id):
            seen.add(found.id)
            yield NewBlob(str(found.id), ref, int(found.size), "")
        elif isinstance(found, pygit2.Tree):
            yield from _in_tree(store, is_new, seen, found.id, None, "")


def _in_tree(store: Any, is_new: Any, seen: set[Any], root: Any, root_before: Any, commit: str) -> Iterator[NewBlob]:
    stack = [("", root, root_before)]
    while stack and len(seen) <= MAX_OBJECTS:
        prefix, oid, before = stack.pop()
        if oid in seen or (before is not None and oid == before.id) or not is_new(oid):
            continue
        seen.add(oid)
        known = {entry.raw_name: entry for entry in before} if before is not None else {}
        for entry in store[oid]:
            other = known.get(entry.raw_name)
            if (other is not None and other.id == entry.id) or entry.id in seen:
                continue
            path = prefix + entry.raw_name.decode(errors="surrogateescape")
            if entry.type_str == "tree":
                stack.append((path + "/", entry.id, other if other is not None and other.type_str == "tree" else None))
            elif entry.type_str == "blob" and is_new(entry.id):
                seen.add(entry.id)
                yield NewBlob(str(entry.id), path, int(store.odb.read_header(entry.id)[1]), commit)


def _target(store: Any, oid: str) -> Any:
    """What a ref's object stands for in the end: tags are followed. None if it is not there."""
    try:
        found = store[oid]
        while isinstance(found, pygit2.Tag):
            found = store[found.target]
    except (KeyError, ValueError):
        return None
    return found


def _parent_tree(store: Any, commit: Any) -> Any:
    """The first parent's tree, None for a first commit or where the parent is not there (a shallow push)."""
    try:
        return store[commit.parent_ids[0]].tree if commit.parent_ids else None
    except KeyError:
        return None
