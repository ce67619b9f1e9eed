"""One change to many threads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from core.errors import DomainError, Invalid
from issues import rules
from issues.commands.states import close_issue, reopen_issue
from issues.commands.triage import change_assignees, change_labels, set_milestone
from issues.models import Label, Milestone, Thread
from projects.models import Repository

MANY_MAX = 200  # threads of one change


@dataclass(frozen=True)
class Change:
    """What to do to each: an empty part leaves it. `state`: open, completed, not_planned; `clear_milestone`: take it out of its milestone."""

    add_labels: tuple[Label, ...] = ()
    remove_labels: tuple[Label, ...] = ()
    milestone: Milestone | None = None
    clear_milestone: bool = False
    assign: tuple[User, ...] = ()
    unassign: tuple[User, ...] = ()
    state: str = ""

    @property
    def is_empty(self) -> bool:
        """True if it would change nothing."""
        return self == Change()


@dataclass
class Outcome:
    """Numbers that were changed, and why others were not."""

    done: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def change_threads(actor: Actor, repository: Repository, threads: Sequence[Thread], change: Change) -> Outcome:
    """Do the same to each thread of the selection by the commands for one: each with its rules, entry and event, in a transaction of its own.

    One that refuses keeps the others from nothing. Raises NotFound or Forbidden (rules.can_triage), Invalid (nothing chosen, too many).
    """
    rules.can_triage(actor, repository).require()
    if not threads:
        raise Invalid(_("Choose at least one."), field="number")
    if len(threads) > MANY_MAX:
        raise Invalid(_("At most %d at a time.") % MANY_MAX, field="number")
    if change.is_empty:
        raise Invalid(_("Choose what to change."), field="change")
    outcome = Outcome()
    for thread in threads:
        try:
            _apply(actor, thread, change)
            outcome.done.append(thread.number)
        except DomainError as error:
            outcome.refused.append((thread.number, error.message))
    return outcome


def _apply(actor: Actor, thread: Thread, change: Change) -> None:
    if change.state and not thread.is_issue:
        raise Invalid(_("A pull request is closed on its own page."), field="state")
    if change.add_labels or change.remove_labels:
        change_labels(actor, thread, add=change.add_labels, remove=change.remove_labels)
    if change.milestone is not None or change.clear_milestone:
        set_milestone(actor, thread, change.milestone)
    if change.assign or change.unassign:
        change_assignees(actor, thread, add=change.assign, remove=change.unassign)
    if change.state == Thread.State.OPEN:
        reopen_issue(actor, thread)
    elif change.state:
        close_issue(actor, thread, reason=change.state)
