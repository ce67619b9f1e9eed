"""The directory of organisations: those of this site, and the owners on other hosts whose projects are mirrored."""

import heapq
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Q, Sum

from accounts.models import Membership, Namespace, Organization
from projects.market.index import Index
from projects.models import HotOwner, Repository, Star, Visibility
from projects.queries.market import index
from projects.queries.shelves import hot_namespaces

PAGE = 30
SORTS = ("projects", "rising", "stars", "downloads", "created", "name")
HERE, ELSEWHERE = "here", "elsewhere"


@dataclass(slots=True)
class Figures:
    """Of one owner, over its public projects."""

    pk: int
    text: str  # lower case: slug, name, description, place
    name: str
    where: str
    created: datetime
    projects: int = 0
    stars: int = 0
    views: int = 0
    downloads: int = 0
    rising: float = 0.0
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the directory."""

    namespace: Namespace
    figures: Figures
    members: int
    is_hot: bool


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """Rows in order, the total, how many there are of each place under the same words, whether more follow."""

    rows: list[Listed]
    total: int
    places: dict[str, int]
    has_more: bool


@dataclass(slots=True)
class _Kept:
    index: Index | None = None
    organizations: tuple[Any, ...] = ()
    figures: list[Figures] = field(default_factory=list)


_kept = _Kept()


def figures() -> list[Figures]:
    """Of all owners, counted from rows; as old as the market's index. One query besides the index's when nothing changed, five more else."""
    made = index()
    rows = Organization.objects.aggregate(n=Count("pk"), last=Max("pk"), gone=Max("deleted_at"))
    if _kept.index is not made or _kept.organizations != tuple(rows.values()):
        _kept.figures = _counted()
        _kept.index, _kept.organizations = made, tuple(rows.values())
    return _kept.figures


def _counted() -> list[Figures]:
    public = Q(visibility=Visibility.PUBLIC, deleted_at=None, taken_down_at=None)
    rows = Repository.objects.filter(public).exclude(kind=Repository.Kind.DATASET).order_by().values("namespace")
    sums: dict[int, dict[str, Any]] = {
        row["namespace"]: dict(row)
        for row in rows.annotate(
            n=Count("pk"), views=Sum("traffic__views"), downloads=Sum("traffic__downloads"), rising=Sum("traffic__rising"), at=Max("updated_at"),
            upstream=Sum("mirror__upstream_stars"),
        )
    }  # fmt: skip
    of_public = {f"repository__{key}": value for key, value in public.children}  # type: ignore[misc]
    starred = Star.objects.filter(**of_public).exclude(repository__kind=Repository.Kind.DATASET).order_by()
    stars = dict(starred.values_list("repository__namespace").annotate(n=Count("pk")))
    return [_figures(row, sums.get(row["pk"], {}), stars.get(row["pk"], 0)) for row in _owners(set(sums))]


def _owners(with_projects: set[int]) -> list[dict[str, Any]]:
    """Open organisations, and owners elsewhere who have projects here."""
    rows = Namespace.objects.filter(
        Q(kind=Namespace.Kind.ORGANIZATION, organization__deleted_at=None) | Q(kind=Namespace.Kind.HOST)
    ).values(
        "pk", "slug", "kind", "created_at", title=F("organization__display_name"), about=F("organization__description"),
        place=F("organization__location"),
    )  # fmt: skip
    return [dict(row) for row in rows if row["kind"] == Namespace.Kind.ORGANIZATION or row["pk"] in with_projects]


def _figures(row: dict[str, Any], sums: dict[str, Any], stars: int) -> Figures:
    words = (row["slug"], row["title"] or "", row["about"] or "", row["place"] or "")
    return Figures(
        pk=row["pk"],
        text="\n".join(words).lower(),
        name=(row["title"] or row["slug"]).lower(),
        where=ELSEWHERE if row["kind"] == Namespace.Kind.HOST else HERE,
        created=row["created_at"],
        projects=sums.get("n", 0),
        stars=stars + (sums.get("upstream") or 0),
        views=sums.get("views") or 0,
        downloads=sums.get("downloads") or 0,
        rising=sums.get("rising") or 0.0,
        updated=sums.get("at"),
    )


def page(*, words: list[str], where: str, sort: str, after: int, size: int = PAGE) -> DirectoryPage:
    """One page; `after` is the last owner of the page before. Three queries besides those of `figures`."""
    found = [one for one in figures() if all(word in one.text for word in words)]
    places = {place: sum(one.where == place for one in found) for place in (HERE, ELSEWHERE)}
    if where:
        found = [one for one in found if one.where == where]
    found.sort(key=_order(sort))
    start = next((at + 1 for at, one in enumerate(found) if one.pk == after), 0) if after else 0
    chosen = found[start : start + size]
    return DirectoryPage(_listed(chosen), len(found), places, len(found) > start + size)


def _order(sort: str) -> Any:
    if sort == "name":
        return lambda one: (one.name, one.pk)
    if sort == "created":
        return lambda one: (-one.created.timestamp(), -one.pk)
    column = sort if sort in SORTS else "projects"
    return lambda one: (-getattr(one, column), one.name, one.pk)


def _listed(chosen: list[Figures]) -> list[Listed]:
    pks = [one.pk for one in chosen]
    rows = {row.pk: row for row in Namespace.objects.filter(pk__in=pks).select_related("organization", "user")}
    members = dict(
        Membership.objects.filter(organization__namespace__in=pks, is_public=True)
        .order_by()
        .values_list("organization__namespace")
        .annotate(n=Count("pk"))
    )
    hot = set(HotOwner.objects.filter(namespace__in=pks).values_list("namespace", flat=True))
    shown = [Listed(rows[one.pk], one, members.get(one.pk, 0), one.pk in hot) for one in chosen if one.pk in rows]
    return [one for one in shown if one.figures.where == ELSEWHERE or one.namespace.organization.deleted_at is None]


def hot(*, size: int = 8) -> list[Namespace]:
    """Owners whom curators show as hot, then organisations with most stars; two queries besides those of `figures`."""
    chosen = hot_namespaces()
    known = {one.pk for one in chosen}
    best = heapq.nsmallest(size, (one for one in figures() if one.where == HERE and one.stars and one.pk not in known), key=_order("stars"))
    rows = {row.pk: row for row in Namespace.objects.filter(pk__in=[one.pk for one in best]).select_related("organization")}
    starred = [rows[one.pk] for one in best if one.pk in rows]
    return [*chosen, *(one for one in starred if one.organization.deleted_at is None)][:size]
