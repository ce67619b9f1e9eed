"""Pull requests as documents of the search; the id of a document is the thread's."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from core.actors import Actor, Scope
from core.documents import Access, Document, Follows
from issues import rules
from issues.events import CommentAdded, CommentDeleted, CommentEdited, ThreadChanged
from issues.models import Comment, Thread
from projects import rules as projects_rules
from projects.events import RepositoryDeleted, RepositoryRenamed, RepositoryRestored, VisibilityChanged
from projects.models import Repository, Visibility
from projects.queries.documents import without_markup
from pulls.events import PullClosed, PullMerged, PullOpened, PullReopened

BODY, COMMENTS, COMMENT = 8_000, 50, 1_000  # characters of the body, comments, characters of each that can be found


def _there() -> Q:
    """Pull requests of living repositories."""
    return Q(kind=Thread.Kind.PULL, repository__deleted_at=None)


def documents(pks: Iterable[int]) -> list[Document]:
    """Of pull requests that may be shown; three queries."""
    rows = Thread.objects.filter(_there(), pk__in=list(pks)).select_related("author", "repository__namespace").prefetch_related("labels")
    threads = list(rows)
    words: dict[int, list[str]] = {}
    said = Comment.objects.filter(thread__in=threads, hidden_reason="").order_by("thread", "pk").values_list("thread", "body")
    for pk, body in said:
        if len(known := words.setdefault(pk, [])) < COMMENTS:
            known.append(body[:COMMENT])
    return [_document(row, words.get(row.pk, [])) for row in threads]


def _document(row: Thread, said: list[str]) -> Document:
    repository = row.repository
    return Document(
        pk=row.pk, name=f"#{row.number}", url=row.get_absolute_url(), title=row.title, owner=str(repository),
        description=without_markup(row.body[:400])[:300], readme=without_markup("\n".join([row.body[:BODY], *said])),
        topics=tuple(label.name for label in row.labels.all()), level="taken-down" if repository.taken_down_at else f"{repository.visibility}",
        updated=row.updated_at, created=row.created_at,
    )  # fmt: skip


def document_ids(after: int, limit: int) -> list[int]:
    """Ids of their threads in ascending order."""
    return list(Thread.objects.filter(_there(), pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])


def document_access(actor: Actor) -> Access | None:
    """All of the levels everyone like them may read, and those of single repositories beyond. One query."""
    if actor.is_staff and actor.repositories is None:
        return None
    levels = {Visibility.PUBLIC.value}
    if actor.is_anonymous:
        return Access(frozenset(levels))
    if actor.person is not None and actor.repositories is None:
        levels.add(Visibility.INTERNAL.value)
    if actor.deploy_key is not None or not actor.may(Scope.READ):
        levels = set()
    readable = Repository.objects.filter(projects_rules.readable_by(actor), taken_down_at=None).exclude(visibility__in=levels)
    return Access(
        frozenset(levels), frozenset(Thread.objects.filter(_there(), repository__in=readable).values_list("pk", flat=True)[:50_000])
    )


def documents_readable(actor: Actor, pks: Iterable[int]) -> set[int]:
    """Those of the ids the actor may read now; one query."""
    return set(Thread.objects.filter(_there(), rules.threads_readable_by(actor), pk__in=list(pks)).values_list("pk", flat=True))


def _thread_of(event: Any) -> list[int]:
    return [event.thread_id]


def _threads_of(event: Any) -> list[int]:
    rows = Thread.objects.filter(repository=event.repository_id, kind=Thread.Kind.PULL)
    return list(rows.order_by("pk").values_list("pk", flat=True))


FOLLOWS: Follows = (
    (PullOpened, _thread_of), (PullClosed, _thread_of), (PullReopened, _thread_of), (PullMerged, _thread_of), (ThreadChanged, _thread_of),
    (CommentAdded, _thread_of), (CommentEdited, _thread_of), (CommentDeleted, _thread_of), (VisibilityChanged, _threads_of),
    (RepositoryRenamed, _threads_of), (RepositoryDeleted, _threads_of), (RepositoryRestored, _threads_of),
)  # fmt: skip
