"""Orders of hits with keyset pages: a page begins after a key, not after a number, so that new documents shift nothing."""

import base64
import heapq
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.errors import Invalid
from search.logic import analysis
from search.logic.language import Parsed
from search.ports.columns import Columns, tight

Key = tuple[float | str, int]
LEAST = 20.0  # added to every score, so that one with a malus still comes before hits without a score


@dataclass(frozen=True, slots=True)
class Ordered:
    """Hits with their keys; the greatest key comes first, or the least if `ascending`."""

    keyed: Iterable[tuple[Key, int]]
    ascending: bool = False
    rest: Callable[[], Iterator[tuple[Key, int]]] | None = None  # whose keys are all less than any of `keyed`

    @classmethod
    def by(cls, columns: Columns, hits: Iterable[int], sort: str) -> "Ordered":
        """By a column; without words to be relevant to, the most stars come first."""
        rows = columns.rows
        if sort == "name":
            return cls((((rows[row].folded, row), row) for row in hits if row in rows), ascending=True)
        column = columns.values[sort if sort in ("updated", "created", "forks", "stars") else "stars"]
        return cls(((float(column[row]), row), row) for row in hits)

    def page(self, after: str, limit: int) -> tuple[list[tuple[Key, int]], str]:
        """Up to `limit` hits after a cursor, and the next cursor ("" at the end). Raises Invalid for a cursor that is not ours."""
        try:
            found = self._first(self.keyed, after, limit + 1)
            if len(found) <= limit and self.rest is not None:
                found += self._first(self.rest(), after, limit + 1 - len(found))
        except TypeError as error:  # the cursor is of another order: a text beside a number
            raise Invalid(_("This is not the address of a page."), field="after") from error
        return found[:limit], sealed(found[limit - 1][0]) if len(found) > limit else ""

    def _first(self, keyed: Iterable[tuple[Key, int]], after: str, count: int) -> list[tuple[Key, int]]:
        if after:
            start = opened(after)
            keyed = (pair for pair in keyed if ((pair[0] > start) if self.ascending else (pair[0] < start)))
        return (heapq.nsmallest if self.ascending else heapq.nlargest)(count, keyed)


def order(columns: Columns, hits: Collection[int], scores: Mapping[int, float], parsed: Parsed) -> Ordered:
    """By relevance. Hits without a score come after all others, most stars first; their keys are only made when a page reaches them."""
    rows, standing, stars = columns.rows, columns.values["standing"], columns.values["stars"]
    named = names_bonus(columns, parsed)
    scored = (((round(LEAST + score + standing[row] + named.get(row, 0), 6), row), row) for row, score in scores.items())

    def others() -> Iterator[tuple[Key, int]]:
        return (((round(-1 / (1 + stars[row]), 9), row), row) for row in hits if row not in scores and row in rows)

    return Ordered(scored, rest=others)


def names_bonus(columns: Columns, parsed: Parsed) -> dict[int, float]:
    """Row → what its name adds to its relevance, for rows whose name begins with the words."""
    typed = analysis.folded(parsed.plain).strip()
    close = tight(typed)
    bonus: dict[int, float] = {}
    if not close:
        return bonus
    for row_id in {*columns.starts.with_prefix(typed), *columns.starts.with_prefix(close)}:
        if (row := columns.rows.get(row_id)) is None:
            continue
        if row.label.casefold() == typed:
            bonus[row_id] = 60
        elif typed in (row.folded, row.title):
            bonus[row_id] = 40
        elif close in (tight(row.folded), tight(row.title)):
            bonus[row_id] = 30
        elif row.folded.startswith(typed):
            bonus[row_id] = 8
    return bonus


def sealed(key: Key) -> str:
    """A cursor."""
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode()).decode().rstrip("=")


def opened(cursor: str) -> Key:
    """The key in a cursor. Raises Invalid."""
    try:
        first, second = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(second, int) or not isinstance(first, float | int | str):
            raise TypeError(cursor)
    except (ValueError, TypeError) as error:
        raise Invalid(_("This is not the address of a page."), field="after") from error
    return first, second
