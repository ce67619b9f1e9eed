#!/usr/bin/env python3
"""A commit of 5,000 files, page by page, against `git diff`; and files highlighted for the first time against plain Pygments. See `--help`."""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import ROOT, environment, git, seconds, table
from inside import django_on, person_and_repository, signed_in

Row = tuple[str, str, str, float, str]
LINES = 40  # of each changed file, a tenth of them changed


def history(folder: Path, files: int) -> tuple[Path, str]:
    """A bare repository of so many files and the commit that changes all of them; names spread over fifty folders."""
    bare = folder / "many.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", bare)
    stream = [_commit("One", files, ""), _commit("All of them", files, " changed")]
    git(f"--git-dir={bare}", "fast-import", "--quiet", stdin="".join(stream).encode())
    return bare, git(f"--git-dir={bare}", "rev-parse", "main")


def _commit(subject: str, files: int, word: str) -> str:
    """One commit for git-fast-import(1)."""
    out = [f"commit refs/heads/main\ncommitter Bench <bench@example.org> 1700000000 +0000\ndata {len(subject)}\n{subject}\n"]
    for number in range(files):
        text = "".join(f"value_{line} = compute({number}, {line}){word if line % 10 == 0 else ''}\n" for line in range(LINES))
        out.append(f"M 100644 inline package{number % 50:02}/module{number:05}.py\ndata {len(text)}\n{text}\n")
    return "".join(out)


def row(what: str, mine: float, plain: float, goal: float) -> Row:
    """Times of both; `goal` is the largest ratio."""
    ratio = mine / plain
    return what, f"{mine * 1000:.1f} ms", f"{plain * 1000:.1f} ms", ratio, f"≤ {goal:g}" + ("" if ratio <= goal else "  MISSED")


def first_time(work: Callable[[], object], rounds: int) -> float:
    """Median wall seconds when nothing made before is kept."""
    from django.core.cache import caches

    samples = []
    for _ in range(rounds):
        caches["pages"].clear()
        samples.append(seconds(work))
    return statistics.median(samples)


def pages_of(client: Any, repository: Any, oid: str, files: int, rounds: int) -> list[Row]:
    """First page and last page of the commit, made for the first time, and the whole as plain text."""
    address = f"{repository.get_absolute_url()}/commit/{oid}"
    last = f"{address}?files={(files - 1) // 40 * 40}"

    def get(path: str) -> int:
        answer = client.get(path)
        size = sum(map(len, answer.streaming_content)) if answer.streaming else len(answer.content)
        if answer.status_code != 200 or size < 5000:
            raise RuntimeError(f"{path}: {answer.status_code}, {size} bytes")
        return size

    command = ["git", f"--git-dir={repository.path}", "diff", f"{oid}^", oid]

    def plain() -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment())

    get(address)
    whole = statistics.median(seconds(plain) for _ in range(rounds))
    return [
        row(f"commit of {files:,} files, first page, cold", first_time(lambda: get(address), rounds), whole, 1.1),
        row("its last page, cold", first_time(lambda: get(last), rounds), whole, 1.1),
        row("all of it as .diff, streamed", first_time(lambda: get(f"{address}.diff"), rounds), whole, 1.1),
        row("its first page, warm", statistics.median(seconds(lambda: get(address)) for _ in range(rounds)), whole, 1.1),
    ]


def highlighting(rounds: int) -> list[Row]:
    """Processor seconds per file, ours and Pygments' own HTML, on files of this checkout of several languages."""
    from pygments import highlight as plainly
    from pygments.formatters import HtmlFormatter

    from core import highlight

    rows = []
    for name in ("core/markdown.py", "static/css/openi.css", "templates/base.html", "docs/reference/openapi.json"):
        path = ROOT / name
        if not path.exists():
            continue
        text = path.read_text()[:60_000]
        lexer = highlight.lexer_for(filename=name)
        assert lexer is not None
        mine, theirs = [], []
        for _ in range(rounds):
            mine.append(_processor(lambda text=text, name=name: highlight.highlight(text, filename=name)))
            theirs.append(_processor(lambda text=text, lexer=lexer: plainly(text, lexer, HtmlFormatter(nowrap=True))))
        rows.append(row(f"{name}, {len(text) / 1000:.0f} kB, highlighted", min(mine), min(theirs), 2))
    return rows


def cold_files(client: Any, repository: Any, names: Sequence[str], rounds: int) -> list[Row]:
    """The whole page of a file made for the first time against plain Pygments alone."""
    from pygments import highlight as plainly
    from pygments.formatters import HtmlFormatter

    from core import highlight

    rows = []
    for name in names:
        text = git(f"--git-dir={repository.path}", "cat-file", "blob", f"{repository.default_branch}:{name}")
        lexer = highlight.lexer_for(filename=name)
        if lexer is None or len(text) > 200_000:
            continue
        address = f"{repository.get_absolute_url()}/blob/{repository.default_branch}/{name}"
        client.get(address)
        cold = first_time(lambda address=address: client.get(address), rounds)
        plain = min(seconds(lambda text=text, lexer=lexer: plainly(text, lexer, HtmlFormatter(nowrap=True))) for _ in range(rounds))
        rows.append(row(f"page of {name}, {len(text) / 1000:.0f} kB, cold", cold, plain, 2))
    return rows


def _processor(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def sources(repository: Any, count: int) -> list[str]:
    """The repository's largest sources below 100 kB."""
    lines = git(f"--git-dir={repository.path}", "ls-tree", "-r", "-l", repository.default_branch).splitlines()
    sized = sorted((int(line.split(None, 4)[3]), line.split("\t", 1)[1]) for line in lines if line.split(None, 4)[1] == "blob")
    return [name for size, name in sized if size < 100_000 and name.endswith((".c", ".py", ".js", ".sh"))][-count:]


def main() -> None:
    """Import both, measure, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True, help="a bare repository whose files are highlighted, such as git's own")
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="few files, one round: does it run?")
    given = parser.parse_args()
    files, rounds = (120, 1) if given.quick else (given.files, given.rounds)
    folder = Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        many, oid = history(folder, files)
        django_on(folder / "portal")
        person, repository = person_and_repository(many)
        client = signed_in(person)
        rows = pages_of(client, repository, oid, files, rounds) + highlighting(rounds)
        _person, other = person_and_repository(given.history, name="other")
        rows += cold_files(client, other, sources(other, 3), rounds)
        table(("what", "ours", "plain", "ratio", "goal"), rows)
    finally:
        os.chdir(ROOT)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
