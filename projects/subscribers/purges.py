"""Removals run in the worker."""

from core.actors import SYSTEM
from core.events import subscribe
from projects import commands
from projects.events import PurgeRequested


@subscribe(PurgeRequested, outside=True)
def run_requested_purge(event: PurgeRequested, cause: str) -> None:
    """Delivered again while it runs, it finds the lease held and does nothing; `tasks.resume_purges` takes up what died."""
    commands.run_purge(SYSTEM, event.purge_id)
