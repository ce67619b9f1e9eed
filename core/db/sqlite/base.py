"""SQLite engine with one process-wide write lock, and one connection that a process keeps open.

`transaction_mode=IMMEDIATE` makes every transaction a writer from BEGIN on; with many threads SQLite's busy handler and
Python's garbage collector block each other until the timeout. One lock before BEGIN (timeout 20 s) queues the threads fairly.
Measured: 48 threads, one transaction held 8 s: 375 of 400 failed without the lock, none with it.

Whoever closes the last connection of all processes writes the whole log back, waits for the disk twice and removes the log
(https://sqlite.org/wal.html, "Avoiding Excessively Large WAL Files"); requests close theirs, so without one that stays this happened
at the end of each. The idle one reads nothing, so it holds up no checkpoint.
"""

import os
import sqlite3
import threading
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

_write_lock = threading.Lock()
WAIT = 20.0  # seconds
_kept: dict[tuple[int, str], tuple[int, sqlite3.Connection]] = {}  # (process, database) → its inode, the connection


def _keep_open(database: str) -> None:
    """Have this process hold a connection to the database file. A parent's is never touched: closing it here would end its locks."""
    try:
        inode = os.stat(database).st_ino
    except (OSError, ValueError):  # in memory
        return
    key = (os.getpid(), database)
    if key in _kept and _kept[key][0] == inode:
        return
    connection = sqlite3.connect(f"file:{database}?mode=rw", uri=True, check_same_thread=False, isolation_level=None)
    connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()  # opens the log
    _kept[key] = (inode, connection)


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes the lock when a transaction starts, gives it back at commit, rollback or close."""

    _holds_lock = False

    def get_new_connection(self, conn_params: Any) -> Any:
        """Beside the first one of this process, one that stays."""
        connection = super().get_new_connection(conn_params)
        _keep_open(str(conn_params["database"]))
        return connection

    def _start_transaction_under_autocommit(self) -> None:
        if not self._holds_lock:
            if not _write_lock.acquire(timeout=WAIT):
                raise OperationalError("database is locked (another thread's transaction)")
            self._holds_lock = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._release()
            raise

    def _release(self) -> None:
        if self._holds_lock:
            self._holds_lock = False
            _write_lock.release()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            if self.connection is None or not self.connection.in_transaction:
                self._release()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._release()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._release()
