"""Scheduled work: pick ids, call one command per id."""

from celery import shared_task

from activity import rounds


@shared_task
def send_hooks() -> None:
    """Give the worker's threads the hooks that have something to send; they go on when this has returned."""
    rounds.hooks.top_up()
