"""What waits for what, and what is part of what."""

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid, LimitReached
from issues import rules
from issues.commands.numbers import hold_numbers
from issues.commands.states import close_issue
from issues.commands.timeline import person_of, record
from issues.events import ThreadChanged
from issues.models import Dependency, Parentage, Reference, Thread

MOST = 100  # blockers of one thread, parts of one thread
MOST_SEEN = 5_000  # threads looked at for a circle


def add_dependency(actor: Actor, blocked: Thread, blocker: Thread) -> Dependency:
    """`blocked` waits for `blocker`, which may be in another repository that the actor reads.

    Raises NotFound, Forbidden (rules.can_triage of `blocked`), Invalid (itself, a circle), Conflict (it does already), LimitReached.
    """
    rules.can_triage(actor, blocked.repository).require()
    rules.can_read(actor, blocker).require()
    if blocked.pk == blocker.pk:
        raise Invalid(_("A thing cannot wait for itself."), field="blocker")
    with transaction.atomic():
        _hold(blocked, blocker)
        if Dependency.objects.filter(blocked=blocked).count() >= MOST:
            raise LimitReached(_("At most %d can be named here.") % MOST, field="blocker")
        if _waits_for(blocker.pk, blocked.pk):
            raise Invalid(
                _("That would be a circle: %s already waits for this one.") % _shown(blocker, blocked), field="blocker", code="circle"
            )
        try:
            with transaction.atomic():
                made = Dependency.objects.create(blocked=blocked, blocker=blocker, by=actor.person)
        except IntegrityError as error:
            raise Conflict(_("It waits for this one already."), field="blocker") from error
        _note(actor, blocked, "blocked", blocker)
        _note(actor, blocker, "blocking", blocked)
    return made


def remove_dependency(actor: Actor, blocked: Thread, blocker: Thread) -> None:
    """It waits no longer. Raises NotFound, Forbidden (rules.can_triage). Twice is once."""
    rules.can_triage(actor, blocked.repository).require()
    with transaction.atomic():
        if Dependency.objects.filter(blocked=blocked, blocker=blocker).delete()[0]:
            _note(actor, blocked, "unblocked", blocker)
            _note(actor, blocker, "unblocking", blocked)


def add_part(actor: Actor, parent: Thread, child: Thread) -> Parentage:
    """`child` becomes a part of `parent`, at the end. It leaves the one it was part of.

    Raises NotFound, Forbidden (rules.can_triage of the parent, and of the child's repository), Invalid (itself, a circle, a pull request), LimitReached.
    """
    rules.can_triage(actor, parent.repository).require()
    rules.can_read(actor, child).require()
    rules.can_triage(actor, child.repository).require()
    if not (parent.is_issue and child.is_issue):
        raise Invalid(_("Only issues have parts and are parts."), field="child")
    if parent.pk == child.pk:
        raise Invalid(_("A thing cannot be part of itself."), field="child")
    with transaction.atomic():
        _hold(parent, child)
        if _is_within(parent.pk, child.pk):
            raise Invalid(_("That would be a circle: this is already a part of it."), field="child", code="circle")
        held = Parentage.objects.filter(parent=parent)
        if held.count() >= MOST:
            raise LimitReached(_("At most %d can be named here.") % MOST, field="child")
        last = held.aggregate(last=Max("position"))["last"]
        Parentage.objects.filter(child=child).delete()
        made = Parentage.objects.create(parent=parent, child=child, position=0 if last is None else last + 1)
        _note(actor, parent, "part_added", child)
        _note(actor, child, "parent_set", parent)
    return made


def remove_part(actor: Actor, child: Thread) -> None:
    """It is part of nothing any more. Raises NotFound, Forbidden (rules.can_triage of the parent or of the child)."""
    held = Parentage.objects.filter(child=child).select_related("parent__repository__namespace").first()
    if held is None:
        return
    if not rules.can_triage(actor, held.parent.repository):
        rules.can_triage(actor, child.repository).require()
    with transaction.atomic():
        held.delete()
        _note(actor, held.parent, "part_removed", child)
        _note(actor, child, "parent_removed", held.parent)


def move_part(actor: Actor, child: Thread, *, up: bool) -> None:
    """One place up or down among the parts. Raises NotFound, Forbidden (rules.can_triage of the parent)."""
    held = Parentage.objects.filter(child=child).select_related("parent__repository__namespace").first()
    if held is None:
        return
    rules.can_triage(actor, held.parent.repository).require()
    with transaction.atomic():
        rows = list(Parentage.objects.select_for_update().filter(parent=held.parent).order_by("position", "pk"))
        at = next(place for place, row in enumerate(rows) if row.pk == held.pk)
        other = at - 1 if up else at + 1
        if 0 <= other < len(rows):
            rows[at], rows[other] = rows[other], rows[at]
            for place, row in enumerate(rows):
                row.position = place
            Parentage.objects.bulk_update(rows, ["position"])


def _hold(*threads: Thread) -> None:
    """Two who tie threads of the same repositories together go one after the other, so that no circle comes from two halves."""
    for repository in sorted({thread.repository for thread in threads}, key=lambda each: each.pk):
        hold_numbers(repository)


def _waits_for(start: int, goal: int) -> bool:
    """Whether `start` waits for `goal`, over any number of others; one query a step. Raises LimitReached."""
    seen, edge = {start}, {start}
    while edge:
        edge = set(Dependency.objects.filter(blocked__in=edge).values_list("blocker_id", flat=True)) - seen
        if goal in edge:
            return True
        seen |= edge
        if len(seen) > MOST_SEEN:
            raise LimitReached(_("Too much hangs together here."), field="blocker")
    return False


def _is_within(start: int, goal: int) -> bool:
    """Whether `start` is `goal` or a part of it, over any number of steps."""
    seen: set[int] = set()
    at: int | None = start
    while at is not None and at not in seen:
        if at == goal:
            return True
        seen.add(at)
        at = Parentage.objects.filter(child=at).values_list("parent_id", flat=True).first()
    return False


def _shown(thread: Thread, beside: Thread) -> str:
    return f"#{thread.number}" if thread.repository_id == beside.repository_id else str(thread)


def _note(actor: Actor, thread: Thread, kind: str, other: Thread) -> None:
    """An entry of the timeline; as it hangs on a reference, only those see it who may read the other."""
    reference, _made = Reference.objects.get_or_create(
        target=thread, key=f"relation:{other.pk}", defaults={"source_repository": other.repository, "source": other, "by": actor.person}
    )
    record(thread, actor.person, kind, reference=reference)
    events.publish(ThreadChanged(thread_id=thread.pk, repository_id=thread.repository_id, by_id=person_of(actor), changes=["relations"]))


def mark_duplicate(actor: Actor, thread: Thread, other: Thread) -> Thread:
    """Close an issue as a duplicate of another, which gets an entry; both are named by the other.

    Raises NotFound, Forbidden (rules.can_change_state), Invalid (itself, a circle, a pull request, closed already).
    """
    rules.can_read(actor, other).require()
    if not thread.is_issue:
        raise Invalid(_("A pull request is closed on its own page."), field="other")
    if other.pk == thread.pk or other.duplicate_of_id == thread.pk:
        raise Invalid(_("A thing cannot be a duplicate of itself."), field="other")
    if not thread.is_open:
        raise Invalid(_("It is closed already. Open it again first."), field="other")
    closed = close_issue(actor, thread, reason=Thread.StateReason.DUPLICATE, duplicate_of=other)
    with transaction.atomic():
        _note(actor, thread, "duplicated", other)
        _note(actor, other, "has_duplicate", thread)
    return closed
