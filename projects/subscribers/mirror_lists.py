"""Lists of mirrors are taken over in the worker."""

from core.actors import SYSTEM
from core.events import subscribe
from projects.commands import mirror_lists
from projects.events import MirrorListBegun


@subscribe(MirrorListBegun, outside=True)
def run_begun_list(event: MirrorListBegun, cause: str) -> None:
    """Delivered again while it runs, it finds the lease held and does nothing; `tasks.resume_mirror_lists` takes up what died."""
    mirror_lists.run_mirror_list(SYSTEM, event.list_id)
