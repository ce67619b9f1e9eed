"""Code of default branches in one SQLite file: trigrams of each distinct file, its text packed, its symbols, and where it lies.

A file's text is kept once however many repositories hold it. The trigram table has no content of its own and nothing is ever taken out of
it: a text that no repository has any more has no place, so it is not found; a rebuild leaves it out.
"""

import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import re2
from django.utils.translation import gettext as _

from core.documents import Access
from core.errors import Invalid
from search.logic.patterns import SHORTEST, CodeQuery, expression, is_case_blind, needed
from search.logic.symbols import symbols
from search.ports.sqlite import opened, told, unmapped

SCHEMA = """
CREATE TABLE repository (id INTEGER PRIMARY KEY, label TEXT NOT NULL, owner TEXT NOT NULL, level TEXT NOT NULL, head TEXT NOT NULL);
CREATE TABLE source (id INTEGER PRIMARY KEY, oid TEXT NOT NULL UNIQUE, language TEXT NOT NULL, size INTEGER NOT NULL, packed BLOB NOT NULL);
CREATE TABLE place (
  id INTEGER PRIMARY KEY, repository INTEGER NOT NULL REFERENCES repository ON DELETE CASCADE, path TEXT NOT NULL, source INTEGER NOT NULL,
  UNIQUE (repository, path));
CREATE INDEX place_source ON place (source);
CREATE TABLE symbol (folded TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, source INTEGER NOT NULL, line INTEGER NOT NULL);
CREATE INDEX symbol_folded ON symbol (folded);
CREATE VIRTUAL TABLE gram USING fts5(text, content = '', tokenize = 'trigram');
"""
SECONDS = 2.0  # of one search
LINES_OF_FILE = 5  # shown
LINE = 300  # characters shown of a line
CHUNK = 400  # candidates looked up at once


@dataclass(frozen=True, slots=True)
class Source:
    """A text file of a commit."""

    path: str
    oid: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line with its number from 1 and the ranges of characters that match."""

    number: int
    text: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class CodeHit:
    """A file with some of its lines that match; `copies` are further readable places of the same text."""

    repository: int
    label: str
    path: str
    language: str
    lines: tuple[CodeLine, ...]
    copies: int = 0
    symbol: str = ""  # kind of the symbol that was asked for


@dataclass(frozen=True, slots=True)
class CodeFound:
    """Files, the cursor of the next page ("" at the end), and whether time ran out before all candidates were read."""

    hits: Sequence[CodeHit]
    next: str = ""
    stopped: bool = False


class CodeIndex:
    """The index in `folder`."""

    def __init__(self, folder: Path, name: str = "code") -> None:
        self.folder, self.name = folder, name
        self._local = threading.local()

    @property
    def path(self) -> Path:
        """The file in use; `<name>.current` names it once an index that was built aside has taken the place of the first."""
        try:
            return self.folder / (self.folder / f"{self.name}.current").read_text()
        except FileNotFoundError:
            return self.folder / f"{self.name}.sqlite3"

    def known(self) -> dict[int, tuple[str, str, str]]:
        """Repository id → (label, level, head)."""
        rows = self._open().execute("SELECT id, label, level, head FROM repository")
        return {pk: (label, level, head) for pk, label, level, head in rows}

    def state(self, repository: int) -> tuple[str, str, str] | None:
        """(label, level, head) of one repository, None if it is not here."""
        row = self._open().execute("SELECT label, level, head FROM repository WHERE id = ?", (repository,)).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def sizes(self) -> tuple[int, int]:
        """How many texts are kept, and how many of them have a place."""
        row = self._open().execute("SELECT (SELECT count(*) FROM source), (SELECT count(DISTINCT source) FROM place)").fetchone()
        return row[0], row[1]

    def drop(self) -> None:
        """Remove the file."""
        _remove(self.path)

    def places(self, repository: int) -> dict[str, str]:
        """Path → oid of what is indexed of a repository."""
        rows = self._open().execute(
            "SELECT path, oid FROM place JOIN source ON source.id = place.source WHERE repository = ?", (repository,)
        )
        return dict(rows.fetchall())

    def holds(self, oids: Iterable[str]) -> set[str]:
        """Those of the texts that are here already."""
        connection, found = self._open(), set()
        wanted = list(oids)
        for start in range(0, len(wanted), CHUNK):
            some = wanted[start : start + CHUNK]
            marks = ", ".join("?" * len(some))
            found |= {oid for (oid,) in connection.execute(f"SELECT oid FROM source WHERE oid IN ({marks})", some)}  # noqa: S608 - question marks
        return found

    def describe(self, repository: int, *, label: str, owner: str, level: str, head: str) -> None:
        """Write what a repository is called and who may read it. `head` "" until all of its files are in."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO repository (id, label, owner, level, head) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " label = excluded.label, owner = excluded.owner, level = excluded.level, head = excluded.head",
                (repository, label, owner.casefold(), level, head),
            )

    def add(self, sources: Sequence[Source]) -> None:
        """Keep texts; one that is here already is left alone."""
        with self._writing() as connection:
            for one in sources:
                packed = zlib.compress(one.text.encode("utf-8", "replace"), 1)
                made = connection.execute(
                    "INSERT OR IGNORE INTO source (oid, language, size, packed) VALUES (?, ?, ?, ?)",
                    (one.oid, one.language, len(one.text), packed),
                )
                if made.rowcount:
                    connection.execute("INSERT INTO gram (rowid, text) VALUES (?, ?)", (made.lastrowid, one.text))
                    rows = [(name.lower(), name, kind, made.lastrowid, line) for name, kind, line in symbols(one.text, one.language)]
                    connection.executemany("INSERT INTO symbol (folded, name, kind, source, line) VALUES (?, ?, ?, ?, ?)", rows)

    def place(self, repository: int, *, gone: Iterable[str], put: Iterable[tuple[str, str]]) -> None:
        """Change which paths of a repository hold which texts (path, oid)."""
        with self._writing() as connection:
            connection.executemany("DELETE FROM place WHERE repository = ? AND path = ?", [(repository, path) for path in gone])
            connection.executemany(
                "INSERT OR REPLACE INTO place (repository, path, source) SELECT ?, ?, id FROM source WHERE oid = ?",
                [(repository, path, oid) for path, oid in put],
            )

    def remove(self, repository: int) -> None:
        """Take a repository out."""
        with self._writing() as connection:
            connection.execute("DELETE FROM place WHERE repository = ?", (repository,))
            connection.execute("DELETE FROM repository WHERE id = ?", (repository,))

    def replace(self, other: "CodeIndex") -> None:
        """Take the place of this index by one that was built aside. Files are never renamed over one another: a log of SQLite belongs to one."""
        other._open().execute("INSERT INTO gram (gram) VALUES ('optimize')")
        other._open().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other._local.__dict__.pop("known")[0].close()
        before, fresh = self.path, self.folder / f"{self.name}-{time.time_ns()}.sqlite3"
        os.rename(other.path, fresh)
        pointer = self.folder / f"{self.name}.current"
        written = pointer.with_suffix(".new")
        written.write_text(fresh.name)
        os.replace(written, pointer)
        _remove(before)

    def dump(self) -> dict[tuple[int, str], str]:
        """(repository, path) → oid, for comparing two indexes."""
        rows = self._open().execute("SELECT repository, path, oid FROM place JOIN source ON source.id = place.source")
        return {(repository, path): oid for repository, path, oid in rows}

    def search(self, query: CodeQuery, access: Access | None, *, after: int = 0, limit: int = 20, seconds: float = SECONDS) -> CodeFound:
        """Files that hold all of it. Raises Invalid: no pattern, or one that would read everything."""
        tests = _tests(query)
        needs = [needed(pattern) for pattern in query.patterns]
        needs += [("has", text) for text in query.texts if len(text) >= SHORTEST]
        match = expression(needs)
        if not match and not query.symbols and not query.is_narrow:
            raise Invalid(
                _("This would read every file. Give three letters in a row that a match must have, or add repo:owner/name or path:."),
                field="q",
            )
        end = time.monotonic() + seconds
        connection = self._open()
        connection.set_progress_handler(lambda: int(time.monotonic() > end), 20_000)  # steps of SQLite's machine: some milliseconds
        try:
            with told():
                return self._search(query, access, match, tests, after, limit, end)
        finally:
            connection.set_progress_handler(None, 0)

    def _search(
        self, query: CodeQuery, access: Access | None, match: str, tests: "Sequence[re2._Regexp]", after: int, limit: int, end: float
    ) -> CodeFound:
        hits: list[CodeHit] = []
        last, seen = after, set()
        try:
            for source, place, symbol_line, symbol_kind in self._candidates(query, access, match, after):
                if time.monotonic() > end:
                    return CodeFound(hits, str(last) if hits else "", stopped=True)
                if source in seen:
                    continue
                seen.add(source)
                if lines := self._lines(source, tests, symbol_line):
                    if len(hits) == limit:
                        return CodeFound(hits, str(last))
                    repository, label, path, language = place
                    hits.append(CodeHit(repository, label, path, language, lines, self._copies(source, access) - 1, symbol_kind))
                last = source
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            return CodeFound(hits, str(last) if hits else "", stopped=True)
        return CodeFound(hits)

    # --- within ---------------------------------------------------------------------------------------------------

    def _candidates(
        self, query: CodeQuery, access: Access | None, match: str, after: int
    ) -> Iterator[tuple[int, tuple[int, str, str, str], int, str]]:
        """Texts that have the trigrams, in order of their id, each with its places under all filters and within what the reader may read.

        The join begins at the narrowest table, and FTS5 gives ids in order, so nothing is sorted and reading may stop early.
        """
        where, values = ["source.id > ?"], [str(after)]
        symbol, tables = (
            "0, ''",
            "repository CROSS JOIN place ON place.repository = repository.id CROSS JOIN source ON source.id = place.source",
        )
        rest = "CROSS JOIN place ON place.source = source.id CROSS JOIN repository ON repository.id = place.repository"
        if query.symbols:
            symbol, tables = "symbol.line, symbol.kind", f"symbol CROSS JOIN source ON source.id = symbol.source {rest}"
            where.append("symbol.folded GLOB ?" if query.symbols[0].endswith("*") else "symbol.folded = ?")
            values.append(query.symbols[0].lower())
            if match:
                where.append("source.id IN (SELECT rowid FROM gram WHERE gram MATCH ?)")
                values.append(match)
        elif match:
            tables = f"gram CROSS JOIN source ON source.id = gram.rowid {rest}"
            where = ["gram MATCH ?", "gram.rowid > ?"]
            values = [match, str(after)]
        for column, wanted in (
            ("lower(repository.label)", query.repositories), ("repository.owner", query.owners), ("lower(source.language)", query.languages)
        ):  # fmt: skip
            if wanted:
                where.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values += [value.lower() for value in wanted]
        for path in query.paths:
            where.append("place.path GLOB ?")
            values.append(path if "*" in path else f"*{path}*")
        reading, more = _readable(access)
        ordered = "gram.rowid" if tables.startswith("gram") else "source.id"
        statement = (
            f"SELECT source.id, repository.id, repository.label, place.path, source.language, {symbol} FROM {tables}"  # noqa: S608 - columns of ours
            f" WHERE {' AND '.join([*where, reading])} ORDER BY {ordered}"
        )
        for source, *place, line, kind in self._open().execute(statement, [*values, *more]):
            yield source, tuple(place), line, kind

    def _copies(self, source: int, access: Access | None) -> int:
        reading, values = _readable(access)
        statement = f"SELECT count(*) FROM place JOIN repository ON repository.id = place.repository WHERE source = ? AND {reading}"  # noqa: S608
        return int(self._open().execute(statement, [source, *values]).fetchone()[0])

    def _lines(self, source: int, tests: Sequence[re2._Regexp], symbol_line: int) -> tuple[CodeLine, ...]:
        packed = self._open().execute("SELECT packed FROM source WHERE id = ?", (source,)).fetchone()[0]
        data = zlib.decompress(packed)
        if not all(test.search(data) for test in tests):
            return ()
        if symbol_line:
            text = data.split(b"\n")[symbol_line - 1].decode("utf-8", "replace")[:LINE]
            return (CodeLine(symbol_line, text, ()),)
        found: dict[int, list[tuple[int, int]]] = {}
        for test in tests:
            for place, match in enumerate(test.finditer(data)):
                start = data.rfind(b"\n", 0, match.start()) + 1
                found.setdefault(start, []).append((match.start(), match.end()))
                if place > 200:
                    break
        return tuple(
            _line(data, start, ranges) for start, ranges in sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))[:LINES_OF_FILE]
        )

    def _open(self) -> sqlite3.Connection:
        known: tuple[sqlite3.Connection, Path, int] | None = self._local.__dict__.get("known")
        path = self.path
        if not path.exists():
            path = self.path  # it may have been replaced just now
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            schema = SCHEMA.replace("TABLE ", "TABLE IF NOT EXISTS ").replace("INDEX ", "INDEX IF NOT EXISTS ")
            connection.executescript(f"PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; {schema} COMMIT;")
            connection.close()
        inode = path.stat().st_ino
        if known is not None and known[1:] == (path, inode):
            return known[0]
        if known is not None:
            known[0].close()
        connection = opened(path, mapped=4 << 30)
        self._local.__dict__["known"] = (connection, path, inode)
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._open()
        with told():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            unmapped(connection)  # a worker that has indexed waits for hours


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").unlink()


def _readable(access: Access | None) -> tuple[str, list[str]]:
    """Condition on repository, and its values."""
    if access is None:
        return "1", []
    levels, ids = sorted(access.levels), sorted(access.ids)
    numbers = ", ".join(str(int(one)) for one in ids)
    return f"(repository.level IN ({', '.join('?' * len(levels))}) OR repository.id IN ({numbers}))", levels


def _tests(query: CodeQuery) -> list[re2._Regexp]:
    """Compiled texts and patterns, on bytes. Raises Invalid."""
    tests = []
    for text, is_pattern in [*((text, False) for text in query.texts), *((pattern, True) for pattern in query.patterns)]:
        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = not is_case_blind(text)
        options.max_mem = 16 << 20
        source = text if is_pattern else re2.escape(text)
        try:
            tests.append(re2.compile(f"(?m){source}".encode(), options))
        except re2.error as error:
            said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
            raise Invalid(_("This is not a pattern that can be searched: %s") % said, field="q") from error
    return tests


def _line(data: bytes, start: int, ranges: list[tuple[int, int]]) -> CodeLine:
    end = data.find(b"\n", start)
    raw = data[start : end if end >= 0 else len(data)]
    text = raw.decode("utf-8", "replace")
    shown = []
    for begin, stop in ranges:
        first = len(raw[: begin - start].decode("utf-8", "replace"))
        last = first + len(raw[begin - start : min(stop - start, len(raw))].decode("utf-8", "replace"))
        shown.append((first, last))
    cut = max(0, min(first for first, _last in shown) - LINE // 3) if len(text) > LINE else 0
    ranges_shown = tuple((first - cut, min(last - cut, LINE)) for first, last in sorted(shown) if first - cut < LINE)
    return CodeLine(data.count(b"\n", 0, start) + 1, text[cut : cut + LINE], ranges_shown)
