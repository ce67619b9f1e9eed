"""Scheduled work: pick ids, call one command per id."""

import time

from celery import shared_task

from activity import rounds
from activity.commands import mailing
from core.actors import SYSTEM

MAIL_SECONDS = 30  # of each run; what is left comes next time


@shared_task
def send_hooks() -> None:
    """Give the worker's threads the hooks that have something to send; they go on when this has returned."""
    rounds.hooks.top_up()


@shared_task
def notify_people() -> None:
    """Give the worker's threads the facts that people are to be told of."""
    rounds.notices.top_up()


@shared_task
def send_mails() -> None:
    """Letters about what happened."""
    started = time.monotonic()
    while time.monotonic() - started < MAIL_SECONDS and (due := mailing.due_letters()):
        mailing.send_letters(SYSTEM, due)


@shared_task
def send_digests() -> None:
    """Daily mails to those whose morning it is."""
    for person_id in mailing.people_with_digests():
        mailing.send_digest(SYSTEM, person_id)
