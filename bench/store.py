#!/usr/bin/env python3
"""The Git store against plain git on the same repository, in the same run. See `--help`."""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import ROOT, environment, git, seconds, table

sys.path.insert(0, str(ROOT))
import gitstore

Row = tuple[str, str, str, float, str]


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """Least wall seconds of some calls: what is compared is the work, not what else ran."""
    return min(seconds(work) for _ in range(rounds))


def row(what: str, mine: float, plain: float, goal: float = 0) -> Row:
    """Times of both; `goal` is the largest ratio, 0 for none."""
    ratio = mine / plain
    text = "" if not goal else f"≤ {goal:g}" + ("" if ratio <= goal else "  MISSED")
    return what, f"{mine * 1000:.1f} ms", f"{plain * 1000:.1f} ms", ratio, text


class Store:
    """A copy of the history as the portal keeps it: one pack with bitmap, commit-graph with changed paths."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.folder, self.path = folder, folder / "big.git"
        git("clone", "-q", "--bare", "--no-local", source, self.path)
        gitstore.after_import(self.path)
        self.head = gitstore.head(self.path)[1]

    def git(self, *arguments: object) -> None:
        """Plain git on the same repository; what it prints is thrown away."""
        command = ["git", f"--git-dir={self.path}", *map(str, arguments)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment())

    def long_file(self, lines: int) -> str:
        """The source file of the root whose number of lines is nearest."""
        files = [
            entry for entry in gitstore.tree(self.path, self.head) if entry.kind == "blob" and entry.name.endswith((".c", ".py", ".txt"))
        ]

        def distance(entry: gitstore.Entry) -> int:
            return abs(git(f"--git-dir={self.path}", "cat-file", "blob", entry.oid).count("\n") - lines)

        return min(files, key=distance).path

    def reads(self) -> list[Row]:
        """Listings, history, blame, tags."""
        path, head, name = self.path, self.head, self.long_file(3000)
        cursor, seen = self._deep(50_000)
        lines = git(f"--git-dir={path}", "cat-file", "blob", f"{head}:{name}").count("\n")
        pairs: list[tuple[str, Callable[[], object], Callable[[], object], float]] = [
            ("root listing", lambda: gitstore.tree(path, head), lambda: self.git("ls-tree", head), 0),
            (
                f"history at depth {seen:,}",
                lambda: gitstore.log(path, head, after=cursor),
                lambda: self.git("log", "-30", f"--skip={seen}", head),
                0,
            ),
            (f"history of {name}", lambda: gitstore.log(path, head, file=name), lambda: self.git("log", "-30", head, "--", name), 1.2),
            (
                f"blame of {name} ({lines:,} lines)",
                lambda: list(gitstore.blame(path, head, name)),
                lambda: self.git("blame", "--porcelain", head, "--", name),
                1.1,
            ),
            ("all tags", lambda: gitstore.tags(path), lambda: self.git("for-each-ref", "refs/tags"), 0),
        ]
        return [row(what, best(ours, 5), best(theirs, 5), goal) for what, ours, theirs, goal in pairs]

    def _deep(self, depth: int) -> tuple[str, int]:
        """The cursor behind `depth` commits, or as many as there are."""
        cursor, seen = "", 0
        while seen < depth:
            page = gitstore.log(self.path, self.head, limit=1000, after=cursor)
            seen += len(page.commits)
            if not page.next:
                break
            cursor = page.next
        return cursor, seen

    def last_commits(self) -> list[Row]:
        """The column of the root, from nothing: once by us, once as a walk of git."""
        began = time.perf_counter()
        gitstore.build_last_commits(self.path, self.head)
        mine = time.perf_counter() - began
        return [
            row(
                "last commits of the root, cold",
                mine,
                best(lambda: self.git("log", "--raw", "--name-only", "--format=%H", self.head), 1),
                2,
            )
        ]

    def forks(self) -> list[Row]:
        """After the first fork, which makes the pool."""
        pool, number = self.folder / "pool.git", iter(range(1000))
        gitstore.fork(self.path, self.folder / "first.git", pool)
        mine = best(lambda: gitstore.fork(self.path, self.folder / f"f{next(number)}.git", pool))
        plain = best(lambda: git("clone", "-q", "--bare", "--shared", self.path, self.folder / f"g{next(number)}"))
        return [row("fork", mine, plain)]


def main() -> None:
    """Print ours, git's and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True, help="a bare repository with a long history, such as git's own")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        store = Store(given.history, folder)
        table(("what", "ours", "git", "ratio", "goal"), [*store.reads(), *store.last_commits(), *store.forks()])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
