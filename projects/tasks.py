"""Scheduled work: pick ids, call one command per id."""

from celery import shared_task


@shared_task
def maintain_repositories() -> None:
    """Repack and index what was pushed to."""


@shared_task
def purge_deleted() -> None:
    """Remove repositories whose 7 days of undo are over."""


@shared_task
def resume_imports() -> None:
    """Take up imports whose worker died."""
