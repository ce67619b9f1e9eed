"""Moments of the demo's rows: people, projects, pushes, stars and releases are as old as the commits they belong to."""

import random
from datetime import datetime, timedelta
from itertools import groupby

import gitstore
from accounts.models import User
from projects.management.demo.repositories import DemoRepository
from projects.models import Push, Release, Repository, Star

JOINED_DAYS = 270  # how long ago the first people came, at most


def settle_repository(repository: Repository, wanted: DemoRepository, now: datetime) -> None:
    """Give a repository that was just made the dates of its history, and one push for each day and author."""
    history = wanted.history()
    moments = history.spread(now)
    born = moments[0] - timedelta(hours=1)
    Repository.objects.filter(pk=repository.pk).update(created_at=born, updated_at=moments[-1])
    chance = random.Random(f"{repository}")  # noqa: S311 - demo dates, not secrets
    for star in Star.objects.filter(repository=repository).order_by("pk"):
        Star.objects.filter(pk=star.pk).update(at=born + (now - born) * chance.random())
    for step, moment in zip(history.steps, moments, strict=True):
        if step.tag:
            Release.objects.filter(repository=repository, tag=step.tag).update(published_at=moment + timedelta(hours=2))
    Push.objects.filter(repository=repository).delete()  # the import's own, of today
    Push.objects.bulk_create(_pushes(repository))


def _pushes(repository: Repository) -> list[Push]:
    """Each day's commits of one author on the default branch, as one push an hour after the last of them."""
    ref = f"refs/heads/{repository.default_branch}"
    log = gitstore.run(repository.path, ["log", "--reverse", "--first-parent", "--format=%H %ct %ae", ref]).decode()
    commits = [line.split(" ", 2) for line in log.splitlines()]
    people = {user.email: user for user in User.objects.filter(email__in={email for _oid, _time, email in commits})}
    pushes, old = [], gitstore.ZERO
    for (_day, email), group in groupby(commits, key=lambda one: (int(one[1]) // 86400, one[2])):
        *_earlier, (oid, seconds, _email) = group
        at = datetime.fromtimestamp(int(seconds), tz=repository.created_at.tzinfo) + timedelta(minutes=9)
        pushes.append(Push(repository=repository, user=people.get(email), updates=[[ref, old, oid]], updates_total=1, at=at))
        old = oid
    return pushes


def settle_people(logins: list[str], now: datetime) -> None:
    """People who were just made came one after the other, each before their first commit here."""
    for index, login in enumerate(logins):
        came = now - timedelta(days=JOINED_DAYS - index * JOINED_DAYS // (len(logins) + 1))
        first = Push.objects.filter(user__username=login).order_by("at").values_list("at", flat=True).first()
        User.objects.filter(username=login).update(date_joined=min(came, first - timedelta(days=1)) if first else came)
