"""Units of a query as FTS5 expressions, and corrections of mistyped words."""

from collections.abc import Mapping, Sequence

from search.logic.language import Parsed, Unit

COLUMNS = ("name", "title", "topics", "owner", "description", "readme")
SPOKEN = ("pinyin",)
LETTERED = ("name", "title", "description")  # what the column `letters` holds


def _in(columns: Sequence[str], inner: str) -> str:
    return f"({{{' '.join(columns)}}} : ({inner}))"


def _phrase(tokens: Sequence[str]) -> str:
    return f'"{" ".join(tokens)}"'


def expression(unit: Unit, fields: Sequence[str] = ()) -> str:
    """What a row must hold for a unit; `fields` narrows it to some columns."""
    columns = tuple(fields) or COLUMNS
    parts = []
    for tokens in unit.alternatives:
        if tokens:
            one = _phrase(tokens) if unit.exact else " AND ".join(_phrase((token,)) for token in tokens)
            parts.append(_in(columns, one))
    if unit.letters and (not fields or set(LETTERED) <= set(fields)):
        parts.append(_in(("letters",), _phrase(unit.letters)))
    if unit.spoken and (not fields or {"name", "title"} & set(fields)):
        parts.append(_in(SPOKEN, " OR ".join(_phrase((token,)) for token in unit.spoken)))
    return f"({' OR '.join(parts)})" if parts else '("")'


def ranking(parsed: Parsed, columns: Sequence[str]) -> str:
    """Like the match, in some columns only."""
    fields = tuple(column for column in columns if column in COLUMNS)
    return " AND ".join(_ranked(unit, fields, "letters" in columns) for unit in parsed.units)


def nearness(parsed: Parsed) -> str:
    """Rows whose heads have the typed words near each other; "" for a single word."""
    first = [token for unit in parsed.units if unit.alternatives for token in unit.alternatives[0]]
    near = " ".join(_phrase((token,)) for token in first)
    return _in(tuple(parsed.fields) or ("name", "title", "topics", "description"), f"NEAR({near}, 6)") if len(first) > 1 else ""


def _ranked(unit: Unit, fields: Sequence[str], lettered: bool) -> str:
    parts = [_in(fields, " AND ".join(_phrase((token,)) for token in tokens)) for tokens in unit.alternatives if tokens and not unit.exact]
    parts += [_in(fields, _phrase(tokens)) for tokens in unit.alternatives if tokens and unit.exact]
    if unit.letters and lettered:
        parts.append(_in(("letters",), _phrase(unit.letters)))
    if unit.spoken and "name" in fields:
        parts.append(_in(SPOKEN, " OR ".join(_phrase((token,)) for token in unit.spoken)))
    return f"({' OR '.join(parts)})" if parts else '("")'


def corrected(word: str, known: Mapping[str, int], *, limit: int = 3) -> list[str]:
    """Known words within one change of a short word, two of one of eight letters or more; nearest first, then the commonest."""
    if len(word) < 4 or word in known:
        return []
    reach = 1 if len(word) < 6 else 2
    found = []
    grams = {word[i : i + 2] for i in range(len(word) - 1)}
    for other, documents in known.items():
        if abs(len(other) - len(word)) > reach or (other[0] != word[0] and other[1:3] != word[1:3] and other[:2] != word[1::-1]):
            continue
        if sum(gram in other for gram in grams) < len(grams) - 3 * reach:
            continue
        if (changes := distance(word, other, reach)) <= reach:
            found.append((changes, -documents, other))
    return [other for _changes, _documents, other in sorted(found)[:limit]]


def distance(left: str, right: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours (optimal string alignment); `most` + 1 when there are more."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > most:
            return most + 1
        before, row = row, current
    return row[-1]
