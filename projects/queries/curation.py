"""What curators work on: selections of projects, queues of what needs a person, edits and their trail."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language

from core.site import setting
from projects.mirrors import causes
from projects.mirrors.states import State
from projects.models import (
    BulkEdit,
    CatalogueVersion,
    Category,
    Curated,
    Finding,
    Mirror,
    Nomination,
    Report,
    Repository,
    RootCommit,
    Visibility,
)
from projects.queries.filling import Forecast, forecast
from projects.queries.mirrors import FailureGroup, failures, figures

UNDO_DAYS = 30
OTHER = "other"
NONE = "-"
LOST = (State.GONE, State.HIDDEN, State.MOVED, State.EMPTIED)
STOPPED = (State.PAUSED, State.PROMOTED)
KINDS = ("mirror", "hosted", "all")
SORTS = {"": ("pk",), "stars": ("-mirror__upstream_stars", "pk"), "size": ("-size_bytes", "pk"), "failures": ("-mirror__failures", "pk")}
IDS_MAX = 1000
MANY = 3000  # from here on counting takes longer than a turn of the page should
COUNT_EVERY = 3.0  # seconds
WITHOUT_UNDO = frozenset({"sync"})  # changes that leave nothing to put back


@dataclass(frozen=True, slots=True)
class Selection:
    """Which projects: those with `ids`, else all that match every filter. `category` "=slug" leaves out what lies below; "-" means none."""

    kind: str = "mirror"  # mirror | hosted | all; every: private and internal ones too, for the site's own moves
    queue: str = ""
    q: str = ""
    state: str = ""
    cause: str = ""
    host: str = ""
    category: str = ""
    tag: str = ""
    words: tuple[str, ...] = ()  # any of them in name, description or topics
    ids: tuple[int, ...] = ()

    @property
    def kept(self) -> dict[str, Any]:
        """What differs from the default, as a row keeps it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items() if value}

    @property
    def filters(self) -> dict[str, str]:
        """The filters alone, as an address carries them."""
        return {key: value for key, value in self.kept.items() if isinstance(value, str) and (key, value) != ("kind", "mirror")}


def selection_of(given: Mapping[str, Any], *, is_ours: bool = False) -> Selection:
    """From a row of ours, or from an address (texts; unknown values are no filter)."""
    known = {field.name for field in fields(Selection)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key in ("ids", "words"):
            values[key] = tuple(value)
        elif key in known and isinstance(value, str):
            values[key] = value.strip()[:200]
    made = Selection(**values)
    return made if made.kind in KINDS or is_ours else Selection(**{**values, "kind": "mirror"})


def _open(kind: str) -> Q:
    return Q(pk__in=Finding.objects.filter(kind=kind, settled_at=None).values("repository_id"))


def _unsettled(kind: str) -> Q:
    return ~Q(pk__in=Finding.objects.filter(kind=kind, settled_at__isnull=False).values("repository_id"))


def _shares_a_root() -> Q:
    living = RootCommit.objects.filter(repository__deleted_at=None, repository__visibility=Visibility.PUBLIC)
    shared = living.order_by().values("oid").annotate(n=Count("pk")).filter(n__gt=1).values("oid")
    return Q(pk__in=RootCommit.objects.filter(oid__in=shared).values("repository_id"))


def queues() -> dict[str, Q]:
    """Queue → condition on Repository, in the order in which a curator meets them."""
    kinds = Finding.Kind
    return {
        "failing": Q(mirror__isnull=False) & ~Q(mirror__cause="") & ~Q(mirror__state__in=STOPPED),
        "gone": Q(mirror__state__in=LOST) & _unsettled(kinds.GONE),
        "uncategorised": Q(category=None),
        "other": Q(category__in=Category.objects.filter(slug=OTHER)),
        "duplicate": _shares_a_root() & _unsettled(kinds.DUPLICATE),
        "no_licence": Q(mirror__filled_at__isnull=False, licence="") & ~Q(indexed_oid="") & _unsettled(kinds.NO_LICENCE),
        "licence": _open(kinds.LICENCE_CHANGED),
        "oversized": Q(size_bytes__gt=setting("oversized_bytes")) & _unsettled(kinds.OVERSIZED),
        "secret": _open(kinds.SECRET),
        "malware": _open(kinds.MALWARE),
        "paused": Q(mirror__state=State.PAUSED),
        "hidden": Q(pk__in=Curated.objects.filter(is_hidden=True).values("repository_id")),
    }


def catalogue(kind: str = "mirror") -> QuerySet[Repository]:
    """Public projects of a kind; "every" means of any visibility."""
    rows = Repository.objects.filter(deleted_at=None).exclude(kind=Repository.Kind.DATASET)
    if kind == "every":
        return rows
    rows = rows.filter(visibility=Visibility.PUBLIC)
    if kind == "all":
        return rows
    return rows.filter(mirror__is_public_mirror=True) if kind == "mirror" else rows.exclude(mirror__is_public_mirror=True)


def selected(selection: Selection) -> QuerySet[Repository]:
    """The projects of a selection, in no order."""
    if selection.ids:
        return catalogue("all").filter(pk__in=selection.ids[:IDS_MAX])
    rows = catalogue(selection.kind)
    if selection.queue in (known := queues()):
        rows = rows.filter(known[selection.queue])
    for word in selection.q.split()[:8]:
        rows = rows.filter(
            Q(mirror__key__icontains=word) | Q(name__icontains=word) | Q(namespace__slug__icontains=word) | Q(description__icontains=word)
        )
    if selection.state in Mirror.States.values:
        rows = rows.filter(mirror__state=selection.state)
    if selection.cause in causes.CAUSES:
        rows = rows.filter(mirror__cause=selection.cause)
    if selection.host:
        rows = rows.filter(mirror__host=selection.host)
    if selection.tag:
        rows = rows.filter(tagged__tag__slug=selection.tag)
    if selection.words:
        rows = rows.filter(_any_of(selection.words))
    return rows.filter(_in_category(selection.category)) if selection.category else rows


def _in_category(given: str) -> Q:
    if given == NONE:
        return Q(category=None)
    if given.startswith("="):
        return Q(category__slug=given[1:])
    return Q(category__slug=given) | Q(category__parent__slug=given)


def _any_of(words: tuple[str, ...]) -> Q:
    found = Q(pk__in=[])
    for word in words:
        # a JSON column holds escaped text on SQLite and plain text on PostgreSQL
        found |= Q(name__icontains=word) | Q(description__icontains=word) | Q(topics__icontains=word)
        found |= Q(topics__icontains=json.dumps(word)[1:-1])
    return found


def shown(rows: QuerySet[Repository]) -> QuerySet[Repository]:
    """With all that a line of the desk tells."""
    return rows.select_related("namespace", "mirror", "category", "curated").prefetch_related("tagged__tag")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the head of the desk tells."""

    counts: dict[str, int]
    figures: dict[str, int]
    groups: list[FailureGroup]
    forecast: Forecast


_numbers: dict[tuple[Any, ...], tuple[float, Numbers]] = {}


def numbers() -> Numbers:
    """Counted now; of a large catalogue that nobody has edited since, at most some seconds ago (the engine alone moves it meanwhile)."""
    version = CatalogueVersion.objects.filter(pk=1).values_list("number", flat=True).first()
    key = (version, connection.settings_dict["NAME"], get_language())
    at, known = _numbers.get(key, (0.0, None))
    if known is not None and known.counts["total"] >= MANY and time.monotonic() - at < COUNT_EVERY:
        return known
    made = Numbers(queue_counts(), figures(), failures(), forecast(timezone.now()))
    if len(_numbers) > 8:
        _numbers.clear()
    _numbers[key] = (time.monotonic(), made)
    return made


class Counted(Paginator):  # type: ignore[type-arg]
    """Pages of a selection whose size is known already."""

    def __init__(self, rows: QuerySet[Repository], size: int, *, total: int | None) -> None:
        super().__init__(rows, size)
        if total is not None:
            self.__dict__["count"] = total  # the cached property of Paginator


def queue_counts() -> dict[str, int]:
    """How many mirrors of the catalogue stand in each queue, and all of them as `total`; one query."""
    counted: dict[str, int] = catalogue().aggregate(
        total=Count("pk"), **{name: Count("pk", filter=condition) for name, condition in queues().items()}
    )
    return counted


def waiting() -> dict[str, int]:
    """Open reports and nominations, and both as `people`; two queries."""
    reports = Report.objects.filter(state=Report.State.OPEN, repository__deleted_at=None).count()
    nominations = Nomination.objects.filter(state=Nomination.State.OPEN).count()
    return {"reports": reports, "nominations": nominations, "people": reports + nominations}


def twins(rows: list[Repository]) -> dict[int, list[Repository]]:
    """Project id → others of the catalogue with the same first commit, at most five; two queries."""
    mine: dict[str, list[int]] = {}
    for pk, oid in RootCommit.objects.filter(repository__in=rows).values_list("repository_id", "oid"):
        mine.setdefault(oid, []).append(pk)
    found: dict[int, list[Repository]] = {}
    others = RootCommit.objects.filter(oid__in=mine, repository__deleted_at=None, repository__visibility=Visibility.PUBLIC)
    for root in others.select_related("repository__namespace").order_by("repository_id")[:2000]:
        for pk in mine[root.oid]:
            kept = found.setdefault(pk, [])
            if pk != root.repository_id and len(kept) < 5 and root.repository not in kept:
                kept.append(root.repository)
    return found


def findings(rows: list[Repository], kind: str) -> dict[int, Finding]:
    """Project id → its finding of a kind; one query."""
    return {one.repository_id: one for one in Finding.objects.filter(repository__in=rows, kind=kind)}


def edits() -> QuerySet[BulkEdit]:
    """The trail, newest first."""
    return BulkEdit.objects.select_related("by", "undoes", "undone_by").order_by("-created_at", "-pk")


def edit(pk: int) -> BulkEdit | None:
    """One of them."""
    return edits().filter(pk=pk).first()


def can_be_undone(one: BulkEdit) -> bool:
    """Within 30 days, once, and not an undo itself; a merged category comes back though it had no projects."""
    young = one.created_at >= timezone.now() - timedelta(days=UNDO_DAYS)
    over = one.state in (BulkEdit.State.DONE, BulkEdit.State.FAILED)
    kept = set(one.changes) - WITHOUT_UNDO and (one.changed or "merged" in one.detail)
    return bool(young and over and kept and one.undoes_id is None and getattr(one, "undone_by", None) is None)


def overdue_edits() -> list[int]:
    """Edits that wait or whose worker fell silent for a minute; ids, oldest first."""
    silent = timezone.now() - timedelta(seconds=60)
    waits = Q(state=BulkEdit.State.QUEUED, created_at__lte=silent) | Q(state=BulkEdit.State.RUNNING, heartbeat_at__lte=silent)
    return list(BulkEdit.objects.filter(waits).order_by("pk").values_list("pk", flat=True))


def edit_snapshot(pk: int) -> tuple[dict[str, Any], bool]:
    """What the live page shows of an edit, and whether it is over."""
    one = BulkEdit.objects.filter(pk=pk).first()
    if one is None:
        return {"percent": 0, "phase": ""}, True
    return {"percent": one.percent, "phase": ""}, one.state in (BulkEdit.State.DONE, BulkEdit.State.FAILED)


def category_choices() -> list[tuple[str, str]]:
    """(slug, name) of the tree in its order, what lies below marked by a dash; one query."""
    rows = list(Category.objects.filter(merged_into=None))
    below: dict[int, list[Category]] = {}
    for row in rows:
        if row.parent_id:
            below.setdefault(row.parent_id, []).append(row)
    found = []
    for row in rows:
        if row.parent_id is None:
            found.append((row.slug, row.name))
            found += [(child.slug, f"— {child.name}") for child in below.get(row.pk, ())]
    return found
