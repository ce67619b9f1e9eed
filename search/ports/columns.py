"""What the embedded engine keeps in memory: the columns that filters, counts and orders need, one row a document."""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from sys import intern

from core.documents import Access
from search.logic import analysis
from search.ports.index import Entry, Request, facet_values, seconds

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

    @classmethod
    def of(cls, entry: Entry) -> "Row":
        """The row of a document."""
        shown = entry.document
        return cls(
            entry.kind, shown.pk, f"{shown.owner}/{shown.name}" if shown.owner else shown.name, analysis.folded(shown.name),
            analysis.folded(shown.title), shown.level, shown.is_fork, shown.is_archived, shown.stars, shown.forks, seconds(shown.updated),
            seconds(shown.created), facet_values(shown, "language"), facet_values(shown, "licence"), facet_values(shown, "topic"), entry.keys,
        )  # fmt: skip

    def values(self) -> list[object]:
        """JSON values, in order."""
        return [
            self.kind, self.pk, self.label, self.folded, self.title, self.level, self.fork, self.archived, self.stars, self.forks,
            self.updated, self.created, self.language, self.licence, self.topic, self.keys,
        ]  # fmt: skip


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

    hits: list[int]
    totals: dict[str, int]
    facets: dict[str, list[tuple[str, int]]]


class Columns:
    """Rows of one generation, brought up to date by what changed since; `rows` is replaced, never changed, so readers need no lock."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
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
                rows = dict(self.rows)
                for (gone,) in connection.execute("SELECT id FROM gone WHERE version > ?", (self.version,)):
                    rows.pop(gone, None)
                for row, text in connection.execute("SELECT id, row FROM document WHERE version > ?", (self.version,)):
                    rows[row] = _read(text)
            finally:
                connection.execute("COMMIT")
            self.rows, self.version = rows, version

    def vocabulary(self, connection: sqlite3.Connection) -> dict[str, int]:
        """Latin words of three letters or more → documents they are in, the commonest; read again when the index grew by a tenth."""
        if self._words_of < 0 or len(self.rows) > self._words_of * 1.1 + 20 or len(self.rows) < self._words_of * 0.9:
            found = connection.execute(
                "SELECT term, doc FROM term WHERE length(term) BETWEEN 3 AND 30 AND term GLOB '[a-z]*' ORDER BY doc DESC LIMIT ?",
                (VOCABULARY,),
            )
            self._words, self._words_of = dict(found.fetchall()), len(self.rows)
        return self._words

    def filtered(self, matched: Iterable[int], request: Request) -> Seen:
        """Apply what the reader may find, operators and chosen facets; count."""
        rows, access = self.rows, request.access
        passes = _conditions(request)
        totals: Counter[str] = Counter()
        base: list[int] = []
        for row_id in matched:
            row = rows.get(row_id)
            if row is None or not may_find(access, row):
                continue
            if all(condition(row) for condition in passes):
                totals[row.kind] += 1
                if row.kind == request.kind:
                    base.append(row_id)
        chosen = {facet: frozenset(values) for facet, values in request.chosen.items() if values}
        facets = {}
        for facet in request.facets:
            others = {key: values for key, values in chosen.items() if key != facet}
            facets[facet] = _counted(rows, _narrowed(rows, base, others), facet)
        hits = _narrowed(rows, base, chosen)
        if request.kind in request.access:
            totals[request.kind] = len(hits)
        return Seen(hits, {kind: totals[kind] for kind in access}, facets)

    def completions(self, matched: Iterable[int], prefix: str, access: Mapping[str, Access | None], limit: int) -> list[int]:
        """The best of what matched a prefix: names that begin with it first, then most stars."""
        rows, start = self.rows, analysis.folded(prefix).strip()
        found = [row for row in matched if row in rows and may_find(access, rows[row])]

        def key(row_id: int) -> tuple[bool, int, float]:
            row = rows[row_id]
            begins = row.folded.startswith(start) or row.title.startswith(start) or row.label.casefold().startswith(start)
            return begins, row.stars, row.updated

        return sorted(found, key=key, reverse=True)[:limit]


def may_find(access: Mapping[str, Access | None], row: Row) -> bool:
    """True if the reader may find the row."""
    if row.kind not in access:
        return False
    allowed = access[row.kind]
    return allowed is None or row.level in allowed.levels or row.pk in allowed.ids


def _narrowed(rows: Mapping[int, Row], found: list[int], chosen: Mapping[str, frozenset[str]]) -> list[int]:
    for facet, values in chosen.items():
        found = [row for row in found if not values.isdisjoint(getattr(rows[row], facet))]
    return found


def _counted(rows: Mapping[int, Row], found: Iterable[int], facet: str) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for row in found:
        counts.update(getattr(rows[row], facet))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _conditions(request: Request) -> list[Callable[[Row], bool]]:
    """One test a filter that was asked for."""
    parsed = request.parsed
    tests: list[Callable[[Row], bool]] = []
    for column, pairs in parsed.keys.items():
        wanted = frozenset(value for value, is_wanted in pairs if is_wanted)
        unwanted = frozenset(value for value, is_wanted in pairs if not is_wanted)
        if wanted:
            if column == "topic":  # a project has several, so each asked for must be there
                tests.append(lambda row, wanted=wanted: wanted.issubset(row.keys.get("topic", ())))  # type: ignore[misc]
            else:
                tests.append(lambda row, wanted=wanted, column=column: not wanted.isdisjoint(row.keys.get(column, ())))  # type: ignore[misc]
        if unwanted:
            tests.append(lambda row, unwanted=unwanted, column=column: unwanted.isdisjoint(row.keys.get(column, ())))  # type: ignore[misc]
    for column, (low, high) in parsed.ranges.items():
        tests.append(
            lambda row, column=column, low=low, high=high: (
                (low is None or getattr(row, column) >= low)  # type: ignore[misc]
                and (high is None or getattr(row, column) <= high)
            )
        )
    for flag, wanted_flag in parsed.flags.items():
        if flag in ("fork", "archived"):
            tests.append(lambda row, flag=flag, wanted=wanted_flag: getattr(row, flag) == wanted)  # type: ignore[misc]
        else:
            tests.append(lambda row, flag=flag, wanted=wanted_flag: (row.level == flag) == wanted)  # type: ignore[misc]
    return tests
