"""Scheduled work of the ground."""

from celery import shared_task
from django.db import connection

from core import events
from core.blobs import sweep

ANALYSED = 1000


@shared_task
def drain_outbox() -> None:
    """Deliver what is due."""
    events.drain()


@shared_task
def sweep_blobs() -> None:
    """Remove blobs nobody refers to."""
    sweep.sweep()


@shared_task
def analyse_database() -> None:
    """SQLite chooses its indexes by figures that nobody but us brings up to date; PostgreSQL does that by itself.

    At most ANALYSED rows of each index are read, so the write lock is held for milliseconds (sqlite.org/lang_analyze.html).
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit={ANALYSED}")
            cursor.execute("ANALYZE")
