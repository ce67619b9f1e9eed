"""The results page and the suggestions under the box."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from core import budget
from core.actors import ActorRequest
from core.errors import Invalid, Unavailable
from search import queries
from search.logic import highlights
from search.logic.highlights import Piece
from search.logic.language import address
from search.ports.code import CodeFound, CodeHit, CodeLine
from search.ports.index import FACETS, Hit

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SORTS = {
    "relevance": gettext_lazy("Best match"),
    "updated": gettext_lazy("Recently updated"),
    "stars": gettext_lazy("Most stars"),
    "forks": gettext_lazy("Most forks"),
    "created": gettext_lazy("Newest"),
    "name": gettext_lazy("Name"),
}
FACET_LABELS = {"language": gettext_lazy("Language"), "licence": gettext_lazy("Licence"), "topic": gettext_lazy("Topic")}
SHOWN_VALUES = 10  # of a facet
CODE_POINTS = 2  # of the anonymous budget


@dataclass(frozen=True, slots=True)
class Line:
    """One hit as the page shows it."""

    hit: Hit
    title: list[Piece]
    owner: list[Piece]
    description: list[Piece]
    excerpt: list[Piece]
    topics: list[tuple[str, list[Piece]]]


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind with its number of hits (None where none is counted) and its address."""

    label: "str | StrPromise"
    icon: str
    total: int | None
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of the code results: its lines as safe pieces."""

    hit: CodeHit
    href: str
    lines: list[tuple[int, list[Piece]]]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet; its address chooses it or takes the choice back."""

    label: str
    count: int
    href: str
    chosen: bool


@require_safe
def search(request: ActorRequest) -> HttpResponse:
    """What was found, or help on finding more."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:300]
    if request.GET.get("type") == "code":
        return _code(request, text)
    if request.GET.get("type") == "topics":
        return _topics(request, text)
    kind = queries.kind_of(request.GET.get("type") or "projects")
    chosen = {facet: [value[:100] for value in request.GET.getlist(facet) if value][:10] for facet in FACETS}
    sort = request.GET.get("sort", "")
    facets = FACETS if kind.key == "projects" else ()
    answer = queries.results(
        request.actor,
        text,
        kind=kind.key,
        chosen=chosen,
        sort=sort if sort in SORTS else "",
        after=request.GET.get("after", ""),
        facets=facets,
    )
    words = highlights.wanted(answer.shown)
    context = {
        "q": text,
        "answer": answer,
        "kind": kind,
        "type": kind.key,
        "tabs": _tabs(request, kind.key, answer.found.totals),
        "total": answer.found.totals.get(kind.key, 0),
        "lines": [_line(hit, words) for hit in answer.found.hits],
        "facets": [(FACET_LABELS[facet], facet, _values(request, facet, answer, chosen[facet])) for facet in facets],
        "chosen": [(value, _without(request, facet, value)) for facet in FACETS for value in chosen[facet]],
        "sort": sort if sort in SORTS else answer.read.sort or "relevance",
        "sorts": SORTS.items(),
        "address": text if address(text) else "",
        "faults": [queries.sentence(fault) for fault in answer.read.faults],
        "more": _address(request, after=answer.found.next) if answer.found.next else "",
        "first": _address(request, after="") if request.GET.get("after") else "",
    }
    return render(request, "search/results.html", context)


def _tabs(request: ActorRequest, current: str, totals: Mapping[str, int]) -> list[Tab]:
    tabs = [
        Tab(one.label, one.icon, totals.get(one.key), _address(request, type=one.key, keep=("q", "sort")), one.key == current)
        for one in queries.kinds()
    ]
    tabs.insert(1, Tab(gettext_lazy("Code"), "code", None, _address(request, type="code", keep=("q",)), current == "code"))
    tabs.append(Tab(gettext_lazy("Topics"), "tag", None, _address(request, type="topics", keep=("q",)), current == "topics"))
    return tabs


def _topics(request: ActorRequest, text: str) -> HttpResponse:
    """Topics with their numbers of projects."""
    context = {"q": text, "type": "topics", "tabs": _tabs(request, "topics", {}), "topics": queries.topics(request.actor, text)}
    return render(request, "search/topics.html", context)


def _code(request: ActorRequest, text: str) -> HttpResponse:
    """Lines of code, or why they cannot be searched."""
    fault, found, status = "", CodeFound(()), 200
    try:
        budget.spend(request, CODE_POINTS)
        _query, found = queries.code_results(request.actor, text, after=request.GET.get("after", ""))
    except (Invalid, Unavailable) as error:
        fault, status = error.message, 422 if isinstance(error, Invalid) else 503
    context = {
        "q": text,
        "type": "code",
        "tabs": _tabs(request, "code", {}),
        "faults": [fault] if fault else [],
        "files": [_code_file(hit) for hit in found.hits],
        "stopped": found.stopped,
        "more": _address(request, after=found.next) if found.next else "",
        "first": _address(request, after="") if request.GET.get("after") else "",
    }
    return render(request, "search/code.html", context, status=status)


def _code_file(hit: CodeHit) -> CodeFile:
    href = f"/{hit.label}/blob/HEAD/{quote(hit.path)}"
    return CodeFile(hit, href, [(line.number, _pieces(line)) for line in hit.lines])


def _pieces(line: CodeLine) -> list[Piece]:
    pieces, at = [], 0
    for start, end in line.ranges:
        if start >= at:
            pieces += [(line.text[at:start], False), (line.text[start:end], True)]
            at = end
    return [*pieces, (line.text[at:], False)]


def _address(request: ActorRequest, *, keep: tuple[str, ...] | None = None, **changed: str) -> str:
    """This page's address with some parameters changed; "" removes one. `keep` names those that stay besides."""
    query = QueryDict(mutable=True)
    for key, values in request.GET.lists():
        if key not in changed and (keep is None or key in keep):
            query.setlist(key, values)
    for key, value in changed.items():
        if value:
            query[key] = value
    return f"/search?{query.urlencode()}"


def _without(request: ActorRequest, facet: str, value: str) -> str:
    query = request.GET.copy()
    query.setlist(facet, [one for one in query.getlist(facet) if one != value])
    query.pop("after", None)
    return f"/search?{query.urlencode()}"


def _with(request: ActorRequest, facet: str, value: str) -> str:
    query = request.GET.copy()
    query.appendlist(facet, value)
    query.pop("after", None)
    return f"/search?{query.urlencode()}"


def _values(request: ActorRequest, facet: str, answer: queries.Results, chosen: list[str]) -> list[Value]:
    found = list(answer.found.facets.get(facet, ()))
    shown = found[:SHOWN_VALUES] + [pair for pair in found[SHOWN_VALUES:] if pair[0] in chosen]
    return [
        Value(value, count, _without(request, facet, value) if value in chosen else _with(request, facet, value), value in chosen)
        for value, count in shown
    ]


def _line(hit: Hit, words: tuple[str, ...]) -> Line:
    found = hit.document
    return Line(
        hit,
        highlights.marked(found.title or found.name, words),
        highlights.marked(found.owner, words),
        highlights.marked(found.description, words),
        highlights.excerpt(found.readme, words),
        [(topic, highlights.marked(topic, words)) for topic in found.topics[:6]],
    )


@require_safe
def suggest(request: ActorRequest) -> HttpResponse:
    """Completions as JSON: `[{"kind", "label", "title", "url"}]`."""
    found = queries.suggestions(request.actor, request.GET.get("q", "").replace("\0", ""))
    labels = {kind.key: str(kind.label) for kind in queries.kinds()}
    rows = [{"kind": labels[one.kind], "label": one.label, "title": one.title, "url": one.url} for one in found]
    answer = JsonResponse({"items": rows})
    answer["Cache-Control"] = "private, max-age=30"
    return answer
