"""The Celery application. It only wakes: the outbox and lease rows are the truth (ARCHITECTURE.md)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")
app = Celery("openi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
