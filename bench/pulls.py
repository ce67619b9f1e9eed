#!/usr/bin/env python3
"""Pull requests of a real history, in process: looking at 500 after a push to the base, merging by each method, the page of 1,000 files. See `--help`."""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import git, seconds, table
from inside import cost, django_on, person_and_repository, profiled, signed_in

METHODS = ("merge", "squash", "rebase")


def branches(repository: Any, number: int, files: int) -> list[str]:
    """Branches of one or two commits each off the tip, every tenth off an older commit; a last one that adds many files."""
    tip = git(f"--git-dir={repository.path}", "rev-parse", f"refs/heads/{repository.default_branch}")
    older = git(f"--git-dir={repository.path}", "rev-parse", f"{tip}~200")
    names, stream = [], []
    for n in range(number):
        names.append(f"topic-{n}")
        start = older if n % 10 == 0 else tip
        for step in range(1 + n % 2):
            stream.append(_commit(f"refs/heads/topic-{n}", start if step == 0 else "", {f"bench/{n}/file-{step}": f"{n} {step}\n" * 20}))
    names.append("many")
    stream.append(_commit("refs/heads/many", tip, {f"many/{n % 40}/file-{n}": f"line {n}\n" * 30 for n in range(files)}))
    git(f"--git-dir={repository.path}", "fast-import", "--quiet", "--force", stdin="".join(stream).encode())
    return names


def _commit(ref: str, start: str, files: dict[str, str]) -> str:
    text = f"commit {ref}\ncommitter Bench <bench@example.org> 1700000000 +0000\ndata 4\nwork\n" + (f"from {start}\n" if start else "")
    return text + "".join(f"M 100644 inline {name}\ndata {len(content)}\n{content}\n" for name, content in files.items())


def open_all(person: Any, repository: Any, names: list[str]) -> list[Any]:
    """Their pull requests, without the limit of a person's minute."""
    from core.actors import Actor
    from pulls.commands.objects import keep_versions
    from pulls.commands.opening import ends_of, start_pull

    made = []
    for name in names:
        ends = ends_of(repository, repository, name, repository.default_branch)
        values = {
            "head_repository": repository,
            "head_branch": name,
            "base_branch": repository.default_branch,
            "maintainers_may_push": False,
        }
        pull = start_pull(Actor(person=person), repository, ends, title=f"Work of {name}", body="", author=person, **values)
        keep_versions(pull)
        made.append(pull)
    return made


def push(repository: Any) -> None:
    """Another commit on the base branch."""
    from core.actors import SYSTEM
    from projects.commands import record_push

    ref = f"refs/heads/{repository.default_branch}"
    old = git(f"--git-dir={repository.path}", "rev-parse", ref)
    git(f"--git-dir={repository.path}", "fast-import", "--quiet", stdin=_commit(ref, old, {"bench/pushed": f"{time.time()}\n"}).encode())
    record_push(SYSTEM, repository, [(ref, old, git(f"--git-dir={repository.path}", "rev-parse", ref))])


def looked_at(repository: Any) -> list[tuple[str, str, str, str]]:
    """Seconds until all open pull requests are looked at after a push, and how many git processes that takes."""
    import gitstore
    from core.actors import SYSTEM
    from pulls.commands.mergeability import check_pulls

    begin, started = gitstore.process.start, []

    def counting(path: Any, arguments: Any, **options: Any) -> Any:
        started.append(arguments[0])
        return begin(path, arguments, **options)

    rows = []
    for what in ("first time", "after a push"):
        push(repository)
        gitstore.process.start = counting
        found: list[Any] = []
        took = seconds(lambda: found.extend(check_pulls(SYSTEM, repository.pk)))  # noqa: B023 - called at once
        gitstore.process.start = begin
        goal = "≤ 10 s" + ("" if took <= 10 else "  MISSED")
        rows.append((f"{len(found)} open pull requests, {what}", f"{took:.2f} s", f"{len(started)} git processes", goal))
        started.clear()
    return rows


def clicks(client: Any, pulls: list[Any], rounds: int) -> list[tuple[str, str, str, str]]:
    """Milliseconds from the click to the answer that says merged."""
    rows = []
    for method in METHODS:
        samples = []
        for _ in range(rounds):
            pull = pulls.pop()
            form = {"act": "merge", "method": method, "expected": pull.head_oid, "when": "now"}
            began = time.perf_counter()
            answer = client.post(pull.get_absolute_url(), form)
            samples.append((time.perf_counter() - began) * 1000)
            pull.refresh_from_db()
            if answer.status_code != 303 or not pull.is_merged:
                raise RuntimeError(f"{method}: {answer.status_code}, merged: {pull.is_merged}")
        middle = statistics.median(samples)
        goal = "≤ 300 ms" + ("" if middle <= 300 else "  MISSED")
        rows.append((f"merge click, {method}", f"{middle:.0f} ms", f"at most {max(samples):.0f} ms", goal))
    return rows


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="a bare repository, such as git.git")
    parser.add_argument("--pulls", type=int, default=500)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, help="keep the filled portal there")
    parser.add_argument("--profile", action="store_true", help="profile a merge and the page instead of timing them")
    options = parser.parse_args()
    data = options.data or Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        django_on(data)
        from pulls.models import Pull

        person, repository = person_and_repository(options.source)
        if not Pull.objects.exists():
            open_all(person, repository, branches(repository, options.pulls, options.files))
        pulls = list(Pull.objects.filter(merged_at=None).select_related("thread", "repository__namespace").order_by("pk"))
        many = next(pull for pull in pulls if pull.head_branch == "many")
        client = signed_in(person)
        table(("what", "took", "beside", "goal"), looked_at(repository))
        ordinary = [pull for pull in pulls if pull.pk != many.pk]
        if options.profile:
            form = {"act": "merge", "method": "merge", "when": "now"}
            profiled(lambda: client.post(ordinary.pop().get_absolute_url(), form))
            return
        table(("what", "median", "beside", "goal"), clicks(client, ordinary, options.rounds))
        pages = [
            ("talk and merge box", ordinary[0].get_absolute_url()),
            (f"{options.files} files, first page", f"{many.get_absolute_url()}/files"),
        ]
        rows = []
        for what, address in pages:
            found = cost(client, address, rounds=options.rounds)
            rows.append((what, f"{found.p50 * 1000:.0f} ms", f"{found.p95 * 1000:.0f} ms", found.queries, f"{found.packed / 1024:.0f} KB"))
        table(("page", "p50", "p95", "queries", "compressed"), rows)
    finally:
        if options.data is None:
            shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
