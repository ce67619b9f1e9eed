"""Lists of repositories to mirror: CSV with a header (commas, semicolons or tabs), JSON lines, or one address a line.

UTF-8, UTF-16 or GB 18030, with or without a mark. Read line by line; a broken row is a row with a fault, never the end of the file.
"""

import csv
import io
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

LINE_MAX = 20_000
CELL_LINES = 40  # a quoted cell may hold line breaks; one that ends nowhere takes no more than its own row along
SAMPLE = 64 * 1024
NAMES = {  # heads of columns people use → ours
    "address": "address", "url": "address", "地址": "address", "原始仓库地址": "address", "clone_url": "address", "html_url": "address",
    "仓库地址": "address", "repository": "address",
    "description": "description", "简介": "description", "说明": "description", "描述": "description",
    "topics": "topics", "tags": "topics", "标签": "topics", "主题": "topics",
    "category": "category", "类别": "category", "项目类别": "category", "分类": "category",
    "stars": "stars", "stargazers_count": "stars", "收藏": "stars", "星标": "stars",
    "folder": "folder", "path": "folder", "目录": "folder",
}  # fmt: skip
OURS = ("address", "description", "topics", "category", "stars")
DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Wish:
    """One row: where it stands in the file, and what it says; `fault` is a code (columns, json, long) if it cannot be read."""

    number: int
    address: str = ""
    description: str = ""
    topics: tuple[str, ...] = ()
    category: str = ""
    stars: int = 0
    folder: str = ""  # where it lies on this machine; `adopt_mirrors` alone reads it
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file seems to be: `kind` csv, json or plain; `columns` are (head in the file, ours or ""); its first rows; how many there are."""

    kind: str
    encoding: str
    columns: list[tuple[str, str]] = field(default_factory=list)
    samples: list[Wish] = field(default_factory=list)
    rows: int = 0


def read(path: Path, columns: Mapping[str, str] | None = None) -> Iterator[Wish]:
    """The rows of a file, in order. `columns` says which head is which of OURS ("": none); without it the usual names. Raises OSError."""
    with path.open("rb") as file:
        yield from _rows(_text(file), columns or {})


def preview(path: Path, columns: Mapping[str, str] | None = None, *, samples: int = 10) -> Preview:
    """A look at the whole file. Raises OSError."""
    with path.open("rb") as file:
        text = _text(file)
        first = text.readline(LINE_MAX)
        kind, heads = _kind(first.strip()), _heads(first.strip())
        wishes = _rows(chain([first], text), columns or {})
        shown = list(islice(wishes, samples))
        named = [(head, _ours(head, columns or {})) for head in heads]
        return Preview(kind, text.encoding, named, shown, len(shown) + sum(1 for _wish in wishes))


def _text(file: IO[bytes]) -> io.TextIOWrapper:
    start = file.read(SAMPLE)
    encoding = encoding_of(start)
    if encoding == "utf-8-sig":  # the first letters beyond ASCII decide, however far down they are
        while start and start.isascii():
            start = file.read(SAMPLE)
        encoding = encoding if _is_utf8(start) else "gb18030"
    file.seek(0)
    return io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")


def encoding_of(start: bytes) -> str:
    """Python's name of the encoding, by its mark or by what the first bytes look like."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in start[:2000]:  # ASCII in UTF-16 without a mark: every other byte is none
        return "utf-16-le" if start[1:2000:2].count(0) > start[0:2000:2].count(0) else "utf-16-be"
    return "utf-8-sig" if _is_utf8(start) else "gb18030"


def _is_utf8(start: bytes) -> bool:
    """True for UTF-8, also when the sample ends inside a character."""
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(start) - 3 and error.reason == "unexpected end of data"
    return True


def _kind(head: str) -> str:
    if head.startswith("{"):
        return "json"
    return "csv" if "://" not in head and (_delimiter(head) or head.lower() in NAMES) else "plain"


def _delimiter(head: str) -> str:
    """The sign that parts the columns, "" if there is none."""
    best = max(DELIMITERS, key=head.count)
    return best if best in head else ""


def _heads(head: str) -> list[str]:
    """Names of the columns: the first line of a CSV, the keys of a first JSON object."""
    kind = _kind(head)
    if kind == "csv":
        return _split(head)
    try:
        row = json.loads(head) if kind == "json" else {}
    except ValueError:
        return []
    return [str(key)[:100] for key in row][:50] if isinstance(row, dict) else []


def _split(head: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([head], delimiter=_delimiter(head) or ","))]


def _ours(head: str, columns: Mapping[str, str]) -> str:
    return columns.get(head, "") if columns else NAMES.get(head.strip().lower(), "")


def _rows(text: Iterator[str], columns: Mapping[str, str]) -> Iterator[Wish]:
    first = next(text, "")[:LINE_MAX]
    kind = _kind(first.strip())
    if kind == "json":
        yield from _json(first, text, columns)
    elif kind == "csv":
        yield from _csv(first.strip(), text, columns)
    else:
        yield from _plain(first, text)


def _plain(first: str, text: Iterator[str]) -> Iterator[Wish]:
    for number, line in enumerate(_lines(first, text), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield Wish(number, address=line.split()[0][:2000])


def _json(first: str, text: Iterator[str], columns: Mapping[str, str]) -> Iterator[Wish]:
    for number, line in enumerate(_lines(first, text), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            yield Wish(number, fault="json")
            continue
        yield _wish(number, row, columns) if isinstance(row, dict) else Wish(number, fault="json")


def _csv(head: str, text: Iterator[str], columns: Mapping[str, str]) -> Iterator[Wish]:
    heads = _split(head)
    if "address" not in {_ours(name, columns) for name in heads}:
        yield Wish(1, fault="columns")
        return
    for first, last, cells in _cells(text, _delimiter(head) or ",", len(heads)):
        if cells is None:
            yield Wish(first, fault="columns")
        elif any(cells):
            yield _wish(last, dict(zip(heads, cells, strict=True)), columns)


def _cells(text: Iterator[str], delimiter: str, width: int) -> Iterator[tuple[int, int, list[str] | None]]:
    """(first line, last line, cells) of each row after the header; None for cells that are not `width`, or whose quotes do not end.

    Such a row ends with its first line: what follows is read anew, so that a stray quote costs nobody else.
    """
    waiting: deque[str] = deque()
    number = 1
    while True:
        lines = [line for line in [waiting.popleft() if waiting else next(text, "")] if line]
        if not lines:
            return
        number += 1
        cells = _parsed(lines, delimiter, width)
        while cells is None and len(lines) < CELL_LINES and _is_open(lines) and (line := waiting.popleft() if waiting else next(text, "")):
            lines.append(line)
            cells = _parsed(lines, delimiter, width)
        if cells is None:
            waiting.extendleft(reversed(lines[1:]))
            lines = lines[:1]
        first, number = number, number + len(lines) - 1
        if cells is not None or lines[0].strip():
            yield first, number, cells


def _is_open(lines: list[str]) -> bool:
    """True while a quoted cell waits for its end."""
    return sum(line.count('"') for line in lines) % 2 == 1 and sum(map(len, lines)) <= LINE_MAX


def _parsed(lines: list[str], delimiter: str, width: int) -> list[str] | None:
    """The cells, None if they are not as many as the columns, or not one row."""
    if sum(line.count('"') for line in lines) % 2 or sum(map(len, lines)) > LINE_MAX:
        return None
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=len(lines) > 1))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 and len(rows[0]) == width else None


def _lines(first: str, text: Iterator[str]) -> Iterator[str]:
    yield first
    for line in text:
        yield line[:LINE_MAX]


def _wish(number: int, row: dict[str, Any], columns: Mapping[str, str]) -> Wish:
    known = {_ours(key, columns): value for key, value in row.items() if _ours(key, columns)}
    topics = known.get("topics") or ()
    if isinstance(topics, str):
        topics = topics.replace("；", ";").replace("，", ",").replace(";", ",").split(",")
    stars = str(known.get("stars") or "0").replace(",", "").strip()
    return Wish(
        number,
        address=str(known.get("address") or "").strip()[:2000],
        description=str(known.get("description") or "").strip(),
        topics=tuple(str(topic).strip()[:50] for topic in topics if str(topic).strip())[:20] if isinstance(topics, list | tuple) else (),
        category=str(known.get("category") or "").strip()[:80],
        stars=min(int(stars), 2_000_000_000) if stars.isascii() and stars.isdigit() and len(stars) < 12 else 0,
        folder=str(known.get("folder") or "").strip()[:1000],
    )
