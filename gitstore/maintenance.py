"""Keeping repositories quick: packs, indexes, refs. Readers and pushers are never blocked, nothing that a push may want is removed.

A pool has no refs, so it is only ever repacked by packs (`--geometric`): nothing is pruned from it.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gitstore import process
from gitstore.cruft import setting_aside
from gitstore.errors import GitFailed
from gitstore.graph import tips
from gitstore.locks import locked
from gitstore.repositories import pool_of

_HOUR = 3600.0
GRACE = "2.weeks.ago"  # how long an object that no ref reaches is kept
_LIMITS = {"pack.threads": "1", "pack.windowMemory": "256m", "core.bigFileThreshold": "64m", "repack.writeBitmaps": "true"}


def after_import(path: Path, *, timeout: float = 4 * _HOUR) -> None:
    """After a whole history came in: one pack with bitmap, commit-graph with changed paths, packed refs. Raises RepositoryBusy."""
    with locked(path):
        member = pool_of(path) is not None
        options = ["-l"] if member else ["-b"]  # a bitmap needs every object in its pack
        config = {**_LIMITS, "repack.writeBitmaps": "false"} if member else _LIMITS
        with setting_aside(path):
            process.run(path, ["repack", "--cruft", "-d", "-q", *options], timeout=timeout, config=config)
        process.run(path, ["pack-refs", "--all"], timeout=600)
        commit_graph(path, timeout=timeout)


def commit_graph(path: Path, *, whole: bool = False, timeout: float = _HOUR) -> None:
    """A layer for what is new, with changed-path filters (git-commit-graph(1)); `whole`: written anew, without commits that are gone."""
    arguments = ["commit-graph", "write", "--reachable", "--changed-paths", "--split" + ("=replace" if whole else ""), "--no-progress"]
    process.run(path, arguments, timeout=timeout)


def maintain(path: Path, *, timeout: float = _HOUR) -> None:
    """After some pushes: join small packs, multi-pack index, commit-graph layer, packed refs. Raises RepositoryBusy."""
    with locked(path):
        if pool_of(path):
            with setting_aside(path):
                config = {**_LIMITS, "repack.writeBitmaps": "false"}
                process.run(path, ["repack", "--cruft", "-d", "-l", "-q"], timeout=timeout, config=config)
        else:
            process.run(
                path,
                ["repack", "--geometric=2", "-d", "-q", "--write-midx"],
                timeout=timeout,
                config={**_LIMITS, "repack.writeBitmaps": "false"},
            )
            with contextlib.suppress(GitFailed):  # nothing packed yet
                process.run(path, ["multi-pack-index", "write", "--bitmap", "--no-progress"], timeout=timeout)
        process.run(path, ["pack-refs", "--all"], timeout=600)
        commit_graph(path, timeout=timeout)


def collect(path: Path, *, before: float | None = None, timeout: float = 4 * _HOUR) -> None:
    """What no ref reaches leaves after GRACE (weekly), in a cruft pack till then; with `before` (unix time) what is older leaves now.

    Raises GitFailed for a pool, RepositoryBusy.
    """
    if path.parent.name == "pools":
        raise GitFailed(["repack", "--cruft"], 1, "a pool is never pruned")
    with locked(path):
        _collect(path, GRACE if before is None else f"{int(before)} +0000", timeout)


def purge(path: Path, *, settle: float, timeout: float = 4 * _HOUR) -> float:
    """What no ref reaches by now leaves; `settle` seconds are given to pushes that brought their objects and not yet moved their refs.

    Returns the time (unix) up to which objects were judged; what came later stays. Raises RepositoryBusy.
    """
    with locked(path):  # no repack may make old objects look young meanwhile
        before = int(time.time()) + 1.0
        time.sleep(settle)
        _collect(path, f"{int(before)} +0000", timeout)
    return before


def _collect(path: Path, expiration: str, timeout: float) -> None:
    local = ["-l"] if pool_of(path) else []
    config = {**_LIMITS, "repack.writeBitmaps": "false" if local else "true"}
    with setting_aside(path):
        process.run(path, ["repack", "--cruft", f"--cruft-expiration={expiration}", "-d", "-q", *local], timeout=timeout, config=config)
    process.run(path, ["prune", f"--expire={expiration}"], timeout=timeout)
    commit_graph(path, whole=True, timeout=timeout)


def maintain_pool(pool: Path, members: Sequence[Path], *, timeout: float = _HOUR) -> None:
    """Join the pool's packs and index them for the branches and tags of its `members`. Raises RepositoryBusy."""
    with locked(pool):
        config = {**_LIMITS, "repack.writeBitmaps": "false"}
        process.run(pool, ["repack", "--geometric=2", "-d", "-q", "--write-midx"], timeout=timeout, config=config)
        wanted = sorted(
            {oid for member in members for oid in tips(member)} & _held(pool, {oid for member in members for oid in tips(member)})
        )
        if not wanted:
            return
        with tempfile.NamedTemporaryFile("w") as snapshot:
            snapshot.write("".join(f"{oid}\n" for oid in wanted))
            snapshot.flush()
            with contextlib.suppress(GitFailed):
                process.run(
                    pool, ["multi-pack-index", "write", "--bitmap", f"--refs-snapshot={snapshot.name}", "--no-progress"], timeout=timeout
                )
        arguments = ["commit-graph", "write", "--stdin-commits", "--changed-paths", "--split", "--no-progress"]
        process.run(pool, arguments, input="".join(f"{oid}\n" for oid in wanted).encode(), timeout=timeout)


def _held(pool: Path, oids: set[str]) -> set[str]:
    """Those of the oids that are commits of the pool."""
    output = process.run(pool, ["cat-file", "--batch-check"], input="".join(f"{oid}\n" for oid in sorted(oids)).encode())
    return {line.split()[0] for line in output.decode().splitlines() if " commit " in line}


def disk_size(path: Path, *, linked: bool = True) -> int:
    """Bytes on disk of what the repository holds itself, not of its pool; not `linked`: without files that others hold too (hard links)."""
    total = 0
    for folder, _folders, names in os.walk(path):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                found = os.lstat(os.path.join(folder, name))
                if linked or found.st_nlink == 1:
                    total += found.st_blocks * 512
    return total


def fsck(path: Path, *, full: bool = False, timeout: float = _HOUR) -> list[str]:
    """Faults that `git fsck` finds, [] for a sound repository; not `full`: only that every ref leads to all its objects."""
    arguments = ["fsck", "--no-dangling", "--no-progress", *([] if full else ["--connectivity-only"])]
    try:
        process.run(path, arguments, timeout=timeout)
    except GitFailed as error:
        return error.stderr.splitlines() or [f"git fsck: {error.returncode}"]
    return []
