"""Who last touched each line, from `git blame --incremental` read as it comes (git-blame(1))."""

import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from gitstore import process
from gitstore.errors import GitFailed, PathMissing
from gitstore.objects import blob, entry_at
from gitstore.store import opened
from gitstore.types import BlameRange, Signature

IGNORE_FILE = ".git-blame-ignore-revs"
_OID = re.compile(rb"^\s*([0-9a-f]{40})\b", re.MULTILINE)


def blame(path: Path, oid: str, file: str, *, first: int = 1, lines: int = 0, timeout: float = 30) -> list[BlameRange]:
    """Ranges of lines in order, from line `first`, `lines` of them (0: all).

    Commits in the root's `.git-blame-ignore-revs` are looked through.

    Raises PathMissing, TimedOut.
    """
    found = entry_at(path, oid, file)
    if found is None or found.kind in ("tree", "submodule"):
        raise PathMissing(file)
    arguments = ["blame", "--incremental", "--root"]
    if first > 1 or lines:
        arguments.append(f"-L{first},{f'+{lines}' if lines else ''}")
    ignored = _ignored(path, oid)
    with tempfile.NamedTemporaryFile() as listed:
        if ignored:
            listed.write(b"\n".join(ignored) + b"\n")
            listed.flush()
            arguments.append(f"--ignore-revs-file={listed.name}")
        try:
            ranges = list(_parsed(process.stream(path, [*arguments, oid, "--", file], timeout=timeout)))
        except GitFailed as error:
            if "file" in error.stderr and "has only" in error.stderr:  # begins after the last line
                return []
            raise
    return sorted(ranges, key=lambda one: one.start)


def _ignored(path: Path, oid: str) -> list[bytes]:
    """Commits to look through; lines that are no commit of this store are dropped, for git would refuse the file."""
    found = entry_at(path, oid, IGNORE_FILE)
    if found is None or found.kind not in ("blob", "executable"):
        return []
    repository = opened(path)
    return [name for name in _OID.findall(blob(path, found.oid, limit=256 * 1024).data)[:2000] if name.decode() in repository]


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole


def _parsed(pieces: Iterator[bytes]) -> Iterator[BlameRange]:
    """Entries: `<oid> <line before> <line> <count>`, facts of a commit at its first entry only, `filename` last."""
    known: dict[str, tuple[Signature, str]] = {}
    facts: dict[str, str] = {}
    head: list[str] = []
    for raw in _lines(pieces):
        line = raw.decode("utf-8", "surrogateescape")
        if not head:
            head = line.split(" ")
            continue
        key, _, value = line.partition(" ")
        facts[key] = value
        if key != "filename":
            continue
        oid = head[0]
        if "author" in facts:
            known[oid] = (_author(facts), facts.get("summary", ""))
        author, summary = known[oid]
        before = facts.get("previous", "").partition(" ")
        yield BlameRange(
            oid, int(head[2]), int(head[3]), _unquoted(value), author, summary, (before[0], _unquoted(before[2])) if before[0] else None
        )
        head, facts = [], {}


def _author(facts: dict[str, str]) -> Signature:
    zone = facts.get("author-tz", "+0000")
    try:
        minutes = int(zone[:3]) * 60 + int(zone[0] + zone[3:5])
        when = datetime.fromtimestamp(int(facts["author-time"]), timezone(timedelta(minutes=minutes)) if abs(minutes) < 1440 else UTC)
    except (ValueError, KeyError, OverflowError, OSError):
        return Signature(facts["author"], facts.get("author-mail", "").strip("<>"), None)
    return Signature(facts["author"], facts.get("author-mail", "").strip("<>"), when)


_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, '"': 34, "\\": 92}


def _unquoted(name: str) -> str:
    """A name in Git's C quoting (git-config(1), core.quotePath) as it is."""
    if not (name.startswith('"') and name.endswith('"') and len(name) > 1):
        return name
    raw = bytearray()
    position, inside = 0, name[1:-1]
    while position < len(inside):
        character = inside[position]
        if character != "\\":
            raw += os.fsencode(character)
            position += 1
        elif inside[position + 1 : position + 2] in _ESCAPES:
            raw.append(_ESCAPES[inside[position + 1]])
            position += 2
        else:
            raw.append(int(inside[position + 1 : position + 4], 8))
            position += 4
    return os.fsdecode(bytes(raw))
