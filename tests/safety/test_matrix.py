"""Who gets what answer at every address. `matrix.txt` is the promise; a new address must be written into it.

`+` after a status: rows were written, so a refusal without it changed nothing.

After a wanted change: `OPENI_WRITE_MATRIX=1 pytest tests/safety/test_matrix.py`, and read the difference line by line.
"""

import fcntl
import os
import re
from pathlib import Path

import pytest
from django.db import connection

from tests.safety.walk import address, answer, asks

PARTS = 6  # run side by side
HEAD = "# address method kind-of-repository: actor=status …   (tests/safety/test_matrix.py writes and compares it)\n"
TABLE = Path(__file__).with_name("matrix.txt")


def line(ask, statuses) -> str:
    return f"{ask.route or '/'} {ask.method} {ask.kind}: " + " ".join(f"{who}={status}" for who, status in statuses.items())


def told(response) -> str:
    return f"{response.status_code}{'+' if response.wrote else ''}"


def promised() -> dict[str, str]:
    rows = [text for text in TABLE.read_text().splitlines() if text and not text.startswith("#")] if TABLE.exists() else []
    return {text.partition(": ")[0]: text for text in rows}


def write(found: list[str]) -> None:
    """Put these lines into the table, in the order of the addresses; lines of addresses that are gone leave it."""
    with (TABLE.parent / "matrix.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        table = promised() | {text.partition(": ")[0]: text for text in found}
        keys = [line(ask, {}).partition(": ")[0] for ask in asks()]
        TABLE.write_text(HEAD + "".join(f"{table[key]}\n" for key in keys if key in table))
    (TABLE.parent / "matrix.lock").unlink(missing_ok=True)


def comparable(text: str) -> str:
    """The table's marks of written rows are SQLite's, whose cursor counts no rows of INSERT … RETURNING: elsewhere they are left out."""
    return text if connection.vendor == "sqlite" else text.replace("+", "")


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_every_address_answers_everybody_as_promised(world, part):
    found = [line(ask, {who: told(answer(ask, who, world)) for who in ask.actors}) for ask in asks()[part::PARTS]]
    if os.environ.get("OPENI_WRITE_MATRIX"):
        write(found)
    table = promised()
    wrong = [
        f"{text}\n   promised: {promise}"
        for text in found
        if comparable(promise := table.get(text.partition(": ")[0], "(not in the table)")) != comparable(text)
    ]
    assert not wrong, "\n".join(wrong[:40])
    assert not [text for text in found if re.search(r"=5\d\d|=40[134]\+", text)], "an error of ours, or a refusal that changed something"


def test_the_table_names_no_address_that_is_gone():
    assert promised().keys() <= {line(ask, {}).partition(": ")[0] for ask in asks()}


CHANGING = re.compile(r"[0-9a-f]{12}|value=\"[A-Za-z0-9]{64}\"")


def plain(response, *names: str) -> tuple:
    """What an answer tells, without names, request ids and form tokens."""
    text = response.whole.decode(errors="replace")
    for name in names:
        text = text.replace(name, "NAME")
    kept = {key: value for key, value in response.headers.items() if key not in ("X-Request-Id", "Content-Length", "Set-Cookie")}
    return response.status_code, CHANGING.sub("", text), sorted((key, value.replace(names[0], "NAME")) for key, value in kept.items())


@pytest.mark.long
def test_a_private_repository_answers_as_a_missing_one(world):
    """Whoever may not read it learns nothing, whatever the method: status, headers and page are those of a name that nobody uses."""
    differing, asked = [], 0
    for ask in asks():
        if ask.kind != "private":
            continue
        for who in ("anonymous", "stranger", "owner"):
            for method in dict.fromkeys((ask.method, "GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE")):
                path = address(ask, world)
                there = answer(ask, who, world, path=path, method=method)
                nowhere = answer(ask, who, world, path=path.replace("/private-code", "/absent-code"), method=method)
                asked += 1
                if plain(there, "private-code") != plain(nowhere, "absent-code"):
                    differing.append(f"{who} {method} {path}: {there.status_code} {nowhere.status_code}")
    assert asked > 1000
    assert not differing, "\n".join(differing[:40])
