"""Whatever changes a document puts it into the index. Kinds say themselves which facts they follow."""

from collections.abc import Callable, Iterable

from core.actors import SYSTEM
from core.documents import DocumentKind, document_kinds
from core.events import Fact, name_of, subscribe
from search import commands


def _follow(kind: DocumentKind, event: type[Fact], changed: Callable[[Fact], Iterable[int]]) -> None:
    def index(fact: Fact, cause: str) -> None:
        commands.index_changed(SYSTEM, kind.key, changed(fact))

    index.__qualname__ = f"index_{kind.key}_after_{name_of(event)}"
    subscribe(event, outside=True)(index)


def _follow_code(event: type[Fact], changed: Callable[[Fact], Iterable[int]]) -> None:
    def index(fact: Fact, cause: str) -> None:
        commands.index_code(SYSTEM, changed(fact))

    index.__qualname__ = f"index_code_after_{name_of(event)}"
    subscribe(event, outside=True)(index)


for _kind in document_kinds:
    for _event, _changed in _kind.follows:
        _follow(_kind, _event, _changed)
        if _kind.key == "projects":
            _follow_code(_event, _changed)
