"""Threads are sorted and planned: labels, people, milestone, day, lock, pin."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import events
from core.actors import Actor
from core.errors import Invalid, LimitReached
from issues import rules
from issues.commands.timeline import locked_thread, person_of, record, take_part, touch
from issues.events import ThreadChanged
from issues.models import Assignment, Happening, Label, Labelling, LockReason, Milestone, Reason, Thread
from issues.queries.people import unassignable

ASSIGNEES_MAX, LABELS_MAX, PINNED_MAX = 20, 50, 6


def _changed(actor: Actor, thread: Thread, change: str, **facts: Any) -> None:
    events.publish(
        ThreadChanged(thread_id=thread.pk, repository_id=thread.repository_id, by_id=person_of(actor), changes=[change], facts=facts)
    )


def change_labels(actor: Actor, thread: Thread, *, add: Iterable[Label] = (), remove: Iterable[Label] = ()) -> Thread:
    """Put labels on and take them off. A label with a scope takes the place of another of that scope.

    Raises NotFound or Forbidden (rules.can_triage), Invalid (a label of another repository), LimitReached. Publishes ThreadChanged.
    """
    rules.can_triage(actor, thread.repository).require()
    with transaction.atomic():
        row = locked_thread(thread)
        added, removed = label_thread(actor, row, add, remove)
        if added or removed:
            touch(row)
            _changed(actor, row, "labels", labels={"added": [one.name for one in added], "removed": [one.name for one in removed]})
    return row


def label_thread(
    actor: Actor, thread: Thread, add: Iterable[Label], remove: Iterable[Label] = (), *, silent: bool = False
) -> tuple[list[Label], list[Label]]:
    """The rows, in the caller's transaction; what was really added and removed. `silent`: nothing in the timeline (a new thread)."""
    wanted, unwanted = list(dict.fromkeys(add)), {label.pk for label in remove}
    if any(label.repository_id != thread.repository_id for label in wanted):
        raise Invalid(_("There is no such label here."), field="labels")
    held = {row.label_id: row.label for row in Labelling.objects.filter(thread=thread).select_related("label")}
    scopes = {label.scope for label in wanted if label.scope}
    latest = {label.scope: label.pk for label in wanted if label.scope}
    wanted = [label for label in wanted if not label.scope or latest[label.scope] == label.pk]
    keep = {label.pk for label in wanted}
    gone = [label for pk, label in held.items() if pk not in keep and (pk in unwanted or label.scope in scopes)]
    new = [label for label in wanted if label.pk not in held]
    if len(held) + len(new) - len(gone) > LABELS_MAX:
        raise LimitReached(_("A thread has at most %d labels.") % LABELS_MAX, field="labels")
    if gone:
        Labelling.objects.filter(thread=thread, label__in=gone).delete()
    Labelling.objects.bulk_create([Labelling(thread=thread, label=label) for label in new], ignore_conflicts=True)
    for kind, labels in ((Happening.Kind.UNLABELLED, gone), (Happening.Kind.LABELLED, new)):
        if labels and not silent:
            record(thread, actor.person, kind, labels=[[label.name, label.colour] for label in labels])
    return new, gone


def change_assignees(actor: Actor, thread: Thread, *, add: Iterable[User] = (), remove: Iterable[User] = ()) -> Thread:
    """Who is to do it: people with write access, and those who take part in the thread.

    Raises NotFound or Forbidden (rules.can_triage), Invalid (somebody it cannot be assigned to), LimitReached. Publishes ThreadChanged.
    """
    rules.can_triage(actor, thread.repository).require()
    with transaction.atomic():
        row = locked_thread(thread)
        added, removed = put_on(actor, row, add, remove)
        if added or removed:
            touch(row)
            _changed(actor, row, "assignees", assignees={"added": [one.pk for one in added], "removed": [one.pk for one in removed]})
    return row


def put_on(
    actor: Actor, thread: Thread, add: Iterable[User], remove: Iterable[User] = (), *, silent: bool = False
) -> tuple[list[User], list[User]]:
    """As `label_thread`, of people."""
    wanted, unwanted = list(dict.fromkeys(add)), {person.pk for person in remove}
    held = {row.user_id: row.user for row in Assignment.objects.filter(thread=thread).select_related("user")}
    new = [person for person in wanted if person.pk not in held and person.pk not in unwanted]
    gone = [person for pk, person in held.items() if pk in unwanted]
    if refused := unassignable(thread, new):
        raise Invalid(_("“%s” has no write access and does not take part here.") % refused[0].username, field="assignees")
    if len(held) + len(new) - len(gone) > ASSIGNEES_MAX:
        raise LimitReached(_("At most %d people can be assigned.") % ASSIGNEES_MAX, field="assignees")
    if gone:
        Assignment.objects.filter(thread=thread, user__in=gone).delete()
    Assignment.objects.bulk_create([Assignment(thread=thread, user=person) for person in new], ignore_conflicts=True)
    take_part(thread, [person.pk for person in new], Reason.ASSIGNED)
    for kind, people in ((Happening.Kind.UNASSIGNED, gone), (Happening.Kind.ASSIGNED, new)):
        if people and not silent:
            record(thread, actor.person, kind, people=[person.username for person in people])
    return new, gone


def set_milestone(actor: Actor, thread: Thread, milestone: Milestone | None) -> Thread:
    """Put it into a milestone, or take it out. Raises NotFound or Forbidden (rules.can_triage), Invalid. Publishes ThreadChanged."""
    rules.can_triage(actor, thread.repository).require()
    with transaction.atomic():
        row = locked_thread(thread)
        old = row.milestone
        if (old and old.pk) == (milestone and milestone.pk):
            return row
        plan_thread(row, milestone=milestone)
        if milestone is None:
            touch(row, milestone=None)
            record(row, actor.person, Happening.Kind.UNMILESTONED, title=old.title if old else "")
        else:
            record(row, actor.person, Happening.Kind.MILESTONED, title=milestone.title, number=milestone.number)
        _changed(actor, row, "milestone", milestone={"old": old.title if old else None, "new": milestone.title if milestone else None})
    return row


def plan_thread(thread: Thread, *, milestone: Milestone | None = None, due_on: date | None = None) -> None:
    """The columns, in the caller's transaction; None leaves one. Raises Invalid (a milestone of another repository)."""
    if milestone is not None and milestone.repository_id != thread.repository_id:
        raise Invalid(_("There is no such milestone here."), field="milestone")
    given = {name: value for name, value in (("milestone", milestone), ("due_on", due_on)) if value is not None}
    if given:
        touch(thread, **given)


def set_due(actor: Actor, thread: Thread, due_on: date | None) -> Thread:
    """The day by which it should be done, None for none. Raises NotFound or Forbidden (rules.can_triage). Publishes ThreadChanged."""
    rules.can_triage(actor, thread.repository).require()
    with transaction.atomic():
        row = locked_thread(thread)
        if row.due_on != due_on:
            told = due_on.isoformat() if due_on else ""
            touch(row, due_on=due_on)
            record(row, actor.person, Happening.Kind.DUE, day=told)
            _changed(actor, row, "due", due_on=told or None)
    return row


def lock_thread(actor: Actor, thread: Thread, *, reason: str = "") -> Thread:
    """Only those with write access talk on. Raises NotFound or Forbidden (rules.can_triage), Invalid (reason). Publishes ThreadChanged."""
    if reason not in LockReason.values:
        raise Invalid(_("There is no such reason."), field="reason")
    return _set_locked(actor, thread, is_locked=True, reason=reason)


def unlock_thread(actor: Actor, thread: Thread) -> Thread:
    """Everybody may talk again. Raises NotFound or Forbidden (rules.can_triage). Publishes ThreadChanged."""
    return _set_locked(actor, thread, is_locked=False, reason="")


def _set_locked(actor: Actor, thread: Thread, *, is_locked: bool, reason: str) -> Thread:
    rules.can_triage(actor, thread.repository).require()
    with transaction.atomic():
        row = locked_thread(thread)
        if (row.is_locked, row.lock_reason) != (is_locked, reason):
            touch(row, is_locked=is_locked, lock_reason=reason)
            record(row, actor.person, Happening.Kind.LOCKED if is_locked else Happening.Kind.UNLOCKED, reason=reason)
            _changed(actor, row, "lock", is_locked=is_locked, reason=reason)
    return row


def pin_thread(actor: Actor, thread: Thread) -> Thread:
    """Show it above the list. Raises NotFound or Forbidden (rules.can_triage), LimitReached (PINNED_MAX). Publishes ThreadChanged."""
    rules.can_triage(actor, thread.repository).require()
    with transaction.atomic():
        row = locked_thread(thread)
        if row.pinned_at is not None:
            return row
        pinned = Thread.objects.filter(repository=row.repository, kind=row.kind, pinned_at__isnull=False)
        if pinned.count() >= PINNED_MAX:
            raise LimitReached(_("At most %d can be pinned.") % PINNED_MAX, field="pin")
        touch(row, pinned_at=timezone.now(), pin_order=max(pinned.values_list("pin_order", flat=True), default=0) + 1)
        record(row, actor.person, Happening.Kind.PINNED)
        _changed(actor, row, "pin", is_pinned=True)
    return row


def unpin_thread(actor: Actor, thread: Thread) -> Thread:
    """No longer. Raises NotFound or Forbidden (rules.can_triage). Publishes ThreadChanged."""
    rules.can_triage(actor, thread.repository).require()
    with transaction.atomic():
        row = locked_thread(thread)
        if row.pinned_at is not None:
            touch(row, pinned_at=None, pin_order=0)
            record(row, actor.person, Happening.Kind.UNPINNED)
            _changed(actor, row, "pin", is_pinned=False)
    return row
