"""Threads of the worker for work with leases: the rows say what is due, a thread does one piece."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import connection

log = structlog.get_logger(__name__)


class Threads:
    """`claim(n)` leases up to n pieces as (id, lease), `work` does one. `goes_on`: whoever has done a piece looks for the next by itself."""

    def __init__(
        self,
        name: str,
        size: int,
        claim: Callable[[int], list[tuple[int, str]]],
        work: Callable[[int, str], object],
        *,
        goes_on: bool = False,
    ) -> None:
        self.name, self.size, self.claim, self.work, self.goes_on = name, size, claim, work, goes_on
        self._lock = threading.Lock()
        self._running = 0
        self._pool: ThreadPoolExecutor | None = None

    def top_up(self) -> int:
        """Start as much as there are idle threads; returns how many."""
        with self._lock:
            self._pool = self._pool or ThreadPoolExecutor(self.size, thread_name_prefix=self.name)
            claimed = self.claim(self.size - self._running) if self._running < self.size else []
            self._running += len(claimed)
        for pk, lease in claimed:
            self._pool.submit(self._one, pk, lease)
        return len(claimed)

    def _one(self, pk: int, lease: str) -> None:
        try:
            self.work(pk, lease)
        except Exception:
            log.exception("thread_crashed", threads=self.name, id=pk)
        finally:
            with self._lock:
                self._running -= 1
            if self.goes_on:
                self._look_again()
            connection.close()

    def _look_again(self) -> None:
        try:
            self.top_up()
        except Exception:
            log.exception("threads_not_topped_up", threads=self.name)
