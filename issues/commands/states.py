"""Threads are closed and opened again."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import events
from core.actors import Actor
from core.errors import Invalid
from issues import rules
from issues.commands.numbers import count_threads
from issues.commands.timeline import locked_thread, person_of, record, take_part, touch
from issues.events import IssueClosed, IssueReopened
from issues.models import Happening, Reason, Thread

REASONS = (Thread.StateReason.COMPLETED, Thread.StateReason.NOT_PLANNED, Thread.StateReason.DUPLICATE)


def change_state(thread: Thread, state: str, by: User | None, *, reason: str = "", facts: dict[str, Any] | None = None) -> bool:
    """Close or open a thread of either kind in the caller's transaction, with `thread` locked by it: row, counts, timeline, participation.

    Asks no rule and publishes nothing: that is the business of the command (closing an issue here, a pull request in `pulls`).
    False if it is so already.
    """
    if thread.state == state:
        return False
    closing = state == Thread.State.CLOSED
    touch(
        thread, state=state, state_reason=reason, closed_at=timezone.now() if closing else None, closed_by=by if closing else None,
    )  # fmt: skip
    step = -1 if closing else 1
    count_threads(thread.repository, thread.kind, opened=step, closed=-step)
    told = {"reason": reason, **(facts or {})} if reason else dict(facts or {})
    record(thread, by, Happening.Kind.CLOSED if closing else Happening.Kind.REOPENED, **told)
    if by is not None:
        take_part(thread, [by.pk], Reason.CHANGED)
    return True


def close_issue(
    actor: Actor,
    thread: Thread,
    *,
    reason: str = Thread.StateReason.COMPLETED,
    oid: str = "",
    pull: Thread | None = None,
    duplicate_of: Thread | None = None,
) -> Thread:
    """Close an issue as completed, not planned or duplicate; by commit `oid` or by pull request `pull`, if one of them does it.

    One that is closed stays as it is. Raises NotFound or Forbidden (rules.can_change_state), Invalid (reason). Publishes IssueClosed.
    """
    rules.can_change_state(actor, thread).require()
    if reason not in REASONS:
        raise Invalid(_("There is no such reason."), field="reason")
    facts = (
        {"oid": oid}
        if oid
        else {"pull": pull.pk}
        if pull is not None
        else {"duplicate_of": duplicate_of.pk}
        if duplicate_of is not None
        else {}
    )
    with transaction.atomic():
        row = locked_thread(thread)
        if change_state(row, Thread.State.CLOSED, actor.person, reason=reason, facts=facts):
            if duplicate_of is not None:
                touch(row, duplicate_of=duplicate_of)
            events.publish(
                IssueClosed(
                    thread_id=row.pk, repository_id=row.repository_id, by_id=person_of(actor), reason=reason, oid=oid,
                    pull_id=pull.pk if pull is not None else None,
                )
            )  # fmt: skip
    return row


def reopen_issue(actor: Actor, thread: Thread) -> Thread:
    """Open it again. Raises NotFound or Forbidden (rules.can_change_state). Publishes IssueReopened."""
    rules.can_change_state(actor, thread).require()
    with transaction.atomic():
        row = locked_thread(thread)
        if change_state(row, Thread.State.OPEN, actor.person, reason=Thread.StateReason.REOPENED):
            touch(row, duplicate_of=None)
            events.publish(IssueReopened(thread_id=row.pk, repository_id=row.repository_id, by_id=person_of(actor)))
    return row
