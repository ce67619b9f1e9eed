"""Immutable parts of pages, kept by the object they were made from."""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import caches

T = TypeVar("T")
VERSION = 5  # raise when the HTML of any part changes


def part(key: tuple[object, ...], make: Callable[[], T]) -> T:
    """What `make` makes, from the cache if it was made before. `key` must name everything it depends on (oids, names, language)."""
    name = _name(key)
    found: T | None = caches["pages"].get(name)
    if found is None:
        found = make()
        caches["pages"].set(name, found)
    return found


def kept(key: tuple[object, ...]) -> object | None:
    """The part if it was made before."""
    found: object | None = caches["pages"].get(_name(key))
    return found


def keep(key: tuple[object, ...], value: object) -> None:
    """Store a part that was made elsewhere."""
    caches["pages"].set(_name(key), value)


def _name(key: tuple[object, ...]) -> str:
    digest = hashlib.blake2b(repr((VERSION, *key)).encode("utf-8", "surrogatepass"), digest_size=20)
    return f"{str(key[0]).replace(' ', '-')}:{digest.hexdigest()}"
