"""Scheduled work of the ground."""

from celery import shared_task

from core import events


@shared_task
def drain_outbox() -> None:
    """Deliver what is due."""
    events.drain()
