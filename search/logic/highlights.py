"""Where a text holds what was looked for: stretches to mark, and the part of a long text worth showing."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from search.logic import analysis
from search.logic.language import Parsed

Piece = tuple[str, bool]  # text, marked?
MARKS = 60  # of one text


def wanted(parsed: Parsed) -> tuple[str, ...]:
    """Folded strings that are marked: every word of the query, of its synonyms and of its exact phrases, longest first."""
    found: dict[str, None] = {}
    for unit in parsed.units:
        found[analysis.folded(unit.text)] = None
        for tokens in unit.alternatives:
            for token in tokens:
                found[token] = None
    return tuple(sorted((word for word in found if word and word not in analysis.STOP), key=len, reverse=True))


def _fold(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters the place it came from."""
    whole = analysis.folded(text)
    if len(whole) == len(text):
        return whole, range(len(text))
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        one = _folded(character)
        folded.append(one)
        places.extend([place] * len(one))
    return "".join(folded), places


@lru_cache(maxsize=20_000)
def _folded(character: str) -> str:
    return analysis.folded(character)


def _ranges(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    folded, places = _fold(text)
    ranges: list[tuple[int, int]] = []
    for word in words:
        start = folded.find(word)
        while start >= 0 and len(ranges) < MARKS:
            end = start + len(word)
            if analysis.is_han(word) or _is_word(folded, text, places, start, end):
                ranges.append((places[start], places[end - 1] + 1))
            start = folded.find(word, start + 1)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_word(folded: str, text: str, places: Sequence[int], start: int, end: int) -> bool:
    """A Latin word begins where it stands alone or after a change of case or of kind: `spore` in MindSpore, not `art` in start."""
    before = folded[start - 1] if start else " "
    begins = not before.isalnum() or before.isdigit() != folded[start].isdigit() or analysis.is_han(before)
    begins = begins or (text[places[start]].isupper() and not text[places[start - 1]].isupper())
    if len(folded[start:end]) > 2:
        return begins
    after = folded[end] if end < len(folded) else " "
    return begins and (not after.isalnum() or analysis.is_han(after))


def marked(text: str, words: Sequence[str]) -> list[Piece]:
    """The whole text in pieces."""
    pieces: list[Piece] = []
    position = 0
    for start, end in _ranges(text, words):
        if start > position:
            pieces.append((text[position:start], False))
        pieces.append((text[start:end], True))
        position = end
    if position < len(text):
        pieces.append((text[position:], False))
    return pieces


def excerpt(text: str, words: Sequence[str], *, length: int = 160) -> list[Piece]:
    """The stretch of about `length` characters with the most different words in it, [] if it holds none."""
    ranges = _ranges(text, words)
    if not ranges:
        return []
    best, most = ranges[0][0], 0
    for start, _end in ranges:
        inside = {analysis.folded(text[a:b]) for a, b in ranges if start <= a < start + length}
        if len(inside) > most:
            best, most = start, len(inside)
    begin = max(0, best - length // 4)
    while 0 < begin < best and text[begin - 1].isalnum() and not analysis.is_han(text[begin - 1]):
        begin += 1
    stretch = text[begin : begin + length]
    pieces = marked(stretch, words)
    if begin > 0:
        pieces.insert(0, ("… ", False))
    if begin + length < len(text):
        pieces.append((" …", False))
    return pieces
