"""A repository leaves the shared pool of its network when its readers become others than the pool's."""

from core.actors import SYSTEM
from core.events import subscribe
from projects import commands
from projects.events import VisibilityChanged


@subscribe(VisibilityChanged, outside=True)
def leave_pool_after_change(event: VisibilityChanged, cause: str) -> None:
    """Copy what it borrows, then cut the link; doing so twice changes nothing."""
    commands.leave_pool(SYSTEM, event.repository_id)
