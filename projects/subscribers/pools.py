"""Shared pools follow what becomes of their members."""

from core.actors import SYSTEM
from core.events import subscribe
from projects import commands
from projects.events import RepositoryDetached, RepositoryForked, RepositoryPurged, VisibilityChanged


@subscribe(VisibilityChanged, outside=True)
def leave_pool_after_change(event: VisibilityChanged, cause: str) -> None:
    """A repository whose readers become others than the pool's copies what it borrows, then cuts the link; twice changes nothing."""
    commands.leave_pool(SYSTEM, event.repository_id)


@subscribe(RepositoryDetached, outside=True)
def leave_pool_after_detaching(event: RepositoryDetached, cause: str) -> None:
    """So does one that is no fork any more."""
    commands.leave_pool(SYSTEM, event.repository_id)


@subscribe(RepositoryForked, outside=True)
def leave_pool_of_leaving_parent(event: RepositoryForked, cause: str) -> None:
    """And a private fork whose parent was still leaving a pool when it was made."""
    commands.leave_pool(SYSTEM, event.fork_id)


@subscribe(RepositoryPurged, outside=True)
def renew_pool_after_purge(event: RepositoryPurged, cause: str) -> None:
    """What the repository alone reached leaves the pool."""
    if event.pool:
        commands.renew_pool(SYSTEM, event.pool)
