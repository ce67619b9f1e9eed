"""Caches of the embedded stack: shared counters in a SQLite file of its own, and pages in memory over files."""

import pickle
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache

_SCHEMA = "CREATE TABLE IF NOT EXISTS entry(key TEXT PRIMARY KEY, value BLOB, expires REAL) WITHOUT ROWID"


class SQLiteCache(BaseCache):
    """Counts once across processes and survives a restart; `incr` and `add` are one atomic upsert."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._path = location
        self._local = threading.local()

    def _db(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=20, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_SCHEMA)
            self._local.connection = connection
        return connection

    def _expires(self, timeout: Any) -> float | None:
        moment = self.get_backend_timeout(timeout)
        return moment

    def _name(self, key: str, version: int | None) -> str:
        return self.make_and_validate_key(key, version=version)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = (
            self._db()
            .execute("SELECT value FROM entry WHERE key=? AND (expires IS NULL OR expires>?)", (self._name(key, version), time.time()))
            .fetchone()
        )
        return default if row is None else _load(row[0])

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._db().execute("REPLACE INTO entry VALUES(?,?,?)", (self._name(key, version), _dump(value), self._expires(timeout)))

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        cursor = self._db().execute(
            "INSERT INTO entry VALUES(?,?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value, expires=excluded.expires"
            " WHERE entry.expires IS NOT NULL AND entry.expires<=?",
            (self._name(key, version), _dump(value), self._expires(timeout), time.time()),
        )
        return cursor.rowcount > 0

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        cursor = self._db().execute(
            "UPDATE entry SET expires=? WHERE key=? AND (expires IS NULL OR expires>?)",
            (self._expires(timeout), self._name(key, version), time.time()),
        )
        return cursor.rowcount > 0

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._db().execute("DELETE FROM entry WHERE key=?", (self._name(key, version),)).rowcount > 0

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        row = (
            self._db()
            .execute(
                "UPDATE entry SET value=value+? WHERE key=? AND typeof(value)='integer' AND (expires IS NULL OR expires>?) RETURNING value",
                (delta, self._name(key, version), time.time()),
            )
            .fetchone()
        )
        if row is None:
            raise ValueError(f"Key '{key}' not found")
        return int(row[0])

    def clear(self) -> None:
        self._db().execute("DELETE FROM entry")

    def sweep(self) -> int:
        """Delete what expired; returns the number of rows."""
        return self._db().execute("DELETE FROM entry WHERE expires<=?", (time.time(),)).rowcount


def _dump(value: Any) -> Any:
    return value if type(value) is int else pickle.dumps(value)


def _load(value: Any) -> Any:
    return value if isinstance(value, int) else pickle.loads(value)  # noqa: S301 - our own file


class PagesCache(FileBasedCache):
    """Immutable page parts keyed by commit or blob: memory of this process first, then a file."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(location, params)
        self._max_entries = 20000
        self._memory = LocMemCache(f"pages:{location}", {**params, "OPTIONS": {"MAX_ENTRIES": 600}})

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        value = self._memory.get(key, None, version)
        if value is None:
            value = super().get(key, None, version)
            if value is not None:
                self._memory.set(key, value, version=version)
        return default if value is None else value

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._memory.set(key, value, version=version)
        super().set(key, value, timeout, version)

    def delete(self, key: str, version: int | None = None) -> bool:
        self._memory.delete(key, version)
        return super().delete(key, version)

    def clear(self) -> None:
        self._memory.clear()
        super().clear()

    def _cull(self) -> None:
        """Counting files at each write costs more than the write; the sweep does it."""
