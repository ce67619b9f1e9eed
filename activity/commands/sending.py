"""Emptying the queues of hooks, each in its order. The worker's half; the lease in the row is the truth.

A worker that dies loses the lease within LEASE and the message it was sending goes again, under the same id.
"""

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from activity.commands.notifying import begin_round
from activity.logic import chats, pace
from activity.models import KEPT, Dispatch, Hook, Kind
from activity.queries.bodies import Composed, composed
from activity.queries.telling import Hidden, hook_stop
from core.actors import SYSTEM, Actor
from core.errors import DomainError
from core.outgoing import check_url, streamed
from core.rules import HIDE

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=120)
SILENT_SECONDS = 10  # of the other side
TOTAL_SECONDS = 20  # for its answer
ANSWER_MOST = 16 * 1024  # bytes of an answer that are kept
ROUND_SECONDS = 60  # then others have their turn
State = Dispatch.State


@dataclass
class Outcome:
    """What became of one attempt."""

    worked: bool = False
    later: bool = False
    said: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def claim_due_hooks(limit: int) -> list[tuple[int, str]]:
    """Lease up to `limit` hooks that have something to send now: (id, lease)."""
    now, lease = timezone.now(), uuid.uuid4().hex
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    chosen = list(Hook.objects.filter(free, next_at__lte=now).order_by("next_at", "pk").values_list("pk", flat=True)[:limit])
    if not chosen:
        return []
    Hook.objects.filter(free, pk__in=chosen).update(lease=lease, leased_until=now + LEASE)
    return [(pk, lease) for pk in Hook.objects.filter(lease=lease).values_list("pk", flat=True)]


def run_hook(actor: Actor, hook_id: int, *, lease: str) -> int:
    """Send what waits, oldest first, until one has to be tried later; returns how many were tried. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    started, tried = time.monotonic(), 0
    while time.monotonic() - started < ROUND_SECONDS:
        if not Hook.objects.filter(pk=hook_id, lease=lease).update(leased_until=timezone.now() + LEASE):
            return tried  # another has it
        hook = Hook.objects.select_related(
            "owner", "organization__namespace", "repository__namespace__user", "repository__namespace__organization"
        ).get(pk=hook_id)
        dispatch = hook.dispatches.filter(state=State.WAITING).order_by("-is_aside", "pk").first()
        if dispatch is None:
            break
        if reason := _stop(hook, dispatch):
            _skip(dispatch, reason)
            continue
        tried += 1
        if not _one(hook, dispatch, lease):
            return tried
    _rest(hook_id, lease)
    return tried


def _stop(hook: Hook, dispatch: Dispatch) -> str:
    """Why this message is not sent."""
    if not hook.is_active and not dispatch.is_aside:
        return _("The webhook is switched off.")
    return hook_stop(hook)


def _skip(dispatch: Dispatch, reason: str) -> None:
    Dispatch.objects.filter(pk=dispatch.pk).update(state=State.SKIPPED, said=reason[:300])


def _rest(hook_id: int, lease: str) -> None:
    """Give the lease back; what came meanwhile is due at once. The row's lock makes `hooks.wake` wait, so that nothing is overlooked."""
    with transaction.atomic():
        rows = Hook.objects.filter(pk=hook_id, lease=lease)
        if connection.features.has_select_for_update:
            rows = rows.select_for_update()
        if rows.first() is None:
            return
        more = Dispatch.objects.filter(hook=hook_id, state=State.WAITING).exists()
        Hook.objects.filter(pk=hook_id).update(lease="", leased_until=None, next_at=timezone.now() if more else None)
        over = Dispatch.objects.filter(hook=hook_id).exclude(state=State.WAITING).order_by("-pk")
        last = over.values_list("pk", flat=True)[KEPT : KEPT + 1]
        if last:
            over.filter(pk__lte=last[0]).delete()


def _one(hook: Hook, dispatch: Dispatch, lease: str) -> bool:
    """Try one message; False if the queue has to wait (then the lease is given back)."""
    Dispatch.objects.filter(pk=dispatch.pk).update(attempts=F("attempts") + 1, tried_at=timezone.now())
    try:
        ready = composed(hook, dispatch)
    except Hidden:
        _skip(dispatch, _("It is gone, or whoever saved the webhook may not see it."))
        return True
    except Exception as error:  # a fault of ours: shown, and not in the way of what follows
        Dispatch.objects.filter(pk=dispatch.pk).update(state=State.FAILED, said=type(error).__name__)
        log.exception("hook_not_composed", hook=hook.pk, dispatch=dispatch.pk)
        return True
    outcome = _post(hook, ready)
    return _note(hook, dispatch, lease, outcome, timezone.now())


def _post(hook: Hook, ready: Composed) -> Outcome:
    """One request over the guarded client; no redirect is followed."""
    begun, body = time.monotonic(), b""
    request = {"request_headers": ready.headers, "request_body": ready.body.decode("utf-8", "replace").replace("\0", "")}
    nothing: dict[str, Any] = {"status": None, "answer_headers": {}, "answer_body": "", "milliseconds": 0}
    try:
        target = check_url(ready.address)
        with streamed(
            target, method="POST", content=ready.body, headers=ready.headers, seconds=SILENT_SECONDS, total_seconds=TOTAL_SECONDS
        ) as answer:
            for chunk in answer.chunks:
                body += chunk
                if len(body) >= ANSWER_MOST:
                    break
    except DomainError as error:  # an address that may not be asked any more is like one that does not answer: it may come back
        took = int((time.monotonic() - begun) * 1000)
        return Outcome(False, True, error.message[:300], {**request, **nothing, "milliseconds": took})
    worked, later, said = chats.verdict(hook.format, answer.status, body)
    headers = {name: value[:500] for name, value in list(answer.headers.items())[:40] if name.lower() != "set-cookie"}
    took = int((time.monotonic() - begun) * 1000)
    text = body[:ANSWER_MOST].decode("utf-8", "replace").replace("\0", "")
    return Outcome(
        worked, later, said, {**request, "status": answer.status, "answer_headers": headers, "answer_body": text, "milliseconds": took}
    )


def _note(hook: Hook, dispatch: Dispatch, lease: str, outcome: Outcome, now: datetime) -> bool:
    """Write down how it went; True if the next may follow."""
    given_up = dispatch.is_aside or not outcome.later or now - dispatch.created_at >= pace.GIVE_UP
    state = State.SENT if outcome.worked else State.FAILED if given_up else State.WAITING
    values: dict[str, Any] = {"failing_since": None, "failures": 0}
    if not outcome.worked:
        failures = hook.failures + 1
        values = {"failing_since": hook.failing_since or now, "failures": failures}
        if hook.failing_since and now - hook.failing_since >= pace.SWITCH_OFF and not dispatch.is_aside:
            values |= {"is_active": False, "stopped_because": "failing"}
        if state == State.WAITING:
            values |= {"next_at": now + pace.pause(failures), "lease": "", "leased_until": None}
    with transaction.atomic():
        held = Hook.objects.filter(pk=hook.pk, lease=lease).update(**values)
        if held and values.get("stopped_because"):
            _tell_owner(hook, now)
        if held or outcome.worked:  # whoever lost the lease still tells of a success, so that it is not sent again
            Dispatch.objects.filter(pk=dispatch.pk).update(state=state, said=outcome.said, **outcome.values)
    return bool(held) and state != State.WAITING


def _tell_owner(hook: Hook, now: datetime) -> None:
    """Whoever saved it last learns that it is off."""
    if hook.owner_id is not None:
        begin_round(
            SYSTEM, cause=f"hook-{hook.pk}-{int(now.timestamp())}", kind=Kind.HOOK, object_id=hook.pk, repository_id=hook.repository_id,
            what="hook_off", event_id=int(now.timestamp()), people=[hook.owner_id], why="owner",
        )  # fmt: skip
