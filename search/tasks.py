"""Scheduled work."""

from celery import shared_task

from core.actors import SYSTEM
from search import commands


@shared_task
def index_pending() -> None:
    """Write what waits, and build the index if there is none that fits."""
    commands.keep_index(SYSTEM)
