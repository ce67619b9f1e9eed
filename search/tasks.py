"""Scheduled work."""

from contextlib import suppress

from celery import shared_task

from core.actors import SYSTEM
from core.errors import Unavailable
from search import commands


@shared_task
def index_pending() -> None:
    """Write what waits, and build the index if there is none that fits."""
    commands.keep_index(SYSTEM)


@shared_task
def index_code() -> None:
    """Index the code that no event brought in."""
    with suppress(Unavailable):  # another process writes
        commands.keep_code(SYSTEM)
