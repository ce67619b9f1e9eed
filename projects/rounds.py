"""The worker's sync threads. They only take leases and run commands; the rows are the truth."""

import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import connection

from core.actors import SYSTEM
from projects import commands

log = structlog.get_logger(__name__)
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_running = 0


def top_up() -> int:
    """Lease as many due mirrors as there are idle threads, and start them; returns how many."""
    global _pool  # noqa: PLW0603 - one pool per worker process, made when first needed
    with _lock:
        _pool = _pool or ThreadPoolExecutor(settings.MIRROR_THREADS, thread_name_prefix="mirror")
        pool = _pool
        idle = settings.MIRROR_THREADS - _running
    claimed = commands.claim_due(idle) if idle > 0 else []
    for mirror_id, lease in claimed:
        _count(1)
        pool.submit(_run, mirror_id, lease)
    return len(claimed)


def _count(change: int) -> None:
    global _running  # noqa: PLW0603 - see top_up
    with _lock:
        _running += change


def _run(mirror_id: int, lease: str) -> None:
    """One mirror; then the thread looks for more work by itself, so that the pace is not the scheduler's."""
    try:
        commands.sync_mirror(SYSTEM, mirror_id, lease=lease)
    except Exception:
        log.exception("mirror_crashed", mirror=mirror_id)
    finally:
        _count(-1)
        connection.close()
    try:
        top_up()
    except Exception:
        log.exception("mirror_top_up_failed")
    finally:
        connection.close()
