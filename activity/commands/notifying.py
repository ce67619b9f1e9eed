"""From a fact to everybody it concerns: one row for each person and thing, one letter for each person and text.

A round goes through people in order of their ids, batch by batch, each in a transaction of its own that also moves `after`:
a worker that dies goes on where it was.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from activity.logic.reasons import WATCHED, stronger
from activity.models import Kind, Letter, Notification, Preferences, Round
from activity.queries.recipients import batch
from core.actors import Actor
from core.rules import HIDE
from projects.models import Repository

LEASE = timedelta(seconds=60)
Mail = Preferences.Mail


def begin_round(
    actor: Actor,
    *,
    cause: str,
    kind: Kind,
    object_id: int,
    repository_id: int | None,
    what: str,
    by_id: int | None = None,
    fact: str = "",
    event_id: int = 0,
    **facts: Any,
) -> bool:
    """Have everybody told of a fact; twice changes nothing. `fact` names the text it is about, by default the fact itself. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    if repository_id is not None and not Repository.objects.filter(pk=repository_id).exists():
        return False  # purged meanwhile
    if by_id is not None and not User.objects.filter(pk=by_id).exists():
        by_id = None
    _round, made = Round.objects.get_or_create(
        cause=f"{cause}:{what}"[:40],
        defaults={
            "event_id": event_id or (int(cause) if cause.isdigit() else 0), "kind": kind, "object_id": object_id, "repository_id": repository_id,
            "what": what, "by_id": by_id, "fact": fact or f"event:{cause}:{what}"[:60], "facts": facts,
        },
    )  # fmt: skip
    return made


def claim_rounds(limit: int) -> list[tuple[int, str]]:
    """Lease up to `limit` rounds that are not over, oldest first: (id, lease)."""
    now, lease = timezone.now(), uuid.uuid4().hex
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    chosen = list(Round.objects.filter(free, done_at=None).order_by("pk").values_list("pk", flat=True)[:limit])
    if not chosen:
        return []
    Round.objects.filter(free, pk__in=chosen, done_at=None).update(lease=lease, leased_until=now + LEASE)
    return [(pk, lease) for pk in Round.objects.filter(lease=lease, done_at=None).values_list("pk", flat=True)]


def run_round(actor: Actor, round_id: int, *, lease: str) -> int:
    """Tell everybody; returns how many were told now. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    total = 0
    while True:
        round = Round.objects.select_related("repository__namespace").filter(pk=round_id, lease=lease, done_at=None).first()
        if round is None:
            return total
        ids, told = batch(round)
        with transaction.atomic():
            held = Round.objects.filter(pk=round.pk, lease=lease, after=round.after)
            now = timezone.now()
            if not ids:
                held.update(done_at=now, lease="", leased_until=None)
                return total
            if not held.update(after=ids[-1], told=round.told + len(told), leased_until=now + LEASE):
                return total
            _notify(round, told, now)
            _write_letters(round, told, now)
        total += len(told)


def _notify(round: Round, told: dict[int, str], now: datetime) -> None:
    """One row a person. An older fact than the row's last leaves it as it is."""
    here = Notification.objects.filter(kind=round.kind, object_id=round.object_id, user__in=told)
    known = dict(here.values_list("user", "why"))
    fresh = {"what": round.what, "by_id": round.by_id, "event_id": round.event_id, "is_unread": True, "is_done": False, "updated_at": now}
    here.filter(event_id__lt=round.event_id).update(**fresh)
    heavier: dict[str, list[int]] = {}
    for pk, why in known.items():
        if (best := stronger(why, told[pk])) != why:
            heavier.setdefault(best, []).append(pk)
    for why, people in heavier.items():
        here.filter(user__in=people).update(why=why)
    rows = [
        Notification(user_id=pk, repository_id=round.repository_id, kind=round.kind, object_id=round.object_id, why=why, created_at=now, **fresh)
        for pk, why in told.items()
        if pk not in known
    ]  # fmt: skip
    Notification.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind", "object_id"],
        update_fields=["what", "by", "event_id", "is_unread", "is_done", "updated_at"],
    )  # fmt: skip


def _write_letters(round: Round, told: dict[int, str], now: datetime) -> None:
    """One letter a person and text; a heavier reason for the same text turns a daily one into one at once."""
    wishes = {row.user_id: row for row in Preferences.objects.filter(user__in=told)}
    default = Preferences()
    chosen: dict[int, str] = {}
    for pk, why in told.items():
        wish = wishes.get(pk, default)
        chosen[pk] = wish.mail_watched if why in WATCHED else wish.mail_own
    states = {Mail.AT_ONCE.value: Letter.State.WAITING, Mail.DAILY.value: Letter.State.DIGEST}
    rows = [
        Letter(user_id=pk, round=round, fact=round.fact, why=told[pk], state=states[mail], next_at=now) for pk, mail in chosen.items() if mail in states
    ]  # fmt: skip
    Letter.objects.bulk_create(rows, ignore_conflicts=True)
    at_once = [row.user_id for row in rows if row.state == Letter.State.WAITING]
    Letter.objects.filter(user__in=at_once, fact=round.fact, state=Letter.State.DIGEST).update(state=Letter.State.WAITING, next_at=now)
