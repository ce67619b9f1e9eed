"""Scheduled work about people and organisations."""

from celery import shared_task

from accounts import commands, queries
from core.actors import SYSTEM


@shared_task
def purge_organizations() -> None:
    """Remove organisations whose 7 days of undo are over."""
    for organization in queries.overdue_organizations():
        commands.purge_organization(SYSTEM, organization)


@shared_task
def sample_site() -> None:
    """Note the site's size today; the last of a day's samples stays."""
    commands.sample_site(SYSTEM)
