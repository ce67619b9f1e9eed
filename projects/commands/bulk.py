"""One act on any number of projects: tried on paper first, done in short transactions, taken back within 30 days.

Old values are kept in chunks that are written in the transaction of their changes, together with the cursor, so that an edit whose worker
died goes on exactly where it stopped. An undo puts back what still has the value that the edit gave it and tells of the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands import note_act
from core import events
from core.actors import SYSTEM, Actor
from core.errors import Conflict, DomainError, Invalid
from core.rules import HIDE
from projects import rules
from projects.commands import leases
from projects.commands.aspects import ASPECTS
from projects.events import BulkEditRequested
from projects.models import BulkChunk, BulkEdit, CatalogueVersion, Category, Repository
from projects.queries.curation import UNDO_DAYS, Selection, can_be_undone, selected, selection_of

CHUNK = 500
AT_ONCE = 500  # up to so many are changed while the curator waits
TOLD = 50
SAMPLES = 10


@dataclass
class Preview:
    """What an edit would do: `total` selected; for each aspect how many change; some of them with old and new value in words."""

    total: int = 0
    changing: dict[str, int] = field(default_factory=dict)
    samples: list[tuple[Repository, list[tuple[str, str, str]]]] = field(default_factory=list)  # label, before, after


def touch_catalogue() -> None:
    """Whoever keeps the catalogue in memory reads it anew; called in the transaction of a change."""
    if not CatalogueVersion.objects.filter(pk=1).update(number=F("number") + 1):
        CatalogueVersion.objects.get_or_create(pk=1, defaults={"number": 1})


def clean_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes as they are kept. Raises Invalid (none, unknown, or one that cannot be)."""
    if not changes:
        raise Invalid(_("Choose what to change."))
    if unknown := set(changes) - set(ASPECTS):
        raise Invalid(_("This act is not known."), code=min(unknown))
    return {key: aspect.clean(changes[key]) for key, aspect in ASPECTS.items() if key in changes}


def preview_edit(actor: Actor, selection: Selection, changes: Mapping[str, Any]) -> Preview:
    """Count exactly what would change, and show some. Changes nothing. Raises NotFound (rules.can_curate), Invalid."""
    rules.can_curate(actor).require()
    cleaned = clean_changes(changes)
    made = Preview(changing=dict.fromkeys(cleaned, 0))
    ids = selected(selection).order_by("pk").values_list("pk", flat=True).iterator(chunk_size=2000)
    sampled: set[int] = set()
    while chunk := list(islice(ids, CHUNK)):
        made.total += len(chunk)
        for key, asked in cleaned.items():
            changed = [pk for pk, (old, new) in _difference(key, chunk, asked).items() if old != new]
            made.changing[key] += len(changed)
            sampled.update(changed[: max(0, SAMPLES - len(sampled))])
    made.samples = _samples(sorted(sampled), cleaned)
    return made


def _samples(ids: list[int], cleaned: Mapping[str, Any]) -> list[tuple[Repository, list[tuple[str, str, str]]]]:
    told: dict[int, list[tuple[str, str, str]]] = {pk: [] for pk in ids}
    for key, asked in cleaned.items():
        words = ASPECTS[key].words()
        for pk, (old, new) in _difference(key, ids, asked).items():
            if old != new:
                told[pk].append((str(ASPECTS[key].label), words(old), words(new)))
    rows = Repository.objects.filter(pk__in=ids).select_related("namespace").order_by("pk")
    return [(row, told[row.pk]) for row in rows]


def _difference(key: str, ids: list[int], asked: Any) -> dict[int, tuple[Any, Any]]:
    aspect = ASPECTS[key]
    return {pk: (old, aspect.wanted(old, asked)) for pk, old in aspect.read(ids, asked).items()}


def request_edit(
    actor: Actor, selection: Selection, changes: Mapping[str, Any], *, reason: str = "", detail: dict[str, Any] | None = None
) -> BulkEdit:
    """Change every project of a selection; up to 500 at once, more by a worker whose progress the edit's page shows.

    Raises NotFound (rules.can_curate), Invalid (nothing selected, nothing to change). Publishes BulkEditRequested for the worker.
    """
    rules.can_curate(actor).require()
    cleaned = clean_changes(changes)
    with transaction.atomic():
        rows = selected(selection)
        total, last = rows.count(), rows.aggregate(n=Max("pk"))["n"] or 0
        if not total and not detail:
            raise Invalid(_("No project is selected."))
        edit = BulkEdit.objects.create(
            by=actor.person,
            selection=selection.kept,
            changes=cleaned,
            reason=reason.strip()[:500],
            total=total,
            last=last,
            detail=detail or {},
        )
        note_act(actor, "bulk_edit", f"#{edit.pk}", reason=edit.reason, detail={"changes": cleaned, "projects": total})
        _queue(edit)
    return _now(edit)


def _queue(edit: BulkEdit) -> None:
    if edit.total > AT_ONCE:
        events.publish(BulkEditRequested(edit_id=edit.pk))


def _now(edit: BulkEdit) -> BulkEdit:
    """A small one is done before the curator's page is."""
    return edit if edit.total > AT_ONCE else run_edit(SYSTEM, edit.pk) or edit


def undo_edit(actor: Actor, edit: BulkEdit) -> BulkEdit:
    """Put back every value that is still the one the edit gave; others are told of. It is an edit of its own in the trail.

    Raises NotFound (rules.can_curate), Conflict (older than 30 days, undone before, still running). Publishes BulkEditRequested for the worker.
    """
    rules.can_curate(actor).require()
    fresh = BulkEdit.objects.select_related("undone_by").get(pk=edit.pk)
    if not can_be_undone(fresh):
        raise Conflict(_("This edit cannot be undone: it is older than 30 days, still running, without effect, or was undone before."))
    try:
        with transaction.atomic():
            undo = BulkEdit.objects.create(by=actor.person, undoes=fresh, total=fresh.changed)
            part_again(fresh.detail)
            note_act(actor, "undo_bulk_edit", f"#{fresh.pk}")
            _queue(undo)
    except IntegrityError as error:
        raise Conflict(_("This edit was undone before.")) from error
    return _now(undo)


def part_again(detail: Mapping[str, Any]) -> None:
    """A merged category stands on its own again, with the addresses, what lay below and the words that went over and are still there."""
    category, into = detail.get("merged", (0, 0))
    if not Category.objects.filter(pk=category, merged_into=into).update(merged_into=None):
        return
    Category.objects.filter(pk__in=detail.get("former", ()), merged_into=into).update(merged_into=category)
    if not Category.objects.filter(pk=category, parent__isnull=False).exists():
        Category.objects.filter(pk__in=detail.get("children", ()), parent=detail.get("below")).update(parent=category)
    gone = set(detail.get("words", ()))
    if row := Category.objects.select_for_update().filter(pk=into).first():
        Category.objects.filter(pk=into).update(words=[word for word in row.words if word not in gone])


def run_edit(actor: Actor, edit_id: int) -> BulkEdit | None:
    """Do it, or go on where a dead worker stopped; None if another one is at it. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    edit = _take(edit_id)
    if edit is None:
        return None
    by = Actor(person=edit.by) if edit.by else SYSTEM
    try:
        with leases.heart(edit):
            _undo_chunks(by, edit) if edit.undoes_id else _do_chunks(by, edit)
    except DomainError as error:
        edit.state, edit.error = BulkEdit.State.FAILED, error.message[:1000]
    else:
        edit.state, edit.percent = BulkEdit.State.DONE, 100
    edit.finished_at = timezone.now()
    edit.save(update_fields=["state", "error", "percent", "finished_at"])
    return edit


def _take(edit_id: int) -> BulkEdit | None:
    now = timezone.now()
    free = Q(state=BulkEdit.State.QUEUED) | Q(state=BulkEdit.State.RUNNING, heartbeat_at__lte=now - leases.LEASE)
    taken = BulkEdit.objects.filter(free, pk=edit_id).update(state=BulkEdit.State.RUNNING, heartbeat_at=now)
    return BulkEdit.objects.select_related("by", "undoes").get(pk=edit_id) if taken else None


def _do_chunks(actor: Actor, edit: BulkEdit) -> None:
    rows = selected(selection_of(edit.selection, is_ours=True)).filter(pk__lte=edit.last).order_by("pk").values_list("pk", flat=True)
    done = 0
    while ids := list(rows.filter(pk__gt=edit.cursor)[:CHUNK]):
        done += len(ids)
        with transaction.atomic():
            _do_chunk(actor, edit, ids)
            edit.percent = min(99, 100 * done // max(edit.total, 1))
            _progress(edit)


def _do_chunk(actor: Actor, edit: BulkEdit, ids: list[int]) -> None:
    ids = list(Repository.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    kept: dict[int, dict[str, list[Any]]] = {}
    touched: set[int] = set()
    for key, aspect in ASPECTS.items():  # in this order: a JSON column may keep another
        if key not in edit.changes:
            continue
        asked = edit.changes[key]
        changed = {pk: pair for pk, pair in _difference(key, ids, asked).items() if pair[0] != pair[1]}
        if not changed:
            continue
        refused = aspect.put(actor, {pk: new for pk, (_old, new) in changed.items()}, asked)
        done = changed.keys() - refused
        touched |= done
        if aspect.is_kept:
            for pk in done:
                kept.setdefault(pk, {})[key] = list(changed[pk])
    if kept:
        BulkChunk.objects.create(edit=edit, last=ids[-1], rows=[[pk, values] for pk, values in sorted(kept.items())])
    edit.cursor = ids[-1] if ids else edit.last
    edit.changed += len(touched)


def _undo_chunks(actor: Actor, edit: BulkEdit) -> None:
    assert edit.undoes is not None  # noqa: S101 - the caller looked
    chunks = BulkChunk.objects.filter(edit=edit.undoes).order_by("last")
    done = 0
    while (chunk := chunks.filter(last__gt=edit.cursor).first()) is not None:
        done += len(chunk.rows)
        with transaction.atomic():
            _undo_chunk(actor, edit, chunk, edit.undoes.changes)
            edit.cursor, edit.percent = chunk.last, min(99, 100 * done // max(edit.total, 1))
            _progress(edit)


def _undo_chunk(actor: Actor, edit: BulkEdit, chunk: BulkChunk, changes: Mapping[str, Any]) -> None:
    ids = list(
        Repository.objects.select_for_update().filter(pk__in=[pk for pk, _values in chunk.rows]).order_by("pk").values_list("pk", flat=True)
    )
    back: set[int] = set()
    left: set[int] = set()
    for key in [key for key in reversed(ASPECTS) if key in changes]:
        pairs = {pk: values[key] for pk, values in chunk.rows if key in values and pk in ids}
        present = ASPECTS[key].read(list(pairs), changes[key])
        still = {pk: old for pk, (old, new) in pairs.items() if present.get(pk) == new}
        refused = ASPECTS[key].put(actor, still, changes[key]) if still else set()
        back |= still.keys() - refused
        left |= (pairs.keys() - still.keys()) | refused
    edit.changed += len(back)
    _tell(edit, left)


def _tell(edit: BulkEdit, left: Iterable[int]) -> None:
    ids = sorted(left)
    edit.skipped += len(ids)
    room = TOLD - len(edit.told)
    if ids and room > 0:
        edit.told += [str(row) for row in Repository.objects.filter(pk__in=ids[:room]).select_related("namespace").order_by("pk")]


def _progress(edit: BulkEdit) -> None:
    """In the transaction of the chunk, so that none is done twice."""
    edit.heartbeat_at = timezone.now()
    edit.save(update_fields=["cursor", "changed", "skipped", "told", "percent", "heartbeat_at"])
    touch_catalogue()


def forget_edits(actor: Actor) -> int:
    """Old values whose 30 days are over go; the trail stays. Returns how many chunks went. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    return BulkChunk.objects.filter(edit__created_at__lt=timezone.now() - timedelta(days=UNDO_DAYS)).delete()[0]
