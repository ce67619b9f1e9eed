"""Making repositories and forks. A fork shares the objects of its network through a pool and costs no object copies.

The pool has no refs, so that it offers nothing to a pusher and no prune can be asked of it: an object leaves only with the pool, when
its members move to a new generation (`gitstore.generations`). What no ref of the source reaches is not linked where git knows it.
Git's protocol v2 hands out any object of the store by its oid, whatever the refs say, so a pool publishes all it holds to the readers
of every member: only repositories that everyone may read are forked through a pool; forks of others link packs and share nothing later.
"""

import contextlib
import errno
import os
import shutil
import uuid
from pathlib import Path

from gitstore import process
from gitstore.cruft import is_cruft, rescue, setting_aside
from gitstore.errors import GitFailed, PathMissing, RepositoryMissing
from gitstore.locks import locked
from gitstore.names import check_ref_name
from gitstore.store import alternates, forget, opened, peeled

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
_ATTEMPTS = 20


def init_bare(path: Path, default_branch: str = "main") -> None:
    """An empty bare repository; no template, no hooks. Raises FileExistsError, NameInvalid."""
    check_ref_name(f"refs/heads/{default_branch}")
    aside = _aside(path)
    _skeleton(aside, f"ref: refs/heads/{default_branch}\n")
    _place(aside, path)


def _aside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.new")


def _skeleton(path: Path, head: str) -> None:
    for folder in ("objects/pack", "objects/info", "refs/heads", "refs/tags", "openi"):
        (path / folder).mkdir(parents=True)
    (path / "config").write_text(_CONFIG)
    (path / "HEAD").write_text(head)


def _place(aside: Path, path: Path) -> None:
    """Rename into place; the folder appears whole or not at all."""
    if path.exists():
        shutil.rmtree(aside)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    os.rename(aside, path)


def fork(source: Path, destination: Path, pool: Path | None) -> None:
    """Make `destination` a repository with the branches and tags of `source`; it can be cloned when this returns.

    O(packs + refs), no object is copied. With `pool` (made if missing) the packs of `source` are hard-linked into it and both borrow
    from it: only for a source that everyone may read, for every member of a pool can hand out all of it. Without, the packs are linked into
    `destination` itself, which then shares nothing that comes later. Raises RepositoryMissing, FileExistsError.
    """
    if not (source / "HEAD").exists():
        raise RepositoryMissing(str(source))
    head, packed = (source / "HEAD").read_text(), _packed_refs(source)  # before the objects, so that every ref finds its object
    aside = _aside(destination)
    _skeleton(aside, head)
    try:
        if pool is not None:
            _feed(source, pool)
            rescue(source, pool / "objects", _tips_of(packed))
            _borrow(source, pool)
            _drop_bitmaps(source)
            _write_alternates(aside, destination, pool)
        else:
            _share(source, aside, destination)
            rescue(source, aside / "objects", _tips_of(packed))
        (aside / "packed-refs").write_bytes(packed)
        _place(aside, destination)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _drop_bitmaps(source: Path) -> None:
    """The pool has its own; of two bitmaps git takes one and tells every client where the other lies."""
    for pattern in ("pack-*.bitmap", "multi-pack-index-*.bitmap"):
        for found in (source / "objects" / "pack").glob(pattern):
            found.unlink(missing_ok=True)


def _share(source: Path, aside: Path, destination: Path) -> None:
    """Link what `source` holds; what it borrows itself (from a public pool) is borrowed too."""
    borrowed = alternates(source)
    _linked(source, aside)
    if borrowed:
        _write_alternates(aside, destination, borrowed[0].parent)


def _tips_of(packed: bytes) -> list[str]:
    """Oids of a packed-refs file."""
    return sorted({line[:40].decode() for line in packed.splitlines() if line[:1] not in (b"#", b"^", b"")})


def _packed_refs(source: Path) -> bytes:
    """A packed-refs file of branches and tags, peeled ones kept where they are known (gitrepository-layout(5))."""
    known: dict[bytes, tuple[bytes, bytes]] = {}
    for attempt in range(_ATTEMPTS):
        loose = dict(_loose_refs(source))
        before = _mtime(source / "packed-refs")
        known = _read_packed(source)
        if before == _mtime(source / "packed-refs") or attempt == _ATTEMPTS - 1:
            known.update({name: (oid, _peeled(source, name, oid)) for name, oid in loose.items()})
            break
    lines = [b"# pack-refs with: peeled fully-peeled sorted \n"]
    for name in sorted(known):
        if name.startswith((b"refs/heads/", b"refs/tags/")):
            oid, peeled = known[name]
            lines.append(oid + b" " + name + b"\n" + (b"^" + peeled + b"\n" if peeled else b""))
    return b"".join(lines)


def _peeled(source: Path, name: bytes, oid: bytes) -> bytes:
    """What an annotated tag leads to, b"" for anything else."""
    if not name.startswith(b"refs/tags/"):
        return b""
    try:
        found = peeled(opened(source), oid.decode("ascii", "replace"))[1].encode()
    except PathMissing:
        return b""
    return b"" if found == oid else found


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _read_packed(source: Path) -> dict[bytes, tuple[bytes, bytes]]:
    found: dict[bytes, tuple[bytes, bytes]] = {}
    try:
        lines = (source / "packed-refs").read_bytes().split(b"\n")
    except FileNotFoundError:
        return found
    last = b""
    peeled_all = bool(lines) and b"fully-peeled" in lines[0]
    for line in lines:
        if line.startswith(b"^"):
            found[last] = (found[last][0], line[1:])
        elif line and not line.startswith(b"#"):
            oid, _, last = line.partition(b" ")
            found[last] = (oid, b"" if peeled_all else _peeled(source, last, oid))
    return found


def _loose_refs(source: Path) -> list[tuple[bytes, bytes]]:
    answer = []
    for under in ("refs/heads", "refs/tags"):
        for folder, _folders, files in os.walk(os.fsencode(source / under)):
            for name in files:
                full = os.path.join(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    oid = Path(os.fsdecode(full)).read_bytes().strip()
                    if len(oid) == 40 and not name.endswith(b".lock"):
                        answer.append((os.path.relpath(full, os.fsencode(source)), oid))
    return answer


def _feed(source: Path, pool: Path) -> None:
    """Link what `source` holds itself into the pool. A repack at the same time makes a second look necessary, never a hole."""
    if not pool.exists():
        aside = _aside(pool)
        _skeleton(aside, "ref: refs/heads/none\n")
        try:
            os.rename(aside, pool)
        except OSError:  # another first fork was quicker
            shutil.rmtree(aside)
    _linked(source, pool)


def _linked(source: Path, destination: Path) -> None:
    for _ in range(_ATTEMPTS):
        if _link_objects(source / "objects", destination / "objects"):
            return
    raise GitFailed(["fork"], 1, "the packs of the source kept changing")


def _link_objects(source: Path, pool: Path) -> bool:
    """Commit-graph first, then loose objects, then packs: each speaks of objects that are in the next one by then.

    Cruft packs are left out; `rescue` looks for the few objects in them that are needed after all. False if a pack vanished.
    """
    if not (pool / "info" / "commit-graph").exists() and not (pool / "info" / "commit-graphs").exists():
        _link_graph(source / "info", pool / "info")
    for folder in source.iterdir():
        if len(folder.name) == 2:
            with contextlib.suppress(FileNotFoundError):  # packed and removed meanwhile
                _link_loose(folder, pool / folder.name)
    packs = sorted((source / "pack").glob("pack-*.pack"))
    for pack in packs:
        if is_cruft(pack):
            continue
        if (pool / "pack" / pack.name).exists() and (pool / "pack" / pack.with_suffix(".idx").name).exists():
            continue
        for suffix in (".pack", ".rev", ".bitmap", ".idx"):  # .idx last: Git looks for it
            part = pack.with_suffix(suffix)
            if not _link(part, pool / "pack" / part.name) and suffix in (".pack", ".idx"):
                return False
    return True


def _link_loose(folder: Path, destination: Path) -> None:
    for found in folder.iterdir():
        if len(found.name) == 38:  # not a file that is still being written
            destination.mkdir(exist_ok=True)
            _link(found, destination / found.name)


def _link(source: Path, destination: Path) -> bool:
    try:
        os.link(source, destination)
    except FileExistsError:
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM):
            raise
        shutil.copy2(source, destination)  # another file system
    return True


def _link_graph(source: Path, pool: Path) -> None:
    """Commit-graph files only speed things up: whatever vanishes is left out."""
    if _link(source / "commit-graph", pool / "commit-graph"):
        return
    chain = source / "commit-graphs" / "commit-graph-chain"
    with contextlib.suppress(FileNotFoundError):
        names = chain.read_text().split()
        (pool / "commit-graphs").mkdir(exist_ok=True)
        layers = [f"graph-{name}.graph" for name in names]
        if all(_link(chain.with_name(layer), pool / "commit-graphs" / layer) for layer in layers):
            _link(chain, pool / "commit-graphs" / chain.name)


def _borrow(member: Path, pool: Path) -> None:
    """Make an existing repository a member of the pool."""
    if not (member / "objects" / "info" / "alternates").exists():
        _write_alternates(member, member, pool)


def _write_alternates(folder: Path, final: Path, pool: Path) -> None:
    """The pool's objects, relative to where the repository will stand (gitrepository-layout(5), objects/info/alternates)."""
    line = os.path.relpath(pool / "objects", final / "objects") + "\n"
    aside = folder / "objects" / "info" / f"alternates.{uuid.uuid4().hex[:8]}"
    aside.parent.mkdir(exist_ok=True)
    aside.write_text(line)
    os.rename(aside, folder / "objects" / "info" / "alternates")


def pool_of(path: Path) -> Path | None:
    """The pool a repository borrows from, None for one that stands alone."""
    borrowed = alternates(path)
    return borrowed[0].parent if borrowed else None


def leave_pool(path: Path, *, timeout: float = 3600) -> None:
    """Copy every borrowed object that the repository's refs reach, prove it, then stop borrowing. Safe to repeat.

    Raises GitFailed, TimedOut or RepositoryBusy; the repository then still borrows and works.
    """
    link = path / "objects" / "info" / "alternates"
    if not link.exists():
        return
    with locked(path):
        with setting_aside(path):
            process.run(path, ["repack", "--cruft", "-d", "-q"], timeout=timeout)
        gone = link.with_name("alternates.left")
        os.rename(link, gone)
        forget()
        try:
            process.run(path, ["rev-list", "--objects", "--all", "--quiet"], timeout=timeout)
        except BaseException:
            os.rename(gone, link)
            raise
        gone.unlink()
        forget()
