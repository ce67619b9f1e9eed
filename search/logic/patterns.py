"""What is looked for in code: words, "exact text", /patterns/, and the texts of three letters or more a file must have to hold them."""

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST = 500  # characters
_PART = re.compile(r'(?:([A-Za-z]+):)?(?:"((?:[^"\\]|\\.)*)"?|/((?:[^/\\]|\\.)+)/|(\S+))')
KEYS = {
    "lang": "languages",
    "language": "languages",
    "path": "paths",
    "repo": "repositories",
    "org": "owners",
    "owner": "owners",
    "sym": "symbols",
    "symbol": "symbols",
}


@dataclass(frozen=True, slots=True)
class CodeQuery:
    """Texts that must all stand in a file; `patterns` are regular expressions. Case counts where a capital letter is typed."""

    texts: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if no text is asked for."""
        return not (self.texts or self.patterns or self.symbols)

    @property
    def is_narrow(self) -> bool:
        """True if some files are named, so that all of them may be read."""
        return bool(self.paths or self.repositories)


@dataclass
class _Collected:
    values: dict[str, list[str]] = field(default_factory=dict)

    def add(self, column: str, value: str) -> None:
        self.values.setdefault(column, []).append(value)


def parse_code(text: str) -> CodeQuery:
    """Read a query."""
    found = _Collected()
    for key, quoted, pattern, bare in _PART.findall(text.replace("\0", "").strip()[:LONGEST]):
        column = KEYS.get(key.lower())
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
        if column and value:
            found.add(column, value)
        elif pattern and not key:
            found.add("patterns", pattern.replace("\\/", "/"))
        elif value or pattern:
            whole = value or f"/{pattern}/"
            found.add("texts", f"{key}:{whole}" if key else whole)
    return CodeQuery(**{column: tuple(values[:12]) for column, values in found.values.items()})


SHORTEST = 3  # characters that a trigram table can look up
Need = tuple[Any, ...]  # ("and" | "or", parts) or ("has", text); () asks for nothing


def needed(pattern: str) -> Need:
    """The texts that every match of a pattern must hold, whatever their case; () if there is none that helps. Raises ValueError for what is no pattern."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return _of_sequence(tree)


def _of_sequence(items: Iterable[Any]) -> Need:
    parts: list[Need] = []
    run: list[str] = []

    def flush() -> None:
        if len(run) >= SHORTEST:
            parts.append(("has", "".join(run)))
        run.clear()

    for operator, value in _flattened(items):
        if operator is constants.LITERAL:
            run.append(chr(value))
            continue
        flush()
        if operator is constants.BRANCH:
            ways = [_of_sequence(way) for way in value[1]]
            if all(ways):
                parts.append(("or", tuple(ways)))
        elif operator in (constants.MAX_REPEAT, constants.MIN_REPEAT) and value[0] >= 1:
            parts.append(_of_sequence(value[2]))
    flush()
    parts = [part for part in parts if part]
    return parts[0] if len(parts) == 1 else ("and", tuple(parts)) if parts else ()


def _flattened(items: Iterable[Any]) -> Iterable[Any]:
    """Groups laid open: (ab)c is abc."""
    for operator, value in items:
        if operator is constants.SUBPATTERN and not value[1] and not value[2]:
            yield from _flattened(value[3])
        else:
            yield operator, value


def expression(needs: Sequence[Need]) -> str:
    """FTS5 expression over the trigram table; "" if nothing is asked for."""
    return " AND ".join(_expression(need) for need in needs if need)


def _expression(need: Need) -> str:
    if need[0] == "has":
        return '"' + str(need[1]).replace('"', '""') + '"'
    word = " AND " if need[0] == "and" else " OR "
    return "(" + word.join(_expression(part) for part in need[1]) + ")"


def is_case_blind(text: str) -> bool:
    """Small letters match both; a capital one only itself. Classes such as \\S and \\W do not count as capitals."""
    return not any(character.isupper() for character in re.sub(r"\\.", "", text))
