"""Several things of an issue changed at once, all or none."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from core.errors import Invalid
from issues.commands.states import close_issue, reopen_issue
from issues.commands.threads import edit_thread
from issues.commands.triage import (
    change_assignees,
    change_labels,
    lock_thread,
    pin_thread,
    set_due,
    set_milestone,
    unlock_thread,
    unpin_thread,
)
from issues.models import Assignment, Label, Labelling, Milestone, Thread
from projects.models import Repository


def change_issue(actor: Actor, thread: Thread, wanted: dict[str, Any]) -> Thread:
    """What `wanted` names: title, body, labels (names), assignees (logins), milestone (number or None), due_on, pinned, state with
    state_reason, locked with lock_reason; the rest stays. Labels and assignees are the whole new lists.

    Raises and publishes as the commands for each; nothing is changed if one of them refuses.
    """
    with transaction.atomic():
        if "title" in wanted or "body" in wanted:
            thread = edit_thread(actor, thread, title=wanted.get("title"), body=wanted.get("body"))
        if "labels" in wanted:
            _relabel(actor, thread, labels_named(thread.repository, wanted["labels"]))
        if "assignees" in wanted:
            _reassign(actor, thread, people_named(wanted["assignees"]))
        if "milestone" in wanted:
            set_milestone(actor, thread, milestone_numbered(thread.repository, wanted["milestone"]))
        if "due_on" in wanted:
            set_due(actor, thread, wanted["due_on"])
        if "pinned" in wanted:
            (pin_thread if wanted["pinned"] else unpin_thread)(actor, thread)
        if wanted.get("state") == Thread.State.CLOSED:
            close_issue(actor, thread, reason=wanted.get("state_reason") or Thread.StateReason.COMPLETED)
        elif wanted.get("state") == Thread.State.OPEN:
            reopen_issue(actor, thread)
        if wanted.get("locked") is True:
            lock_thread(actor, thread, reason=wanted.get("lock_reason", ""))
        elif wanted.get("locked") is False:
            unlock_thread(actor, thread)
    return thread


def _relabel(actor: Actor, thread: Thread, labels: list[Label]) -> None:
    held = [row.label for row in Labelling.objects.filter(thread=thread).select_related("label")]
    change_labels(actor, thread, add=labels, remove=[label for label in held if label not in labels])


def _reassign(actor: Actor, thread: Thread, people: list[User]) -> None:
    held = [row.user for row in Assignment.objects.filter(thread=thread).select_related("user")]
    change_assignees(actor, thread, add=people, remove=[person for person in held if person not in people])


def labels_named(repository: Repository, names: Iterable[str]) -> list[Label]:
    """The labels of these names, whatever the case. Raises Invalid."""
    wanted = list(dict.fromkeys(name.strip().lower() for name in names))
    found = {row.name.lower(): row for row in Label.objects.filter(repository=repository, name__lower__in=wanted)}
    for name in wanted:
        if name not in found:
            raise Invalid(_("There is no label “%s” here.") % name[:60], field="labels")
    return [found[name] for name in wanted]


def people_named(logins: Iterable[str]) -> list[User]:
    """The people of these logins. Raises Invalid."""
    wanted = list(dict.fromkeys(login.strip().lower() for login in logins))
    found = {row.username.lower(): row for row in User.objects.filter(username__lower__in=wanted, is_active=True)}
    for login in wanted:
        if login not in found:
            raise Invalid(_("There is nobody called “%s”.") % login[:60], field="assignees")
    return [found[login] for login in wanted]


def milestone_numbered(repository: Repository, number: int | None) -> Milestone | None:
    """The milestone of that number, None for None. Raises Invalid."""
    if number is None:
        return None
    found = Milestone.objects.filter(repository=repository, number=number).first() if number < 2**31 else None
    if found is None:
        raise Invalid(_("There is no such milestone here."), field="milestone")
    return found
