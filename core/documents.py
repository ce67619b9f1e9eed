"""What can be found: lower packages describe their things as documents, the search package indexes and finds them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.actors import Actor
from core.events import Fact
from core.places import Place

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that can be found, in the words of its owner.

    `level` says who may find it: a word that `DocumentKind.access` names for those who may (public, internal, private …).
    `name` is its name in addresses, `title` the shown one; `readme` is plain text.
    """

    pk: int
    name: str
    url: str
    title: str = ""
    owner: str = ""
    owner_title: str = ""
    description: str = ""
    readme: str = ""
    topics: tuple[str, ...] = ()
    language: str = ""
    licence: str = ""
    level: str = "public"
    is_fork: bool = False
    is_archived: bool = False
    stars: int = 0
    forks: int = 0
    updated: datetime | None = None
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What a reader may find of one kind: everything at these levels, and the documents with these ids whatever their level."""

    levels: frozenset[str]
    ids: frozenset[int] = frozenset()


Follows = tuple[tuple[type[Fact], Callable[[Any], Iterable[int]]], ...]  # fact → ids of the documents it changes


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of thing with its own tab on the results page.

    `load(ids)` gives the documents that exist now (one that is missing is taken out of the index), with a number of queries that does not
    grow; `ids(after, limit)` gives ids in ascending order. `access(actor)`: None for no limit. `readable(actor, ids)` asks the database
    again before a page is shown, so that an index that lags behind shows nothing it should not. `follows` says which facts change which
    documents: event class → ids.
    """

    key: str
    label: "str | StrPromise"
    icon: str
    load: Callable[[Iterable[int]], list[Document]]
    ids: Callable[[int, int], list[int]]
    access: Callable[[Actor], Access | None]
    readable: Callable[[Actor, Iterable[int]], set[int]]
    follows: Follows


document_kinds: Place[DocumentKind] = Place("search documents")
segmentation: Place[Callable[[str], list[str]]] = Place("how a text is cut into words")  # the first entry is asked
