"""`/market` 开源大集市: every project with facets; the address holds the state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from core.actors import ActorRequest
from projects.market.index import FACETS, NONE
from projects.mirrors import addresses
from projects.models import Category
from projects.queries import directory, shelves
from projects.queries import market as reads
from projects.queries import mirrors as mirror_reads
from projects.views.directory import directory_places
from projects.views.feeds import conditional_feed, text

SHOWN = 12  # values of a long facet
DOTS = {"fresh": "ok", "late": "warn", "failing": "bad"}


FEED = 30  # entries


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of the market asks for."""

    query: str
    chosen: dict[str, str]
    sort: str

    @property
    def words(self) -> list[str]:
        """Each must stand somewhere."""
        return self.query.lower().split()[:8]

    @property
    def is_all(self) -> bool:
        """Neither words nor filters."""
        return not self.query and not any(self.chosen.values())

    def address(self, path: str, **changes: str) -> str:
        """Of the same, at `path`."""
        given = urlencode(_given(self.chosen, self.query, self.sort, **changes))
        return f"{path}?{given}" if given else path


def _asked(request: ActorRequest) -> Asked:
    chosen = {name: request.GET.get(name, "").strip()[:100] for name in FACETS}
    for name in ("owner", "topic"):
        chosen[name] = chosen[name].lower()
    sort = request.GET.get("sort", "")
    return Asked(request.GET.get("q", "").strip()[:200], chosen, sort if sort in reads.SORTS else "")


def _moved(asked: Asked) -> str:
    """The category that the chosen one was merged into, "" for none."""
    slug = asked.chosen["category"]
    moved = Category.objects.select_related("merged_into").filter(slug=slug, merged_into__isnull=False).first() if slug else None
    return moved.merged_into.slug if moved is not None and moved.merged_into is not None else ""


@require_safe
def market(request: ActorRequest) -> HttpResponse:
    """A page of the market. A pasted address leads to its mirror, or to nominating it."""
    asked = _asked(request)
    query, chosen, sort = asked.query, asked.chosen, asked.sort
    if leads := _of_address(query):
        return HttpResponseClientRedirect(leads) if request.htmx else redirect(leads)
    if moved := _moved(asked):
        return redirect(asked.address("/market", category=moved))
    after = request.GET.get("after", "")
    after = after if after.isascii() and after.isdigit() else ""
    page = reads.page(request.actor, chosen=chosen, words=asked.words, sort=sort, after=int(after or 0))
    mirrors = [row.mirror for row in page.rows if getattr(row, "mirror", None) is not None]
    pulses = mirror_reads.pulses(mirrors) if mirrors else {}
    is_front = asked.is_all and not after and not sort
    context = {
        "page": page,
        "rows": [(row, pulses.get(getattr(getattr(row, "mirror", None), "pk", 0))) for row in page.rows],
        "q": query,
        "sort": sort,
        "sorts": _sorts(),
        "chosen": chosen,
        "sections": _sections(page.counts, chosen, query, sort),
        "categories": _tree(page.counts.get("category", {}), chosen, query, sort),
        "applied": _applied(chosen, query, sort),
        "next": asked.address("/market", after=str(page.rows[-1].pk)) if page.has_more and page.rows else "",
        "first": asked.address("/market") if after else "",
        "feed": asked.address("/market.atom"),
        "hot": directory.hot() if is_front else [],
        "new": reads.newest(request.actor, page) if is_front else None,
        "shelf": shelves.shelf() if is_front else None,
        "places": directory_places("projects"),
    }
    return render(request, "projects/market.html", context)


@require_safe
def market_feed(request: ActorRequest) -> HttpResponse:
    """Atom (RFC 4287) of what the same address lists as `/market`; the newest first if it names no order."""
    asked = _asked(request)
    if moved := _moved(asked):
        return redirect(asked.address("/market.atom", category=moved))
    page = reads.page(request.actor, chosen=asked.chosen, words=asked.words, sort=asked.sort or "created", after=0, size=FEED)
    names = [one["label"] for one in _applied(asked.chosen, asked.query, asked.sort)] + ([asked.query] if asked.query else [])
    feed = Atom1Feed(
        title=text(" · ".join([_("Project market"), *names])),
        link=request.build_absolute_uri(asked.address("/market")),
        description="",
        feed_url=request.build_absolute_uri(),
        author_name=settings.SITE_NAME,
    )
    for row in page.rows:
        address = request.build_absolute_uri(row.get_absolute_url())
        feed.add_item(
            title=text(str(row)), link=address, unique_id=f"{address}#{row.pk}", description=escape(text(row.description)),
            author_name=text(row.namespace.shown_owner), pubdate=row.created_at, updateddate=row.updated_at,
            categories=[row.category.name] if row.category else [],
        )  # fmt: skip
    return conditional_feed(request, feed)


def _sorts() -> list[tuple[str, str]]:
    words = {
        "updated": _("Recently updated"),
        "rising": _("Rising"),
        "stars": _("Most stars"),
        "downloads": _("Most downloads"),
        "views": _("Most views"),
        "created": _("Newest"),
        "forks": _("Most forks"),
        "name": _("Name"),
    }
    return [(sort, words[sort]) for sort in reads.SORTS]


def _of_address(query: str) -> str:
    """Where a pasted address of a repository leads, "" for words."""
    if not addresses.looks_like_address(query):
        return ""
    found = mirror_reads.mirror_at(query)
    return found.repository.get_absolute_url() if found else f"/-/mirrors/nominate?{urlencode({'address': query})}"


def _given(chosen: dict[str, str], query: str = "", sort: str = "", **changes: str) -> dict[str, str]:
    """The address's parameters with some of them changed, empty ones left out."""
    return {key: value for key, value in {"q": query, **chosen, "sort": sort, **changes}.items() if value}


def _link(chosen: dict[str, str], query: str, sort: str, name: str, value: str) -> dict[str, Any]:
    now = chosen[name].lower() == value.lower()
    return {"href": f"?{urlencode(_given(chosen, query, sort, **{name: '' if now else value}))}", "current": now}


def _labels() -> dict[str, dict[str, str]]:
    return {
        "type": {"hosted": _("Hosted projects"), "mirror": _("Mirrored projects"), "fork": _("Forks")},
        "health": {
            "fresh": _("Looked at within 24 hours"),
            "late": _("Longer ago"),
            "failing": _("Failing"),
            "listed": _("Not copied yet"),
        },
        "activity": {"month": _("This month"), "year": _("This year"), "older": _("Longer ago")},
        "release": {"yes": _("Has releases")},
        "new": {"week": _("New this week")},
        "licence": {NONE: _("No licence found")},
        "category": {NONE: _("Uncategorised")},
    }


def _commonest(counts: dict[str, int]) -> Callable[[str], tuple[int, str]]:
    return lambda value: (-counts[value], value)


def _sections(counts: dict[str, dict[str, int]], chosen: dict[str, str], query: str, sort: str) -> list[dict[str, Any]]:
    """The facets but the category tree: the commonest values with counts and links; a chosen value is always shown."""
    titles = {
        "type": _("Kind"), "health": _("Mirror"), "activity": _("How active"), "language": _("Language"), "licence": _("Licence"),
        "topic": _("Topic"), "owner": _("Owner"), "release": _("Releases"), "new": _("New here"),
    }  # fmt: skip
    labels = _labels()
    sections = []
    for name, title in titles.items():
        values = counts.get(name, {})
        ordered = [value for value in labels.get(name, {}) if value in values and value != NONE]
        ordered += sorted((value for value in values if value not in ordered), key=_commonest(values))
        ordered = ordered[:SHOWN]
        if chosen[name] and chosen[name] not in ordered:
            ordered.append(chosen[name])
        if name == "owner" and ordered:
            labels[name] = reads.spellings(ordered)
        rows = [
            {
                "value": value,
                "label": labels.get(name, {}).get(value, value),
                "n": values.get(value, 0),
                "dot": DOTS.get(value, "") if name == "health" else "",
                **_link(chosen, query, sort, name, value),
            }
            for value in ordered
        ]
        if rows:
            sections.append({"name": name, "title": title, "rows": rows})
    return sections


def _tree(counts: dict[str, int], chosen: dict[str, str], query: str, sort: str) -> list[dict[str, Any]]:
    """The category tree with counts; children are shown under the chosen field."""
    rows = []
    for parent in reads.categories():
        children = list(parent.children.all())
        is_open = chosen["category"] in (parent.slug, *(child.slug for child in children))
        below = [
            {"label": child.name, "n": counts.get(child.slug, 0), **_link(chosen, query, sort, "category", child.slug)}
            for child in children
            if counts.get(child.slug) or chosen["category"] == child.slug
        ]
        rows.append(
            {
                "label": parent.name, "icon": parent.icon or "folder-tree", "n": counts.get(parent.slug, 0), "has_children": bool(children), "open": is_open,
                "children": below if is_open else [], **_link(chosen, query, sort, "category", parent.slug),
            }
        )  # fmt: skip
    if NONE in counts or chosen["category"] == NONE:
        rows.append(
            {
                "label": _("Uncategorised"),
                "icon": "circle-help",
                "n": counts.get(NONE, 0),
                "children": [],
                **_link(chosen, query, sort, "category", NONE),
            }
        )
    return [row for row in rows if row["n"] or row["current"]]


def _applied(chosen: dict[str, str], query: str, sort: str) -> list[dict[str, str]]:
    labels = _labels()
    names = {row.slug: row.name for row in Category.objects.filter(slug=chosen["category"])} if chosen["category"] else {}
    labels["category"] = {**labels["category"], **names}
    labels["owner"] = reads.spellings([chosen["owner"]]) if chosen["owner"] else {}
    return [
        {"label": labels.get(name, {}).get(value, value), "href": f"?{urlencode(_given(chosen, query, sort, **{name: ''}))}"}
        for name, value in chosen.items()
        if value
    ]
