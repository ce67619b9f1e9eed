"""Facts become rounds of notifications."""

from typing import Any

from django.conf import settings
from django.db import transaction

from activity.commands.notifying import begin_round
from activity.models import Kind, Why
from core.actors import SYSTEM
from core.events import subscribe
from issues.events import CommentAdded, IssueClosed, IssueOpened, IssueReopened, PersonMentioned, ThreadChanged
from projects.events import ReleasePublished
from projects.models import Release
from pulls.events import LineCommented, PullClosed, PullMerged, PullOpened, PullReopened, PullSynchronized, ReviewRequested, ReviewSubmitted


def _tell(cause: str, what: str, event: Any, **more: Any) -> None:
    """A round about the event's thread, in the delivery's own transaction; the worker is woken when it is over."""
    _begin(
        cause=cause, kind=Kind.THREAD, object_id=event.thread_id, repository_id=event.repository_id, what=what, by_id=event.by_id, **more
    )


def _begin(**options: Any) -> None:
    if begin_round(SYSTEM, **options) and settings.NUDGE_WORKER:
        transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    from activity import tasks

    tasks.notify_people.delay()


@subscribe(IssueOpened)
def tell_of_issue(event: IssueOpened, cause: str) -> None:
    """Watchers, and who looks after the repository."""
    _tell(cause, "opened", event, fact=f"thread:{event.thread_id}")


@subscribe(PullOpened)
def tell_of_pull(event: PullOpened, cause: str) -> None:
    """The same."""
    _tell(cause, "opened", event, fact=f"thread:{event.thread_id}")


@subscribe(CommentAdded)
def tell_of_comment(event: CommentAdded, cause: str) -> None:
    """Whoever takes part, and watchers."""
    _tell(cause, "commented", event, fact=f"comment:{event.comment_id}", comment=event.comment_id)


@subscribe(PersonMentioned)
def tell_the_mentioned(event: PersonMentioned, cause: str) -> None:
    """Those named; the same text is mailed to nobody twice."""
    fact = f"comment:{event.comment_id}" if event.comment_id else f"thread:{event.thread_id}"
    comment = {"comment": event.comment_id} if event.comment_id else {}
    _tell(cause, "mentioned", event, fact=fact, people=event.user_ids, why=Why.MENTIONED.value, **comment)


@subscribe(ThreadChanged)
def tell_the_assigned(event: ThreadChanged, cause: str) -> None:
    """Whoever is to do it now."""
    added = event.facts.get("assignees", {}).get("added", [])
    if added:
        _tell(cause, "assigned", event, people=added, why=Why.ASSIGNED.value)


@subscribe(IssueClosed)
def tell_of_closing(event: IssueClosed, cause: str) -> None:
    """Whoever takes part, and watchers."""
    _tell(cause, "closed", event)


@subscribe(IssueReopened)
def tell_of_reopening(event: IssueReopened, cause: str) -> None:
    """The same."""
    _tell(cause, "reopened", event)


@subscribe(PullClosed)
def tell_of_closed_pull(event: PullClosed, cause: str) -> None:
    """The same."""
    _tell(cause, "closed", event)


@subscribe(PullReopened)
def tell_of_reopened_pull(event: PullReopened, cause: str) -> None:
    """The same."""
    _tell(cause, "reopened", event)


@subscribe(PullMerged)
def tell_of_merge(event: PullMerged, cause: str) -> None:
    """The same."""
    _tell(cause, "merged", event)


@subscribe(PullSynchronized)
def tell_of_version(event: PullSynchronized, cause: str) -> None:
    """New commits in a pull request."""
    _tell(cause, "pushed", event)


@subscribe(ReviewRequested)
def tell_the_reviewer(event: ReviewRequested, cause: str) -> None:
    """A person; the members of a team hear of it as participants."""
    if event.user_id is not None:
        _tell(cause, "review_requested", event, people=[event.user_id], why=Why.REVIEW.value)


@subscribe(ReviewSubmitted)
def tell_of_review(event: ReviewSubmitted, cause: str) -> None:
    """A verdict with its comments is one text."""
    _tell(cause, {"approved": "approved", "changes": "changes_requested"}.get(event.state, "reviewed"), event, review=event.review_id)


@subscribe(LineCommented)
def tell_of_line(event: LineCommented, cause: str) -> None:
    """A comment on lines, outside of a review."""
    _tell(cause, "commented", event, line=event.comment_id)


@subscribe(ReleasePublished)
def tell_of_release(event: ReleasePublished, cause: str) -> None:
    """Who watches everything, or releases."""
    author = Release.objects.filter(pk=event.release_id).values_list("author", flat=True).first()
    _begin(cause=cause, kind=Kind.RELEASE, object_id=event.release_id, repository_id=event.repository_id, what="released", by_id=author)
