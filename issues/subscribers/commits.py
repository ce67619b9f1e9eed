"""Messages of commits that reach the default branch name issues, and close them."""

from core.events import subscribe
from issues import commands
from projects.events import RefsUpdated


@subscribe(RefsUpdated, outside=True)
def refer_after_push(event: RefsUpdated, cause: str) -> None:
    """References from new commits of the default branch; closing words close what whoever pushed may close."""
    commands.read_pushed_messages(event.repository_id, event.updates, event.by_id)
