"""Lists of repositories to mirror: CSV with a header, JSON lines, or one address a line. UTF-8 (with or without a mark) or GB 18030.

Read line by line; a broken row is a row with a fault, never the end of the file.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

LINE_MAX = 20_000
NAMES = {  # heads of columns people use → ours
    "address": "address", "url": "address", "地址": "address", "原始仓库地址": "address", "clone_url": "address", "html_url": "address",
    "description": "description", "简介": "description", "说明": "description",
    "topics": "topics", "tags": "topics", "标签": "topics", "主题": "topics",
    "category": "category", "类别": "category", "项目类别": "category",
    "stars": "stars", "stargazers_count": "stars", "收藏": "stars",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """One row: where it stands in the file, and what it says; `fault` is a code (columns, json, long) if it cannot be read."""

    number: int
    address: str = ""
    description: str = ""
    topics: tuple[str, ...] = ()
    category: str = ""
    stars: int = 0
    fault: str = ""


def read(path: Path) -> Iterator[Wish]:
    """The rows of a file, in order. Raises OSError."""
    with path.open("rb") as file:
        start = file.read(65536)
        file.seek(0)
        encoding = "utf-8-sig" if _is_utf8(start) else "gb18030"
        yield from _rows(io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=""))


def _is_utf8(start: bytes) -> bool:
    """True for UTF-8, also when the sample ends inside a character."""
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(start) - 3 and error.reason == "unexpected end of data"
    return True


def _rows(text: IO[str]) -> Iterator[Wish]:
    first = text.readline(LINE_MAX)
    stripped = first.strip()
    if stripped.startswith("{"):
        yield from _json(first, text)
    elif "," in stripped and "://" not in stripped:
        yield from _csv(stripped, text)
    else:
        yield from _plain(first, text)


def _plain(first: str, text: IO[str]) -> Iterator[Wish]:
    for number, line in enumerate(_lines(first, text), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield Wish(number, address=line.split()[0][:2000])


def _json(first: str, text: IO[str]) -> Iterator[Wish]:
    for number, line in enumerate(_lines(first, text), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            yield Wish(number, fault="json")
            continue
        yield _wish(number, row) if isinstance(row, dict) else Wish(number, fault="json")


def _csv(head: str, text: IO[str]) -> Iterator[Wish]:
    columns = [name.strip() for name in next(csv.reader([head]))]
    if "address" not in {NAMES.get(name.lower()) for name in columns}:
        yield Wish(1, fault="columns")
        return
    reader = csv.reader(text)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Wish(reader.line_num + 1, fault="columns")
            continue
        if any(cells):
            number = reader.line_num + 1
            yield _wish(number, dict(zip(columns, cells, strict=False))) if len(cells) == len(columns) else Wish(number, fault="columns")


def _lines(first: str, text: IO[str]) -> Iterator[str]:
    yield first
    while line := text.readline(LINE_MAX):
        yield line


def _wish(number: int, row: dict[str, Any]) -> Wish:
    known = {NAMES[key.strip().lower()]: value for key, value in row.items() if isinstance(key, str) and key.strip().lower() in NAMES}
    topics = known.get("topics") or ()
    if isinstance(topics, str):
        topics = topics.replace("；", ";").replace("，", ",").replace(";", ",").split(",")
    stars = str(known.get("stars") or "0").replace(",", "").strip()
    return Wish(
        number,
        address=str(known.get("address") or "").strip()[:2000],
        description=str(known.get("description") or "").strip(),
        topics=tuple(str(topic).strip()[:50] for topic in topics if str(topic).strip())[:20],
        category=str(known.get("category") or "").strip()[:80],
        stars=min(int(stars), 2_000_000_000) if stars.isascii() and stars.isdigit() and len(stars) < 12 else 0,
    )
