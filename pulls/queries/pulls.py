"""Finding pull requests, and what lists and heads show of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

import gitstore
from accounts.models import Team, User
from core.actors import Actor
from core.errors import Invalid, NotFound
from issues.models import Thread
from issues.queries import kind_of
from issues.queries.naming import people_who_read
from projects import rules as hosting
from projects.models import Repository
from projects.queries.parts import part
from projects.queries.visible import readable_among
from pulls import rules
from pulls.logic.names import path_key
from pulls.models import Pull, Review, ReviewRequest, ViewedFile

COMMITS_SHOWN = 250
_RELATED = (
    "thread__author__namespace",
    "thread__milestone",
    "thread__closed_by",
    "head_repository__namespace",
    "merged_by",
    "auto_merge_by",
)


def pull(actor: Actor, repository: Repository, number: int) -> Pull:
    """The pull request of that number. Raises NotFound."""
    hosting.can_read(actor, repository).require()
    rows = Pull.objects.select_related(*_RELATED).filter(repository=repository, thread__number=number)
    found = rows.first() if 0 < number < 2**31 else None
    if found is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    found.repository = found.thread.repository = repository
    return found


def pulls_of(repository: Repository) -> QuerySet[Pull]:
    """All of a repository, with what the API prints; whether they may be read is asked of the repository."""
    return Pull.objects.filter(repository=repository).select_related(*_RELATED)


def head_shown(actor: Actor, pull: Pull) -> str:
    """`owner:branch` of a fork, the branch alone of the same repository, "" where it is gone or the reader may not know it."""
    head = pull.head_repository
    if not pull.head_branch or head is None or head.deleted_at is not None:
        return ""
    if head.pk == pull.repository_id:
        return pull.head_branch
    if not readable_among(actor, [head.pk]):
        return ""
    name = head.namespace.slug if head.name == pull.repository.name else f"{head.namespace.slug}/{head.name}"
    return f"{name}:{pull.head_branch}"


def commits(pull: Pull, *, limit: int = COMMITS_SHOWN) -> list[gitstore.Commit]:
    """The newest version's commits, oldest first, at most `limit` (the newest of them); kept by its two ends."""
    return commits_between(pull.repository, pull.merge_base, pull.head_oid, limit=limit)


def commits_between(repository: Repository, base: str, head: str, *, limit: int = COMMITS_SHOWN) -> list[gitstore.Commit]:
    """The same of any two commits."""
    key = ("pull commits", repository.storage_id.hex, base, head, limit)
    found: list[gitstore.Commit] = part(key, lambda: gitstore.between(repository.path, base, head, limit=limit)[::-1])
    return found


def require_commit(pull: Pull, oid: str) -> gitstore.Commit:
    """A commit of one of its versions. Raises NotFound."""
    for one in commits(pull, limit=1000):
        if one.oid == oid:
            return one
    for old in pull.versions.order_by("-number")[:50]:
        for one in commits_between(pull.repository, old.merge_base, old.head_oid, limit=1000):
            if one.oid == oid:
                return one
    raise NotFound(_("There is no such commit in this pull request."))


def requests(pull: Pull) -> list[ReviewRequest]:
    """People and teams whose review is waited for."""
    return list(pull.review_requests.select_related("user__namespace", "team__organization__namespace").order_by("at", "pk"))


def pending_review(actor: Actor, pull: Pull) -> Review | None:
    """What the actor wrote and did not send."""
    if actor.person is None:
        return None
    return Review.objects.filter(pull=pull, author=actor.person, state=Review.State.PENDING).first()


def reviews_sent(pull: Pull, ids: Iterable[int]) -> dict[int, Review]:
    """Sent reviews by id, with author; one query."""
    rows = Review.objects.filter(pull=pull, pk__in=list(ids), submitted_at__isnull=False)
    return {row.pk: row for row in rows.select_related("author", "author__namespace", "version", "dismissed_by")}


def readable_pulls(actor: Actor) -> QuerySet[Pull]:
    """All that the actor may read."""
    return Pull.objects.filter(rules.readable_by(actor)).select_related("repository__namespace", *_RELATED)


def asked_of(person_id: int) -> Q:
    """Condition on Pull: this person, or a team of theirs, is asked for a review."""
    return Q(pk__in=ReviewRequest.objects.filter(user=person_id).values("pull")) | Q(
        pk__in=ReviewRequest.objects.filter(team__members=person_id).values("pull")
    )


def is_issue(repository: Repository, number: int) -> bool:
    """True if the number is an issue's."""
    return kind_of(repository, number) == Thread.Kind.ISSUE


def viewed(actor: Actor, pull: Pull, paths: Iterable[str]) -> dict[str, str]:
    """Path → oid of the content the actor has looked at; one query."""
    keys = {path_key(path): path for path in paths}
    if actor.person is None or not keys:
        return {}
    rows = ViewedFile.objects.filter(pull=pull, user=actor.person, path_key__in=list(keys))
    return {keys[key]: blob for key, blob in rows.values_list("path_key", "blob_oid")}


@dataclass(frozen=True, slots=True)
class Stand:
    """What a row of a list says besides: draft, and the reviews."""

    is_draft: bool
    base_branch: str
    approved: int
    wanting: int


def stands(threads: Sequence[int]) -> dict[int, Stand]:
    """Id of a thread → its stand; two queries."""
    rows = {row.pk: row for row in Pull.objects.filter(thread__in=threads).only("pk", "thread_id", "is_draft", "base_branch")}
    said: dict[int, dict[int | None, str]] = {pk: {} for pk in rows}
    verdicts = Review.objects.filter(pull__in=list(rows), state__in=(Review.State.APPROVED, Review.State.CHANGES), dismissed_at=None)
    for pull_id, author, state in verdicts.order_by("submitted_at", "pk").values_list("pull_id", "author_id", "state"):
        said[pull_id][author] = state
    return {
        row.thread_id: Stand(
            row.is_draft, row.base_branch, sum(state == Review.State.APPROVED for state in said[pk].values()),
            sum(state == Review.State.CHANGES for state in said[pk].values()),
        )
        for pk, row in rows.items()
    }  # fmt: skip


def threads_to_review(person_id: int) -> Q:
    """Condition on Thread: this person, or a team of theirs, is asked for a review."""
    return Q(pk__in=Pull.objects.filter(asked_of(person_id)).values("thread"))


def require_reviewers(repository: Repository, people: Sequence[User], teams: Sequence[Team]) -> None:
    """Raise Invalid for somebody who may not read the repository, and for a team of others."""
    readers = people_who_read(repository, people)
    if strangers := [person.username for person in people if person.pk not in readers or not person.is_active]:
        raise Invalid(_("“%s” may not read this repository.") % strangers[0], field="reviewers")
    if any(team.organization.namespace_id != repository.namespace_id for team in teams):
        raise Invalid(_("Only teams of the owning organization can be asked."), field="reviewers")


def heads_shown(actor: Actor, rows: Sequence[Pull]) -> dict[int, str]:
    """Id of a pull request → its head as the actor may know it (`branch`, or `namespace/name:branch`); one query at most."""
    foreign = [row.head_repository_id for row in rows if row.head_repository_id != row.repository_id]
    readable = readable_among(actor, foreign)
    found = {}
    for row in rows:
        head = row.head_repository
        if head is None or not row.head_branch or head.deleted_at is not None:
            continue
        if head.pk == row.repository_id:
            found[row.pk] = row.head_branch
        elif head.pk in readable:
            found[row.pk] = f"{head}:{row.head_branch}"
    return found


def of_threads(repository: Repository, threads: Sequence[Thread]) -> list[Pull]:
    """Pull requests of some threads of a repository, in their order; one query."""
    rows = {row.thread_id: row for row in pulls_of(repository).filter(thread__in=[thread.pk for thread in threads])}
    for row in rows.values():
        row.repository = row.thread.repository = repository
    return [rows[thread.pk] for thread in threads if thread.pk in rows]


def concerning(person_id: int) -> Q:
    """Condition on Pull: opened by the person, or waiting for their review."""
    return Q(thread__author=person_id) | asked_of(person_id)
