"""Questions about ancestry."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import pygit2

from gitstore import process
from gitstore.errors import GitFailed, PathMissing
from gitstore.refs import refs
from gitstore.store import kind_of, opened, opened_with
from gitstore.types import Divergence

NEAR_SECONDS = 30 * 86400


def merge_base(path: Path, one: str, other: str, *, store: Path | None = None) -> str:
    """Best common ancestor of two commits, "" if they share none. `store` is another repository that holds one of them."""
    repository = opened_with(path, store)
    if store is not None or _near(repository, one, other):
        found = repository.merge_base(one, other)
        return str(found) if found else ""
    return process.run(path, ["merge-base", "--end-of-options", one, other], timeout=20, ok=(0, 1)).decode().strip()


def is_ancestor(path: Path, ancestor: str, tip: str) -> bool:
    """True if `tip` reaches `ancestor` (or is it)."""
    return ancestor == tip or bool(opened(path).descendant_of(tip, ancestor))


def divergence(path: Path, ours: str, theirs: str) -> Divergence:
    """Commits only in `ours` (ahead) and only in `theirs` (behind)."""
    if ours == theirs:
        return Divergence(0, 0)
    repository = opened(path)
    if _near(repository, ours, theirs):
        return Divergence(*repository.ahead_behind(ours, theirs))
    arguments = ["rev-list", "--left-right", "--count", "--end-of-options", f"{ours}...{theirs}"]
    ahead, behind = process.run(path, arguments, timeout=20).split()
    return Divergence(int(ahead), int(behind))


def _near(repository: pygit2.Repository, one: str, other: str) -> bool:
    """True where a walk in process beats starting git, which has the commit-graph (8,000 commits: 290 ms and 20 ms)."""
    try:
        times = [repository[oid].peel(pygit2.Commit).commit_time for oid in (one, other)]
    except (KeyError, ValueError, pygit2.GitError):  # git says what is missing, and lives with malformed dates
        return False
    return abs(times[0] - times[1]) < NEAR_SECONDS


def borrowing(*others: Path) -> dict[str, str]:
    """Environment that lets one child read the objects of other repositories too; nothing is written to disk."""
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": ":".join(str(other / "objects") for other in others)}


def divergence_between(path: Path, ours: str, other: Path, theirs: str) -> Divergence:
    """As `divergence` with `theirs` in another repository. Raises GitFailed if an object is missing."""
    if ours == theirs:
        return Divergence(0, 0)
    arguments = ["rev-list", "--left-right", "--count", "--end-of-options", f"{ours}...{theirs}"]
    ahead, behind = process.run(path, arguments, timeout=20, extra=borrowing(other)).split()
    return Divergence(int(ahead), int(behind))


def tips(path: Path) -> list[str]:
    """Distinct oids of branches and tags."""
    return sorted(set(refs(path, "refs/heads").values()) | set(refs(path, "refs/tags").values()))


def proposals(path: Path) -> list[str]:
    """Distinct oids of pull requests, former versions too."""
    return sorted(set(refs(path, "refs/pull").values()) | set(refs(path, "refs/keep/pull").values()))


def reaches(path: Path, oid: str, *, timeout: float = 5) -> bool:
    """True if a branch, a tag or a proposal of this repository leads to the object `oid`, whatever the shared store holds.

    Commits: one walk with the commit-graph. Trees, blobs and tags: `rev-list --objects` up to the object, within `timeout` seconds.
    """
    try:
        kind = kind_of(path, oid)
    except PathMissing:
        return False
    starts = tips(path)
    if oid in starts or (kind == "commit" and _commit_reached(path, oid, starts)):
        return True
    proposed = proposals(path)
    if kind == "commit":
        return bool(proposed) and (oid in proposed or _commit_reached(path, oid, proposed))
    return _object_reached(path, oid, [*starts, *proposed], timeout)


def _object_reached(path: Path, oid: str, starts: Sequence[str], timeout: float) -> bool:
    """Read the list of reached objects until the one asked for comes by."""
    stdin = "".join(f"{tip}\n" for tip in starts).encode()
    wanted, tail = f"\n{oid}".encode(), b"\n"
    listing = process.stream(path, ["rev-list", "--objects", "--use-bitmap-index", "--stdin"], input=stdin, timeout=timeout)
    with contextlib.closing(listing), contextlib.suppress(GitFailed):
        for piece in listing:
            if wanted in tail + piece:
                return True
            tail = piece[-64:]
    return False


def _commit_reached(path: Path, oid: str, starts: Sequence[str]) -> bool:
    """`git rev-list --stdin` with the question turned round: is anything left of oid when all tips are taken away?"""
    stdin = (oid + "\n" + "".join(f"^{tip}\n" for tip in starts)).encode()
    return not process.run(path, ["rev-list", "--max-count=1", "--stdin"], input=stdin, timeout=10).strip()


def containing(path: Path, oid: str, *, limit: int = 20) -> list[str]:
    """Full names of branches and tags that contain a commit, at most `limit`."""
    output = process.run(
        path, ["for-each-ref", f"--count={limit}", "--format=%(refname)", f"--contains={oid}", "refs/heads", "refs/tags"], timeout=10
    )
    return output.decode("utf-8", "surrogateescape").split("\n")[:-1]
