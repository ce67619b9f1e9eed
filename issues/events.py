"""Facts about issues, and about what pull requests share with them. `by_id` is null for the system and for people who are gone."""

from dataclasses import dataclass, field
from typing import Any

from core.events import Fact


@dataclass(frozen=True)
class IssueOpened(Fact):
    """An issue exists. (Pull requests have an event of their own.)"""

    thread_id: int
    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class IssueClosed(Fact):
    """An issue was closed. `reason` is of Thread.StateReason; `oid` the commit or `pull_id` the thread that closed it, if one did."""

    thread_id: int
    repository_id: int
    by_id: int | None
    reason: str = "completed"
    oid: str = ""
    pull_id: int | None = None


@dataclass(frozen=True)
class IssueReopened(Fact):
    """An issue is open again."""

    thread_id: int
    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class ThreadChanged(Fact):
    """An issue or pull request changed in what is not its state or talk: `changes` names what (title, body, labels, assignees, milestone, due,
    lock, pin, transfer), `facts` how: {"labels": {"added": ["bug"], "removed": []}}, {"assignees": {"added": [7], "removed": []}}."""

    thread_id: int
    repository_id: int
    by_id: int | None
    changes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CommentAdded(Fact):
    """Somebody commented on an issue or pull request."""

    thread_id: int
    repository_id: int
    comment_id: int
    by_id: int | None


@dataclass(frozen=True)
class CommentEdited(Fact):
    """A comment of an issue or pull request has other words, or was hidden or shown again."""

    thread_id: int
    repository_id: int
    comment_id: int
    by_id: int | None


@dataclass(frozen=True)
class CommentDeleted(Fact):
    """A comment is gone; its number means nothing any more."""

    thread_id: int
    repository_id: int
    comment_id: int
    by_id: int | None


@dataclass(frozen=True)
class PersonMentioned(Fact):
    """A text named people for the first time there, by themselves or by a team of theirs; all of them could read it at that moment.

    `comment_id` is null where the body of the thread names them.
    """

    thread_id: int
    repository_id: int
    by_id: int | None
    user_ids: list[int]
    comment_id: int | None = None
