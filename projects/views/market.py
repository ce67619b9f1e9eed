"""`/market` 开源大集市: every project with facets; the address holds the state."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.actors import ActorRequest
from projects.market.index import FACETS, NONE
from projects.mirrors import addresses
from projects.models import Category
from projects.queries import market as reads
from projects.queries import mirrors as mirror_reads

SHOWN = 12  # values of a long facet


@require_safe
def market(request: ActorRequest) -> HttpResponse:
    """A page of the market. A pasted address leads to its mirror, or to nominating it."""
    query = request.GET.get("q", "").strip()[:200]
    if leads := _of_address(query):
        return redirect(leads)
    chosen = {name: request.GET.get(name, "").strip()[:100] for name in FACETS}
    moved = Category.objects.select_related("merged_into").filter(slug=chosen["category"], merged_into__isnull=False).first()
    if moved is not None and moved.merged_into is not None:
        return redirect(f"/market?{urlencode({**_given(chosen, query), 'category': moved.merged_into.slug})}")
    for name in ("owner", "topic"):
        chosen[name] = chosen[name].lower()
    after = request.GET.get("after", "")
    sort = request.GET.get("sort", "")
    page = reads.page(
        request.actor,
        chosen=chosen,
        words=query.lower().split()[:8],
        sort=sort,
        after=int(after) if after.isascii() and after.isdigit() else 0,
    )
    mirrors = [row.mirror for row in page.rows if getattr(row, "mirror", None) is not None]
    pulses = mirror_reads.pulses(mirrors) if mirrors else {}
    context = {
        "page": page,
        "rows": [(row, pulses.get(getattr(getattr(row, "mirror", None), "pk", 0))) for row in page.rows],
        "q": query,
        "sort": sort,
        "chosen": chosen,
        "sections": _sections(page.counts, chosen, query, sort),
        "categories": _tree(page.counts.get("category", {}), chosen, query, sort),
        "applied": _applied(chosen, query, sort),
        "next": f"?{urlencode({**_given(chosen, query, sort), 'after': page.rows[-1].pk})}" if page.has_more and page.rows else "",
        "first": f"?{urlencode(_given(chosen, query, sort))}" if after else "",
        "hot": reads.hot_owners(),
    }
    return render(request, "projects/market.html", context)


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
        "licence": {NONE: _("No licence found")},
        "category": {NONE: _("Uncategorised")},
    }


def _commonest(counts: dict[str, int]) -> Callable[[str], tuple[int, str]]:
    return lambda value: (-counts[value], value)


def _sections(counts: dict[str, dict[str, int]], chosen: dict[str, str], query: str, sort: str) -> list[dict[str, Any]]:
    """The facets but the category tree: the commonest values with counts and links; a chosen value is always shown."""
    titles = {
        "type": _("Kind"), "health": _("Mirror"), "activity": _("Activity"), "language": _("Language"), "licence": _("Licence"),
        "topic": _("Topic"), "owner": _("Owner"), "release": _("Releases"),
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
        rows = [
            {
                "value": value,
                "label": labels.get(name, {}).get(value, value),
                "n": values.get(value, 0),
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
                "label": parent.name, "n": counts.get(parent.slug, 0), "has_children": bool(children), "open": is_open,
                "children": below if is_open else [], **_link(chosen, query, sort, "category", parent.slug),
            }
        )  # fmt: skip
    if NONE in counts or chosen["category"] == NONE:
        rows.append({"label": _("Uncategorised"), "n": counts.get(NONE, 0), "children": [], **_link(chosen, query, sort, "category", NONE)})
    return [row for row in rows if row["n"] or row["current"]]


def _applied(chosen: dict[str, str], query: str, sort: str) -> list[dict[str, str]]:
    labels = _labels()
    names = {row.slug: row.name for row in Category.objects.filter(slug=chosen["category"])} if chosen["category"] else {}
    labels["category"] = {**labels["category"], **names}
    return [
        {"label": labels.get(name, {}).get(value, value), "href": f"?{urlencode(_given(chosen, query, sort, **{name: ''}))}"}
        for name, value in chosen.items()
        if value
    ]
