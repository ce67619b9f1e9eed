"""A repository's index follows its refs."""

from core.actors import SYSTEM
from core.events import subscribe
from projects import commands
from projects.events import DefaultBranchChanged, ListingRequested, RefsUpdated, RepositoryForked, RepositoryRestored


@subscribe(RefsUpdated, outside=True)
def index_after_push(event: RefsUpdated, cause: str) -> None:
    """Count what the push brought."""
    commands.index_repository(SYSTEM, event.repository_id)


@subscribe(RefsUpdated, outside=True)
def maintain_after_push(event: RefsUpdated, cause: str) -> None:
    """A large push is packed at once, so that the first clone is not the one that pays; small ones wait for the schedule."""
    commands.maintain_if_grown(SYSTEM, event.repository_id)


@subscribe(RepositoryForked, outside=True)
def index_fork(event: RepositoryForked, cause: str) -> None:
    """Contribution days of the fork, and how much it shares."""
    commands.index_repository(SYSTEM, event.fork_id)
    commands.measure_repository(SYSTEM, event.fork_id)


@subscribe(RepositoryRestored, outside=True)
def index_restored(event: RepositoryRestored, cause: str) -> None:
    """What changed while it was away."""
    commands.index_repository(SYSTEM, event.repository_id)


@subscribe(DefaultBranchChanged, outside=True)
def index_default_branch(event: DefaultBranchChanged, cause: str) -> None:
    """Everything is counted on the default branch."""
    commands.index_repository(SYSTEM, event.repository_id)


@subscribe(ListingRequested, outside=True)
def build_requested_listing(event: ListingRequested, cause: str) -> None:
    """The last commits a page could not wait for."""
    commands.build_listing(SYSTEM, event.repository_id, oid=event.oid, folder=event.folder)
