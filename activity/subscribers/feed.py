"""Facts become acts of people."""

from typing import Any

from activity.commands.feed import note_act
from activity.models import Act
from core.actors import SYSTEM
from core.events import subscribe
from issues.events import IssueClosed, IssueOpened
from projects.events import RefsUpdated, ReleasePublished, RepositoryCreated, RepositoryForked, RepositoryStarred
from projects.models import Release
from projects.places import ZERO
from pulls.events import PullMerged, PullOpened

Kind = Act.Kind


@subscribe(RefsUpdated)
def note_push(event: RefsUpdated, cause: str) -> None:
    """Branches only; what was deleted is no news."""
    branches = [ref.removeprefix("refs/heads/") for ref, _old, new in event.updates if ref.startswith("refs/heads/") and new != ZERO]
    if branches:
        note_act(SYSTEM, Kind.PUSH, cause=cause, by_id=event.by_id, repository_id=event.repository_id, branches=branches[:5])


@subscribe(RepositoryCreated)
def note_creation(event: RepositoryCreated, cause: str) -> None:
    """A new repository."""
    note_act(SYSTEM, Kind.CREATE, cause=cause, by_id=event.by_id, repository_id=event.repository_id)


@subscribe(RepositoryForked)
def note_fork(event: RepositoryForked, cause: str) -> None:
    """Told at the source; the fork's name is not part of it, for it may be private."""
    note_act(SYSTEM, Kind.FORK, cause=cause, by_id=event.by_id, repository_id=event.source_id)


@subscribe(RepositoryStarred)
def note_star(event: RepositoryStarred, cause: str) -> None:
    """A star."""
    note_act(SYSTEM, Kind.STAR, cause=cause, by_id=event.by_id, repository_id=event.repository_id)


@subscribe(ReleasePublished)
def note_release(event: ReleasePublished, cause: str) -> None:
    """By its author."""
    author = Release.objects.filter(pk=event.release_id).values_list("author", flat=True).first()
    note_act(SYSTEM, Kind.RELEASE, cause=cause, by_id=author, repository_id=event.repository_id, object_id=event.release_id)


def _note_thread(kind: Act.Kind, event: Any, cause: str) -> None:
    note_act(SYSTEM, kind, cause=cause, by_id=event.by_id, repository_id=event.repository_id, object_id=event.thread_id)


@subscribe(IssueOpened)
def note_issue(event: IssueOpened, cause: str) -> None:
    """An issue."""
    _note_thread(Kind.ISSUE_OPENED, event, cause)


@subscribe(IssueClosed)
def note_closing(event: IssueClosed, cause: str) -> None:
    """Its end."""
    _note_thread(Kind.ISSUE_CLOSED, event, cause)


@subscribe(PullOpened)
def note_pull(event: PullOpened, cause: str) -> None:
    """A pull request."""
    _note_thread(Kind.PULL_OPENED, event, cause)


@subscribe(PullMerged)
def note_merge(event: PullMerged, cause: str) -> None:
    """Its merge."""
    _note_thread(Kind.PULL_MERGED, event, cause)
