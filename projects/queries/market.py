"""The market's pages: the index of this process, kept as fresh as the rows, and the rows of one page."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Q
from django.utils import timezone

from accounts.models import Namespace
from core.actors import Actor
from projects import rules
from projects.market import index as market
from projects.market.index import Index, Row
from projects.mirrors.states import State
from projects.models import CatalogueVersion, Category, Mirror, Release, Repository, Star, Visibility
from projects.queries.repositories import repositories

SORTS = ("updated", "rising", "stars", "downloads", "views", "created", "forks", "name")
MANY = 3000  # from here on building takes longer than a reader should wait: the old index serves while a thread builds
BUILD_EVERY = 5.0  # seconds between two builds of a large index
LOOK_EVERY = 1.0  # seconds between two looks whether a large index is still that of the rows
Signature = tuple[Any, ...]


@dataclass
class _Kept:
    signature: Signature = ()
    index: Index | None = None
    built: float = 0.0
    building: bool = False
    looked: float = 0.0


_kept = _Kept()
_lock = threading.Lock()


def index() -> Index:
    """The index of the present rows; with thousands of them at most some seconds old. Five small queries when nothing changed."""
    database = connection.settings_dict["NAME"]
    if (
        _kept.index is not None
        and len(_kept.index.ids) >= MANY
        and database in _kept.signature
        and time.monotonic() - _kept.looked < LOOK_EVERY
    ):
        return _kept.index
    now_is = _signature()
    _kept.looked = time.monotonic()
    with _lock:
        if _kept.index is not None and _kept.signature == now_is:
            return _kept.index
        stale = _kept.index
        late = time.monotonic() - _kept.built >= BUILD_EVERY
        if stale is not None and len(stale.ids) >= MANY:
            if late and not _kept.building:
                _kept.building = True
                threading.Thread(target=_rebuild, args=(now_is,), name="market-index", daemon=True).start()
            return stale
    return _store(now_is)


def _rebuild(signature: Signature) -> None:
    try:
        _store(signature)
    finally:
        _kept.building = False
        connection.close()


def _store(signature: Signature) -> Index:
    made = market.build(_rows(), now=timezone.now())
    with _lock:
        _kept.index, _kept.signature, _kept.built = made, signature, time.monotonic()
    return made


def _signature() -> Signature:
    """Changes whenever the index would; what only ages (activity, health) is looked at anew every ten minutes."""
    repository = Repository.objects.aggregate(n=Count("pk"), at=Max("updated_at"), gone=Max("deleted_at"), down=Max("taken_down_at"))
    return (*repository.values(), *_more(), connection.settings_dict["NAME"], int(time.time() // 600))


def _more() -> tuple[Any, ...]:
    category = Category.objects.aggregate(n=Count("pk"), last=Max("pk"))
    star = Star.objects.aggregate(n=Count("pk"))
    mirror = Mirror.objects.aggregate(n=Count("pk"), failing=Count("pk", filter=~Q(cause="")), filled=Max("filled_at"))
    curated = CatalogueVersion.objects.aggregate(n=Max("number"))
    return (*category.values(), *star.values(), *mirror.values(), *curated.values())


def _rows() -> Iterator[Row]:
    now = timezone.now()
    parents = {row.pk: (row.slug, *((row.parent.slug,) if row.parent else ())) for row in Category.objects.select_related("parent")}
    released = set(Release.objects.filter(is_draft=False).order_by().values_list("repository_id", flat=True).distinct())
    stars = dict(Star.objects.order_by().values_list("repository_id").annotate(n=Count("pk")).values_list("repository_id", "n"))
    rows = (
        Repository.objects.filter(deleted_at=None)
        .exclude(kind=Repository.Kind.DATASET)
        .exclude(curated__is_hidden=True)
        .annotate(
            slug=F("namespace__slug"), holder=F("namespace__kind"), shown=F("namespace__organization__display_name"),
            address=F("mirror__address"), state=F("mirror__state"), cause=F("mirror__cause"), checked=F("mirror__checked_at"),
            upstream_stars=F("mirror__upstream_stars"), views=F("traffic__views"), downloads=F("traffic__downloads"), rising=F("traffic__rising"),
        )
        .values(
            "pk", "name", "visibility", "forked_from_id", "main_language", "licence", "topics", "category_id", "description", "updated_at",
            "created_at", "taken_down_at", "slug", "holder", "shown", "address", "state", "cause", "checked", "upstream_stars", "views", "downloads",
            "rising",
        )
    )  # fmt: skip
    forks = Repository.objects.filter(deleted_at=None).exclude(forked_from=None).order_by().values_list("forked_from_id")
    forked = dict(forks.annotate(n=Count("pk")).values_list("forked_from_id", "n"))
    for row in rows.iterator(chunk_size=2000):
        yield _row(row, now, parents, released, stars, forked)


def _row(
    row: Mapping[str, Any],
    now: datetime,
    parents: dict[int, tuple[str, ...]],
    released: set[int],
    stars: dict[int, int],
    forked: dict[int, int],
) -> Row:
    is_mirror = row["state"] is not None and row["state"] != State.PROMOTED
    words = (row["slug"], row["name"], row["shown"] or "", row["description"], row["address"] or "", *row["topics"])
    return Row(
        id=row["pk"],
        is_public=row["visibility"] == Visibility.PUBLIC and row["taken_down_at"] is None,
        name=f"{row['name'].lower()} {row['slug'].lower()}",
        text="\n".join(words).lower(),
        owner=row["slug"],
        type="mirror" if is_mirror else "fork" if row["forked_from_id"] else "hosted",
        categories=parents.get(row["category_id"], ()),
        language=row["main_language"],
        licence=row["licence"],
        topics=tuple(row["topics"]),
        health=_health(row, now) if is_mirror else "",
        has_release=row["pk"] in released,
        stars=stars.get(row["pk"], 0) + (row["upstream_stars"] or 0),
        updated_at=row["updated_at"],
        created_at=row["created_at"],
        forks=forked.get(row["pk"], 0),
        views=row["views"] or 0,
        downloads=row["downloads"] or 0,
        rising=row["rising"] or 0.0,
    )


def _health(row: Mapping[str, Any], now: datetime) -> str:
    if row["state"] == State.LISTED:
        return "listed"
    if row["cause"]:
        return "failing"
    checked = row["checked"]
    return "fresh" if checked is not None and now - checked <= market.FRESH else "late"


@dataclass(frozen=True, slots=True)
class MarketPage:
    """Rows with their mirror and category, the exact total, counts by facet."""

    rows: list[Repository]
    total: int
    counts: dict[str, dict[str, int]]
    has_more: bool
    index: Index
    visible: list[int]  # besides what is public


def page(actor: Actor, *, chosen: dict[str, str], words: list[str], sort: str, after: int, size: int = 20) -> MarketPage:
    """One page. The rows are read under the reader's rights once more, so that a row the index has not lost yet is not shown."""
    made, visible = index(), _visible(actor)
    found = made.search(chosen=chosen, visible=visible, words=words, sort=sort if sort in SORTS else "updated", after=after, size=size)
    return MarketPage(_shown(actor, found.ids), found.total, found.counts, found.has_more, made, visible)


def newest(actor: Actor, beside: MarketPage, *, size: int = 6) -> MarketPage:
    """What came within a week, the latest first, without facets; of the same index as `beside`. One query."""
    found = beside.index.search(chosen={"new": "week"}, visible=beside.visible, sort="created", size=size, counting=False)
    return MarketPage(_shown(actor, found.ids), found.total, {}, found.has_more, beside.index, beside.visible)


def _shown(actor: Actor, ids: list[int]) -> list[Repository]:
    """The rows in this order, those that the reader may see; one query."""
    rows = (
        repositories(actor)
        .filter(pk__in=ids)
        .select_related("namespace", "namespace__user", "namespace__organization", "mirror", "category", "traffic")
    )
    by_id = {row.pk: row for row in rows}
    return [by_id[pk] for pk in ids if pk in by_id]


def _visible(actor: Actor) -> list[int]:
    """Ids of what the actor may see besides public projects; one query, none for strangers."""
    if actor.is_anonymous:
        return []
    rows = Repository.objects.filter(rules.readable_by(actor))
    hidden = rows.exclude(visibility=Visibility.PUBLIC, taken_down_at=None) if actor.is_staff else rows.filter(taken_down_at=None)
    return list(hidden.exclude(visibility=Visibility.PUBLIC, taken_down_at=None).values_list("pk", flat=True))


def spellings(owners: list[str]) -> dict[str, str]:
    """Owners in lower case → as they write themselves; one query."""
    return {slug.lower(): slug for slug in Namespace.objects.filter(slug__lower__in=owners).values_list("slug", flat=True)}


def categories() -> list[Category]:
    """The tree's fields in order, their children prefetched; two queries."""
    return list(Category.objects.filter(parent=None, merged_into=None).prefetch_related("children"))
