"""The index follows its documents; it is built aside and switched."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.documents import DocumentKind, document_kinds
from core.errors import Conflict, DomainError, Unavailable
from core.models import Delivery
from core.rules import HIDE
from search import ports
from search.logic import analysis
from search.models import Generation, Pending
from search.ports.index import SearchIndex, entry

log = structlog.get_logger(__name__)
BATCH = 200  # documents written at once
LEASE = timedelta(seconds=120)  # of a document that is being written
SILENCE = timedelta(seconds=300)  # without a sign of life a build counts as dead


def index_changed(actor: Actor, kind: str, documents: Iterable[int]) -> None:
    """Put changed documents into the index; if it does not answer they wait in rows, and the worker tries again every few seconds.

    Where more changes are due at once, as after an import of thousands, they are written together.
    """
    mark(actor, kind, documents)
    if not _more_due():  # the last of several writes for all, even if it changed nothing itself
        try:
            index_pending(actor)
        except DomainError as error:
            log.warning("index_waits", kind=kind, error=error.message)


def _more_due() -> bool:
    """True if another delivery of ours is about to run and the rows that wait do not fill a batch yet."""
    due = (
        Delivery.objects.filter(done_at=None, failed_at=None, subscriber__startswith="search.")
        .exclude(subscriber__contains=".index_code_")
        .filter(Q(leased_until=None) | Q(leased_until__lte=timezone.now()))
    )
    return due.exists() and Pending.objects.count() < BATCH


def mark(actor: Actor, kind: str, documents: Iterable[int]) -> int:
    """Remember that documents changed, once for each generation that is used or built; returns how many rows wait."""
    require_system(actor)
    wanted = sorted(set(documents))
    generations = list(Generation.objects.exclude(state=Generation.State.RETIRED).values_list("pk", flat=True)) if wanted else []
    for generation in generations:
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            with transaction.atomic():
                Pending.objects.bulk_create(
                    [Pending(generation_id=generation, kind=kind, document=document) for document in some], ignore_conflicts=True
                )
                Pending.objects.filter(generation_id=generation, kind=kind, document__in=some).update(version=F("version") + 1)
    return len(wanted) * len(generations)


def index_pending(actor: Actor, *, generation: Generation | None = None) -> int:
    """Write what waits for the generation in use (or for `generation`); returns how many documents. Raises Unavailable (they go on waiting)."""
    require_system(actor)
    generation = generation or Generation.objects.filter(state=Generation.State.CURRENT).first()
    done = 0
    while generation is not None:
        taken = _take(generation)
        if not taken:
            break
        try:
            _write(ports.index(), generation.name, taken)
        except Exception:
            Pending.objects.filter(pk__in=[row.pk for row in taken]).update(taken_until=None)
            raise
        for row in taken:  # one that changed meanwhile has another version: it stays, and is taken again
            Pending.objects.filter(pk=row.pk, version=row.version).delete()
        Pending.objects.filter(pk__in=[row.pk for row in taken]).update(taken_until=None)
        done += len(taken)
    return done


def _take(generation: Generation) -> list[Pending]:
    now = timezone.now()
    with transaction.atomic():
        free = generation.pending.filter(Q(taken_until=None) | Q(taken_until__lte=now)).order_by("pk")
        rows = list(free.select_for_update()[:BATCH])
        Pending.objects.filter(pk__in=[row.pk for row in rows]).update(taken_until=now + LEASE)
    return rows


def _write(index: SearchIndex, name: str, rows: Sequence[Pending]) -> None:
    kinds = {kind.key: kind for kind in document_kinds}
    for key in sorted({row.kind for row in rows}):
        pks = [row.document for row in rows if row.kind == key]
        found = kinds[key].load(pks) if key in kinds else []
        index.put(name, [entry(key, document) for document in found])
        if missing := sorted(set(pks) - {document.pk for document in found}):
            index.delete(name, key, missing)


def keep_index(actor: Actor) -> None:
    """Build the index if there is none that fits engine and analysis; else write what waits. An engine that is away is tried again later."""
    require_system(actor)
    current = Generation.objects.filter(state=Generation.State.CURRENT).first()
    try:
        index = ports.index()
        fits = current is not None and (current.engine, current.analysis) == (index.engine, analysis.VERSION)
        if current is None or not fits or current.name not in index.names():  # the folder may be new, as after a restored backup
            rebuild_index(actor)
        else:
            index_pending(actor)
        _sweep(index)
    except Unavailable as error:
        log.warning("index_waits", error=error.message)
    except Conflict:
        pass  # it is being built


def rebuild_index(actor: Actor) -> Generation:
    """Build a new index aside from all documents, bring it up to what changed meanwhile, and switch to it at once.

    Raises Forbidden, Conflict (one is being built), Unavailable.
    """
    require_staff(actor)
    index = ports.index()
    building = _begin(index)
    try:
        index.create(building.name)
        for kind in document_kinds:
            _fill(index, building, kind)
        index.finish(building.name)
        index_pending(SYSTEM, generation=building)
    except BaseException:
        building.delete()
        raise
    _switch(index, building)
    return building


def _begin(index: SearchIndex) -> Generation:
    now = timezone.now()
    for dead in Generation.objects.filter(state=Generation.State.BUILDING, heartbeat_at__lt=now - SILENCE):
        dead.delete()
    try:
        with transaction.atomic():
            return Generation.objects.create(
                name=f"g{now:%y%m%d%H%M%S}{uuid.uuid4().hex[:6]}", engine=index.engine, analysis=analysis.VERSION, state="building"
            )
    except IntegrityError as error:
        raise Conflict(_("The index is being built already.")) from error


def _fill(index: SearchIndex, building: Generation, kind: DocumentKind) -> None:
    after = 0
    while pks := kind.ids(after, BATCH):
        documents = kind.load(pks)
        index.put(building.name, [entry(kind.key, document) for document in documents])
        after = pks[-1]
        building.documents += len(documents)
        Generation.objects.filter(pk=building.pk).update(heartbeat_at=timezone.now(), documents=building.documents)


def _switch(index: SearchIndex, building: Generation) -> None:
    """The new generation answers from here on. What was marked for it since the last look is written next; the old ones go."""
    with transaction.atomic():
        Generation.objects.filter(state=Generation.State.CURRENT).update(state=Generation.State.RETIRED, heartbeat_at=timezone.now())
        Generation.objects.filter(pk=building.pk).update(state=Generation.State.CURRENT, finished_at=timezone.now())
    index_pending(SYSTEM)


def _sweep(index: SearchIndex) -> None:
    """Drop indexes that nobody asks any more: retired a minute ago, or of a build that died."""
    Generation.objects.filter(state=Generation.State.RETIRED, heartbeat_at__lt=timezone.now() - timedelta(minutes=1)).delete()
    kept = set(Generation.objects.values_list("name", flat=True))
    for name in index.names():
        if name not in kept:
            index.drop(name)


def require_system(actor: Actor) -> None:
    """Raise NotFound for anyone but the system."""
    if not actor.is_system:
        HIDE.require()


def require_staff(actor: Actor) -> None:
    """Raise NotFound for anyone but site administrators."""
    if not actor.is_staff:
        HIDE.require()
