"""Milestones of a repository."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Conflict, Invalid
from issues import rules
from issues.commands.numbers import allocate_milestone_number
from issues.commands.texts import clean_body
from issues.models import Milestone
from projects.models import Repository


def save_milestone(
    actor: Actor,
    repository: Repository,
    *,
    title: str,
    description: str = "",
    due_on: date | None = None,
    milestone: Milestone | None = None,
) -> Milestone:
    """Write a new milestone or change `milestone`.

    Raises NotFound or Forbidden (rules.can_triage), Invalid (title), Conflict (there is one of this title).
    """
    rules.can_triage(actor, repository).require()
    title = " ".join(title.split())
    if not title or len(title) > 120 or any(not letter.isprintable() for letter in title):
        raise Invalid(_("A milestone has a title of 1 to 120 characters."), field="title")
    description = clean_body(description, field="description")
    row = milestone or Milestone(repository=repository)
    row.title, row.description, row.due_on, row.updated_at = title, description, due_on, timezone.now()
    try:
        with transaction.atomic():
            if milestone is None:
                row.number = allocate_milestone_number(repository)
            row.save()
    except IntegrityError as error:
        raise Conflict(_("There is a milestone “%s” already.") % title, field="title") from error
    return row


def set_milestone_state(actor: Actor, milestone: Milestone, *, closed: bool) -> Milestone:
    """Close it, or open it again; its threads stay as they are. Raises NotFound or Forbidden (rules.can_triage)."""
    rules.can_triage(actor, milestone.repository).require()
    milestone.state = Milestone.State.CLOSED if closed else Milestone.State.OPEN
    milestone.closed_at, milestone.updated_at = timezone.now() if closed else None, timezone.now()
    milestone.save(update_fields=["state", "closed_at", "updated_at"])
    return milestone


def delete_milestone(actor: Actor, milestone: Milestone) -> None:
    """Remove it; its threads stay, without a milestone. Raises NotFound or Forbidden (rules.can_triage)."""
    rules.can_triage(actor, milestone.repository).require()
    with transaction.atomic():
        milestone.delete()


def change_milestone(actor: Actor, milestone: Milestone, wanted: dict[str, Any]) -> Milestone:
    """What `wanted` names: title, description, due_on, state (open, closed); all of it or nothing. Raises as `save_milestone`."""
    words = {name: wanted.get(name, getattr(milestone, name)) for name in ("title", "description", "due_on")}
    with transaction.atomic():
        row = save_milestone(actor, milestone.repository, milestone=milestone, **words)
        if "state" in wanted:
            set_milestone_state(actor, row, closed=wanted["state"] == Milestone.State.CLOSED)
    return row
