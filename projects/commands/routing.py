"""The administrator's routes as `core.routes` asks for them, and their health. Counts are gathered in memory and written every few seconds."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from core.actors import Actor
from core.routes import Route
from core.rules import HIDE
from projects.models import OutgoingRoute
from projects.queries import hosts as reads

log = structlog.get_logger(__name__)
WRITE_SECONDS = 5.0
PATIENCE = 3  # failures of the proxy in a row before others go first
REST_SECONDS = 60.0
KEEP_LATENCY = 0.8  # share of the former figure in the smoothed one


@dataclass
class _Gathered:
    connections: int = 0
    failures: int = 0
    in_a_row: int | None = None  # None: as the row says; a success makes it 0
    added: int = 0  # failures since the last success
    bytes: int = 0
    seconds: float = 0.0
    ok_at: datetime | None = None
    failed_at: datetime | None = None
    said: str = ""


class DeskRouter:
    """One for each process. A proxy that failed three times in a row goes to the end of the order for a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gathered: dict[int, _Gathered] = {}
        self._failing: dict[int, int] = {}
        self._resting: dict[int, float] = {}
        self._written = time.monotonic()

    def routes(self, host: str) -> tuple[Route, ...]:
        """Those for `host` at this hour, resting ones last."""
        found = reads.routes_to(host, timezone.now())
        now = time.monotonic()
        return tuple(sorted(found, key=lambda route: self._resting.get(route.id, 0) > now))

    def note(self, route: Route, *, seconds: float, received: int, failure: str, is_proxy: bool) -> None:
        """Count in memory; now and then write."""
        with self._lock:
            one = self._gathered.setdefault(route.id, _Gathered())
            if failure:
                one.failures, one.added, one.failed_at, one.said = one.failures + 1, one.added + 1, timezone.now(), failure[:300]
            else:
                one.bytes += received
                if seconds:
                    one.connections, one.in_a_row, one.added, one.ok_at, one.seconds = one.connections + 1, 0, 0, timezone.now(), seconds
            self._rest(route.id, failed=is_proxy and bool(failure), worked=bool(seconds) and not failure)
            if time.monotonic() - self._written < WRITE_SECONDS:
                return
            due, self._gathered, self._written = self._gathered, {}, time.monotonic()
        try:
            _write(due)
        except DatabaseError:  # figures are not worth a fetch
            log.exception("route_health_lost")

    def _rest(self, route_id: int, *, failed: bool, worked: bool) -> None:
        if worked:
            self._failing.pop(route_id, None)
            self._resting.pop(route_id, None)
        elif failed:
            self._failing[route_id] = self._failing.get(route_id, 0) + 1
            if self._failing[route_id] >= PATIENCE:
                self._resting[route_id] = time.monotonic() + REST_SECONDS

    def write(self) -> None:
        """What was gathered, now."""
        with self._lock:
            due, self._gathered, self._written = self._gathered, {}, time.monotonic()
        _write(due)

    def forget(self) -> None:
        """As in a new process."""
        with self._lock:
            self._gathered, self._failing, self._resting, self._written = {}, {}, {}, time.monotonic()


def _write(due: dict[int, _Gathered]) -> None:
    with transaction.atomic():
        for row in OutgoingRoute.objects.select_for_update().filter(pk__in=due).order_by("pk"):
            one = due[row.pk]
            row.connections, row.failures, row.bytes = row.connections + one.connections, row.failures + one.failures, row.bytes + one.bytes
            row.failures_in_a_row = (row.failures_in_a_row if one.in_a_row is None else one.in_a_row) + one.added
            if one.ok_at is not None:
                latest = round(one.seconds * 1000)
                row.latency_ms = latest if row.latency_ms is None else round(row.latency_ms * KEEP_LATENCY + latest * (1 - KEEP_LATENCY))
            row.ok_at, row.failed_at, row.said = one.ok_at or row.ok_at, one.failed_at or row.failed_at, one.said or row.said
            row.save(update_fields=["connections", "failures", "bytes", "failures_in_a_row", "latency_ms", "ok_at", "failed_at", "said"])


router = DeskRouter()


def write_route_health(actor: Actor) -> None:
    """Write what this process counted of its routes. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    router.write()
