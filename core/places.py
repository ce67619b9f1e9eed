"""Named places: where a lower package lets higher ones add something without knowing them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from core.actors import Actor

T = TypeVar("T")


class Place(Generic[T]):
    """An ordered registry. `entries` come in order of `order`, then of registration."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: list[tuple[int, T]] = []

    def add(self, entry: T, *, order: int = 50) -> T:
        """Register `entry` once (a second registration of an equal entry is ignored: autoreload imports twice)."""
        if all(known != entry for _, known in self._entries):
            self._entries.append((order, entry))
            self._entries.sort(key=lambda pair: pair[0])
        return entry

    def __iter__(self) -> Iterator[T]:
        return (entry for _, entry in self._entries)


@dataclass(frozen=True)
class NavigationItem:
    """One word of the site's main navigation; `prefix` decides which one is current."""

    label: "str | StrPromise"
    url: str
    prefix: str


@dataclass(frozen=True)
class HeaderMark:
    """One symbol beside the account menu of whoever signed in. `is_new(actor)` puts a dot on it: asked on every page, so one cheap query, once."""

    label: "str | StrPromise"
    label_new: "str | StrPromise"
    icon: str
    url: str
    is_new: "Callable[[Actor], bool]"


navigation: Place[NavigationItem] = Place("navigation")
header_marks: Place[HeaderMark] = Place("marks of the header")
health_checks: Place[tuple[str, Callable[[], None]]] = Place("health checks")  # name, raises when the part does not answer
blob_holders: Place[tuple[str, str]] = Place("holders of blobs")  # "app.Model", the field with the SHA-256 of a blob that must stay
