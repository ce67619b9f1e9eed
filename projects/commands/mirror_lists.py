"""Lists of mirrors that curators hand in: kept, looked at, then taken over row by row in the worker.

The row is the lease (`state`, `heartbeat_at`). Each batch writes what became of its rows in its own transaction, so a run that was killed
goes on after the last batch and its report is whole.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands import note_act
from core import blobs, events
from core.actors import Actor
from core.errors import Conflict, DomainError, Invalid
from core.rules import HIDE
from projects import rules
from projects.commands import leases
from projects.commands.leases import LEASE
from projects.commands.listing import Listed, Outcome, list_mirrors
from projects.events import MirrorListBegun
from projects.mirrors import lists
from projects.mirrors.lists import Preview
from projects.models import MirrorList, MirrorListPart

BYTES_MAX = 64 * 1024**2
ROWS_MAX = 200_000


def hand_in_list(actor: Actor, chunks: Iterable[bytes], *, name: str = "") -> MirrorList:
    """Keep a file (or pasted text) to look at; nothing is listed yet.

    Raises NotFound (rules.can_curate), Invalid (empty, too large, too many rows).
    """
    rules.can_curate(actor).require()
    try:
        blob = blobs.put(chunks, limit=BYTES_MAX)
    except blobs.WrongBlob as error:
        raise Invalid(_("At most %d MB.") % (BYTES_MAX // 1024**2), field="file", code="too_large") from error
    with kept_file(blob.sha256) as path:
        seen = lists.preview(path)
    if not seen.rows:
        raise Invalid(_("There is no address in it."), field="file", code="empty")
    if seen.rows > ROWS_MAX:
        raise Invalid(_("At most %d rows.") % ROWS_MAX, field="file", code="too_many")
    return MirrorList.objects.create(by=actor.person, name=name[:200], sha256=blob.sha256, size=blob.size, rows=seen.rows)


@contextmanager
def kept_file(sha256: str) -> Iterator[Path]:
    """A blob as a file, as long as the block runs."""
    with tempfile.NamedTemporaryFile(prefix="openi-list-") as file:
        for block in blobs.read(sha256):
            file.write(block)
        file.flush()
        yield Path(file.name)


def preview_of(mirror_list: MirrorList, columns: dict[str, str] | None = None) -> Preview:
    """What the file seems to be, its first rows read with these columns."""
    with kept_file(mirror_list.sha256) as path:
        return lists.preview(path, columns or mirror_list.columns)


def begin_list(actor: Actor, mirror_list: MirrorList, *, columns: dict[str, str]) -> None:
    """Take it over, with the chosen columns ({}: the usual names). Raises NotFound, Invalid (no addresses), Conflict (begun). Publishes MirrorListBegun."""
    rules.can_curate(actor).require()
    chosen = {head: ours for head, ours in columns.items() if ours}
    if any(ours not in lists.OURS for ours in chosen.values()) or len(set(chosen.values())) < len(chosen):
        raise Invalid(_("Each kind can be chosen for one column only."), field="columns")
    if columns and "address" not in chosen.values():
        raise Invalid(_("Say which column holds the addresses."), field="columns")
    with transaction.atomic():
        begun = MirrorList.objects.filter(pk=mirror_list.pk, is_begun=False).update(
            is_begun=True, columns=columns, state=MirrorList.State.QUEUED, created_at=timezone.now()
        )
        if not begun:
            raise Conflict(_("It was begun already."))
        events.publish(MirrorListBegun(list_id=mirror_list.pk))


def discard_list(actor: Actor, mirror_list: MirrorList) -> None:
    """Forget a list that was not begun. Raises NotFound (rules.can_curate), Conflict."""
    rules.can_curate(actor).require()
    gone, _each = MirrorList.objects.filter(pk=mirror_list.pk, is_begun=False).delete()
    if not gone:
        raise Conflict(_("It was begun already."))


def run_mirror_list(actor: Actor, list_id: int) -> MirrorList | None:
    """Take a list over, from where an earlier run stopped; None if another process does, or nothing is to do. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    row = _take(list_id)
    if row is None:
        return None
    try:
        with leases.heart(row), kept_file(row.sha256) as path:
            curator = Actor(person=row.by) if row.by else actor
            wishes = lists.read(path, row.columns)
            list_mirrors(curator, wishes, after=row.done or -1, keep=lambda outcomes: _keep(row, outcomes), on_batch=_counting(row))
    except DomainError as error:
        _finish(row, MirrorList.State.FAILED, error=error.message)
    except blobs.BlobMissing:
        _finish(row, MirrorList.State.FAILED, error=_("The file is gone."))
    else:
        _finish(row, MirrorList.State.DONE)
    return row


def _take(list_id: int) -> MirrorList | None:
    now = timezone.now()
    free = Q(state=MirrorList.State.QUEUED) | Q(state=MirrorList.State.RUNNING, heartbeat_at__lte=now - LEASE)
    taken = MirrorList.objects.filter(free, pk=list_id, is_begun=True).update(state=MirrorList.State.RUNNING, heartbeat_at=now)
    return MirrorList.objects.select_related("by").get(pk=list_id) if taken else None


def overdue_mirror_lists() -> list[int]:
    """Lists that wait or whose worker fell silent; ids, oldest first."""
    silent = timezone.now() - LEASE
    late = Q(state=MirrorList.State.QUEUED, created_at__lte=silent) | Q(state=MirrorList.State.RUNNING, heartbeat_at__lte=silent)
    return list(MirrorList.objects.filter(late, is_begun=True).order_by("pk").values_list("pk", flat=True))


def _keep(row: MirrorList, outcomes: list[Outcome]) -> None:
    """What became of a batch, in the batch's transaction."""
    MirrorListPart.objects.create(mirror_list=row, outcomes=outcomes)
    counts = Counter(row.counts)
    counts.update(code for _number, code, _text in outcomes)
    row.counts, row.done = dict(counts), max(number for number, _code, _text in outcomes)
    row.percent = min(99, 100 * sum(counts.values()) // max(row.rows, 1))
    row.save(update_fields=["counts", "done", "percent"])


def _counting(row: MirrorList) -> Callable[[Listed], object]:
    """Adds this run's unknown categories to those of earlier ones."""
    before = Counter(row.unknown_categories)

    def count(report: Listed) -> None:
        row.unknown_categories = dict((before + report.unknown_categories).most_common(100))
        MirrorList.objects.filter(pk=row.pk).update(unknown_categories=row.unknown_categories)

    return count


def _finish(row: MirrorList, state: str, *, error: str = "") -> None:
    row.state, row.error, row.finished_at = state, error[:1000], timezone.now()
    row.percent = 100 if state == MirrorList.State.DONE else row.percent
    with transaction.atomic():
        row.save(update_fields=["state", "error", "finished_at", "percent"])
        note_act(Actor(person=row.by), "list_mirrors", row.name or _("pasted text"), reason=error, detail=row.counts)
