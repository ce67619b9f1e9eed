"""What commands about threads share: locking the row, the timeline, who takes part."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts.models import User
from core.actors import Actor
from issues.logic.participation import stronger
from issues.models import Comment, Happening, Participation, Reference, Thread


def locked_thread(thread: Thread) -> Thread:
    """The thread as it is now, held until the transaction ends; its repository is the one in memory."""
    row = Thread.objects.select_for_update(of=("self",), no_key=True).select_related("author", "milestone").get(pk=thread.pk)
    row.repository = thread.repository
    return row


def record(
    thread: Thread,
    by: User | None,
    kind: str,
    *,
    comment: Comment | None = None,
    reference: Reference | None = None,
    at: datetime | None = None,
    **facts: Any,
) -> Happening:
    """Add an entry to the timeline."""
    return Happening.objects.create(
        thread=thread, by=by, kind=kind, comment=comment, reference=reference, facts=facts, at=at or timezone.now()
    )


def touch(thread: Thread, **values: Any) -> None:
    """Write fields of the thread with the moment of its change, in the row and in memory."""
    values["updated_at"] = timezone.now()
    Thread.objects.filter(pk=thread.pk).update(**values)
    for name, value in values.items():
        if not isinstance(value, F) and not hasattr(value, "resolve_expression"):
            setattr(thread, name, value)


def take_part(thread: Thread, people: Iterable[int], reason: str, *, mentioned: bool = False) -> None:
    """People take part in the thread from now on; a weightier reason replaces a lighter one, and a mute stays.

    Two queries and one for each person whose reason changes; `people` are ids.
    """
    wanted = sorted(set(people))
    if not wanted:
        return
    now = timezone.now()
    known = dict(Participation.objects.filter(thread=thread, user__in=wanted).values_list("user_id", "reason"))
    fresh = [
        Participation(thread=thread, user_id=pk, reason=reason, mentioned_at=now if mentioned else None) for pk in wanted if pk not in known
    ]
    Participation.objects.bulk_create(fresh, ignore_conflicts=True)
    heavier = [pk for pk, held in known.items() if stronger(held, reason) != held]
    if heavier:
        Participation.objects.filter(thread=thread, user__in=heavier).update(reason=reason)
    if mentioned and known:
        Participation.objects.filter(thread=thread, user__in=known).update(mentioned_at=now)


def person_of(actor: Actor) -> int | None:
    """The id events carry."""
    return actor.person.pk if actor.person is not None else None
