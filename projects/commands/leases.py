"""Long work that is a row of its own: who holds it, whether it still beats, how far it is."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from projects.models import Run

R = TypeVar("R", bound=Run)
log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=60)
Report = Callable[[str, int], None]  # phase, percent


def take(kind: type[R], run_id: int) -> R | None:
    """Claim a run that waits or whose worker fell silent; None if another holds it or its repository is deleted."""
    now = timezone.now()
    rows = kind._default_manager.filter(pk=run_id, repository__deleted_at=None)
    free = rows.filter(state=Run.State.QUEUED) | rows.filter(state=Run.State.RUNNING, heartbeat_at__lte=now - LEASE)
    claimed = kind._default_manager.filter(pk__in=free.values("pk")).update(state=Run.State.RUNNING, heartbeat_at=now)
    return kind._default_manager.select_related("repository__namespace", "by").get(pk=run_id) if claimed else None


def overdue(kind: type[R]) -> list[int]:
    """Runs that wait or whose worker fell silent; ids, oldest first."""
    silent = timezone.now() - LEASE
    waiting = kind._default_manager.filter(state=Run.State.QUEUED, created_at__lte=silent)
    dead = kind._default_manager.filter(state=Run.State.RUNNING, heartbeat_at__lte=silent)
    return list((waiting | dead).order_by("pk").values_list("pk", flat=True))


def reporter(run: Run, on_progress: Report | None = None) -> Report:
    """Writes the row at most once a second; each write is the heartbeat."""
    last = [0.0]

    def report(phase: str, percent: int) -> None:
        if on_progress:
            on_progress(phase, percent)
        if time.monotonic() - last[0] >= 1:
            last[0] = time.monotonic()
            type(run)._default_manager.filter(pk=run.pk, state=Run.State.RUNNING).update(
                phase=phase, percent=percent, heartbeat_at=timezone.now()
            )

    return report


@contextmanager
def beating(renew: Callable[[], object], *, lease: timedelta, name: str) -> Iterator[None]:
    """Calls `renew` four times in each `lease` while git works and says nothing; the thread has a database connection of its own."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(lease.total_seconds() / 4):
            try:
                renew()
            except DatabaseError as error:  # the next beat may come through; three of them are still in time
                log.warning("beat_missed", what=name, error=str(error))
            finally:
                connection.close()

    thread = threading.Thread(target=beat, daemon=True, name=name)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def heart(run: Run) -> AbstractContextManager[None]:
    """`beating` for a run."""
    rows = type(run)._default_manager.filter(pk=run.pk, state=Run.State.RUNNING)
    return beating(lambda: rows.update(heartbeat_at=timezone.now()), lease=LEASE, name=f"run-{run.pk}")
