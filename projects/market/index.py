"""The market in memory: a bit per project, an integer per facet value.

A filter is an AND of integers, a count is `int.bit_count()`; 26,000 projects need some 3 kB per value and microseconds per count, where
six grouped queries would take tens of milliseconds each. Orders are computed once; a page walks one of them from its cursor.
Positions are those of `ids`; bit `p` of an integer stands for the project at position `p`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

TYPES = ("hosted", "mirror", "fork")
HEALTH = ("fresh", "late", "failing", "listed")
FACETS = ("type", "category", "health", "activity", "language", "licence", "topic", "owner", "release", "new")
NONE = "-"  # the value for “none found”, of licences and categories
FRESH = timedelta(days=1)
NEW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Row:
    """One project as the index takes it."""

    id: int
    is_public: bool
    name: str
    text: str  # lower case: owner, name, description, original address
    owner: str
    type: str
    categories: tuple[str, ...]  # its category and that one's parent
    language: str
    licence: str
    topics: tuple[str, ...]
    health: str
    has_release: bool
    stars: int
    updated_at: datetime
    created_at: datetime
    forks: int = 0
    views: int = 0
    downloads: int = 0
    rising: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """One page: ids in order, the exact total, counts for each facet under all *other* filters, whether more follow."""

    ids: list[int]
    total: int
    counts: dict[str, dict[str, int]]
    has_more: bool


@dataclass
class Index:
    """Built once from all rows; never changed after."""

    ids: list[int] = field(default_factory=list)
    position: dict[int, int] = field(default_factory=dict)
    public: int = 0
    bits: dict[str, dict[str, int]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    orders: dict[str, list[int]] = field(default_factory=dict)

    def search(
        self,
        *,
        chosen: Mapping[str, str],
        visible: Iterable[int] = (),
        words: Iterable[str] = (),
        sort: str = "updated",
        after: int = 0,
        size: int = 20,
        everything: bool = False,
        counting: bool = True,
    ) -> Found:
        """Projects that match every filter. `visible` are ids the reader may see besides the public ones; `after` is the last id of the page before.

        Without `counting` the facets are left out.
        """
        base = self._readable(visible, everything=everything)
        for word in words:
            base &= self._having(word, base)
        masks = {name: self.bits.get(name, {}).get(value, 0) for name, value in chosen.items() if value}
        result = base
        for mask in masks.values():
            result &= mask
        ids = list(self._walk(result, sort, after, size + 1))
        return Found(ids[:size], result.bit_count(), self._counts(base, masks) if counting else {}, len(ids) > size)

    def _readable(self, visible: Iterable[int], *, everything: bool) -> int:
        if everything:
            return (1 << len(self.ids)) - 1
        extra = bytearray(len(self.ids) // 8 + 1)
        for pk in visible:
            if (at := self.position.get(pk)) is not None:
                extra[at >> 3] |= 1 << (at & 7)
        return self.public | int.from_bytes(extra, "little")

    def _having(self, word: str, among: int) -> int:
        found = bytearray(len(self.ids) // 8 + 1)
        mask = among.to_bytes(len(found), "little")
        for at, text in enumerate(self.texts):
            if mask[at >> 3] & (1 << (at & 7)) and word in text:
                found[at >> 3] |= 1 << (at & 7)
        return int.from_bytes(found, "little")

    def _counts(self, base: int, masks: dict[str, int]) -> dict[str, dict[str, int]]:
        counts = {}
        for name, values in self.bits.items():
            under = base
            for other, mask in masks.items():
                if other != name:
                    under &= mask
            counted = {value: (under & bits).bit_count() for value, bits in values.items()}
            counts[name] = {value: n for value, n in counted.items() if n}
        return counts

    def _walk(self, result: int, sort: str, after: int, size: int) -> Iterator[int]:
        order = self.orders.get(sort) or self.orders.get("updated", [])
        mask = result.to_bytes(len(self.ids) // 8 + 1, "little")
        start = order.index(self.position[after]) + 1 if after in self.position else 0
        left = size
        for at in order[start:]:
            if mask[at >> 3] & (1 << (at & 7)):
                yield self.ids[at]
                left -= 1
                if not left:
                    return


def build(rows: Iterable[Row], *, now: datetime) -> Index:
    """The index of all rows, private ones too (the reader's rights are a mask)."""
    made = Index()
    kept = list(rows)
    size = len(kept) // 8 + 1
    maps: dict[str, dict[str, bytearray]] = {name: {} for name in FACETS}
    public = bytearray(size)
    for at, row in enumerate(kept):
        byte, bit = at >> 3, 1 << (at & 7)
        made.ids.append(row.id)
        made.position[row.id] = at
        made.texts.append(row.text)
        if row.is_public:
            public[byte] |= bit
        for name, value in _values(row, now):
            maps[name].setdefault(value, bytearray(size))[byte] |= bit
    made.public = int.from_bytes(public, "little")
    made.bits = {name: {value: int.from_bytes(bits, "little") for value, bits in values.items()} for name, values in maps.items()}
    every = range(len(kept))
    made.orders = {
        "updated": sorted(every, key=lambda at: (-kept[at].updated_at.timestamp(), -kept[at].id)),
        "created": sorted(every, key=lambda at: (-kept[at].created_at.timestamp(), -kept[at].id)),
        "stars": sorted(every, key=lambda at: (-kept[at].stars, -kept[at].id)),
        "name": sorted(every, key=lambda at: (kept[at].name, kept[at].id)),
        "forks": sorted(every, key=lambda at: (-kept[at].forks, -kept[at].id)),
        "views": sorted(every, key=lambda at: (-kept[at].views, -kept[at].id)),
        "downloads": sorted(every, key=lambda at: (-kept[at].downloads, -kept[at].id)),
        "rising": sorted(every, key=lambda at: (-kept[at].rising, -kept[at].updated_at.timestamp(), -kept[at].id)),
    }
    return made


def _values(row: Row, now: datetime) -> Iterator[tuple[str, str]]:
    age = now - row.updated_at
    yield "type", row.type
    yield "activity", "month" if age <= timedelta(days=30) else "year" if age <= timedelta(days=365) else "older"
    yield "owner", row.owner.lower()
    yield "licence", row.licence or NONE
    for category in row.categories or (NONE,):
        yield "category", category
    if row.language:
        yield "language", row.language
    if row.health:
        yield "health", row.health
    if row.has_release:
        yield "release", "yes"
    if now - row.created_at <= NEW:
        yield "new", "week"
    for topic in row.topics:
        yield "topic", topic.lower()
