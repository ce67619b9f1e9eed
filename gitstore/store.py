"""Opening repositories in process (pygit2): a few handles per thread, reopened when packs change."""

import os
import threading
from collections import OrderedDict
from pathlib import Path

import pygit2
from pygit2.enums import Option

from gitstore.errors import PathMissing, RepositoryMissing

pygit2.option(Option.SET_OWNER_VALIDATION, 0)
pygit2.option(Option.ENABLE_STRICT_HASH_VERIFICATION, False)  # git verifies when packs come in and in fsck, not at each read
pygit2.option(Option.SET_CACHE_MAX_SIZE, 32 * 1024**2)  # bytes of parsed objects, of the process (256 MB by default)
pygit2.option(Option.SET_MWINDOW_SIZE, 16 * 1024**2)  # bytes of a pack mapped at once
pygit2.option(Option.SET_MWINDOW_MAPPED_LIMIT, 512 * 1024**2)  # bytes of packs mapped, of the process
pygit2.option(Option.SET_MWINDOW_FILE_LIMIT, 512)  # open packs, of the process
_HANDLES = 4  # a thread; each keeps its packs open
_local = threading.local()


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes when the repository is another one, was repacked, or joined or left a pool."""
    stamp = []
    for part in ("HEAD", "objects/pack", "objects/info/alternates"):
        try:
            found = os.stat(path / part)
            stamp += [found.st_ino, found.st_mtime_ns]
        except FileNotFoundError:
            stamp.append(0)
    return tuple(stamp)


def opened(path: Path) -> pygit2.Repository:
    """The repository at `path`. Raises RepositoryMissing."""
    handles: OrderedDict[Path, tuple[tuple[int, ...], pygit2.Repository]]
    handles = _local.__dict__.setdefault("handles", OrderedDict())
    stamp = _stamp(path)
    known = handles.get(path)
    if known is not None and known[0] == stamp:
        handles.move_to_end(path)
        return known[1]
    try:
        repository = pygit2.Repository(str(path))
    except pygit2.GitError as error:
        raise RepositoryMissing(str(path)) from error
    handles[path] = (stamp, repository)
    handles.move_to_end(path)
    while len(handles) > _HANDLES:
        handles.popitem(last=False)
    return repository


def opened_with(path: Path, store: Path | None) -> pygit2.Repository:
    """The repository, able to read the objects of another one too; a handle of its own, so that nothing else sees them."""
    if store is None or store == path:
        return opened(path)
    if not (store / "HEAD").exists():
        raise RepositoryMissing(str(store))
    try:
        repository = pygit2.Repository(str(path))
    except pygit2.GitError as error:
        raise RepositoryMissing(str(path)) from error
    for folder in (store / "objects", *alternates(store)):
        repository.odb.add_disk_alternate(str(folder))
    return repository


def alternates(path: Path) -> list[Path]:
    """Object folders that the repository borrows from (gitrepository-layout(5), objects/info/alternates)."""
    try:
        lines = (path / "objects" / "info" / "alternates").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [Path(os.path.normpath(path / "objects" / line)) for line in lines if line and not line.startswith("#")]


def forget() -> None:
    """Close this thread's handles (before a folder is deleted, and in tests)."""
    _local.__dict__.pop("handles", None)


def object_of(path: Path, oid: str) -> pygit2.Object:
    """Any object by its full oid. Raises PathMissing (a malformed one too: see `raw_object`)."""
    try:
        return opened(path)[oid]
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise PathMissing(oid) from error


def raw_object(repository: pygit2.Repository, oid: str) -> tuple[str, bytes]:
    """(commit | tree | blob | tag, content) without parsing it, for libgit2 refuses dates that Git lives with. Raises PathMissing."""
    try:
        kind, content = repository.odb.read(oid)
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise PathMissing(oid) from error
    return _TYPES.get(int(kind), ""), content


_TYPES = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


def kind_of(path: Path, oid: str) -> str:
    """commit | tree | blob | tag, without reading it. Raises PathMissing."""
    try:
        return _TYPES.get(int(opened(path).odb.read_header(oid)[0]), "")
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise PathMissing(oid) from error


def peeled(repository: pygit2.Repository, oid: str) -> tuple[str, str, bytes]:
    """(kind, oid, content) of what an oid leads to through annotated tags. Raises PathMissing."""
    for _ in range(20):
        kind, content = raw_object(repository, oid)
        if kind != "tag":
            return kind, oid, content
        oid = content[7:47].decode("ascii", "replace")  # "object <oid>"
    raise PathMissing(oid)


def root_tree(repository: pygit2.Repository, oid: str) -> pygit2.Tree:
    """The tree of a commit, tag or tree. Raises PathMissing."""
    kind, found, content = peeled(repository, oid)
    if kind == "commit":
        found = content[5:45].decode("ascii", "replace")  # "tree <oid>"
    try:
        tree = repository[found]
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise PathMissing(oid) from error
    if not isinstance(tree, pygit2.Tree):
        raise PathMissing(oid)
    return tree
