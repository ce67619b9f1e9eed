"""Ranges of numbers and of time, as the query language writes them: `>3`, `<=10`, `2..5`, `2026-01..2026-03`, `<7d`, `today`."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

UNITS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24, "时": 1, "天": 24, "周": 7 * 24, "月": 30 * 24, "年": 365 * 24}  # hours
_COMPARED = re.compile(r"(>=|<=|>|<|=)?(.+)", re.DOTALL)
_AGE = re.compile(rf"([0-9]{{1,4}})([{''.join(UNITS)}])")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_DAYS = {"today": 0, "今天": 0, "yesterday": -1, "昨天": -1, "tomorrow": 1, "明天": 1}
NUMBER_MAX = 2**31 - 1
HOURS_MAX = 100 * 365 * 24  # further than that is always


class InvalidRange(ValueError):
    """The text is no range."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One end: a number; hours from now; whole UTC days from today; or a moment in UTC."""

    number: int | None = None
    hours: int | None = None
    days: int | None = None
    moment: datetime | None = None

    def at(self, now: datetime) -> datetime:
        """The moment it means; a kept query goes with the time."""
        if self.hours is not None:
            return now + timedelta(hours=self.hours)
        if self.days is not None:
            return datetime.combine(now.astimezone(UTC).date() + timedelta(days=self.days), time(), UTC)
        if self.moment is None:
            raise TypeError
        return self.moment


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` (included) to before `last`, either of which may be open."""

    first: Bound | None = None
    last: Bound | None = None


def number_range(text: str) -> Span:
    """Raises InvalidRange."""
    low, dots, high = text.partition("..")
    if dots:
        return Span(None if low in ("", "*") else _of(_number(low)), None if high in ("", "*") else _of(_number(high), 1))
    match = _COMPARED.fullmatch(text)
    if match is None:
        raise InvalidRange(text)
    value = _number(match[2])
    same, beyond = _of(value), _of(value, 1)
    return {">": Span(first=beyond), ">=": Span(first=same), "<": Span(last=same), "<=": Span(last=beyond)}.get(
        match[1], Span(same, beyond)
    )


def _of(value: int, more: int = 0) -> Bound:
    return Bound(number=min(value + more, NUMBER_MAX))


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise InvalidRange(text)
    return int(text)


def time_range(text: str, *, ahead: bool = False) -> Span:
    """Dates are whole days (months, years) of UTC.

    `<7d` is less than seven days ago; `ahead` (due dates): less than seven days from now. Raises InvalidRange.
    """
    text = text.strip().lower()
    low, dots, high = text.partition("..")
    if dots:
        return Span(
            None if low in ("", "*") else _period(low, ahead=ahead)[0], None if high in ("", "*") else _period(high, ahead=ahead)[1]
        )
    match = _COMPARED.fullmatch(text)
    if match is None:
        raise InvalidRange(text)
    sign, value = match[1] or "=", match[2].strip()
    start, end = _period(value, ahead=ahead)
    if start == end:  # an age: younger than it is after the moment; without a sign it means not older
        older = sign in (">", ">=")
        return Span(first=start) if older is ahead else Span(last=start)
    return {">": Span(first=end), ">=": Span(first=start), "<": Span(last=start), "<=": Span(last=end), "=": Span(start, end)}[sign]


def _period(text: str, *, ahead: bool) -> tuple[Bound, Bound]:
    """First moment, and the first one after; the same one for an age. Raises InvalidRange."""
    text = text.strip()
    if (age := _AGE.fullmatch(text)) is not None:
        bound = Bound(hours=min(int(age[1]) * UNITS[age[2]], HOURS_MAX) * (1 if ahead else -1))
        return bound, bound
    if text in _DAYS:
        return Bound(days=_DAYS[text]), Bound(days=_DAYS[text] + 1)
    match = _DAY.fullmatch(text)
    if match is None:
        raise InvalidRange(text)
    year, month, day = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    try:
        start = date(year, month or 1, day or 1)
        end = start + timedelta(days=1) if day else date(year + (month in (0, 12)), month % 12 + 1 if month else 1, 1)
    except (ValueError, OverflowError) as error:
        raise InvalidRange(text) from error
    return _moment(start), _moment(end)


def _moment(day: date) -> Bound:
    return Bound(moment=datetime(day.year, day.month, day.day, tzinfo=UTC))
