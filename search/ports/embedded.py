"""The embedded engine: SQLite FTS5 in a file of its own, with the columns that filters need kept in memory.

FTS5 answers which documents hold the words; filters, counts and the first orders are worked out on columns in memory (100 bytes a document),
so that a request costs two statements whatever the filters. A process notices by `PRAGMA data_version` that another one wrote.
"""

import json
import sqlite3
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from core.documents import Access
from core.errors import NotFound
from search.logic import analysis
from search.ports.columns import Columns, Row
from search.ports.index import TEXTS, WEIGHTS, Entry, Found, Hit, Request, Suggestion, digest, restored, stored
from search.ports.match import corrected, expression, nearness, ranking
from search.ports.order import Ordered, order
from search.ports.sqlite import opened, told

SCHEMA = f"""
CREATE TABLE document (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, pk INTEGER NOT NULL, version INTEGER NOT NULL, row TEXT NOT NULL, shown BLOB NOT NULL,
  digest TEXT NOT NULL, UNIQUE (kind, pk));
CREATE INDEX document_version ON document (version);
CREATE TABLE gone (version INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (version, id)) WITHOUT ROWID;
CREATE TABLE clock (version INTEGER NOT NULL);
INSERT INTO clock VALUES (0);
CREATE VIRTUAL TABLE words USING fts5({", ".join(TEXTS)}, tokenize = "unicode61 remove_diacritics 0", prefix = '2 3');
CREATE VIRTUAL TABLE term USING fts5vocab(words, 'row');
"""  # noqa: S608 - only constants of ours are put in
INSERT = f"INSERT INTO words (rowid, {', '.join(TEXTS)}) VALUES ({', '.join('?' * (1 + len(TEXTS)))})"  # noqa: S608 - constants
BM25 = f"bm25(words, {', '.join(str(WEIGHTS[column]) for column in TEXTS)})"
HEADS = (TEXTS, ("name", "title", "topics", "owner", "description"), ("name", "title", "topics"))
CANDIDATES = 1500  # hits whose relevance is computed from their texts
COLUMN_POINTS = {"name": 12.0, "title": 9.0, "topics": 5.0, "description": 4.0}
NEAR_POINTS = 6.0  # for words that stand near each other


class EmbeddedIndex:
    """One SQLite file a generation below `folder`."""

    engine = "embedded"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._local = threading.local()
        self._columns: dict[str, Columns] = {}
        self._lock = threading.Lock()

    def create(self, name: str) -> None:
        """An empty file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.drop(name)
        connection = sqlite3.connect(self._path(name), timeout=30, isolation_level=None)
        connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; BEGIN; {SCHEMA} COMMIT;")
        connection.close()

    def drop(self, name: str) -> None:
        """Remove the file; readers that have it open finish undisturbed."""
        self._local.__dict__.pop(name, None)
        with self._lock:
            self._columns.pop(name, None)
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self._path(name)}{suffix}").unlink()

    def names(self) -> list[str]:
        """Files that exist."""
        return sorted(path.stem for path in self.folder.glob("*.index")) if self.folder.is_dir() else []

    def put(self, name: str, entries: Sequence[Entry]) -> None:
        """One transaction for all."""
        with self._writing(name) as (connection, version):
            for entry in entries:
                self._remove(connection, version, entry.kind, entry.document.pk)
                row = json.dumps(Row.of(entry).values(), ensure_ascii=False, separators=(",", ":"))
                shown = json.dumps(stored(entry.document), ensure_ascii=False, separators=(",", ":"))
                texts = [entry.words[column] for column in TEXTS]
                made = connection.execute(
                    "INSERT INTO document (kind, pk, version, row, shown, digest) VALUES (?, ?, ?, ?, ?, ?)",
                    (entry.kind, entry.document.pk, version, row, zlib.compress(shown.encode(), 1), digest(entry)),
                )
                connection.execute(INSERT, (made.lastrowid, *texts))

    def delete(self, name: str, kind: str, pks: Iterable[int]) -> None:
        """One transaction for all."""
        with self._writing(name) as (connection, version):
            for pk in pks:
                self._remove(connection, version, kind, pk)

    def search(self, name: str, request: Request) -> Found:
        """Match in FTS5, filter and count in memory, rank what the page needs."""
        connection = self._open(name)
        with told():
            columns = self._current(name, connection)
            matched = self._matching(connection, columns, request)
            seen = columns.filtered(matched, request)
            hits = seen.hits
            if request.sort == "relevance" and request.parsed.units:
                ordered = order(columns, hits, self._scores(connection, request, hits), request.parsed)
            else:
                ordered = Ordered.by(columns, hits, request.sort)
            page, following = ordered.page(request.after, request.limit)
            shown = self._shown(connection, [row for _key, row in page])
            found = [
                Hit(request.kind, restored(shown[row]), key[0] if isinstance(key[0], float) else 0.0) for key, row in page if row in shown
            ]
        return Found(found, seen.totals, seen.facets, following)

    def suggest(self, name: str, prefix: str, access: Mapping[str, Access | None], limit: int) -> list[Suggestion]:
        """Names that begin with the prefix; where they are too few, whatever has a word of name, title, owner or pinyin that does."""
        connection = self._open(name)
        if not (match := expression_of_prefix(prefix)):
            return []
        with told():
            columns = self._current(name, connection)
            best = columns.completions(analysis.folded(prefix).strip(), access, limit)
            if len(best) < limit:
                rows = {row for (row,) in connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (match,))}
                best += columns.best(rows.difference(best), access, limit - len(best))
            shown = self._shown(connection, best)
        return [
            Suggestion(columns.rows[row].kind, shown[row]["pk"], columns.rows[row].label, shown[row]["title"], shown[row]["url"])
            for row in best
            if row in shown
        ]

    def corrections(self, name: str, word: str) -> list[str]:
        """By edit distance over the words of the index, kept per generation and refreshed when it grew by a tenth."""
        connection = self._open(name)
        with told():
            return corrected(word, self._current(name, connection).vocabulary(connection))

    def dump(self, name: str) -> dict[tuple[str, int], str]:
        """Digests of rows."""
        rows = self._open(name).execute("SELECT kind, pk, digest FROM document")
        return {(kind, pk): digest for kind, pk, digest in rows}

    def finish(self, name: str) -> None:
        """Merge what was written in pieces, once."""
        with told():
            self._open(name).execute("INSERT INTO words (words) VALUES ('optimize')")

    # --- within ---------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.index"

    def _open(self, name: str) -> sqlite3.Connection:
        """This thread's connection. Raises NotFound if there is no such generation."""
        path = self._path(name)
        known: tuple[sqlite3.Connection, int] | None = self._local.__dict__.get(name)
        try:
            inode = path.stat().st_ino
        except FileNotFoundError as error:
            raise NotFound(_("The search index is being built.")) from error
        if known is not None and known[1] == inode:
            return known[0]
        for other in [key for key in self._local.__dict__ if not self._path(key).exists()]:
            self._local.__dict__.pop(other)[0].close()
        connection = opened(path, mapped=256 << 20, check_same_thread=False)
        self._local.__dict__[name] = (connection, inode)
        return connection

    @contextmanager
    def _writing(self, name: str) -> Iterator[tuple[sqlite3.Connection, int]]:
        connection = self._open(name)
        with told():
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute("UPDATE clock SET version = version + 1")
                yield connection, connection.execute("SELECT version FROM clock").fetchone()[0]
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def _remove(self, connection: sqlite3.Connection, version: int, kind: str, pk: int) -> None:
        for (row,) in connection.execute("SELECT id FROM document WHERE kind = ? AND pk = ?", (kind, pk)).fetchall():
            connection.execute("DELETE FROM document WHERE id = ?", (row,))
            connection.execute("DELETE FROM words WHERE rowid = ?", (row,))
            connection.execute("INSERT OR IGNORE INTO gone (version, id) VALUES (?, ?)", (version, row))

    def _current(self, name: str, connection: sqlite3.Connection) -> Columns:
        with self._lock:
            if name not in self._columns:  # another process may have dropped the ones before
                self._columns = {known: columns for known, columns in self._columns.items() if self._path(known).exists()}
            columns = self._columns.setdefault(name, Columns())
        columns.refresh(connection)
        return columns

    def _matching(self, connection: sqlite3.Connection, columns: Columns, request: Request) -> Collection[int] | None:
        """Rows that hold all the words and none of the unwanted ones; None for all rows."""
        parsed = request.parsed
        match = " AND ".join(expression(unit, parsed.fields) for unit in parsed.units)
        rows = _rows(connection, match) if match else None
        if parsed.without:
            without = _rows(connection, " OR ".join(expression(unit, parsed.fields) for unit in parsed.without))
            rows = (frozenset(columns.rows) if rows is None else rows) - without
        return rows

    def _scores(self, connection: sqlite3.Connection, request: Request, hits: Collection[int]) -> dict[int, float]:
        """Row → relevance. With more than some CANDIDATES hits only those in heads or names have one; the others come after them.

        BM25 reads every row of every word, so where even names are many the columns that hold the words decide, then the stars.
        """
        parsed, scores = request.parsed, {}
        wanted = hits if isinstance(hits, frozenset) else frozenset(hits)
        for head in HEADS:
            columns = parsed.fields or head
            match = ranking(parsed, columns)
            if len(hits) > CANDIDATES:
                limited = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
                if connection.execute(limited, (match, CANDIDATES + 1)).fetchone()[0] > CANDIDATES:
                    continue
            statement = f"SELECT rowid, {BM25} FROM words WHERE words MATCH ?"  # noqa: S608 - BM25 is a constant
            scores = {row: -score for row, score in connection.execute(statement, (match,)) if row in wanted}
            break
        else:
            for column in parsed.fields or COLUMN_POINTS:
                for row in _rows(connection, ranking(parsed, (column,))) & wanted:
                    scores[row] = scores.get(row, 0.0) + COLUMN_POINTS.get(column, 1.0)
        for row in (_rows(connection, near) if (near := nearness(parsed)) else frozenset()) & scores.keys():
            scores[row] += NEAR_POINTS
        return scores

    def _shown(self, connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, dict[str, Any]]:
        places = ", ".join("?" * len(rows))
        found = connection.execute(f"SELECT id, shown FROM document WHERE id IN ({places})", tuple(rows))  # noqa: S608 - question marks
        return {row: json.loads(zlib.decompress(shown)) for row, shown in found}


def _rows(connection: sqlite3.Connection, match: str) -> frozenset[int]:
    return frozenset(row for (row,) in connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (match,)))


def expression_of_prefix(prefix: str) -> str:
    """FTS5 expression of what is being typed: all words but the last whole, the last as a beginning."""
    tokens = [analysis.folded(run) for run in analysis.runs(prefix)][:6]
    tokens = [token for token in tokens if token.isalnum()]
    if not tokens:
        return ""
    *whole, last = tokens
    parts = [f'{{name title owner pinyin letters}} : "{token}"' for token in whole if not analysis.is_han(token)]
    if analysis.is_han(last):
        letters = " ".join(last)
        parts.append(f'({{name title owner}} : "{last}" * OR letters : "{letters}" *)')
    else:
        parts.append(f'{{name title owner pinyin}} : "{last}" *')
    parts.extend(f'letters : "{" ".join(token)}"' for token in whole if analysis.is_han(token))
    return " AND ".join(parts)
