"""CODEOWNERS: lines of `pattern @login @org/team e@mail`, the last line that matches a path wins (as on other forges)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

PLACES = ("CODEOWNERS", ".openi/CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS")
MAX_BYTES = 256 * 1024
MAX_LINES = 2000
MAX_PATTERN = 400
_NAME = re.compile(r"@[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One pattern with its owners: `@login`, `@organization/team` or an e-mail address; none means that nobody owns what matches."""

    pattern: str
    owners: tuple[str, ...]


def parsed(text: str) -> list[Line]:
    """The lines in order; comments, `[sections]` and what is no pattern are left out."""
    found = []
    for raw in text.splitlines()[:MAX_LINES]:
        parts = _pieces(raw.strip())
        if not parts or raw.strip().startswith(("[", "^[")) or len(parts[0]) > MAX_PATTERN:
            continue
        owners = tuple(part for part in parts[1:] if _NAME.fullmatch(part) or _MAIL.fullmatch(part))
        found.append(Line(parts[0], owners))
    return found


def _pieces(line: str) -> list[str]:
    """Words up to a comment; `\\ ` and `\\#` are parts of a word."""
    words: list[str] = []
    word, escaped = "", False
    for character in line:
        if escaped:
            word, escaped = word + character, False
        elif character == "\\":
            escaped = True
        elif character.isspace():
            words, word = ([*words, word] if word else words), ""
        elif character == "#" and not word:
            break
        else:
            word += character
    return [*words, word] if word else words


@lru_cache(maxsize=4096)
def expression(pattern: str) -> re.Pattern[str]:
    """A gitignore-like pattern: `/` at the start or in the middle anchors, at the end it means all below; `*` stays in a folder, `**` does not."""
    anchored = "/" in pattern.rstrip("/")
    below = pattern.endswith("/")
    parts = re.sub(r"\*{3,}", "**", pattern.strip("/"))
    out = ""
    index = 0
    while index < len(parts):
        if parts.startswith("**/", index):
            out, index = out + "(?:[^/]+/)*", index + 3
        elif parts.startswith("**", index):
            out, index = out + ".*", index + 2
        elif parts[index] == "*":
            out, index = out + "[^/]*", index + 1
        elif parts[index] == "?":
            out, index = out + "[^/]", index + 1
        else:
            out, index = out + re.escape(parts[index]), index + 1
    last = parts.rpartition("/")[2]
    tail = "/.*" if below else "" if last == "*" else "(?:/.*)?"
    return re.compile(("" if anchored else "(?:.*/)?") + out + tail, re.DOTALL)


def owners_of(lines: list[Line], path: str) -> tuple[str, ...]:
    """The owners of one path; the last line that matches wins."""
    for line in reversed(lines):
        if _matches(line.pattern, path):
            return line.owners
    return ()


def _matches(pattern: str, path: str) -> bool:
    if pattern in ("*", "/", "**"):
        return True
    if pattern.count("*") > 8:  # more stars than anyone needs would make matching slow
        return False
    return bool(expression(pattern).fullmatch(path))


def owners_of_all(lines: list[Line], paths: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    """Groups of owners → the paths each of them owns; what nobody owns is left out."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for path in paths:
        if owners := owners_of(lines, path):
            groups.setdefault(owners, []).append(path)
    return groups
