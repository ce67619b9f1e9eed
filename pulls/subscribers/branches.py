"""Pull requests follow pushes, and what must be looked at anew is looked at in the background."""

from core.actors import SYSTEM
from core.events import subscribe
from projects.events import CommitStatusSet, RefsUpdated
from pulls.commands.auto import try_auto_merge
from pulls.commands.following import after_merge, close_named, follow_push, sync_head
from pulls.commands.mergeability import check_pulls, forget_merge
from pulls.commands.merging import fresh
from pulls.events import (
    ConversationResolved,
    PullChanged,
    PullClosed,
    PullMerged,
    PullOpened,
    PullReopened,
    PullSynchronized,
    ReviewDismissed,
    ReviewSubmitted,
)
from pulls.models import Pull


@subscribe(RefsUpdated, outside=True)
def follow_branches(event: RefsUpdated, cause: str) -> None:
    """New versions, merges by hand, branches that are gone; what conflicts by now."""
    follow_push(SYSTEM, event.repository_id, by_id=event.by_id, updates=event.updates, total=event.total)
    waiting = Pull.objects.filter(repository=event.repository_id, merged_at=None).exclude(auto_merge_by=None)
    for pull_id in waiting.order_by("pk").values_list("pk", flat=True):
        try_auto_merge(SYSTEM, pull_id)


@subscribe(PullOpened, outside=True)
def check_opened(event: PullOpened, cause: str) -> None:
    """Whether it can be merged."""
    check_pulls(SYSTEM, event.repository_id, pull_ids=[event.pull_id])


@subscribe(PullReopened, outside=True)
def check_reopened(event: PullReopened, cause: str) -> None:
    """What its branch holds by now, and whether it can be merged."""
    pull = Pull.objects.filter(pk=event.pull_id).first()
    if pull is not None:
        sync_head(SYSTEM, fresh(pull))
        check_pulls(SYSTEM, event.repository_id, pull_ids=[event.pull_id])


@subscribe(PullSynchronized, outside=True)
def check_version(event: PullSynchronized, cause: str) -> None:
    """Whether the new version can be merged, and is to be at once."""
    check_pulls(SYSTEM, event.repository_id, pull_ids=[event.pull_id])
    try_auto_merge(SYSTEM, event.pull_id)


@subscribe(PullChanged, outside=True)
def check_changed(event: PullChanged, cause: str) -> None:
    """Another base, or ready now."""
    check_pulls(SYSTEM, event.repository_id, pull_ids=[event.pull_id])
    try_auto_merge(SYSTEM, event.pull_id)


@subscribe(ReviewSubmitted, outside=True)
def merge_reviewed(event: ReviewSubmitted, cause: str) -> None:
    """The approval it waited for."""
    try_auto_merge(SYSTEM, event.pull_id)


@subscribe(ReviewDismissed, outside=True)
def merge_after_dismissal(event: ReviewDismissed, cause: str) -> None:
    """A request for changes that does not count any more."""
    try_auto_merge(SYSTEM, event.pull_id)


@subscribe(ConversationResolved, outside=True)
def merge_resolved(event: ConversationResolved, cause: str) -> None:
    """The last open conversation."""
    try_auto_merge(SYSTEM, event.pull_id)


@subscribe(CommitStatusSet, outside=True)
def merge_checked(event: CommitStatusSet, cause: str) -> None:
    """The check it waited for."""
    rows = Pull.objects.filter(repository=event.repository_id, head_oid=event.oid, merged_at=None).exclude(auto_merge_by=None)
    for pull_id in rows.order_by("pk").values_list("pk", flat=True):
        try_auto_merge(SYSTEM, pull_id)


@subscribe(PullMerged)
def close_named_issues(event: PullMerged, cause: str) -> None:
    """“Closes #3” comes true."""
    close_named(SYSTEM, event.pull_id)


@subscribe(PullMerged, outside=True)
def tidy_merged(event: PullMerged, cause: str) -> None:
    """The branch that is not needed any more, and the trial of the merge."""
    forget_merge(SYSTEM, event.pull_id)
    after_merge(SYSTEM, event.pull_id)


@subscribe(PullClosed, outside=True)
def tidy_closed(event: PullClosed, cause: str) -> None:
    """The trial of the merge goes."""
    forget_merge(SYSTEM, event.pull_id)
