#!/usr/bin/env python3
"""Issues at scale, in process, signed in: the list of 100,000 by many filters, and the page of one with 1,000 comments. See `--help`."""

import argparse
import random
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import table
from inside import cost, django_on, profiled, signed_in

LISTS = {
    "open": "is:open", "closed": "is:closed", "any state": "sort:updated-desc", "oldest": "is:open sort:created-asc", "changed last": "is:open sort:updated-desc",
    "most comments": "is:open sort:comments-desc", "due first": "is:open sort:due-asc", "common label": "is:open label:bug",
    "rare label": "is:open label:rare", "label nobody has": "is:open label:unused", "two labels": "is:open label:bug label:part-3",
    "not a label": "is:open -label:bug", "no label": "is:open no:label", "author": "is:open author:writer-7", "me": "is:open author:me",
    "author, changed last": "author:writer-7 sort:updated-desc", "assignee": "is:open assignee:writer-3", "nobody assigned": "is:open no:assignee",
    "involves": "is:open involves:writer-3", "mentions": "is:open mentions:writer-3", "milestone": 'is:open milestone:"Goal 3"',
    "no milestone": "is:open no:milestone", "since": "is:open created:>2026-10-01", "comments": "is:open comments:>20", "word": "is:open gradient",
    "rare word": "is:open zyzzyva", "word nobody wrote": "is:open nothinglikethis", "words in titles": "is:open in:title gradient",
    "all together": 'is:open label:bug author:writer-7 milestone:"Goal 3" gradient sort:updated-desc',
}  # fmt: skip
WORDS = (
    "gradient kernel memory tensor dataset training crash slow wrong shape token batch loss cache node 显存 分布式 精度 推理 报错".split()  # noqa: SIM905
)


def fill(number: int, comments: int) -> tuple[Any, Any]:
    """A repository with `number` issues of 50 people, and one issue with many comments; the person and the issue."""
    from accounts import commands as accounts
    from accounts.models import User
    from core.actors import SYSTEM, Actor
    from issues import commands
    from issues.models import Thread
    from projects.commands import create_repository

    if (known := Thread.objects.filter(title="A long talk").select_related("repository__namespace").first()) is not None:
        return User.objects.get(username="bench"), known
    bench = accounts.create_user(SYSTEM, "bench", email="bench@example.org", password="a long password 9")
    writers = [bench] + [
        accounts.create_user(SYSTEM, f"writer-{n}", email=f"w{n}@example.org", password="a long password 9") for n in range(50)
    ]
    repository = create_repository(Actor(person=bench), bench.namespace, name="tracked")
    labels = [commands.save_label(SYSTEM, repository, name=name) for name in ("bug", "rare", "unused", *(f"part-{n}" for n in range(20)))]
    goals = [commands.save_milestone(SYSTEM, repository, title=f"Goal {n}") for n in range(10)]
    rows(repository, writers, labels, goals, number)
    commands.recount(repository)
    talk = commands.open_issue(Actor(person=bench), repository, title="A long talk", body="Everything about #1, @writer-1")
    for n in range(comments):
        commands.add_comment(
            SYSTEM, talk, body=f"Comment {n} of #{n + 1} by @writer-{n % 50}: `code` and **words** about {WORDS[n % len(WORDS)]}."
        )
    return bench, talk


def rows(repository: Any, writers: list[Any], labels: list[Any], goals: list[Any], number: int) -> None:
    """The issues, written in bulk: what commands would leave."""
    from django.db import transaction
    from django.utils import timezone

    from issues.models import Assignment, Labelling, Participation, Thread

    chance, now = random.Random(1), timezone.now()
    for start in range(1, number + 1, 5000):
        made = []
        for n in range(start, min(start + 5000, number + 1)):
            words = " ".join(chance.choice(WORDS) for _ in range(6)) + (" zyzzyva" if n % 20_000 == 7 else "")
            at = now - timedelta(minutes=5 * (number - n))
            made.append(
                Thread(
                    repository=repository, number=n, kind="issue", title=words, body=(words + ". ") * 20, author=chance.choice(writers),
                    state="open" if chance.random() < 0.4 else "closed", created_at=at, updated_at=at + timedelta(minutes=chance.randrange(10_000)),
                    comment_count=int(chance.expovariate(0.2)), milestone=chance.choice(goals) if n % 3 == 0 else None,
                    due_on=at.date() if n % 10 == 0 else None,
                )
            )  # fmt: skip
        with transaction.atomic():
            made = Thread.objects.bulk_create(made, batch_size=500)
            Labelling.objects.bulk_create(
                [Labelling(thread=row, label=labels[0]) for row in made if row.number % 2]
                + [Labelling(thread=row, label=labels[1]) for row in made if row.number % 10_000 == 3]
                + [Labelling(thread=row, label=chance.choice(labels[3:])) for row in made],
                batch_size=5000,
            )
            Assignment.objects.bulk_create(
                [Assignment(thread=row, user=chance.choice(writers)) for row in made if row.number % 4 == 0], batch_size=5000
            )
            Participation.objects.bulk_create(
                [
                    Participation(thread=row, user_id=row.author_id, reason="author", mentioned_at=now if row.number % 50 == 0 else None)
                    for row in made
                ],
                batch_size=5000,
            )


def main() -> None:
    """Fill, ask each list and the long talk, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="data directory to keep and use again")
    parser.add_argument("--number", type=int, default=100_000)
    parser.add_argument("--comments", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--profile", metavar="LIST", help="a name of the table")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        django_on(given.data or folder)
        person, talk = fill(given.number, given.comments)
        client, base = signed_in(person), talk.repository.get_absolute_url()
        from urllib.parse import quote

        pages = {name: (f"{base}/issues?q={quote(query)}", 50) for name, query in LISTS.items()}
        pages |= {
            "all issues, mine": ("/issues?of=created", 50), f"{given.comments:,} comments": (talk.get_absolute_url(), 60),
            "their last page": (f"{talk.get_absolute_url()}?page=99", 60), "labels": (f"{base}/labels", 100), "milestones": (f"{base}/milestones", 100),
        }  # fmt: skip
        if given.profile:
            client.get(pages[given.profile][0])
            profiled(lambda: client.get(pages[given.profile][0]))
            return
        found = [(name, goal, cost(client, path, rounds=given.rounds)) for name, (path, goal) in pages.items()]
        table(
            ("page", "p50 ms", "p95 ms", "CPU ms", "queries", "kB", "goal"),
            [
                (name, one.p50 * 1000, one.p95 * 1000, one.cpu * 1000, one.queries, f"{one.size / 1000:.0f}", f"p95 ≤ {goal} ms" + ("" if one.p95 * 1000 <= goal else "  MISSED"))
                for name, goal, one in found
            ],
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
