"""History pages. The plain log walks in process from a cursor that names the frontier, so page 1,700 costs what page 1 costs."""

import base64
import contextlib
import heapq
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gitstore import process
from gitstore.errors import PathMissing
from gitstore.objects import commit, node, parsed
from gitstore.store import alternates, opened, opened_with, raw_object
from gitstore.types import Commit, LogPage

_ABBREVIATED = 10  # bytes of an oid in a cursor
_FRONTIER_MAX = 400


def log(
    path: Path,
    oid: str,
    *,
    limit: int = 30,
    after: str = "",
    file: str = "",
    follow: bool = False,
    author: str = "",
    grep: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> LogPage:
    """Commits reachable from `oid`, newest first; `after` is the cursor of the page before.

    Without filters the walk is in process by commit time; with `file`, `author`, `grep`, `since` or `until` it is
    git's own, which uses the commit-graph's changed-path filters (git-commit-graph(1)). Raises PathMissing for a bad cursor.
    """
    if file or author or grep or since or until:
        return _filtered(path, oid, limit, after, file, follow, author, grep, since, until)
    frontier = _decode(path, after) if after else [oid]
    return _walk(path, frontier, limit)


def _walk(path: Path, frontier: Sequence[str], limit: int) -> LogPage:
    repository = opened(path)
    heap: list[tuple[int, int, str, bytes, tuple[str, ...]]] = []
    seen: set[str] = set()

    def push(oid: str) -> None:
        if oid not in seen:
            seen.add(oid)
            with contextlib.suppress(PathMissing):  # a shallow repository ends here
                content = raw_object(repository, oid)[1]
                found = node(content)
                heapq.heappush(heap, (-found.when, len(seen), oid, content, found.parents))

    for oid in frontier:
        push(oid)
    shown: list[Commit] = []
    while heap and len(shown) < limit:
        _when, _order, oid, content, parents = heapq.heappop(heap)
        shown.append(parsed(oid, content))
        for parent in parents:
            push(parent)
    return LogPage(shown, _encode([entry[2] for entry in sorted(heap)[:_FRONTIER_MAX]]))


def _encode(oids: Sequence[str]) -> str:
    raw = b"".join(bytes.fromhex(oid)[:_ABBREVIATED] for oid in oids)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(path: Path, cursor: str) -> list[str]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as error:
        raise PathMissing(cursor) from error
    if not raw or len(raw) % _ABBREVIATED or len(raw) > _ABBREVIATED * _FRONTIER_MAX:
        raise PathMissing(cursor)
    repository = opened(path)
    answer = []
    for start in range(0, len(raw), _ABBREVIATED):
        try:
            answer.append(str(repository[raw[start : start + _ABBREVIATED].hex()].id))
        except (KeyError, ValueError) as error:
            raise PathMissing(cursor) from error
    return answer


def _filtered(
    path: Path,
    oid: str,
    limit: int,
    after: str,
    file: str,
    follow: bool,
    author: str,
    grep: str,
    since: datetime | None,
    until: datetime | None,
) -> LogPage:
    if file.startswith("/") or {".", ".."} & set(file.split("/")):  # no tree has such an entry, and git would speak of the folder outside
        return LogPage([], "", {})
    skip = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0
    # rev-list starts quicker; log alone can follow a rename, and knows .mailmap when it looks for an author.
    walk = ["log", "-z", "--format=%H"] if follow or author or grep else ["rev-list"]
    arguments = [*walk, f"--max-count={limit + 1}", f"--skip={skip}"]
    if author:
        arguments += ["--fixed-strings", "--regexp-ignore-case", f"--author={author}"]
    if grep:
        arguments += ["--fixed-strings", "--regexp-ignore-case", f"--grep={grep}"]
    if since:
        arguments.append(f"--since={since.isoformat()}")
    if until:
        arguments.append(f"--until={until.isoformat()}")
    paths: dict[str, str] = {}
    if file and follow:
        output = process.run(path, [*arguments, "--follow", "--name-only", "--end-of-options", oid, "--", file], timeout=20, extra=_LITERAL)
        oids = _followed(output, paths)
    else:
        tail = ["--", file] if file else []
        output = process.run(path, [*arguments, "--end-of-options", oid, *tail], timeout=20, extra=_LITERAL)
        oids = output.decode().replace("\0", "\n").split()
    shown = [commit(path, found) for found in oids[:limit]]
    return LogPage(shown, str(skip + limit) if len(oids) > limit else "", paths)


_LITERAL = {"GIT_LITERAL_PATHSPECS": "1"}


def _followed(output: bytes, paths: dict[str, str]) -> list[str]:
    """`--follow --name-only -z`: oid, NUL, newline + name, NUL. Fills `paths` with the name at each commit."""
    oids: list[str] = []
    for piece in output.split(b"\0"):
        text = piece.decode("utf-8", "surrogateescape")
        stripped = text.lstrip("\n")
        if len(stripped) == 40 and all(character in "0123456789abcdef" for character in stripped):
            oids.append(stripped)
        elif stripped and oids:
            paths[oids[-1]] = stripped
    return oids


def between(path: Path, base: str, tip: str, *, limit: int = 250, store: Path | None = None) -> list[Commit]:
    """Commits reachable from `tip` and not from `base` ("" for none), newest first; `store` also holds objects of one side."""
    arguments = ["rev-list", f"--max-count={limit}", "--end-of-options", tip, *([f"^{base}"] if base else [])]
    repository = opened_with(path, store)
    oids = process.run(path, arguments, timeout=20, extra=_with_objects(store)).decode().split()
    return [parsed(oid, raw_object(repository, oid)[1]) for oid in oids]


def count(path: Path, tip: str, *, base: str = "", store: Path | None = None) -> int:
    """Number of commits reachable from `tip` and not from `base`; `store` also holds objects of one side."""
    arguments = ["rev-list", "--count", "--end-of-options", tip, *([f"^{base}"] if base else [])]
    return int(process.run(path, arguments, timeout=120, extra=_with_objects(store)))


def _with_objects(store: Path | None) -> dict[str, str] | None:
    """The environment in which git also reads the objects of `store` and of its pool."""
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": ":".join(map(str, (store / "objects", *alternates(store))))} if store else None


def authored(path: Path, tip: str, *, base: str = "") -> dict[tuple[str, str], tuple[str, int]]:
    """Commits by (author e-mail, UTC day) → (latest name, number), mailmap applied; merges are not counted."""
    arguments = ["log", "-z", "--no-merges", "--use-mailmap", "--format=%aE%x01%aN%x01%ad", "--date=format-local:%Y-%m-%d"]
    counted: dict[tuple[str, str], tuple[str, int]] = {}
    rest = b""
    for piece in process.stream(path, [*arguments, "--end-of-options", tip, *([f"^{base}"] if base else [])], timeout=600):
        *records, rest = (rest + piece).split(b"\0")
        for record in records:
            _add(counted, record)
    if rest:
        _add(counted, rest)
    return counted


def _add(counted: dict[tuple[str, str], tuple[str, int]], record: bytes) -> None:
    parts = record.decode("utf-8", "replace").split("\x01")
    if len(parts) == 3 and len(parts[2]) == 10:
        key = (parts[0].lower(), parts[2])
        counted[key] = (counted.get(key, (parts[1], 0))[0], counted.get(key, ("", 0))[1] + 1)
