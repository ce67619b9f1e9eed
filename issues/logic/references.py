"""What words of a text name: threads (`#12`, `ns/name#12`), people and teams (`@ada`, `@lab/vision`), commits, and which threads it closes."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_NAMED = 100  # of one text; what comes after stays plain words
_PATH = r"[A-Za-z0-9][\w.-]{0,99}"
_LETTER = r"A-Za-z0-9_/@#&."
_REPOSITORY = rf"{_PATH}(?:/{_PATH}){{1,2}}"
TOKEN = re.compile(
    rf"(?<![{_LETTER}-])(?:"
    rf"(?P<repository>{_REPOSITORY})?#(?P<number>[1-9]\d{{0,8}})(?![A-Za-z0-9_])"
    rf"|(?P<at>{_REPOSITORY})@(?P<there>[0-9a-f]{{7,40}})(?![A-Za-z0-9_])"
    rf"|@(?P<person>[A-Za-z0-9](?:[A-Za-z0-9._-]{{0,37}}[A-Za-z0-9])?)(?:/(?P<team>[A-Za-z0-9][A-Za-z0-9_-]{{0,59}}))?(?![A-Za-z0-9_@])"
    rf"|(?P<oid>[0-9a-f]{{7,40}})(?![{_LETTER}-])"
    r")",
    re.ASCII,
)
_AND = r"(?:\s*(?:[,、，]|and\b|&|和|与)\s*)"
_ONE = rf"(?:{_REPOSITORY})?#[1-9]\d{{0,8}}"
CLOSING = re.compile(
    rf"(?:(?<![A-Za-z0-9_-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)(?::\s*|\s+)|(?:关闭|解决|修复|修正|完成)了?(?:任务|问题|议题|缺陷)?\s*[:：]?\s*)"
    rf"(?P<list>{_ONE}(?:{_AND}{_ONE}){{0,20}})(?![A-Za-z0-9_])",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Named:
    """Something a text names, by its words in lower case. `kind`: thread | person | team | commit.

    `path` is the repository's (“” for the one the text belongs to), or the person's or organisation's name; `key` the number, team or oid.
    """

    kind: str
    path: str
    key: str = ""


def _named(match: re.Match[str]) -> Named:
    if match["number"]:
        return Named("thread", (match["repository"] or "").lower(), match["number"])
    if match["person"]:
        return Named("team", match["person"].lower(), match["team"].lower()) if match["team"] else Named("person", match["person"].lower())
    return Named("commit", (match["at"] or "").lower(), match["there"] or match["oid"])


def _is_word(match: re.Match[str]) -> bool:
    """A bare number or a word of letters a to f is no commit."""
    oid = match["oid"] or ""
    return bool(oid) and len(oid) < 40 and (oid.isdigit() or oid.isalpha())


def found(text: str) -> Iterator[tuple[int, int, Named]]:
    """Start, end and meaning of each; at most MAX_NAMED."""
    total = 0
    for match in TOKEN.finditer(text):
        if not _is_word(match):
            yield match.start(), match.end(), _named(match)
            total += 1
            if total >= MAX_NAMED:
                return


def named(runs: list[str]) -> list[Named]:
    """What the runs of a text name, each once, in order."""
    return list(dict.fromkeys(each for run in runs for _start, _end, each in found(run)))[:MAX_NAMED]


def closing(runs: list[str]) -> set[Named]:
    """The threads that the text says it closes."""
    return {each for run in runs for match in CLOSING.finditer(run) for _s, _e, each in found(match["list"]) if each.kind == "thread"}


def cut(text: str, meaning: Callable[[Named], object | None]) -> Iterator[tuple[str, object | None]]:
    """The text in parts: each with what `meaning` says of it, None for plain words."""
    at = 0
    for start, end, each in found(text):
        told = meaning(each)
        if told is not None:
            if start > at:
                yield text[at:start], None
            yield text[start:end], told
            at = end
    if at < len(text):
        yield text[at:], None
