#!/usr/bin/env python3
"""Many watchers of one issue, in process: how long a comment answers, until everybody is told, the inbox; and how long a hook is put into its queue. See `--help`."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import table
from inside import cost, django_on, signed_in


def fill(watchers: int) -> tuple[Any, Any]:
    """A repository with an issue and people who watch it; its owner and the issue."""
    from allauth.account.models import EmailAddress

    from accounts import commands as accounts
    from accounts.models import User
    from core.actors import SYSTEM, Actor
    from issues import commands
    from projects.commands import create_repository
    from projects.models import Watch

    ada = accounts.create_user(SYSTEM, "ada", email="ada@example.org", password="a long password 9")
    repository = create_repository(Actor(person=ada), ada.namespace, name="code")
    User.objects.bulk_create(User(username=f"w{n}", email=f"w{n}@example.org") for n in range(watchers))
    people = list(User.objects.filter(username__startswith="w"))
    EmailAddress.objects.bulk_create(EmailAddress(user=one, email=one.email, verified=True, primary=True) for one in people)
    Watch.objects.bulk_create(Watch(repository=repository, user=one, level="all") for one in people)
    return ada, commands.open_issue(Actor(person=ada), repository, title="Watched by many")


def tell() -> tuple[float, int]:
    """Seconds until everybody has been told of what is published, and how many."""
    from activity.commands import notifying
    from core import events
    from core.actors import SYSTEM

    begun, told = time.perf_counter(), 0
    while events.drain():
        pass
    for pk, lease in notifying.claim_rounds(10):
        told += notifying.run_round(SYSTEM, pk, lease=lease)
    return time.perf_counter() - begun, told


def enqueued(repository: Any, rounds: int) -> float:
    """Median milliseconds of putting one push into the queue of one hook."""
    from activity.commands import hooks
    from activity.models import Dispatch, Happens
    from core.actors import SYSTEM

    taken = []
    for number in range(rounds):
        begun = time.perf_counter()
        hooks.enqueue(
            SYSTEM,
            repository.pk,
            [hooks.Told(Happens.PUSH, about={"ref": "refs/heads/main", "old": "0" * 40, "new": "1" * 40})],
            cause=f"b{number}",
        )
        taken.append((time.perf_counter() - begun) * 1000)
        if number % 100 == 99:
            Dispatch.objects.all().delete()
    return median(taken)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=200, help="messages put into the queue of a webhook")
    parser.add_argument("--no-mail", action="store_true", help="leave the mails out: without SMTP each is a file")
    options = parser.parse_args()
    data = Path(tempfile.mkdtemp(prefix="openi-bench-"))
    try:
        django_on(data)
        run(options)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def run(options: argparse.Namespace) -> None:
    """Measure on the data directory that Django is set up for."""
    from django.conf import settings

    from accounts.models import User
    from activity.commands import hooks, mailing
    from activity.models import Letter, Notification
    from core.actors import SYSTEM, Actor
    from issues import commands

    ada, issue = fill(options.watchers)
    tell()
    Letter.objects.all().delete()
    begun = time.perf_counter()
    commands.add_comment(Actor(person=ada), issue, body="words for everybody")
    answer = (time.perf_counter() - begun) * 1000
    seconds, told = tell()
    assert Notification.objects.filter(what="commented").count() == told == options.watchers, (told, options.watchers)
    rows = [
        ["comment, the command", f"{answer:.1f} ms", "200 ms"],
        [f"{told:,} watchers told", f"{seconds:.1f} s", "60 s"],
    ]
    if not options.no_mail:
        begun, sent = time.perf_counter(), 0
        while due := mailing.due_letters():
            sent += mailing.send_letters(SYSTEM, due)
        rows.append([f"{sent:,} mails written", f"{time.perf_counter() - begun:.1f} s", ""])
    client = signed_in(User.objects.get(username="w0"))
    page = cost(client, "/notifications")
    rows.append(["inbox, p95", f"{page.p95 * 1000:.1f} ms, {page.queries} queries", ""])
    settings.ALLOW_PRIVATE_ADDRESSES = True
    hooks.add_hook(Actor(person=ada), issue.repository, address="http://127.0.0.1:9/hook")
    rows.append(["a push into the queue of a webhook, median", f"{enqueued(issue.repository, options.rounds):.2f} ms", "5 ms"])
    table(["what", "took", "goal"], rows)


if __name__ == "__main__":
    main()
