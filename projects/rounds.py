"""The worker's sync threads. They only take lanes and run commands; the rows are the truth."""

import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import connection

from core.actors import SYSTEM
from core.threads import Threads
from projects import commands
from projects.commands import outbound

log = structlog.get_logger(__name__)
PUSH_THREADS = 4  # pushes to other hosts at once
_claiming = threading.Lock()  # one at a time, or two would fill the same idle threads
_idle = threading.Condition()
_pool: ThreadPoolExecutor | None = None
_running = 0


def top_up(*, freed: int = 0) -> int:
    """Claim as many lanes of due mirrors as there are idle threads (and `freed`), and start them; returns how many."""
    global _pool  # noqa: PLW0603 - one pool per worker process, made when first needed
    with _claiming:
        _pool = _pool or ThreadPoolExecutor(settings.MIRROR_THREADS, thread_name_prefix="mirror")
        idle = settings.MIRROR_THREADS - _running + freed
        claimed = commands.claim_due(idle) if idle > 0 else []
        for lane in claimed:
            _count(1)
            _pool.submit(_run, lane)
    return len(claimed)


def drained() -> None:
    """Return when no lane is at work any more: nothing is due, or the hosts have all their places taken elsewhere."""
    with _idle:
        _idle.wait_for(lambda: _running == 0)


def _count(change: int) -> None:
    global _running  # noqa: PLW0603 - see top_up
    with _idle:
        _running += change
        _idle.notify_all()


def _run(lane: commands.Lane) -> None:
    """One lane; then the thread looks for more work by itself, so that the pace is not the scheduler's."""
    try:
        commands.work_lane(SYSTEM, lane)
    except Exception:
        log.exception("mirror_lane_crashed", mirrors=lane.mirror_ids)
    try:
        top_up(freed=1)
    except Exception:
        log.exception("mirror_top_up_failed")
    finally:
        _count(-1)
        connection.close()


def _push(mirror_id: int, lease: str) -> object:
    return outbound.run_push(SYSTEM, mirror_id, lease=lease)


pushes = Threads("push", PUSH_THREADS, outbound.claim_due_pushes, _push)
