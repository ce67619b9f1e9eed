"""Where a conversation stands in the newest version: it follows its lines, or they changed."""

from collections.abc import Iterable
from dataclasses import dataclass

import gitstore
from projects.queries.parts import part
from pulls.logic.lines import followed
from pulls.models import LineThread, Pull

BLOB_MAX = 2 * 1024**2  # bytes


@dataclass(frozen=True, slots=True)
class Spot:
    """Lines `start`…`line` of the file now; 0 for the whole file. `is_outdated`: they are as they were then, and changed since."""

    start: int
    line: int
    is_outdated: bool = False


def spots(pull: Pull, threads: Iterable[LineThread]) -> dict[int, Spot]:
    """Id of a conversation → where it stands; no query."""
    blobs: dict[tuple[str, str], str] = {}
    return {thread.pk: _spot(pull, thread, blobs) for thread in threads}


def _spot(pull: Pull, thread: LineThread, blobs: dict[tuple[str, str], str]) -> Spot:
    now = pull.head_oid if thread.side == LineThread.Side.NEW else pull.merge_base
    here = Spot(thread.start_line, thread.line)
    if now == thread.oid:
        return here
    gone = Spot(thread.start_line, thread.line, True)
    before, after = (_blob(pull, oid, thread.path, blobs) for oid in (thread.oid, now))
    if not after:
        return gone
    if before == after or thread.line == 0:
        return here
    found = _followed(pull, before, after, thread.start_line, thread.line) if before else None
    return Spot(*found) if found else gone


def _blob(pull: Pull, oid: str, path: str, known: dict[tuple[str, str], str]) -> str:
    """Oid of the file at a commit, "" for none."""
    key = (oid, path)
    if key not in known:
        try:
            entry = gitstore.entry_at(pull.repository.path, oid, path)
        except gitstore.GitError:
            entry = None
        known[key] = entry.oid if entry is not None and entry.kind in ("blob", "executable", "symlink") else ""
    return known[key]


def _followed(pull: Pull, before: str, after: str, start: int, line: int) -> tuple[int, int] | None:
    def make() -> tuple[int, int] | tuple[()]:
        sides = [gitstore.blob(pull.repository.path, oid, limit=BLOB_MAX) for oid in (before, after)]
        if any(side.truncated for side in sides):
            return ()
        old, new = (side.data.split(b"\n") for side in sides)
        return followed(old, new, start, line) or ()

    return part(("followed", before, after, start, line), make) or None
