"""Facts about pull requests. `thread_id` is the issues.Thread, `by_id` who did it (None: the site)."""

from dataclasses import dataclass

from core.events import Fact


@dataclass(frozen=True)
class PullOpened(Fact):
    """Somebody proposes commits."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class PullChanged(Fact):
    """Title, text, base branch or draft changed; `what` says which: edited, retargeted, drafted, ready, or settings of merging."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None
    what: str


@dataclass(frozen=True)
class PullSynchronized(Fact):
    """A new version: `old` and `new` are heads."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None
    version: int
    old: str
    new: str
    forced: bool


@dataclass(frozen=True)
class PullClosed(Fact):
    """Closed without a merge."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class PullReopened(Fact):
    """Open again."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None


@dataclass(frozen=True)
class PullMerged(Fact):
    """Its commits are in the base branch; `oid` is what the branch got."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None
    author_id: int | None
    oid: str
    method: str


@dataclass(frozen=True)
class ReviewRequested(Fact):
    """A person or a team is asked for a review."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None
    user_id: int | None
    team_id: int | None


@dataclass(frozen=True)
class ReviewSubmitted(Fact):
    """A verdict with its comments on lines."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None
    review_id: int
    state: str


@dataclass(frozen=True)
class ReviewDismissed(Fact):
    """A verdict does not count any more."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None
    review_id: int


@dataclass(frozen=True)
class LineCommented(Fact):
    """A comment on lines that others can see, outside of a review or as an answer."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None
    comment_id: int
    line_thread_id: int


@dataclass(frozen=True)
class ConversationResolved(Fact):
    """A conversation on lines was marked as resolved, or taken up again."""

    pull_id: int
    thread_id: int
    repository_id: int
    by_id: int | None
    line_thread_id: int
    resolved: bool
