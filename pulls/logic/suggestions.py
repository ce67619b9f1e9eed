"""Suggestions: fenced blocks ```suggestion in a comment on lines, which replace those lines."""

import re
from dataclasses import dataclass

_OPEN = re.compile(r"^( {0,3})(`{3,}|~{3,})\s*suggestion\s*$")


class NoMatch(Exception):
    """The lines are not what the suggestion was made for."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a comment: Markdown, or the lines of a suggestion."""

    text: str
    is_suggestion: bool = False


def parts(body: str) -> list[Part]:
    """A comment cut at its suggestions; a block that is never closed is Markdown."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found: list[Part] = []
    plain: list[str] = []
    index = 0
    fence = ""
    while index < len(lines):
        line = lines[index]
        opened = None if fence else _OPEN.match(line)
        end = _closing(lines, index, opened[2]) if opened else -1
        if opened and end > 0:
            if any(one.strip() for one in plain):
                found.append(Part("\n".join(plain)))
            plain = []
            found.append(Part("\n".join(lines[index + 1 : end]), True))
            index = end + 1
            continue
        fence = _fence_after(fence, line)
        plain.append(line)
        index += 1
    if any(one.strip() for one in plain) or not found:
        found.append(Part("\n".join(plain)))
    return found


def _closing(lines: list[str], start: int, fence: str) -> int:
    """Index of the line that closes the block opened at `start`, -1 for none."""
    for index in range(start + 1, len(lines)):
        stripped = lines[index].strip()
        if len(stripped) >= len(fence) and set(stripped) == {fence[0]} and len(lines[index]) - len(lines[index].lstrip(" ")) < 4:
            return index
    return -1


def _fence_after(fence: str, line: str) -> str:
    """The other fence we are in after `line`, "" for none: a suggestion inside a code block is no suggestion."""
    match = re.match(r"^ {0,3}(`{3,}|~{3,})(.*)$", line)
    if not match:
        return fence
    if not fence:
        return match[1] if "`" not in match[2] or match[1][0] == "~" else ""
    closes = match[1][0] == fence[0] and len(match[1]) >= len(fence) and not match[2].strip()
    return "" if closes else fence


def suggested(body: str) -> str | None:
    """The text of the first suggestion, None if there is none."""
    return next((part.text for part in parts(body) if part.is_suggestion), None)


def replaced(content: str, first: int, last: int, text: str, expected: list[str]) -> str:
    """`content` with lines `first`…`last` replaced by `text`; line ends of the file stay. Raises NoMatch unless they are `expected`."""
    lines = content.splitlines(keepends=True)
    if not 1 <= first <= last <= len(lines) or [line.rstrip("\r\n") for line in lines[first - 1 : last]] != expected:
        raise NoMatch
    ending = "\r\n" if lines[first - 1].endswith("\r\n") else "\n"
    new = [line + ending for line in text.split("\n")] if text else []
    if new and not lines[last - 1].endswith(("\n", "\r")):
        new[-1] = new[-1].rstrip("\r\n")
    return "".join([*lines[: first - 1], *new, *lines[last:]])
