"""What happens in repositories goes into the queues of webhooks."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import transaction

from activity.commands.hooks import Told, enqueue
from activity.models import Happens
from core.actors import SYSTEM
from core.events import Fact, subscribe
from issues.events import CommentAdded, CommentDeleted, CommentEdited, IssueClosed, IssueOpened, IssueReopened, ThreadChanged
from issues.models import Thread
from projects.events import (
    RefsUpdated,
    ReleasePublished,
    RepositoryCreated,
    RepositoryForked,
    RepositoryRenamed,
    RepositoryStarred,
    VisibilityChanged,
)
from projects.places import ZERO
from pulls.events import (
    LineCommented,
    PullChanged,
    PullClosed,
    PullMerged,
    PullOpened,
    PullReopened,
    PullSynchronized,
    ReviewDismissed,
    ReviewRequested,
    ReviewSubmitted,
)


def _queue(repository_id: int, told: Iterable[Told], cause: str) -> None:
    """In the delivery's own transaction; the worker's threads are woken when it is over."""
    if enqueue(SYSTEM, repository_id, told, cause=cause) and settings.NUDGE_WORKER:
        transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    from activity import tasks

    tasks.send_hooks.delay()


def _pushed(event: RefsUpdated) -> list[Told]:
    """Each branch and tag; other refs are nobody's business."""
    told = []
    for place, (ref, old, new) in enumerate(event.updates):
        if not ref.startswith(("refs/heads/", "refs/tags/")):
            continue
        about: dict[str, Any] = {"ref": ref, "old": old, "new": new, "by": event.by_id}
        if old == ZERO:
            told.append(Told(Happens.CREATE, about=about, place=f"{place}c"))
        told.append(Told(Happens.PUSH, about=about, place=f"{place}p"))
        if new == ZERO:
            told.append(Told(Happens.DELETE, about=about, place=f"{place}d"))
    return told


def follow(event: type[Fact], name: str, tell: Callable[[Any], Iterable[Told]], where: Callable[[Any], int]) -> None:
    """Subscribe `queue_<name>`: what `tell` says of the fact is told in the repository that `where` names."""

    def queue(fact: Any, cause: str) -> None:
        _queue(where(fact), tell(fact), cause)

    queue.__qualname__ = f"queue_{name}"
    queue.__doc__ = event.__doc__
    subscribe(event)(queue)


def _here(fact: Any) -> int:
    return int(fact.repository_id)


follow(RefsUpdated, "push", _pushed, _here)
follow(ReleasePublished, "release", lambda fact: [Told(Happens.RELEASE, "published", {"release": fact.release_id})], _here)
follow(RepositoryStarred, "star", lambda fact: [Told(Happens.STAR, "created", {"by": fact.by_id})], _here)
follow(
    RepositoryForked,
    "fork",
    lambda fact: [Told(Happens.FORK, about={"fork": fact.fork_id, "by": fact.by_id})],
    lambda fact: int(fact.source_id),
)
follow(RepositoryCreated, "creation", lambda fact: [Told(Happens.REPOSITORY, "created", {"by": fact.by_id})], _here)
follow(RepositoryRenamed, "renaming", lambda fact: [Told(Happens.REPOSITORY, "renamed", {"old": fact.old, "new": fact.new})], _here)
follow(
    VisibilityChanged,
    "visibility",
    lambda fact: [Told(Happens.REPOSITORY, "publicized" if fact.new == "public" else "privatized", {"old": fact.old, "new": fact.new})],
    _here,
)


def _of_thread(kind: Happens, action: str, *fields: str) -> Callable[[Any], Iterable[Told]]:
    """One message about the fact's thread; `fields` of the fact go along, without their `_id`."""

    def tell(fact: Any) -> list[Told]:
        more = {name.removesuffix("_id"): getattr(fact, name) for name in fields}
        return [Told(kind, action, {"thread": fact.thread_id, "by": fact.by_id, **more})]

    return tell


def _changed(fact: ThreadChanged) -> Iterable[Told]:
    """GitHub has an action for each label and each person; asked only if somebody listens."""
    is_issue = Thread.objects.filter(pk=fact.thread_id, kind=Thread.Kind.ISSUE).exists()
    kind = Happens.ISSUES if is_issue else Happens.PULL_REQUEST
    about = {"thread": fact.thread_id, "by": fact.by_id}
    for change, plus, minus, name in (("labels", "labeled", "unlabeled", "label"), ("assignees", "assigned", "unassigned", "person")):
        how = fact.facts.get(change, {})
        for action, given in ((plus, how.get("added", [])), (minus, how.get("removed", []))):
            yield from (Told(kind, action, {**about, name: one}, place=f"{action}{one}"[:40]) for one in given)
    if {"title", "body"} & set(fact.changes):
        yield Told(kind, "edited", about, place="edited")
    for change, action in (("milestone", "milestoned"), ("lock", "locked"), ("pin", "pinned"), ("transfer", "transferred")):
        if change in fact.changes:
            yield Told(kind, action, about, place=action)


def _pull_changed(fact: PullChanged) -> list[Told]:
    action = {"drafted": "converted_to_draft", "ready": "ready_for_review"}.get(fact.what, "edited")
    return [Told(Happens.PULL_REQUEST, action, {"thread": fact.thread_id, "by": fact.by_id})]


def _review_requested(fact: ReviewRequested) -> list[Told]:
    about = {"thread": fact.thread_id, "by": fact.by_id}
    return [Told(Happens.PULL_REQUEST, "review_requested", {**about, "person": fact.user_id} if fact.user_id else about)]


for _event, _name, _tell in (
    (IssueOpened, "issue_opened", _of_thread(Happens.ISSUES, "opened")),
    (IssueClosed, "issue_closed", _of_thread(Happens.ISSUES, "closed")),
    (IssueReopened, "issue_reopened", _of_thread(Happens.ISSUES, "reopened")),
    (ThreadChanged, "thread_changed", _changed),
    (CommentAdded, "comment_added", _of_thread(Happens.ISSUE_COMMENT, "created", "comment_id")),
    (CommentEdited, "comment_edited", _of_thread(Happens.ISSUE_COMMENT, "edited", "comment_id")),
    (CommentDeleted, "comment_deleted", _of_thread(Happens.ISSUE_COMMENT, "deleted", "comment_id")),
    (PullOpened, "pull_opened", _of_thread(Happens.PULL_REQUEST, "opened")),
    (PullChanged, "pull_changed", _pull_changed),
    (PullSynchronized, "pull_synchronized", _of_thread(Happens.PULL_REQUEST, "synchronize", "old", "new")),
    (PullClosed, "pull_closed", _of_thread(Happens.PULL_REQUEST, "closed")),
    (PullReopened, "pull_reopened", _of_thread(Happens.PULL_REQUEST, "reopened")),
    (PullMerged, "pull_merged", _of_thread(Happens.PULL_REQUEST, "closed")),
    (ReviewRequested, "review_requested", _review_requested),
    (ReviewSubmitted, "review_submitted", _of_thread(Happens.PULL_REQUEST_REVIEW, "submitted", "review_id")),
    (ReviewDismissed, "review_dismissed", _of_thread(Happens.PULL_REQUEST_REVIEW, "dismissed", "review_id")),
):
    follow(_event, _name, _tell, _here)
follow(
    LineCommented,
    "line_commented",
    lambda fact: [
        Told(Happens.PULL_REQUEST_REVIEW_COMMENT, "created", {"thread": fact.thread_id, "by": fact.by_id, "line": fact.comment_id})
    ],
    _here,
)
