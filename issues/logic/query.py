"""The query language of lists: `is:open label:"good first" author:me updated:<7d sort:comments-desc free "exact words"`.

A query is terms: words to find, and `key:value` conditions that all must hold. `-key:value` turns a condition round; `key:a,b` asks for
either. Values with spaces stand in quotes; full-width colons and quotes are read as the plain ones. What cannot be read is told in
`faults`, and the rest still counts. `str(query)` prints the same query in plain spelling.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from issues.logic import words
from issues.logic.ranges import InvalidRange, Span, number_range, time_range

MAX_CHARACTERS, MAX_TERMS, MAX_VALUES = 2_000, 40, 20
DEFAULT_SORT = "created-desc"
_OPENING = {'"': '"', "“": "”", "「": "」"}
_KEY = re.compile(r"(-?)([a-z]{2,20}(?:-[a-z]{2,10})?|[\u4e00-\u9fff]{1,4})[:：](?![:/])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition, or words to find (`key` is "" then). `values`: any of them; `span` is set where the key takes a range."""

    key: str
    values: tuple[str, ...]
    negated: bool = False
    span: Span | None = None

    @property
    def value(self) -> str:
        """The first value."""
        return self.values[0]

    def __str__(self) -> str:
        shown = ",".join(quoted(value) for value in self.values)
        if self.key:
            return f"{'-' if self.negated else ''}{self.key}:{shown}"
        return f"-{quoted(self.value, always=True)}" if self.negated else shown


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be read: `kind` (key | value | range | quote | length | terms), where it begins, its text, and what may have been meant."""

    kind: str
    at: int
    text: str
    key: str = ""
    neighbours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: immutable, equal to another with the same terms."""

    terms: tuple[Term, ...] = ()
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(term) for term in self.terms)

    def of(self, key: str) -> Iterator[Term]:
        """The terms of one key."""
        return (term for term in self.terms if term.key == key)

    @property
    def words(self) -> tuple[str, ...]:
        """Free words and exact phrases, in order; all must be found."""
        return tuple(term.value for term in self.of("") if not term.negated)

    @property
    def state(self) -> str:
        """ "open" or "closed" if the query asks for one of them, else ""."""
        found = {term.value for term in self.of("is") if not term.negated and len(term.values) == 1} & set(words.STATES)
        return found.pop() if len(found) == 1 else ""

    @property
    def kind(self) -> str:
        """ "issue" or "pull" if the query asks for one of them, else ""."""
        found = {term.value for term in self.of("is") if not term.negated and len(term.values) == 1} & set(words.KINDS)
        return found.pop() if len(found) == 1 else ""

    @property
    def sort(self) -> str:
        """The last order asked for, as `updated-desc`."""
        return next((term.value for term in reversed(self.terms) if term.key == "sort"), DEFAULT_SORT)

    def has(self, key: str, value: str) -> bool:
        """True if the condition stands in the query by itself."""
        return _plain(key, value) in self.terms

    def toggled(self, key: str, value: str) -> "Query":
        """With the condition, or without it if it was there: for what can be several at a time (labels)."""
        one = _plain(key, value)
        return self._with(self._less(one) if one in self.terms else (*self.terms, one))

    def chosen(self, key: str, value: str) -> "Query":
        """With this as the only condition of its key, or without if it is that already: for what can be one at a time (milestone, sort).

        `is:` conditions replace only their kind: open and closed each other, issue and pull each other. `no:x` yields to `x:` and the other way round.
        """
        one = _plain(key, value)
        rivals = [term for term in self.terms if _are_rivals(term, one)]
        return self._with((*self._less(*rivals),) if rivals == [one] else (*self._less(*rivals), one))

    def without(self, *keys: str) -> "Query":
        """Without the terms of these keys ("" for the words)."""
        return self._with(tuple(term for term in self.terms if term.key not in keys))

    def _less(self, *gone: Term) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term not in gone)

    def _with(self, terms: tuple[Term, ...]) -> "Query":
        return replace(self, terms=terms, faults=())


def _plain(key: str, value: str) -> Term:
    """A term as parsing would make it."""
    return next(iter(parse(f"{key}:{quoted(value)}").terms), Term(key, (value,)))


_TOPIC = {value: group for group in (words.STATES, words.KINDS, ("locked", "unlocked"), ("draft", "merged")) for value in group}


def _are_rivals(term: Term, one: Term) -> bool:
    if one.key == "is":
        return term.key == "is" and _TOPIC.get(term.value, (term.value,)) == _TOPIC.get(one.value, (one.value,))
    if one.key == "no":
        return term.key == one.value or term == one
    return term.key == one.key or (term.key == "no" and term.value == one.key)


def quoted(value: str, *, always: bool = False) -> str:
    """The value as it is written in a query: in quotes where it must be."""
    if value and not always and not re.search(r'[\s",，“”「」:：\\]', value) and not value.startswith("-"):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse(text: str) -> Query:
    """Read a query. Never raises; takes time linear in the text."""
    faults: list[Fault] = []
    if len(text) > MAX_CHARACTERS:
        faults.append(Fault("length", MAX_CHARACTERS, ""))
        text = text[:MAX_CHARACTERS]
    terms: list[Term] = []
    for raw in _scanned(text.replace("\0", ""), faults):
        if len(terms) >= MAX_TERMS:
            faults.append(Fault("terms", raw.at, ""))
            break
        term = _read(raw, faults)
        if term is not None and term not in terms:
            terms.append(term)
    return Query(tuple(terms), tuple(faults))


@dataclass(frozen=True, slots=True)
class _Raw:
    at: int
    negated: bool
    key: str
    values: tuple[str, ...]
    text: str


def _scanned(text: str, faults: list[Fault]) -> Iterator[_Raw]:
    """The pieces of a query, each one pass over its characters."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        start = at
        match = _KEY.match(text, at)
        if match:
            values, at = _values(text, match.end(), faults, listed=True)
            yield _Raw(start, bool(match[1]), match[2].lower(), values, text[start:at])
        else:
            negated = text[at] == "-" and at + 1 < len(text) and text[at + 1] in _OPENING
            values, at = _values(text, at + negated, faults, listed=False)
            if values and values[0]:
                yield _Raw(start, negated, "", values, text[start:at])


def _values(text: str, at: int, faults: list[Fault], *, listed: bool) -> tuple[tuple[str, ...], int]:
    """Values from `at` to the next blank, and where that is. `listed`: commas separate several; else there is one."""
    found: list[str] = []
    part: list[str] = []
    while at < len(text) and not text[at].isspace():
        letter = text[at]
        if letter in _OPENING and not part:
            inner, at = _inside(text, at, faults)
            part.append(inner)
        elif listed and letter in ",，":
            found.append("".join(part))
            part, at = [], at + 1
        else:
            part.append(letter)
            at += 1
            continue
        if not listed:
            break
    found.append("".join(part))
    kept = tuple(dict.fromkeys(value.strip() for value in found if value.strip()))
    return kept[:MAX_VALUES], at


def _inside(text: str, at: int, faults: list[Fault]) -> tuple[str, int]:
    """What stands in the quotes that open at `at`, and the place after them; a backslash takes the next quote or backslash as it is."""
    closing, start, inner = _OPENING[text[at]], at, []
    at += 1
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in (closing, "\\"):
            inner.append(text[at + 1])
            at += 2
        elif text[at] == closing:
            return "".join(inner), at + 1
        else:
            inner.append(text[at])
            at += 1
    faults.append(Fault("quote", start, text[start : start + 40]))
    return "".join(inner), at


def _read(raw: _Raw, faults: list[Fault]) -> Term | None:
    """The term of a piece; what is wrong goes to `faults`. An unknown key is searched for as words."""
    if not raw.key:
        return Term("", raw.values, raw.negated)
    key = words.KEY_ALIASES.get(raw.key, raw.key)
    if key not in words.KEYS:
        faults.append(Fault("key", raw.at, raw.key, neighbours=_near(raw.key, (*words.KEYS, *words.KEY_ALIASES))))
        return Term("", (raw.text,))
    if not raw.values:
        faults.append(Fault("value", raw.at, "", key))
        return None
    if key in words.DATES or key in words.NUMBERS:
        return _ranged(raw, key, faults)
    values = tuple(dict.fromkeys(_value(key, value) for value in raw.values))
    allowed = _allowed(key)
    wrong = [value for value in values if allowed and value not in allowed] or [
        value for value in values if key == "parent" and not re.fullmatch(r"[1-9]\d{0,8}", value)
    ]
    for value in wrong:
        faults.append(Fault("value", raw.at, value, key, _near(value, allowed)))
    kept = tuple(value for value in values if value not in wrong)
    return Term(key, kept[:1] if key in ("sort", "parent") else kept, raw.negated and key != "sort") if kept else None


def _ranged(raw: _Raw, key: str, faults: list[Fault]) -> Term | None:
    value = raw.values[0]
    try:
        if key == "due" and value.lower() in (words.NONE, "无"):
            return Term("no", ("due",), raw.negated)
        span = time_range(value, ahead=key == "due") if key in words.DATES else number_range(value)
    except InvalidRange:
        faults.append(Fault("range", raw.at, value, key))
        return None
    return Term(key, (value,), raw.negated, span)


def _value(key: str, value: str) -> str:
    lowered = value.lower()
    if key in words.VALUE_ALIASES:
        return words.VALUE_ALIASES[key].get(lowered, lowered)
    if key in ("has", "no"):
        return words.HAVING_ALIASES.get(lowered, lowered)
    if key == "sort":
        lowered = words.SORT_ALIASES.get(lowered, lowered)
        return f"{lowered}-desc" if lowered in words.SORTS else lowered
    if key in words.PEOPLE:
        return words.PERSON_ALIASES.get(lowered, lowered.removeprefix("@"))
    if key in words.NAMED and lowered in ("无", words.NONE):
        return words.NONE
    return value.removeprefix("#") if key == "parent" else value


def _allowed(key: str) -> tuple[str, ...]:
    """The values of a key that has a fixed set; () for any."""
    if key == "sort":
        return tuple(f"{name}-{way}" for name in words.SORTS for way in ("desc", "asc"))
    return {"is": words.IS, "has": words.HAVING, "no": words.HAVING, "reason": words.REASONS, "in": words.PLACES}.get(key, ())


def _near(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three words that look like it."""
    return tuple(get_close_matches(text[:40].lower(), list(known), n=3, cutoff=0.6))
