#!/usr/bin/env python3
"""Category suggestions for 26,000 made-up mirrors: seconds to train, seconds to suggest, memory. Speed alone is measured here:
precision comes from labels of people (docs/help/suggestions.md). See `--help`."""

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from inside import cost, django_on, signed_in


def rows(count: int) -> None:
    """Mirrors in “other”, one in twenty sorted by a person, with the words of the search's made-up catalogue; READMEs in real repositories."""
    from accounts.models import Namespace
    from bench.relevance import corpus
    from projects.models import Category, Mirror, Repository

    other, vision = (Category.objects.get(slug=slug) for slug in ("other", "computer-vision"))
    spaces = {owner: Namespace(slug=f"github.com/{owner}", kind="host") for owner in corpus.OWNERS}
    Namespace.objects.bulk_create(spaces.values())
    made, mirrors = [], []
    for number, one in enumerate(corpus.mirrors(count, 1)):
        document = one.document
        row = Repository(
            namespace=spaces[document.owner], name=document.name, description=document.description, topics=list(document.topics),
            main_language=document.language, category=vision if one.subject == "detection" and number % 20 == 0 else other,
        )  # fmt: skip
        made.append(row)
        mirrors.append((row, f"github.com/{document.owner}/{document.name}".lower()))
    Repository.objects.bulk_create(made, batch_size=500, ignore_conflicts=False)
    Mirror.objects.bulk_create(
        [Mirror(repository=row, address=f"https://{key}.git", key=key, host="github.com") for row, key in mirrors], batch_size=500
    )


def readmes(count: int) -> int:
    """Give each of the first `count` mirrors a repository of its own with a README of its own."""
    import subprocess

    from bench.relevance import corpus
    from projects.models import Repository

    texts = {one.document.name: one.document.readme for one in corpus.mirrors(count, 1)}
    filled = []
    for row in Repository.objects.order_by("pk")[:count]:
        text = texts.get(row.name, "").encode() * 3
        row.path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(row.path)], check=True)
        stream = (
            b"commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 1\nx\nM 100644 inline README.md\ndata %d\n%s\n"
            % (len(text), text)
        )
        subprocess.run(["git", "-C", str(row.path), "fast-import", "--quiet"], input=stream, check=True)
        row.head_oid = subprocess.run(
            ["git", "-C", str(row.path), "rev-parse", "main"], check=True, capture_output=True, text=True
        ).stdout.strip()
        filled.append(row)
    Repository.objects.bulk_update(filled, ["head_oid"], batch_size=500)
    return len(filled)


def measured(run: Any, seconds: float) -> dict[str, float]:
    """What the table says."""
    return {
        "training s": round(run.seconds_training, 1),
        "suggesting s": round(run.seconds_suggesting, 1),
        "whole run s": round(seconds, 1),
        "projects": run.counts["pool"],
        "examples": sum(run.counts["sources"].values()),
        "memory MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def pages() -> dict[str, float]:
    """Milliseconds (p95, in process), processor time (median) and queries of the pages over all these rows."""
    from accounts import commands as people
    from core.actors import SYSTEM, Actor
    from projects import commands

    person = people.create_user(SYSTEM, "bench", email="bench@example.org", password="a long password 9", is_admin=True)
    commands.roll_up_mirrors(SYSTEM)
    commands.draw_sample(Actor(person=person), size=1000)
    client, base, found = signed_in(person), "/-/admin/mirrors", {}
    for name, path in (
        ("suggestions", f"{base}/suggestions"), ("suggestions, last page", f"{base}/suggestions?page=9999"), ("stays", f"{base}/suggestions?group=-"),
        ("labelling", f"{base}/labelling"), ("statistics", f"{base}/statistics?days=90"),
    ):  # fmt: skip
        measured = cost(client, path, rounds=15)
        found[f"{name} ms"], found[f"{name} CPU ms"] = round(1000 * measured.p95, 1), round(1000 * measured.cpu, 1)
        found[f"{name} queries"] = measured.queries
    started = time.monotonic()
    act = commands.accept_suggestions(Actor(person=person), ids=list(_sure()))
    found[f"accepting {act.total} s"] = round(time.monotonic() - started, 2)
    started = time.monotonic()
    commands.undo_sorting(Actor(person=person), act.pk)
    found["undoing them s"] = round(time.monotonic() - started, 2)
    return found


def _sure() -> Any:
    from projects.queries import suggesting

    return suggesting.open_suggestions().filter(confidence__gte=0.8).exclude(category=None).values_list("pk", flat=True)[:5000]


def main() -> None:
    """Make the rows in a folder of their own, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=26_000)
    parser.add_argument("--readmes", type=int, default=2_000, help="mirrors with a README in Git")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="openi-categories-"))
    try:
        django_on(folder)
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        rows(options.rows)
        readmes(options.readmes)
        from core.actors import SYSTEM
        from projects import commands

        started = time.monotonic()
        run = commands.suggest_categories(SYSTEM)
        figures = measured(run, time.monotonic() - started)
        figures.update(pages())
        for name, value in figures.items():
            print(f"{name:>32}  {value:,}")
        if options.json:
            options.json.write_text(json.dumps(figures))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
