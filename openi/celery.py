"""The Celery application. It only wakes: the outbox and lease rows are the truth (ARCHITECTURE.md)."""

import ctypes
import gc
import os
import threading
import time

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init

from gitstore import store

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")
app = Celery("openi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
LONG = 0.5  # seconds of a task that may have left much behind
_began = threading.local()


@worker_init.connect
def _step_back(**_: object) -> None:
    """Background work, and the git processes it starts, take what pages leave over."""
    os.nice(5)


@task_prerun.connect
def _note_start(**_: object) -> None:
    _began.at = time.monotonic()


@task_postrun.connect
def _let_go(**_: object) -> None:
    """A worker that waits holds no pack mapped; after long work it gives free memory back to the system (malloc_trim(3), glibc alone)."""
    store.forget()
    if time.monotonic() - getattr(_began, "at", 0.0) < LONG:
        return
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
