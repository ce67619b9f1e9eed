"""Repositories that grew from the same first commits share one pool, though nobody forked them here."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from gitstore import process
from gitstore.errors import GitFailed
from gitstore.graph import tips
from gitstore.refs import refs
from gitstore.repositories import _borrow, _drop_bitmaps, _feed, _write_alternates, pool_of
from gitstore.store import alternates, forget

_HAVES = 2000  # tips told to the other side
_HOUR = 3600.0


def root_commits(path: Path, starts: Sequence[str], *, others: Sequence[Path] = (), timeout: float = 600) -> list[str]:
    """First commits that `starts` lead to; the objects of `others` are read too. Raises GitFailed or TimedOut."""
    stdin = "".join(f"{oid}\n" for oid in starts).encode()
    output = process.run(path, ["rev-list", "--max-parents=0", "--stdin"], input=stdin, extra=_reading(others), timeout=timeout)
    return output.decode().split()


def _reading(others: Sequence[Path]) -> dict[str, str]:
    """Environment to read the objects of other repositories and of what they borrow from."""
    stores = [store for other in others for store in (other / "objects", *alternates(other))]
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(map(str, dict.fromkeys(stores)))} if stores else {}


def fetching_beside(path: Path, others: Sequence[Path]) -> tuple[dict[str, str], dict[str, str]]:
    """(settings, environment) with which a `git fetch` into `path` takes the objects of `others` for its own.

    What it brings may then be incomplete without them: `borrow` from a pool that has them, or begin anew.
    """
    haves = path / "openi" / "haves"
    haves.parent.mkdir(exist_ok=True)
    known = dict.fromkeys(oid for other in others for oid in tips(other)[:_HAVES])
    haves.write_text("".join(f"{oid}\n" for oid in known))
    # git runs it once for each store with the store's name behind it (git-config(1), core.alternateRefsCommand)
    return {"core.alternateRefsCommand": f"cat {shlex.quote(str(haves))} #"}, _reading(others)


def lend(source: Path, pool: Path) -> None:
    """Link what `source` holds into the pool, made if it is missing, and let `source` borrow from it. Safe to repeat.

    Only for a source that everyone may read: every member of a pool can hand out all of it.
    """
    _feed(source, pool)
    _borrow(source, pool)
    _drop_bitmaps(source)


def borrow(member: Path, pool: Path) -> None:
    """Let an existing repository read the pool's objects."""
    _write_alternates(member, member, pool)
    forget()


def is_whole(path: Path, *, timeout: float = _HOUR) -> bool:
    """True if every ref leads to all its objects, here or in the pool it borrows from."""
    forget()
    try:
        process.run(path, ["rev-list", "--objects", "--all", "--quiet"], timeout=timeout)
    except GitFailed:
        return False
    return True


def borrowed_bytes(path: Path, *, timeout: float = _HOUR) -> int:
    """Size on disk of what its refs reach in the pool; 0 for a repository that stands alone."""
    if pool_of(path) is None or not refs(path):
        return 0
    reached = int(process.run(path, ["rev-list", "--disk-usage", "--objects", "--all", "--use-bitmap-index"], timeout=timeout))
    objects = path / "objects"
    own = sum(file.stat().st_size for pattern in ("pack/pack-*.pack", "[0-9a-f][0-9a-f]/*") for file in objects.glob(pattern))
    return max(reached - own, 0)


def has_common_commit(path: Path, tip: str, others: Sequence[Path], tips: Sequence[str], *, timeout: float = 600) -> bool:
    """True if `tip` (of `path`) and one of the `tips` (of `others`) grew from a commit that both have. Raises GitFailed or TimedOut."""
    return bool(process.run(path, ["merge-base", tip, *tips], extra=_reading(others), timeout=timeout, ok=(0, 1)))  # 1: none


def new_bytes(path: Path, source: Path, oid: str, *, timeout: float = 60) -> int:
    """Bytes on disk of what a commit of `source` reaches and no ref of `path` does. Raises GitFailed, TimedOut."""
    arguments = ["rev-list", "--disk-usage", "--objects", f"{oid}^0", "--not", "--all"]
    return int(process.run(path, arguments, extra=_reading([source]), timeout=timeout))
