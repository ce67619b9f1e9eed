"""What the two indexes kept in SQLite files share: how a file is opened, and what trouble with it is called."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from core.errors import Unavailable


def opened(path: Path, *, mapped: int, **options: bool) -> sqlite3.Connection:
    """A connection in autocommit mode that waits 30 s for a lock; `mapped` bytes of the file are read through memory."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, **options)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA cache_size=-2000")
    connection.execute(f"PRAGMA mmap_size={mapped}")
    return connection


def unmapped(connection: sqlite3.Connection) -> None:
    """What was read through memory so far no longer counts as this process's; later reads map it anew."""
    (size,) = connection.execute("PRAGMA mmap_size").fetchone()
    connection.execute("PRAGMA mmap_size=0")
    connection.execute(f"PRAGMA mmap_size={size}")


@contextmanager
def told() -> Iterator[None]:
    """Trouble of SQLite becomes Unavailable."""
    try:
        yield
    except sqlite3.Error as error:
        raise Unavailable(_("The search index does not answer.")) from error
