"""What happens in repositories goes into the queues of webhooks."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import transaction

from activity.commands.hooks import Told, enqueue
from activity.models import Happens
from core.actors import SYSTEM
from core.events import Fact, subscribe
from projects.events import (
    RefsUpdated,
    ReleasePublished,
    RepositoryCreated,
    RepositoryForked,
    RepositoryRenamed,
    RepositoryStarred,
    VisibilityChanged,
)
from projects.places import ZERO


def _queue(repository_id: int, told: Iterable[Told], cause: str) -> None:
    """In the delivery's own transaction; the worker's threads are woken when it is over."""
    if enqueue(SYSTEM, repository_id, told, cause=cause) and settings.NUDGE_WORKER:
        transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    from activity import tasks

    tasks.send_hooks.delay()


def _pushed(event: RefsUpdated) -> list[Told]:
    """Each branch and tag; other refs are nobody's business."""
    told = []
    for place, (ref, old, new) in enumerate(event.updates):
        if not ref.startswith(("refs/heads/", "refs/tags/")):
            continue
        about: dict[str, Any] = {"ref": ref, "old": old, "new": new, "by": event.by_id}
        if old == ZERO:
            told.append(Told(Happens.CREATE, about=about, place=f"{place}c"))
        told.append(Told(Happens.PUSH, about=about, place=f"{place}p"))
        if new == ZERO:
            told.append(Told(Happens.DELETE, about=about, place=f"{place}d"))
    return told


def follow(event: type[Fact], name: str, tell: Callable[[Any], Iterable[Told]], where: Callable[[Any], int]) -> None:
    """Subscribe `queue_<name>`: what `tell` says of the fact is told in the repository that `where` names."""

    def queue(fact: Any, cause: str) -> None:
        _queue(where(fact), tell(fact), cause)

    queue.__qualname__ = f"queue_{name}"
    queue.__doc__ = event.__doc__
    subscribe(event)(queue)


def _here(fact: Any) -> int:
    return int(fact.repository_id)


follow(RefsUpdated, "push", _pushed, _here)
follow(ReleasePublished, "release", lambda fact: [Told(Happens.RELEASE, "published", {"release": fact.release_id})], _here)
follow(RepositoryStarred, "star", lambda fact: [Told(Happens.STAR, "created", {"by": fact.by_id})], _here)
follow(
    RepositoryForked,
    "fork",
    lambda fact: [Told(Happens.FORK, about={"fork": fact.fork_id, "by": fact.by_id})],
    lambda fact: int(fact.source_id),
)
follow(RepositoryCreated, "creation", lambda fact: [Told(Happens.REPOSITORY, "created", {"by": fact.by_id})], _here)
follow(RepositoryRenamed, "renaming", lambda fact: [Told(Happens.REPOSITORY, "renamed", {"old": fact.old, "new": fact.new})], _here)
follow(
    VisibilityChanged,
    "visibility",
    lambda fact: [Told(Happens.REPOSITORY, "publicized" if fact.new == "public" else "privatized", {"old": fact.old, "new": fact.new})],
    _here,
)
