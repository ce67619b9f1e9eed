"""What is pushed here goes on to other hosts."""

from core.actors import SYSTEM
from core.events import subscribe
from projects.commands import pushing
from projects.events import RefsUpdated


@subscribe(RefsUpdated)
def push_on(event: RefsUpdated, cause: str) -> None:
    """Its push mirrors are due; the worker's threads take them."""
    pushing.note_push(SYSTEM, event.repository_id, push_id=event.push_id)
