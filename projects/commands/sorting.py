"""Suggestions are accepted, declined, undone; and, where the figure allows it, accepted without a person."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import commands as people
from accounts.commands import note_act
from core import site
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from core.rules import HIDE
from projects import rules
from projects.commands.bulk import touch_catalogue
from projects.models import Category, Repository, SortingAct, SortingDecision, Suggestion
from projects.queries import suggesting as reads
from projects.suggesting.figures import ENOUGH, REQUIRED

BATCH = 500
Kind = SortingAct.Kind


def accept_suggestions(actor: Actor, *, ids: Sequence[int]) -> SortingAct:
    """Sort the projects of these suggestions as suggested; what somebody else decided meanwhile is left out.

    Raises NotFound (rules.can_curate), Invalid (none is open any more).
    """
    rules.can_curate(actor).require()
    rows = _open(ids)
    if not rows:
        raise Invalid(_("None of these waits any more."), code="none")
    return _sort(actor, rows, None, Kind.STAYS if all(row.category_id is None for row in rows) else Kind.ACCEPTED)


def accept_group(actor: Actor, *, category: Category | None, threshold: float) -> SortingAct:
    """All open suggestions of one category at or above `threshold` (0…1). Raises NotFound, Invalid (none)."""
    rules.can_curate(actor).require()
    if not 0 <= threshold <= 1:
        raise Invalid(_("Give a confidence between 0 and 100 %."), field="threshold")
    rows = list(reads.suggestions(category, threshold=threshold))
    if not rows:
        raise Invalid(_("No suggestion of this group is so sure."), field="threshold", code="none")
    return _sort(actor, rows, None, Kind.ACCEPTED if category is not None else Kind.STAYS)


def decline_suggestions(actor: Actor, *, ids: Sequence[int], category: Category | None) -> SortingAct:
    """Another category for these projects; None: they stay in “other”. Raises NotFound, Invalid (none, or a category that was merged)."""
    rules.can_curate(actor).require()
    if category is not None and (category.merged_into_id is not None or category.slug == reads.OTHER):
        raise Invalid(_("Choose a category."), field="category")
    rows = _open(ids)
    if not rows:
        raise Invalid(_("None of these waits any more."), code="none")
    return _sort(actor, rows, category, Kind.CHANGED if category is not None else Kind.STAYS)


def _open(ids: Sequence[int]) -> list[Suggestion]:
    """Those that still wait, a batch at a time: one question for thousands of ids is answered by reading every suggestion."""
    return [
        row
        for start in range(0, len(ids), BATCH)
        for row in reads.open_suggestions().filter(pk__in=ids[start : start + BATCH]).order_by("pk")
    ]


def _sort(actor: Actor, rows: Sequence[Suggestion], category: Category | None, kind: str) -> SortingAct:
    """One act for all rows: each goes where `kind` says, its old place is kept with it.

    A transaction for each batch, so that nobody waits for thousands; what an act cut short has sorted can be undone like any other.
    """
    act = SortingAct.objects.create(kind=kind, by=actor.person, total=0)
    for start in range(0, len(rows), BATCH):
        with transaction.atomic():
            act.total += _sort_batch(act, rows[start : start + BATCH], category)
            act.save(update_fields=["total"])
    with transaction.atomic():
        note_act(
            actor, "sort_mirrors", str(kind), detail={"act": act.pk, "changed": act.total, "category": category.slug if category else ""}
        )
        touch_catalogue()
    return act


def _sort_batch(act: SortingAct, rows: Sequence[Suggestion], category: Category | None) -> int:
    by_repository = {row.repository_id: row for row in rows}
    held = Repository.objects.select_for_update().filter(pk__in=by_repository).order_by("pk").values_list("pk", "category_id")
    places = {None, *Category.objects.filter(slug=reads.OTHER).values_list("pk", flat=True)}
    before = {pk: old for pk, old in held if old in places}
    decisions: list[SortingDecision] = []
    into: dict[int, list[int]] = {}
    for pk, old in before.items():
        row = by_repository[pk]
        chosen: int | None = None if act.kind == Kind.STAYS else category.pk if category else row.category_id
        if chosen is not None:
            into.setdefault(chosen, []).append(pk)
        decisions.append(
            SortingDecision(
                act=act, repository_id=pk, suggested_id=row.category_id, confidence=row.confidence, chosen_id=chosen, before_id=old,
                classifier_id=row.classifier_id,
            )
        )  # fmt: skip
    for target, pks in into.items():
        Repository.objects.filter(pk__in=pks).update(category_id=target)
    SortingDecision.objects.bulk_create(decisions)
    Suggestion.objects.filter(repository_id__in=before).update(is_open=False)
    return len(decisions)


def undo_sorting(actor: Actor, act_id: int) -> tuple[int, int]:
    """Take an act back within 30 days: (projects put back, projects somebody has moved on since and which stay).

    Raises NotFound (rules.can_curate; no such act), Conflict (undone, or too old).
    """
    rules.can_curate(actor).require()
    with transaction.atomic():
        act = SortingAct.objects.select_for_update().filter(pk=act_id).first()
        if act is None:
            raise NotFound(_("There is no such act."))
        if act.undone_at is not None:
            raise Conflict(_("This was undone already."), code="undone")
        if act.at <= timezone.now() - timedelta(days=reads.UNDO_DAYS):
            raise Conflict(_("Acts can be undone for %d days.") % reads.UNDO_DAYS, code="old")
        back = _put_back(act)
        act.undone_at = timezone.now()
        act.save(update_fields=["undone_at"])
        note_act(actor, "undo_sort_mirrors", str(act.kind), detail={"act": act.pk, "changed": back})
        touch_catalogue()
    return back, act.total - back


def _put_back(act: SortingAct) -> int:
    back = 0
    decisions = list(act.decisions.order_by("repository_id").values_list("repository_id", "chosen_id", "before_id"))
    for start in range(0, len(decisions), BATCH):
        part = decisions[start : start + BATCH]
        now = dict(
            Repository.objects.select_for_update().filter(pk__in=[row[0] for row in part]).order_by("pk").values_list("pk", "category_id")
        )
        groups: dict[int | None, list[int]] = {}
        for pk, chosen, before in part:
            if pk in now and now[pk] == (chosen if chosen is not None else before):
                groups.setdefault(before, []).append(pk)
        for old, pks in groups.items():
            Repository.objects.filter(pk__in=pks).update(category_id=old)
            Suggestion.objects.filter(repository_id__in=pks).update(is_open=True)
            back += len(pks)
    return back


def change_suggesting(actor: Actor, *, threshold: float, automatic: bool) -> None:
    """What counts as sure, and whether that is sorted without a person.

    Raises NotFound (rules.can_curate), Invalid (threshold), Conflict (fewer than 100 labelled above it, or the lower bound below 0.95).
    """
    rules.can_curate(actor).require()
    if not 0.5 <= threshold <= 1:
        raise Invalid(_("Give a confidence between 50 and 100 %."), field="threshold")
    if automatic and not reads.figure(threshold).precision.allows_automatic:
        raise Conflict(
            _("Not yet: at least %(enough)d projects labelled above this confidence, and a lower bound of %(required)d %% or more.")
            % {"enough": ENOUGH, "required": round(REQUIRED * 100)},
            field="automatic",
            code="unproven",
        )
    people.change_site_setting(actor, "suggestions", {"threshold": threshold, "automatic": automatic})


def sort_automatically(actor: Actor) -> SortingAct | None:
    """Accept what is sure, if that is switched on and the figure of the present classifier allows it; else it is switched off.

    Only the system may.
    """
    if not actor.is_system:
        HIDE.require()
    if not reads.sorts_automatically():
        return None
    threshold = reads.site_threshold()
    figure = reads.figure(threshold)
    if not figure.precision.allows_automatic:
        with transaction.atomic():
            site.store("suggestions", {"threshold": threshold, "automatic": False})
            note_act(
                actor,
                "stop_sorting",
                "suggestions",
                reason=f"{figure.precision.right}/{figure.precision.asked}, {figure.precision.bound:.3f}",
            )
        return None
    rows = list(reads.open_suggestions().filter(confidence__gte=threshold).exclude(category=None).order_by("pk"))
    return _sort(actor, rows, None, Kind.AUTOMATIC) if rows else None
