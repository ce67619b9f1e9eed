"""A wish to look at a mirror wakes the sync threads."""

from django.conf import settings

from core.events import subscribe
from projects import tasks
from projects.events import MirrorAsked


@subscribe(MirrorAsked, outside=True)
def look_at_once(event: MirrorAsked, cause: str) -> None:
    """The row says that it is urgent; this only spares it the wait for the clock. Twice wakes twice and does nothing else."""
    if settings.NUDGE_WORKER:
        tasks.sync_mirrors.delay()
