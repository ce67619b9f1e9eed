"""What the embedded engine keeps in memory: the columns that filters, counts and orders need, one row a document."""

import heapq
import json
import sqlite3
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf, log10
from sys import intern
from typing import Any

from core.documents import Access
from search.logic import analysis
from search.logic.language import Parsed
from search.ports.index import FACETS, Entry, Request, facet_values, seconds

KEYS = ("language", "licence", "topic", "owner")
COLUMNS = (*FACETS, "stars", "forks", "updated", "created", "fork", "archived", "level", "standing", *(f"key_{name}" for name in KEYS))
VOCABULARY = 60_000  # words that corrections know


@dataclass(frozen=True, slots=True)
class Row:
    """One document without its texts."""

    kind: str
    pk: int
    label: str  # owner/name
    folded: str  # name, folded
    title: str  # folded
    level: str
    fork: bool
    archived: bool
    stars: int
    forks: int
    updated: float
    created: float
    language: tuple[str, ...]  # facet values
    licence: tuple[str, ...]
    topic: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]

    def columns(self) -> dict[str, Any]:
        """Values by name of COLUMNS."""
        standing = 2.0 * log10(1 + self.stars) - 4 * self.fork - 4 * self.archived
        return {
            "language": self.language, "licence": self.licence, "topic": self.topic, "stars": self.stars, "forks": self.forks,
            "updated": self.updated, "created": self.created, "fork": self.fork, "archived": self.archived, "level": self.level,
            "standing": standing, **{f"key_{name}": self.keys.get(name, ()) for name in KEYS},
        }  # fmt: skip

    @classmethod
    def of(cls, entry: Entry) -> "Row":
        """The row of a document."""
        shown = entry.document
        return cls(
            entry.kind, shown.pk, f"{shown.owner}/{shown.name}" if shown.owner else shown.name, analysis.folded(shown.name),
            analysis.folded(shown.title), shown.level, shown.is_fork, shown.is_archived, shown.stars, shown.forks, seconds(shown.updated),
            seconds(shown.created), facet_values(shown, "language"), facet_values(shown, "licence"), facet_values(shown, "topic"), entry.keys,
        )  # fmt: skip

    def starts(self) -> set[str]:
        """What a reader may begin to type: name, title, owner/name, and name and title without what stands between words."""
        return {self.folded, self.title, self.label.casefold(), tight(self.folded), tight(self.title)}

    def values(self) -> list[object]:
        """JSON values, in order."""
        return [
            self.kind, self.pk, self.label, self.folded, self.title, self.level, self.fork, self.archived, self.stars, self.forks,
            self.updated, self.created, self.language, self.licence, self.topic, self.keys,
        ]  # fmt: skip


def tight(text: str) -> str:
    """Words of a text without anything between."""
    return "".join(analysis.characters(text))


_shared: dict[str, tuple[str, ...]] = {}


def _tuple(values: Sequence[str]) -> tuple[str, ...]:
    """One tuple object for equal short ones: languages and licences repeat."""
    if len(values) != 1:
        return tuple(map(intern, values))
    if len(_shared) > 20_000:
        _shared.clear()
    return _shared.setdefault(values[0], (values[0],))


def _read(text: str) -> Row:
    kind, pk, label, name, title, level, fork, archived, stars, forks, updated, created, language, licence, topic, keys = json.loads(text)
    return Row(
        intern(kind), pk, label, name, title, intern(level), fork, archived, stars, forks, updated, created, _tuple(language), _tuple(licence),
        _tuple(topic), {key: _tuple(values) for key, values in keys.items()},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What is left of the matches: rows of the wanted kind under all filters, totals by kind, facets."""

    hits: Collection[int]
    totals: dict[str, int]
    facets: dict[str, list[tuple[str, int]]]


class Columns:
    """Rows of one generation, brought up to date by what changed since.

    Readers need no lock: `rows` and `levels` are replaced, never changed; lists grow at the end alone, and a document that is written again
    gets a new id.
    """

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.levels: dict[tuple[str, str], frozenset[int]] = {}  # (kind, level) → ids
        self.by_pk: dict[tuple[str, int], int] = {}
        self.values: dict[str, list[Any]] = {column: [] for column in COLUMNS}  # by id
        self.starts = Starts()
        self.version = -1
        self._lock = threading.Lock()
        self._words: dict[str, int] = {}
        self._words_of = -1

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read what was written since the last time."""
        if connection.execute("SELECT version FROM clock").fetchone()[0] == self.version:
            return
        with self._lock:
            connection.execute("BEGIN")
            try:
                (version,) = connection.execute("SELECT version FROM clock").fetchone()
                gone = [row for (row,) in connection.execute("SELECT id FROM gone WHERE version > ?", (self.version,))]
                statement = "SELECT id, row FROM document WHERE version > ? ORDER BY id"
                new = [(row, _read(text)) for row, text in connection.execute(statement, (self.version,))]
            finally:
                connection.execute("COMMIT")
            self._change(gone, new)
            self.version = version

    def _change(self, gone: list[int], new: list[tuple[int, Row]]) -> None:
        rows, by_pk = dict(self.rows), dict(self.by_pk)
        levels: dict[tuple[str, str], set[int]] = {}
        for row_id in gone:
            if (row := rows.pop(row_id, None)) is not None:
                levels.setdefault((row.kind, row.level), set(self.levels.get((row.kind, row.level), ()))).discard(row_id)
                by_pk.pop((row.kind, row.pk), None)
        for row_id, row in new:
            rows[row_id] = row
            by_pk[row.kind, row.pk] = row_id
            if (row.kind, row.level) not in levels:
                levels[row.kind, row.level] = set(self.levels.get((row.kind, row.level), ()))
            levels[row.kind, row.level].add(row_id)
            for name, value in row.columns().items():
                column = self.values[name]
                if len(column) <= row_id:
                    column.extend([None] * (row_id + 1 - len(column)))
                column[row_id] = value
        self.starts.grow(new)
        self.levels = {**self.levels, **{key: frozenset(ids) for key, ids in levels.items()}}
        self.rows, self.by_pk = rows, by_pk

    def allowed(self, kind: str, access: Access | None) -> frozenset[int]:
        """Ids of the documents of a kind that the reader may find."""
        some = [ids for (of, level), ids in self.levels.items() if of == kind and (access is None or level in access.levels)]
        if access is not None and access.ids:
            some.append(frozenset(row for pk in access.ids if (row := self.by_pk.get((kind, pk))) is not None))
        return some[0] if len(some) == 1 else frozenset().union(*some)

    def vocabulary(self, connection: sqlite3.Connection) -> dict[str, int]:
        """Latin words of three letters or more → documents they are in, the commonest; read again when the index grew by a tenth."""
        if self._words_of < 0 or len(self.rows) > self._words_of * 1.1 + 20 or len(self.rows) < self._words_of * 0.9:
            found = connection.execute(
                "SELECT term, doc FROM term WHERE length(term) BETWEEN 3 AND 30 AND term GLOB '[a-z]*' ORDER BY doc DESC LIMIT ?",
                (VOCABULARY,),
            )
            self._words, self._words_of = dict(found.fetchall()), len(self.rows)
        return self._words

    def filtered(self, matched: Collection[int] | None, request: Request) -> Seen:
        """Apply what the reader may find, operators and chosen facets; count. `matched` None: every document."""
        totals: dict[str, int] = {}
        base: Collection[int] = ()
        for kind, access in request.access.items():
            readable = self.allowed(kind, access)
            found: Collection[int] = readable if matched is None else readable.intersection(matched)
            found = self._operated(found, request.parsed)
            totals[kind] = len(found)
            if kind == request.kind:
                base = found
        chosen = {facet: frozenset(values) for facet, values in request.chosen.items() if values}
        facets = {}
        for facet in request.facets:
            others = {key: values for key, values in chosen.items() if key != facet}
            facets[facet] = self._counted(self._narrowed(base, others), facet)
        hits = self._narrowed(base, chosen)
        if request.kind in totals:
            totals[request.kind] = len(hits)
        return Seen(hits, totals, facets)

    def _operated(self, found: Collection[int], parsed: Parsed) -> Collection[int]:
        """What is left under the operators of the query."""
        for name, pairs in parsed.keys.items():
            column = self.values[f"key_{name}"]
            wanted = frozenset(value for value, is_wanted in pairs if is_wanted)
            unwanted = frozenset(value for value, is_wanted in pairs if not is_wanted)
            if wanted and name == "topic":  # a project has several, so each asked for must be there
                found = [row for row in found if wanted.issubset(column[row])]
            elif wanted:
                found = [row for row in found if not wanted.isdisjoint(column[row])]
            if unwanted:
                found = [row for row in found if unwanted.isdisjoint(column[row])]
        for name, (low, high) in parsed.ranges.items():
            column = self.values[name]
            least, most = -inf if low is None else low, inf if high is None else high
            found = [row for row in found if least <= column[row] <= most]
        for flag, is_wanted in parsed.flags.items():
            if flag in ("fork", "archived"):
                column = self.values[flag]
                found = [row for row in found if column[row] == is_wanted]
            else:
                column = self.values["level"]
                found = [row for row in found if (column[row] == flag) == is_wanted]
        return found

    def _narrowed(self, found: Collection[int], chosen: Mapping[str, frozenset[str]]) -> Collection[int]:
        for facet, values in chosen.items():
            column = self.values[facet]
            found = [row for row in found if not values.isdisjoint(column[row])]
        return found

    def _counted(self, found: Collection[int], facet: str) -> list[tuple[str, int]]:
        counts = Counter(chain.from_iterable(map(self.values[facet].__getitem__, found)))
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def completions(self, prefix: str, access: Mapping[str, Access | None], limit: int) -> list[int]:
        """Documents whose name, title or owner/name begins with a text, most stars first."""
        found = set(self.starts.with_prefix(prefix))
        likely = heapq.nlargest(8 * limit, found, key=self.values["stars"].__getitem__) if len(found) > 8 * limit else found
        best = self.best(likely, access, limit)
        return best if len(best) == limit or likely is found else self.best(found, access, limit)

    def best(self, matched: Iterable[int], access: Mapping[str, Access | None], limit: int) -> list[int]:
        """Those of some documents that the reader may find, most stars first."""
        rows = self.rows
        found = (row for row in matched if row in rows and may_find(access, rows[row]))
        return heapq.nlargest(limit, found, key=lambda row: (rows[row].stars, rows[row].updated))


class Starts:
    """Texts that documents begin with, sorted; new ones wait in a short list until there are enough to sort again."""

    FRESH = 2000

    def __init__(self) -> None:
        self._sorted: list[tuple[str, int]] = []
        self._fresh: list[tuple[str, int]] = []

    def grow(self, new: Iterable[tuple[int, Row]]) -> None:
        """Add documents; removed ones are left to the reader to skip."""
        fresh = [*self._fresh, *((text, row_id) for row_id, row in new for text in row.starts() if text)]
        if len(fresh) > self.FRESH:
            self._sorted, self._fresh = sorted([*self._sorted, *fresh]), []
        else:
            self._fresh = fresh

    def with_prefix(self, prefix: str) -> list[int]:
        """Ids of documents, possibly twice or gone."""
        known, fresh = self._sorted, self._fresh
        begin, end = bisect_left(known, (prefix, -1)), bisect_left(known, (prefix + "\U0010ffff", -1))
        return [row for _text, row in known[begin:end]] + [row for text, row in fresh if text.startswith(prefix)]


def may_find(access: Mapping[str, Access | None], row: Row) -> bool:
    """True if the reader may find the row."""
    if row.kind not in access:
        return False
    allowed = access[row.kind]
    return allowed is None or row.level in allowed.levels or row.pk in allowed.ids
