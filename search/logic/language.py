"""What people type into the box: words, "exact words", -without, and `lang:python stars:>100` and the like."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from search.logic import analysis

LONGEST = 300  # characters of a query that are read
UNITS = 12  # words that are used
FIELDS = {"name": "name", "title": "name", "description": "description", "readme": "readme", "topics": "topics", "topic": "topics"}
KEYS = {
    "lang": "language", "language": "language", "license": "licence", "licence": "licence", "topic": "topic", "org": "owner", "owner": "owner",
    "user": "owner",
}  # fmt: skip
NUMBERS = ("stars", "forks")
DATES = ("updated", "created")
FLAGS = ("fork", "archived", "public", "internal", "private")
SORTS = ("relevance", "updated", "stars", "forks", "created", "name")
LANGUAGE_ALIASES = {
    "cpp": "c++", "cplusplus": "c++", "js": "javascript", "ts": "typescript", "py": "python", "golang": "go", "rs": "rust", "sh": "shell",
    "csharp": "c#", "notebook": "jupyter notebook", "ipynb": "jupyter notebook", "matlab": "matlab",
}  # fmt: skip
_PART = re.compile(r'(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"?|(\S+))')
_RANGE = re.compile(r"(>=|<=|>|<|=)?(\d{1,12})|(\d{1,12}|\*)\.\.(\d{1,12}|\*)")
_DAY_RANGE = re.compile(r"(>=|<=|>|<|=)?(\d{4}-\d\d-\d\d)|(\d{4}-\d\d-\d\d|\*)\.\.(\d{4}-\d\d-\d\d|\*)")
_ADDRESS = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/\s]*@)?|[\w.-]+@)(?P<host>[\w-]+(?:\.[\w-]+)+)(?::\d+)?[/:](?P<path>[^\s?#/]+/[^\s?#]+?)(?:\.git)?/?",
    re.IGNORECASE,
)
Alternative = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing a text must contain: any of `alternatives`, each of them all its tokens. `exact`: side by side and in this order.

    `spoken` are tokens looked for in the pinyin of names alone.
    """

    text: str
    alternatives: tuple[Alternative, ...]
    exact: bool = False
    spoken: tuple[str, ...] = ()
    letters: Alternative = ()  # single characters, side by side: for a text that was cut into other words


@dataclass(frozen=True, slots=True)
class Fault:
    """An operator that cannot be understood: its key, what was given, and what kind of value is wanted."""

    key: str
    value: str
    wanted: str  # number | date | field | flag | sort | value


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query that was understood. `keys`: column → (value, wanted?) pairs; `ranges`: column → (from, to), both inclusive, None for open."""

    text: str = ""
    units: tuple[Unit, ...] = ()
    without: tuple[Unit, ...] = ()
    fields: tuple[str, ...] = ()
    keys: Mapping[str, tuple[tuple[str, bool], ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    sort: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if nothing is asked for."""
        return not (self.units or self.without or self.keys or self.ranges or self.flags)

    @property
    def plain(self) -> str:
        """The words without operators."""
        return " ".join(unit.text for unit in self.units)


Synonyms = Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]]  # tokens → other token sequences that mean the same


def synonym_tokens(term: str) -> tuple[str, ...]:
    """The tokens by which a term of a synonym is recognised and looked for."""
    found: list[str] = []
    for run in analysis.runs(term):
        found.extend(analysis.finest(analysis.folded(run)) if analysis.is_han(run) else (analysis.latin(run)[0],))
    return tuple(found)


def synonyms(groups: Iterable[Iterable[str]]) -> Synonyms:
    """A table of all groups: each term leads to the others of its groups."""
    table: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for group in groups:
        terms = [tokens for tokens in map(synonym_tokens, group) if tokens]
        for term in terms:
            table[term] = tuple(dict.fromkeys((*table.get(term, ()), *(other for other in terms if other != term))))
    return table


def address(text: str) -> str:
    """`github.com/owner/name` of a pasted repository address (HTTP, SSH, git), "" for anything else."""
    found = _ADDRESS.fullmatch(text.strip())
    return f"{found['host']}/{found['path']}".casefold() if found else ""


def parse(text: str, *, known: Synonyms | None = None, spoken: bool = False) -> Parsed:
    """Read a query. `known` are synonyms; `spoken` looks for Chinese words by their sound, for when nothing else is found."""
    text = " ".join(unicodedata.normalize("NFKC", text.replace("\0", "")).replace("“", '"').replace("”", '"').split())[:LONGEST]
    text = address(text) or text
    reading = _Reading(known or {}, spoken)
    loose: list[str] = []
    for minus, key, quoted, bare in _PART.findall(text):
        value = quoted or bare
        if not value:
            continue
        if key and reading.operator(key.lower(), value, wanted=not minus):
            continue
        whole = f"{key}:{value}" if key else value
        if quoted:
            (reading.without if minus else reading.units).append(exact(whole))
        elif minus and any(character.isalnum() for character in whole):
            reading.without.extend(reading.word(run) for run in analysis.runs(whole))
        else:
            loose.append(whole)
    reading.units.extend(reading.words(" ".join(loose)))
    return reading.result(text)


def exact(text: str) -> Unit:
    """Words side by side."""
    return Unit(text, (tuple(analysis.words(text)),), exact=True, letters=tuple(analysis.characters(text)))


class _Reading:
    """Collects what one query says."""

    def __init__(self, known: Synonyms, spoken: bool) -> None:
        self.known, self.spoken = known, spoken
        self.units: list[Unit] = []
        self.without: list[Unit] = []
        self.fields: list[str] = []
        self.keys: dict[str, tuple[tuple[str, bool], ...]] = {}
        self.ranges: dict[str, tuple[float | None, float | None]] = {}
        self.flags: dict[str, bool] = {}
        self.sort = ""
        self.faults: list[Fault] = []

    def result(self, text: str) -> Parsed:
        units = tuple(unit for unit in self.units if any(unit.alternatives) or unit.letters)[:UNITS]
        return Parsed(
            text, units, tuple(self.without)[:UNITS], tuple(dict.fromkeys(self.fields)), self.keys, self.ranges, self.flags, self.sort,
            tuple(self.faults),
        )  # fmt: skip

    def operator(self, key: str, value: str, *, wanted: bool) -> bool:
        """True if `key:value` is one of ours (understood or at fault); anything else is a word, as in std::vector."""
        if key in KEYS:
            column = KEYS[key]
            self.keys[column] = (*self.keys.get(column, ()), (_value(column, value), wanted))
        elif key in NUMBERS:
            self._range(key, value, _RANGE, "number", float, 1)
        elif key in DATES:
            self._range(key, value, _DAY_RANGE, "date", _seconds, 86_400)
        elif key == "in":
            names = [FIELDS.get(name.lower()) for name in value.split(",")]
            self.fields.extend(name for name in names if name)
            if None in names:
                self.faults.append(Fault(key, value, "field"))
        elif key == "is":
            if value.lower() in FLAGS:
                self.flags[value.lower()] = wanted
            else:
                self.faults.append(Fault(key, value, "flag"))
        elif key == "sort":
            if value.lower() in SORTS:
                self.sort = value.lower()
            else:
                self.faults.append(Fault(key, value, "sort"))
        else:
            return False
        return True

    def _range(self, key: str, value: str, pattern: re.Pattern[str], wanted: str, number: object, step: int) -> None:
        found = pattern.fullmatch(value)
        try:
            if found is None:
                raise ValueError(value)
            sign, one, low, high = found.groups()
            read = _seconds if number is _seconds else float
            if one is None:
                bounds = (None if low == "*" else read(low), None if high == "*" else read(high) + step - 1)
            else:
                at = read(one)
                bounds = {
                    ">": (at + step, None), ">=": (at, None), "<": (None, at - 1), "<=": (None, at + step - 1)
                }.get(sign, (at, at + step - 1))  # fmt: skip
        except ValueError:
            self.faults.append(Fault(key, value, wanted))
            return
        old_low, old_high = self.ranges.get(key, (None, None))
        lows, highs = [n for n in (old_low, bounds[0]) if n is not None], [n for n in (old_high, bounds[1]) if n is not None]
        self.ranges[key] = (max(lows, default=None), min(highs, default=None))

    def words(self, text: str) -> list[Unit]:
        """Units of the loose words; a stretch that has synonyms is one unit."""
        runs = [run for run in analysis.runs(text) if analysis.folded(run) not in analysis.STOP] or analysis.runs(text)
        units: list[Unit] = []
        position = 0
        while position < len(runs):
            for length in range(min(4, len(runs) - position), 1, -1):
                stretch = runs[position : position + length]
                if others := self.known.get(tuple(token for run in stretch for token in synonym_tokens(run))):
                    units.append(self._with(" ".join(stretch), tuple(t for run in stretch for t in synonym_tokens(run)), others))
                    position += length
                    break
            else:
                units.extend(self._run(runs[position]))
                position += 1
        return units

    def _with(self, text: str, tokens: Alternative, others: tuple[Alternative, ...]) -> Unit:
        return Unit(text, (tokens, *others))

    def _run(self, run: str) -> list[Unit]:
        """A Latin word is one unit; a Chinese run is one a word, unless it has a synonym as a whole."""
        if not analysis.is_han(run):
            return [self.word(run)]
        text = analysis.folded(run)
        if synonym_tokens(text) in self.known or self.spoken or len(text) <= 2:
            return [self.word(text)]
        units, rest = [], text
        for tokens in sorted(self.known, key=len, reverse=True):  # 大模型训练: a part of the run that has synonyms
            term = "".join(tokens)
            if len(term) > 1 and term in rest and analysis.is_han(term):
                units.append(self.word(term))
                rest = rest.replace(term, " ", 1)
        units.extend(self.word(word) for piece in rest.split() for word in analysis.finest(piece))
        return units

    def word(self, run: str) -> Unit:
        """One word with its parts, its synonyms and its sound."""
        if analysis.is_han(run):
            text = analysis.folded(run)
            own = analysis.finest(text)
            sound = (analysis.spoken(text),) if self.spoken and len(text) > 1 else ()
            return Unit(text, (own, *self.known.get(own, ())), spoken=sound, letters=tuple(text) if len(text) > 1 else ())
        whole, *parts = analysis.latin(run)
        alternatives: list[Alternative] = [(whole,)]
        if len(parts) > 1:
            alternatives.append(tuple(parts))
        alternatives.extend(self.known.get((whole,), ()))
        return Unit(
            run, tuple(dict.fromkeys(alternatives)), spoken=(whole,) if whole.isascii() and len(whole) > 1 and whole.isalpha() else ()
        )


def _value(column: str, value: str) -> str:
    value = value.casefold().strip()
    return LANGUAGE_ALIASES.get(value, value) if column == "language" else value.lstrip("@") if column == "owner" else value


def _seconds(day: str) -> float:
    """UTC seconds of a day's start."""
    return (date.fromisoformat(day) - date(1970, 1, 1)) / timedelta(seconds=1)
