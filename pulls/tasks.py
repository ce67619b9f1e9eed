"""Scheduled work: pick ids, call one command per id."""

from celery import shared_task

from core.actors import SYSTEM
from pulls.commands.mergeability import check_pulls, unchecked
from pulls.commands.merging import settle_merges


@shared_task
def settle_pulls() -> None:
    """Finish merges whose process died, and look at what nobody looked at."""
    settle_merges(SYSTEM)
    for repository_id in unchecked():
        check_pulls(SYSTEM, repository_id)
