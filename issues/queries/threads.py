"""Finding threads, and the rows of lists with what they show."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from core.errors import NotFound
from issues import rules
from issues.models import Assignment, Comment, Counter, Labelling, Participation, Reason, Thread
from projects.models import Repository


def thread(actor: Actor, repository: Repository, number: int, *, kind: str = Thread.Kind.ISSUE) -> Thread:
    """The issue (or pull request) of that number, with what its page shows. `kind` "" for either. Raises NotFound."""
    rows = Thread.objects.select_related("author__namespace", "milestone", "closed_by", "duplicate_of__repository__namespace")
    rows = rows.filter(repository=repository, number=number) if number < 2**31 else rows.none()
    found = (rows.filter(kind=kind) if kind else rows).first()
    if found is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    found.repository = repository
    rules.can_read(actor, found).require()
    return found


def kind_of(repository: Repository, number: int) -> str:
    """ "issue", "pull" or "" for the number; tells it only of a repository that may be read."""
    if number >= 2**31:
        return ""
    return Thread.objects.filter(repository=repository, number=number).values_list("kind", flat=True).first() or ""


def listed(rows: QuerySet[Thread]) -> QuerySet[Thread]:
    """With all that a row of a list shows: author, labels, people, milestone; three queries whatever the number of rows."""
    return (
        rows.select_related("author", "milestone", "repository__namespace")
        .defer("body")
        .prefetch_related(
            Prefetch("labellings", Labelling.objects.select_related("label").order_by("label__name")),
            Prefetch("assignments", Assignment.objects.select_related("user").order_by("pk")),
        )
    )


def threads_of(repository: Repository, kind: str) -> QuerySet[Thread]:
    """All of a repository; who may read them is asked of the repository."""
    return Thread.objects.filter(repository=repository, kind=kind)


def threads_across(actor: Actor, kind: str) -> QuerySet[Thread]:
    """All that the actor may read."""
    rows = Thread.objects.filter(rules.threads_readable_by(actor), kind=kind)
    if kind == Thread.Kind.ISSUE:
        rows = rows.exclude(repository__thread_counter__has_issues=False)
    return rows


def pinned(repository: Repository, kind: str) -> list[Thread]:
    """What stands above the list, in order."""
    rows = Thread.objects.filter(repository=repository, kind=kind, pinned_at__isnull=False)
    return list(listed(rows).order_by("pin_order", "pk"))


@dataclass(frozen=True, slots=True)
class Counts:
    """Exact numbers of a repository's threads."""

    open_issues: int = 0
    closed_issues: int = 0
    open_pulls: int = 0
    closed_pulls: int = 0


def counts(repository: Repository) -> Counts:
    """One query."""
    names = ("open_issues", "closed_issues", "open_pulls", "closed_pulls")
    found = Counter.objects.filter(repository=repository).values_list(*names).first()
    return Counts(*found) if found else Counts()


def comment(actor: Actor, repository: Repository, pk: int) -> Comment:
    """A comment of an issue or pull request of the repository. Raises NotFound."""
    rows = Comment.objects.select_related("thread", "author", "edited_by", "hidden_by")
    found = rows.filter(pk=pk, thread__repository=repository).first() if pk < 2**62 else None
    if found is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    found.thread.repository = repository
    rules.can_read(actor, found.thread).require()
    return found


def participation(actor: Actor, row: Thread) -> Participation | None:
    """How the person takes part."""
    return Participation.objects.filter(thread=row, user=actor.person).first() if actor.person is not None else None


def participants(row: Thread, limit: int = 24) -> tuple[list[User], int]:
    """Who takes part, first ones first, and how many they are."""
    rows = Participation.objects.filter(thread=row).exclude(reason=Reason.SUBSCRIBED)
    found = [one.user for one in rows.select_related("user").order_by("pk")[: limit + 1]]
    return found[:limit], len(found) if len(found) <= limit else rows.count()


def involving(person: User, what: str) -> Q:
    """Condition on Thread for the page across repositories: `assigned`, `mentioned`, `created`, else all of these."""
    assigned = Q(pk__in=Assignment.objects.filter(user=person).values("thread"))
    mentioned = Q(pk__in=Participation.objects.filter(user=person, mentioned_at__isnull=False).values("thread"))
    created = Q(author=person)
    return {"assigned": assigned, "mentioned": mentioned, "created": created}.get(what, assigned | mentioned | created)
