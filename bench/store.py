#!/usr/bin/env python3
"""The Git store against plain git on the same repository, in the same run."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import gitstore  # noqa: E402


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """Best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def main(source: Path) -> None:
    """Print ours, git's and the ratio."""
    folder = Path(tempfile.mkdtemp(prefix="openi-bench-"))
    path = folder / "big.git"
    subprocess.run(["git", "clone", "-q", "--bare", "--no-local", str(source), str(path)], check=True)
    gitstore.after_import(path)
    head = gitstore.head(path)[1]
    root = gitstore.tree(path, head)
    largest = max((entry for entry in root if entry.kind == "blob"), key=lambda entry: gitstore.blob_size(path, entry.oid)).path

    def git(*arguments: str) -> None:
        subprocess.run(["git", f"--git-dir={path}", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    cursor, seen = "", 0
    while seen < 50_000:
        page = gitstore.log(path, head, limit=1000, after=cursor)
        seen += len(page.commits)
        if not page.next:
            break
        cursor = page.next
    rows = [
        ("root listing", lambda: gitstore.tree(path, head), lambda: git("ls-tree", head)),
        (f"history at depth {seen:,}", lambda: gitstore.log(path, head, after=cursor), lambda: git("log", "-30", f"--skip={seen}", head)),
        ("history of one path", lambda: gitstore.log(path, head, file=largest), lambda: git("log", "-30", head, "--", largest)),
        (
            f"blame of {largest}",
            lambda: list(gitstore.blame(path, head, largest)),
            lambda: git("blame", "--porcelain", head, "--", largest),
        ),
        ("all tags", lambda: gitstore.tags(path), lambda: git("for-each-ref", "refs/tags")),
    ]
    print(f"{'what':<34}{'ours ms':>10}{'git ms':>10}{'ratio':>8}")
    for name, ours, theirs in rows:
        mine, plain = seconds(ours, 3), seconds(theirs, 3)
        print(f"{name:<34}{mine * 1000:>10.1f}{plain * 1000:>10.1f}{mine / plain:>8.2f}")
    began = time.perf_counter()
    gitstore.build_last_commits(path, head)
    mine = time.perf_counter() - began
    plain = seconds(lambda: git("log", "--raw", "--name-only", "--format=%H", head), 1)
    print(f"{'last commits of the root, cold':<34}{mine * 1000:>10.1f}{plain * 1000:>10.1f}{mine / plain:>8.2f}")
    pool = folder / "pool.git"
    gitstore.fork(path, folder / "f0.git", pool)
    mine = seconds(lambda: gitstore.fork(path, folder / f"f{time.perf_counter_ns()}.git", pool), 3)
    plain = seconds(
        lambda: subprocess.run(
            ["git", "clone", "-q", "--bare", "--shared", str(path), str(folder / f"g{time.perf_counter_ns()}")], check=True
        ),
        3,
    )
    print(f"{'fork':<34}{mine * 1000:>10.1f}{plain * 1000:>10.1f}{mine / plain:>8.2f}")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
