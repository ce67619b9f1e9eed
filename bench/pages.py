#!/usr/bin/env python3
"""Server time of warm pages in process, signed in, against G: the time to start `git --version` once. See `--help`."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import git, start_of_git, table
from inside import Cost, cost, django_on, person_and_repository, profiled, signed_in

GOALS = {"front page": 1, "directory": 1, "file": 1, "commit": 1, "branches": 1, "history": 4, "history, deep": 4, "history of a file": 4}


def addresses(repository: Any) -> dict[str, str]:
    """What is measured → its address; a directory, a file and a commit are chosen from the history itself."""
    base, branch, path = f"/bench/{repository.name}", repository.default_branch, f"--git-dir={repository.path}"
    entries = [line.split(None, 4) for line in git(path, "ls-tree", "-l", "-r", "-t", branch).splitlines()]
    folders = [entry[4] for entry in entries if entry[1] == "tree"]
    files = sorted(
        (abs(int(entry[3]) - 60_000), entry[4]) for entry in entries if entry[1] == "blob" and entry[4].endswith((".c", ".py", ".txt"))
    )
    total = int(git(path, "rev-list", "--count", branch))
    deep = git(path, "rev-list", "-1", f"--skip={min(50_000, total - 1)}", branch)
    pages = {"front page": base, "history": f"{base}/commits/{branch}", "history, deep": f"{base}/commits/{deep}"}
    if folders:
        pages["directory"] = f"{base}/tree/{branch}/{folders[0]}"
    if files:
        pages["file"] = f"{base}/blob/{branch}/{files[0][1]}"
        pages["history of a file"] = f"{base}/commits/{branch}/{files[0][1]}"
    pages["commit"] = f"{base}/commit/{git(path, 'rev-parse', branch)}"
    return {**pages, "branches": f"{base}/branches", "tags": f"{base}/tags", "market": "/market", "dashboard": "/dashboard"}


def row(name: str, found: Cost, start: float) -> list[str]:
    """One line of the table."""
    factor = GOALS.get(name)
    goal = "" if factor is None else f"p50 ≤ {factor} G" + ("" if found.p50 <= factor * start else "  MISSED")
    times = [f"{seconds * 1000:.1f}" for seconds in (found.p50, found.p95, found.cpu)]
    return [name, *times, f"{found.p50 / start:.1f}", str(found.queries), f"{found.size / 1000:.0f}", f"{found.packed / 1000:.1f}", goal]


def main() -> None:
    """Import the repository, warm each page, print a table; `--profile` shows where the time of one page goes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True, help="a bare repository with a long history, such as git's own")
    parser.add_argument("--data", type=Path, help="data directory to keep and use again")
    parser.add_argument("--profile", metavar="PAGE", help="a name of the table")
    parser.add_argument("--quick", action="store_true", help="two rounds: does it run?")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        django_on(given.data or folder)
        person, repository = person_and_repository(given.history)
        client, pages = signed_in(person), addresses(repository)
        if given.profile:
            client.get(pages[given.profile])
            profiled(lambda: client.get(pages[given.profile]))
            return
        start, rounds = start_of_git(), 2 if given.quick else 40
        print(f"G, the start of `git --version`: {start * 1000:.1f} ms")
        rows = [row(name, cost(client, path, rounds=rounds), start) for name, path in pages.items()]
        etag = client.get(pages["front page"]).headers["ETag"]
        unchanged = cost(client, pages["front page"], rounds=rounds, headers={"If-None-Match": etag}, status=304)
        rows.append([*row("front page, 304", unchanged, start)[:-1], "≤ 3 ms" + ("" if unchanged.p50 <= 0.003 else "  MISSED")])
        table(("page", "p50 ms", "p95 ms", "CPU ms", "p50 / G", "queries", "kB", "kB gzip", "goal"), rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
