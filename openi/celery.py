"""The Celery application. It only wakes: the outbox and lease rows are the truth (ARCHITECTURE.md)."""

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")
app = Celery("openi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _step_back(**_: object) -> None:
    """Background work, and the git processes it starts, take what pages leave over."""
    os.nice(5)
