"""Named places of a repository's pages, where other packages add their own."""

from collections.abc import Callable
from dataclasses import dataclass

from core.actors import Actor
from core.places import Place
from projects.models import Repository


@dataclass(frozen=True)
class Tab:
    """One tab under a repository's title. `suffix` follows the repository's address, `key` says which one is current.

    `visible(actor, repository)` decides without a query; `count` names an attribute of the page's header row, "" for none.
    """

    key: str
    label: str  # lazy
    icon: str
    suffix: str
    visible: Callable[[Actor, Repository], bool]
    count: str = ""


tabs: Place[Tab] = Place("repository tabs")


@dataclass(frozen=True)
class NamespaceBox:
    """A box on the page of a person or organisation: `template` is rendered with `context(actor, namespace)`."""

    key: str
    template: str


namespace_boxes: Place[NamespaceBox] = Place("boxes of a namespace page")
