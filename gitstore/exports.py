"""Whole trees handed out: archives, and search in them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gitstore import process
from gitstore.errors import GitFailed, NameInvalid
from gitstore.objects import files
from gitstore.store import opened

_PREFIX = re.compile(r"[^\x00-\x1f/\\\x7f]{1,200}")


def archive(path: Path, oid: str, form: str, prefix: str, *, timeout: float = 1800) -> Iterator[bytes]:
    """The tree of `oid` as "zip" or "tar.gz" below the folder `prefix`, in blocks, always the same bytes. Raises NameInvalid, GitFailed."""
    if form not in ("zip", "tar.gz") or not _PREFIX.fullmatch(prefix) or prefix in (".", ".."):
        raise NameInvalid(prefix, "part")
    return process.stream(path, ["archive", f"--format={form}", f"--prefix={prefix}/", "--end-of-options", oid], timeout=timeout)


HEADS = 5_000  # files whose beginning is read at most


def sizes(
    path: Path, oid: str, *, limit: int = 50_000, head_of: Callable[[str], bool] = lambda name: False
) -> list[tuple[str, int, bytes]]:
    """(path, bytes, first 8 kB) of the files of a commit, for the languages bar; links are left out.

    Only files that `head_of` names are read, and of them the first HEADS of at most 1 MiB; the others have b"".
    """
    odb = opened(path).odb
    answer: list[tuple[str, int, bytes]] = []
    heads = 0
    for name, blob_oid, mode in files(path, oid, limit=limit):
        if mode in (0o100644, 0o100755, 0o100664):
            try:
                size, head = int(odb.read_header(blob_oid)[1]), b""
                if heads < HEADS and 0 < size <= 1024**2 and head_of(name):
                    heads += 1
                    head = odb.read(blob_oid)[1][:8192]
                answer.append((name, size, head))
            except KeyError:  # a partial clone
                continue
    return answer


@dataclass(frozen=True, slots=True)
class Match:
    """A line that was found."""

    path: str
    line: int
    text: str


def grep(path: Path, oid: str, words: str, *, limit: int = 200, timeout: float = 10) -> list[Match]:
    """Lines with the fixed text `words`, case ignored, at most `limit`, binary files left out. Raises TimedOut."""
    arguments = ["grep", "-z", "-n", "-I", "-i", "-F", "--no-color", "--full-name", "--max-count=20", "--threads=1", "-e", words, oid, "--"]
    found: list[Match] = []
    rest = b""
    pieces = process.stream(path, arguments, timeout=timeout)
    try:
        for piece in pieces:
            *rows, rest = (rest + piece).split(b"\n")
            for row in rows:
                parts = row.split(b"\0", 2)
                if len(parts) == 3 and parts[1].isdigit():
                    name = parts[0].decode("utf-8", "surrogateescape").removeprefix(f"{oid}:")
                    found.append(Match(name, int(parts[1]), parts[2][:500].decode("utf-8", "replace")))
                if len(found) >= limit:
                    return found
    except GitFailed as error:
        if error.returncode != 1:  # 1: nothing found
            raise
    finally:
        pieces.close()
    return found
