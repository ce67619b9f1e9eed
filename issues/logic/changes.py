"""What changed between two texts, word by word."""

import re
from dataclasses import dataclass

import pygit2

WORDS = re.compile(r"[A-Za-z0-9_]+|[^\S\n]+|.", re.DOTALL)  # Chinese changes by the character
MOST = 60_000  # words of both texts compared one by one; beyond that lines are
_LINES = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text: `kind` is "" (kept), "gone" or "new"."""

    kind: str
    text: str


def changes(old: str, new: str) -> list[Piece]:
    """The pieces of both texts in order. The comparison is Git's, each word a line, so its time does not explode."""
    before, after = WORDS.findall(old), WORDS.findall(new)
    if len(before) + len(after) > MOST:
        before, after = _LINES.findall(old), _LINES.findall(new)
    one, other = _as_lines(before), _as_lines(after)  # the patch points into them
    patch = pygit2.Patch.create_from(one, other, context_lines=len(before) + 1, interhunk_lines=0)
    hunks = patch.hunks if patch is not None else []
    if not hunks:
        return [Piece("", old)] if old else []
    found: list[Piece] = []
    for line in hunks[0].lines:
        kind = {"-": "gone", "+": "new"}.get(line.origin, "")
        text = line.content[:-1].replace("\x01", "\n")
        if found and found[-1].kind == kind:
            found[-1] = Piece(kind, found[-1].text + text)
        else:
            found.append(Piece(kind, text))
    del patch, hunks, one, other
    return found


def _as_lines(words: list[str]) -> bytes:
    """One a line; line ends within a word stand as a control character that no text here holds."""
    return "".join(word.replace("\x01", "").replace("\n", "\x01") + "\n" for word in words).encode("utf-8", "replace")
