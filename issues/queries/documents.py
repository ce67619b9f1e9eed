"""Threads as documents of the search: issues here, and with `Documents` whatever else is a thread."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from core.actors import Actor
from core.documents import Access, Document, Follows
from issues import rules
from issues.events import CommentAdded, CommentDeleted, CommentEdited, IssueClosed, IssueOpened, IssueReopened, ThreadChanged
from issues.models import Comment, Thread
from projects.events import RepositoryDeleted, RepositoryRenamed, RepositoryRestored, VisibilityChanged
from projects.models import Repository
from projects.queries.documents import levels_and_readable, without_markup

BODY, COMMENTS, COMMENT = 8_000, 50, 1_000  # characters of the body, comments, characters of each that can be found


@dataclass(frozen=True, slots=True)
class Documents:
    """Threads of one kind that `there` says can be found, in living repositories."""

    kind: str
    there: Callable[[], Q]

    def _there(self) -> Q:
        return Q(kind=self.kind, repository__deleted_at=None) & self.there()

    def documents(self, pks: Iterable[int]) -> list[Document]:
        """Of those that may be shown; three queries."""
        found = Thread.objects.filter(self._there(), pk__in=list(pks)).select_related("author", "repository__namespace")
        rows = list(found.prefetch_related("labels"))
        words: dict[int, list[str]] = {}
        said = Comment.objects.filter(thread__in=rows, hidden_reason="").order_by("thread", "pk").values_list("thread", "body")
        for pk, body in said:
            if len(known := words.setdefault(pk, [])) < COMMENTS:
                known.append(body[:COMMENT])
        return [_document(row, words.get(row.pk, [])) for row in rows]

    def ids(self, after: int, limit: int) -> list[int]:
        """Ids of the threads in ascending order."""
        return list(Thread.objects.filter(self._there(), pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])

    def access(self, actor: Actor) -> Access | None:
        """All of the levels everyone like them may read, and those of single repositories beyond. One query."""
        known = levels_and_readable(actor)
        if known is None:
            return None
        levels, repositories = known
        if repositories is None:
            return Access(levels)
        beyond = Thread.objects.filter(self._there(), repository__in=repositories.exclude(visibility__in=levels))
        return Access(levels, frozenset(beyond.values_list("pk", flat=True)[:50_000]))

    def readable(self, actor: Actor, pks: Iterable[int]) -> set[int]:
        """Those of the ids the actor may read now; one query."""
        return set(Thread.objects.filter(self._there(), rules.threads_readable_by(actor), pk__in=list(pks)).values_list("pk", flat=True))

    def follows(self, *of_one: type) -> Follows:
        """Events after which documents are made anew: `of_one` of a kind of their own, and what both kinds share."""
        one: tuple[type, ...] = (*of_one, ThreadChanged, CommentAdded, CommentEdited, CommentDeleted)
        all_of: tuple[type, ...] = (VisibilityChanged, RepositoryRenamed, RepositoryDeleted, RepositoryRestored)
        return (*((event, _thread_of) for event in one), *((event, self._threads_of) for event in all_of))

    def _threads_of(self, event: Any) -> list[int]:
        rows = Thread.objects.filter(repository=event.repository_id, kind=self.kind)
        return list(rows.order_by("pk").values_list("pk", flat=True))


def _document(row: Thread, said: list[str]) -> Document:
    repository: Repository = row.repository
    return Document(
        pk=row.pk, name=f"#{row.number}", url=row.get_absolute_url(), title=row.title, owner=str(repository),
        description=without_markup(row.body[:400])[:300], readme=without_markup("\n".join([row.body[:BODY], *said])),
        topics=tuple(label.name for label in row.labels.all()), level="taken-down" if repository.taken_down_at else f"{repository.visibility}",
        updated=row.updated_at, created=row.created_at,
    )  # fmt: skip


def _thread_of(event: Any) -> list[int]:
    return [event.thread_id]


ISSUES = Documents(Thread.Kind.ISSUE, lambda: ~Q(repository__thread_counter__has_issues=False))
FOLLOWS = ISSUES.follows(IssueOpened, IssueClosed, IssueReopened)
