"""A process keeps one connection to its SQLite file: the end of a request neither waits for the disk nor removes the log."""

import multiprocessing
from pathlib import Path

import pytest
from django.db import ConnectionHandler

from core.db.sqlite import base

CLOSED = "PRAGMA wal_checkpoint(TRUNCATE)"


@pytest.fixture
def database(tmp_path: Path, django_db_blocker):
    """A file database with the site's options."""
    options = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    handler = ConnectionHandler({"default": {"ENGINE": "core.db.sqlite", "NAME": str(tmp_path / "a.sqlite3"), "OPTIONS": options}})
    with django_db_blocker.unblock():
        yield handler["default"]
        handler["default"].close()


def written(database, text: str) -> None:
    """One request: connect, write, close."""
    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS line(text TEXT)")
        cursor.execute("INSERT INTO line VALUES (%s)", [text])
    database.close()


def read_elsewhere(path: str, answers) -> None:
    """In a forked process: its own kept connection, never the parent's."""
    handler = ConnectionHandler({"default": {"ENGINE": "core.db.sqlite", "NAME": path}})
    with handler["default"].cursor() as cursor:
        cursor.execute("SELECT text FROM line")
        rows = [text for (text,) in cursor.fetchall()]
    handler["default"].close()
    answers.put((rows, len({process for process, name in base._kept if name == path})))


def test_the_log_stays_when_a_request_closes_its_connection(database):
    log = Path(f"{database.settings_dict['NAME']}-wal")
    written(database, "one")
    assert log.stat().st_size > 0  # the last connection to close would have removed it
    written(database, "two")
    assert log.stat().st_size > 0


def test_it_holds_up_no_checkpoint(database):
    written(database, "one")
    with database.cursor() as cursor:
        cursor.execute(CLOSED)
        assert cursor.fetchone()[0] == 0  # not busy
    assert Path(f"{database.settings_dict['NAME']}-wal").stat().st_size == 0


def test_a_forked_process_has_one_of_its_own(database):
    written(database, "one")
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=read_elsewhere, args=(str(database.settings_dict["NAME"]), answers))
    child.start()
    assert answers.get(timeout=60) == (["one"], 2)
    child.join(60)
    written(database, "two")
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM line")
        assert cursor.fetchone()[0] == 2


def test_another_file_in_its_place_is_noticed(database):
    path = Path(str(database.settings_dict["NAME"]))
    written(database, "old")
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
    written(database, "new")
    assert Path(f"{path}-wal").stat().st_size > 0
    with database.cursor() as cursor:
        cursor.execute("SELECT text FROM line")
        assert cursor.fetchall() == [("new",)]
