"""A repository's trust report follows what it holds."""

from datetime import timedelta

from core.actors import SYSTEM
from core.events import subscribe
from projects import commands
from projects.events import RefsUpdated, RepositoryChanged


@subscribe(RepositoryChanged, outside=True)
def assess_after_change(event: RepositoryChanged, cause: str) -> None:
    """The indexer has counted another commit; stars and descriptions change nothing here."""
    commands.assess_repository(SYSTEM, event.repository_id, older_than=timedelta(days=1))


@subscribe(RefsUpdated, outside=True)
def assess_after_tags(event: RefsUpdated, cause: str) -> None:
    """New tags may be signed, and are releases."""
    if any(update[0].startswith("refs/tags/") for update in event.updates):
        commands.assess_repository(SYSTEM, event.repository_id)
