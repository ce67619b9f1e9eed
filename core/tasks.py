"""Scheduled work of the ground."""

from celery import shared_task

from core import events
from core.blobs import sweep


@shared_task
def drain_outbox() -> None:
    """Deliver what is due."""
    events.drain()


@shared_task
def sweep_blobs() -> None:
    """Remove blobs nobody refers to."""
    sweep.sweep()
