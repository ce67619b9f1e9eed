"""Repositories as documents of the search."""

import re
from collections.abc import Iterable

from django.db.models import QuerySet

import gitstore
from accounts.events import NamespaceRenamed, ProfileChanged
from core.actors import SYSTEM, Actor, Scope
from core.documents import Access, Document, Follows
from core.encodings import decode
from projects import rules
from projects.events import (
    CatalogueChanged,
    MirrorsListed,
    RepositoryChanged,
    RepositoryCreated,
    RepositoryDeleted,
    RepositoryForked,
    RepositoryRenamed,
    RepositoryRestored,
    RepositoryStarred,
    VisibilityChanged,
)
from projects.models import Repository, Visibility
from projects.queries.repositories import repositories

README_BYTES = 64 * 1024
README_NAMES = re.compile(r"readme([._-][a-z_-]+)?(\.(md|markdown|mdown|rst|txt|org|adoc))?", re.IGNORECASE)
_MARKUP = (
    (re.compile(r"<!--.*?-->|<[^>\n]{1,300}>", re.DOTALL), " "),
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"^\s*(?:[-=*_~`#>|:.+]{2,}|#+|>)\s*", re.MULTILINE), ""),
    (re.compile(r"[*_`|]{1,3}"), " "),
    (re.compile(r"https?://\S+"), " "),
)


def documents(pks: Iterable[int]) -> list[Document]:
    """Of projects that exist and that curators do not hide; one query, and one README a project from Git."""
    rows = repositories(SYSTEM).filter(pk__in=list(pks)).exclude(kind=Repository.Kind.DATASET).exclude(curated__is_hidden=True)
    return [_document(row) for row in rows]


def _document(row: Repository) -> Document:
    return Document(
        pk=row.pk, name=row.name, url=row.get_absolute_url(), owner=row.namespace.slug, owner_title=_owner_title(row),
        description=row.description, readme=readme_text(row), topics=tuple(row.topics), language=row.main_language, licence=row.licence,
        level="taken-down" if row.taken_down_at else row.visibility, is_fork=row.forked_from_id is not None, is_archived=row.is_archived,
        stars=getattr(row, "stars_total", 0), forks=getattr(row, "forks_total", 0), updated=row.updated_at, created=row.created_at,
    )  # fmt: skip


def _owner_title(row: Repository) -> str:
    title = row.namespace.display_name if row.namespace.kind != "host" else ""
    return title if title != row.namespace.slug else ""


def readme_text(row: Repository) -> str:
    """The words of the READMEs at the root (each language's), without markup; "" if there is none."""
    if not row.head_oid:
        return ""
    try:
        entries = [entry for entry in gitstore.tree(row.path, row.head_oid) if entry.kind == "blob" and README_NAMES.fullmatch(entry.name)]
        texts = [decode(gitstore.blob(row.path, entry.oid, limit=README_BYTES).data).text for entry in sorted(entries, key=_rank)[:3]]
    except gitstore.GitError:
        return ""
    return "\n".join(without_markup(text) for text in texts)


def _rank(entry: gitstore.Entry) -> tuple[int, str]:
    return len(entry.name), entry.name


def without_markup(text: str) -> str:
    """Markdown and HTML as plain words."""
    for pattern, plain in _MARKUP:
        text = pattern.sub(plain, text)
    return re.sub(r"\s+", " ", text).strip()


def document_ids(after: int, limit: int) -> list[int]:
    """Ids of projects in ascending order."""
    rows = Repository.objects.filter(pk__gt=after, deleted_at=None).exclude(kind=Repository.Kind.DATASET).exclude(curated__is_hidden=True)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def levels_and_readable(actor: Actor) -> tuple[frozenset[str], QuerySet[Repository] | None] | None:
    """What the actor may find, as `rules.readable_by` says: the levels everyone like them may read, and the repositories they may read (None:
    none beyond those levels). None: everything. No query."""
    if actor.is_staff and actor.repositories is None:
        return None
    levels = {Visibility.PUBLIC.value}
    if actor.is_anonymous:
        return frozenset(levels), None
    if actor.person is not None and actor.repositories is None:
        levels.add(Visibility.INTERNAL.value)
    if actor.deploy_key is not None or not actor.may(Scope.READ):
        levels = set()
    return frozenset(levels), Repository.objects.filter(rules.readable_by(actor), taken_down_at=None)


def document_access(actor: Actor) -> Access | None:
    """All of the levels everyone like them may read, and single repositories beyond. One query."""
    known = levels_and_readable(actor)
    if known is None:
        return None
    levels, rows = known
    return Access(levels) if rows is None else Access(levels, frozenset(rows.exclude(visibility__in=levels).values_list("pk", flat=True)))


def documents_readable(actor: Actor, pks: Iterable[int]) -> set[int]:
    """Those of the ids that the actor may read now; one query."""
    rows = Repository.objects.filter(rules.readable_by(actor), pk__in=list(pks)).exclude(curated__is_hidden=True)
    if not actor.is_staff:
        rows = rows.filter(taken_down_at=None)
    return set(rows.values_list("pk", flat=True))


def _of_namespace(namespace_id: int) -> list[int]:
    return list(Repository.objects.filter(namespace_id=namespace_id, deleted_at=None).values_list("pk", flat=True))


def _listed(event: MirrorsListed) -> list[int]:
    return event.repository_ids


def _fork(event: RepositoryForked) -> list[int]:
    return [event.fork_id, event.source_id]


def _one(event: "RepositoryChanged") -> list[int]:
    return [event.repository_id]


def _several(event: CatalogueChanged) -> list[int]:
    return event.repository_ids


def _namespace(event: "NamespaceRenamed | ProfileChanged") -> list[int]:
    return _of_namespace(event.namespace_id)


FOLLOWS: Follows = (
    *(
        (event, _one)
        for event in (
            RepositoryChanged, RepositoryCreated, RepositoryDeleted, RepositoryRenamed, RepositoryRestored, RepositoryStarred, VisibilityChanged,
        )
    ),
    (MirrorsListed, _listed),
    (CatalogueChanged, _several),
    (RepositoryForked, _fork),
    (NamespaceRenamed, _namespace),
    (ProfileChanged, _namespace),
)  # fmt: skip
