"""Finding things: what was typed becomes a request to the engine that is in use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.core.cache import cache
from django.utils.translation import gettext as _

from core.actors import Actor
from core.documents import DocumentKind, document_kinds
from core.errors import Invalid, NotFound, Unavailable
from search import ports
from search.logic import analysis
from search.logic.language import Fault, Parsed, Synonyms, Unit, parse, synonyms
from search.logic.patterns import CodeQuery, parse_code
from search.models import Generation, Synonym
from search.ports.code import CodeFound
from search.ports.index import FACETS, Found, Hit, Request, Suggestion

SYNONYMS = "search-synonyms"
PAGE = 20


@dataclass(frozen=True, slots=True)
class Results:
    """An answer to what was typed. `read` is the query as understood, `shown` the one that was answered.

    `instead` are the words of `shown` where nothing had the typed ones; `sounds` if it went by their sound; `notice` is a sentence when no
    search could be made.
    """

    read: Parsed
    found: Found
    shown: Parsed
    instead: str = ""
    sounds: bool = False
    notice: str = ""


EMPTY = Found((), {}, {})


def kinds() -> list[DocumentKind]:
    """All that can be found, in the order of their tabs."""
    return list(document_kinds)


def kind_of(key: str) -> DocumentKind:
    """One of them. Raises NotFound."""
    found = next((kind for kind in document_kinds if kind.key == key), None)
    if found is None:
        raise NotFound(_("There is no such kind of result."))
    return found


def generation() -> str:
    """Name of the index in use, "" while there is none."""
    return Generation.objects.filter(state=Generation.State.CURRENT).values_list("name", flat=True).first() or ""


def synonym_table() -> Synonyms:
    """What the administrators keep, read again a minute after a change in another process."""
    groups = cache.get(SYNONYMS)
    if groups is None:
        groups = [tuple(terms) for terms in Synonym.objects.order_by("pk").values_list("terms", flat=True)]
        cache.set(SYNONYMS, groups, 60)
    return _table(tuple(map(tuple, groups)))


@lru_cache(maxsize=4)
def _table(groups: tuple[tuple[str, ...], ...]) -> Synonyms:
    return synonyms(groups)


def results(
    actor: Actor,
    text: str,
    *,
    kind: str,
    chosen: Mapping[str, Sequence[str]] | None = None,
    sort: str = "",
    after: str = "",
    limit: int = PAGE,
    facets: Iterable[str] = FACETS,
) -> Results:
    """Search. A word that nothing has is looked for by its likeliest spelling, then by its sound. Raises Invalid (a cursor that is not ours)."""
    read = parse(text, known=synonym_table())
    name = generation()
    if not name:
        return Results(read, EMPTY, read, notice=_("The search index is being built. Try again in a minute."))
    access = {one.key: one.access(actor) for one in document_kinds}
    request = Request(read, access, kind_of(kind).key, chosen or {}, tuple(facets), sort or read.sort or "relevance", after, limit)
    try:
        found = ports.index().search(name, request)
        if sum(found.totals.values()) or not read.units:
            return Results(read, _readable(actor, found), read)
        return _otherwise(actor, name, request)
    except (Unavailable, NotFound):
        return Results(read, EMPTY, read, notice=_("Search does not answer at the moment. Try again in a minute; nothing is lost."))


def _otherwise(actor: Actor, name: str, request: Request) -> Results:
    """Nothing has these words: better spelling, then the same sound."""
    index, read = ports.index(), request.parsed
    spelled = [_spelled(name, unit) for unit in read.units]
    tries = []
    if any(new != old for new, old in zip(spelled, read.units, strict=True)):
        tries.append(replace(read, units=tuple(spelled)))
    if any(analysis.is_han(unit.text) for unit in read.units):
        tries.append(parse(read.text, known=synonym_table(), spoken=True))
    for other in tries:
        found = index.search(name, replace(request, parsed=other))
        if sum(found.totals.values()):
            sounds = other.plain == read.plain or any(analysis.is_han(unit.text) and unit.spoken for unit in other.units)
            return Results(read, _readable(actor, found), other, instead="" if sounds else other.plain, sounds=sounds)
    return Results(read, Found((), dict.fromkeys(request.access, 0), {}), read)


def _spelled(name: str, unit: Unit) -> Unit:
    """The unit with the likeliest correction of a Latin word."""
    if unit.exact or analysis.is_han(unit.text):
        return unit
    better = ports.index().corrections(name, analysis.latin(unit.text)[0])
    return parse(better[0]).units[0] if better else unit


def _readable(actor: Actor, found: Found) -> Found:
    """Hits that the database still lets the reader see: an index may lag behind for a moment, a page never shows what it should not."""
    kept: list[Hit] = []
    for kind in document_kinds:
        pks = [hit.document.pk for hit in found.hits if hit.kind == kind.key]
        if pks:
            allowed = kind.readable(actor, pks)
            kept.extend(hit for hit in found.hits if hit.kind == kind.key and hit.document.pk in allowed)
    return replace(found, hits=kept)


def code_results(actor: Actor, text: str, *, after: str = "", limit: int = PAGE) -> tuple[CodeQuery, CodeFound]:
    """Lines of code. Raises Invalid (what cannot be searched, a cursor that is not ours), Unavailable."""
    query = parse_code(text)
    if after and not (after.isascii() and after.isdigit() and len(after) < 16):
        raise Invalid(_("This is not the address of a page."), field="after")
    if query.is_empty:
        return query, CodeFound(())
    projects = kind_of("projects")
    found = ports.code().search(query, projects.access(actor), after=int(after or 0), limit=limit)
    allowed = projects.readable(actor, {hit.repository for hit in found.hits}) if found.hits else set()
    return query, replace(found, hits=[hit for hit in found.hits if hit.repository in allowed])


def topics(actor: Actor, text: str, *, limit: int = 100) -> list[tuple[str, int]]:
    """Topics that hold the words, with how many projects the reader may find under each; the commonest ones without words. Unavailable: none."""
    name = generation()
    if not name:
        return []
    read = replace(parse(text, known=synonym_table()), fields=("topics",))
    projects = kind_of("projects")
    request = Request(read, {"projects": projects.access(actor)}, "projects", facets=("topic",), limit=1)
    try:
        found = ports.index().search(name, request).facets["topic"]
    except (Unavailable, NotFound):
        return []
    return [(topic, count) for topic, count in found if _has(topic, read)][:limit]


def _has(topic: str, read: Parsed) -> bool:
    tokens = set(analysis.names(topic))
    return all(any(tokens.issuperset(alternative) for alternative in unit.alternatives) for unit in read.units)


def suggestions(actor: Actor, prefix: str, *, limit: int = 8) -> list[Suggestion]:
    """Completions of what is being typed."""
    name = generation()
    if not name or not prefix.strip():
        return []
    access = {one.key: one.access(actor) for one in document_kinds}
    try:
        found = ports.index().suggest(name, prefix[:80], access, limit)
    except (Unavailable, NotFound):
        return []
    allowed = {kind.key: kind.readable(actor, [one.pk for one in found if one.kind == kind.key]) for kind in document_kinds}
    return [one for one in found if one.pk in allowed[one.kind]]


def sentence(fault: Fault) -> str:
    """What is wrong with an operator, and what would be right."""
    value = f"{fault.key}:{fault.value}"
    wanted = {
        "number": _("“%s” needs a number, as in stars:>100, stars:10..50 or stars:0."),
        "date": _("“%s” needs a date, as in updated:>2026-01-01 or updated:2026-01-01..2026-06-30."),
        "field": _("“%s”: choose from name, description, readme and topics."),
        "flag": _("“%s”: choose from is:fork, is:archived, is:public, is:internal and is:private."),
        "sort": _("“%s”: choose from relevance, updated, stars, forks, created and name."),
    }
    return wanted[fault.wanted] % value


def synonym_rows() -> list[Synonym]:
    """All synonyms, latest change first."""
    return list(Synonym.objects.order_by("-changed_at", "-pk"))


def synonym(pk: int) -> Synonym:
    """One. Raises NotFound."""
    found = Synonym.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    return found


def standing() -> tuple[Generation | None, Generation | None, int]:
    """The index in use, the one being built, and how many documents wait."""
    rows = {row.state: row for row in Generation.objects.exclude(state=Generation.State.RETIRED)}
    current = rows.get("current")
    return current, rows.get("building"), current.pending.count() if current else 0
