"""Whatever changes a document puts it into the index. Kinds say themselves which facts they follow."""

from collections.abc import Callable, Iterable

from accounts.events import NamespaceRenamed
from core.actors import SYSTEM
from core.documents import DocumentKind, document_kinds
from core.events import Fact, name_of, subscribe
from projects.events import RepositoryChanged, RepositoryDeleted, RepositoryRenamed, RepositoryRestored, VisibilityChanged
from search import commands

# What changes code, or where and for whom it lies; new projects have none until they are counted, which is a RepositoryChanged.
CODE = (NamespaceRenamed, RepositoryChanged, RepositoryDeleted, RepositoryRenamed, RepositoryRestored, VisibilityChanged)


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
        if _kind.key == "projects" and _event in CODE:
            _follow_code(_event, _changed)
