"""What every search engine does: keep analysed documents, answer a request, complete a prefix, correct a word."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from core.documents import Access, Document
from search.logic import analysis
from search.logic.language import Parsed

FACETS = ("language", "licence", "topic")
TEXTS = ("name", "title", "topics", "owner", "description", "readme", "letters", "pinyin")  # columns of words, in this order
WEIGHTS = {"name": 12.0, "title": 9.0, "topics": 5.0, "owner": 3.0, "description": 4.0, "readme": 1.0, "letters": 0.0, "pinyin": 3.0}
README_KEPT = 20_000  # characters that highlights are cut from
LEVELS = ("public", "internal", "private")


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as an engine keeps it: what is shown, words by column, and keys that filters compare with."""

    kind: str
    document: Document
    words: Mapping[str, str]  # column of TEXTS → tokens with one space between
    keys: Mapping[str, tuple[str, ...]]  # language, licence, topic, owner → folded values that match


@dataclass(frozen=True, slots=True)
class Request:
    """A question. `access` names the kinds that are looked through, each with what the reader may find there.

    `chosen`: facet → values, any of which will do. `after` is `Found.next` of the page before.
    """

    parsed: Parsed
    access: Mapping[str, Access | None]
    kind: str
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    facets: Sequence[str] = ()
    sort: str = "relevance"
    after: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One document that was found."""

    kind: str
    document: Document
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits. `totals`: kind → how many, exact; `facets`: facet → (value, how many under all other filters), commonest first."""

    hits: Sequence[Hit]
    totals: Mapping[str, int]
    facets: Mapping[str, Sequence[tuple[str, int]]]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion of what is being typed."""

    kind: str
    pk: int
    label: str
    title: str
    url: str


class SearchIndex(Protocol):
    """An engine. `name` is a generation: several exist side by side while one is built. Raises Unavailable when it does not answer."""

    engine: str

    def create(self, name: str) -> None:
        """An empty generation; what had the name before is dropped."""

    def drop(self, name: str) -> None:
        """Remove a generation; none is fine."""

    def names(self) -> list[str]:
        """Generations that exist."""

    def put(self, name: str, entries: Sequence[Entry]) -> None:
        """Add or replace; found when this returns."""

    def delete(self, name: str, kind: str, pks: Iterable[int]) -> None:
        """Take out; missing ones are fine."""

    def search(self, name: str, request: Request) -> Found:
        """One page."""

    def suggest(self, name: str, prefix: str, access: Mapping[str, Access | None], limit: int) -> list[Suggestion]:
        """What begins with the prefix, by name, title or pinyin; most stars first."""

    def corrections(self, name: str, word: str) -> list[str]:
        """Known words that a mistyped one may have meant, likeliest first."""

    def dump(self, name: str) -> dict[tuple[str, int], str]:
        """Everything it holds, as a digest by (kind, pk): for comparing two generations."""

    def finish(self, name: str) -> None:
        """Called once when a generation is complete, before it is used."""


def entry(kind: str, document: Document) -> Entry:
    """Analyse a document."""
    said = " ".join((document.title, document.name, document.owner_title))
    words = {
        "name": analysis.names(document.name),
        "title": analysis.names(document.title),
        "topics": analysis.names(" , ".join(document.topics)),
        "owner": [*analysis.names(document.owner), *analysis.words(document.owner_title)],
        "description": analysis.words(document.description),
        "readme": analysis.words(document.readme),
        "letters": analysis.characters(" , ".join((document.name, document.title, document.description))),
        "pinyin": analysis.pinyin(said),
    }
    parts = document.licence.casefold().split("-")
    keys = {
        "language": (document.language.casefold(),) if document.language else (),
        "licence": tuple("-".join(parts[:length]) for length in range(1, len(parts) + 1)) if document.licence else (),
        "topic": tuple(topic.casefold() for topic in document.topics),
        "owner": (document.owner.casefold(),) if document.owner else (),
    }
    return Entry(kind, document, {column: analysis.joined(tokens) for column, tokens in words.items()}, keys)


def facet_values(document: Document, facet: str) -> tuple[str, ...]:
    """What a document counts for in a facet."""
    if facet == "topic":
        return document.topics
    value = document.language if facet == "language" else document.licence
    return (value,) if value else ()


def stored(document: Document) -> dict[str, object]:
    """JSON values that `restored` reads."""
    return {
        "pk": document.pk, "name": document.name, "url": document.url, "title": document.title, "owner": document.owner,
        "owner_title": document.owner_title, "description": document.description, "readme": document.readme[:README_KEPT],
        "topics": list(document.topics), "language": document.language, "licence": document.licence, "level": document.level,
        "is_fork": document.is_fork, "is_archived": document.is_archived, "stars": document.stars, "forks": document.forks,
        "updated": seconds(document.updated), "created": seconds(document.created),
    }  # fmt: skip


def digest(entry: Entry) -> str:
    """Tells whether two entries are the same."""
    whole = json.dumps([entry.kind, stored(entry.document), dict(entry.words), dict(entry.keys)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def restored(values: Mapping[str, object]) -> Document:
    """The document that `stored` wrote."""
    given = dict(values)
    given["topics"] = tuple(given.get("topics") or ())  # type: ignore[arg-type]
    for key in ("updated", "created"):
        given[key] = datetime.fromtimestamp(float(given[key]), UTC) if given.get(key) else None  # type: ignore[arg-type]
    return Document(**given)  # type: ignore[arg-type]


def seconds(moment: datetime | None) -> float:
    """UTC seconds, 0 for None."""
    return moment.timestamp() if moment else 0.0
