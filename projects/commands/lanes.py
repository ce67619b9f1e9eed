"""One thread's work: the mirrors of a lane one after the other, and what was seen of unchanged ones written together.

An unchanged mirror costs its request and a share of two statements. A worker that is killed loses a few seconds of last looks and nothing
else: its lease ends, and the mirrors are due as before.
"""

import time
from collections import deque
from threading import Lock

import structlog
from django.db import transaction
from django.utils import timezone

from core.actors import Actor
from core.rules import HIDE
from projects.commands.claims import LEASE, Lane
from projects.commands.leases import beating
from projects.commands.outcomes import SILENT
from projects.commands.syncing import sync_mirror
from projects.mirrors.states import State
from projects.models import Mirror, MirrorHost

log = structlog.get_logger(__name__)
SEEN_SECONDS = 10.0  # an unchanged look is written at the latest so long after it


class Seen:
    """Looks that found nothing new and are not written yet; used by the lane's thread and by its beat."""

    def __init__(self) -> None:
        self.rows: list[Mirror] = []
        self.since = 0.0
        self.lock = Lock()

    def add(self, mirror: Mirror) -> None:
        """`checked_at`, `next_at` and `interval` of the row are to be written, its lease given back."""
        with self.lock:
            self.since = self.since if self.rows else time.monotonic()
            self.rows.append(mirror)
            old = time.monotonic() - self.since > SEEN_SECONDS
        if old:
            self.write()

    def write(self) -> None:
        """All of them in one transaction; what somebody paused or asked for meanwhile stands."""
        with self.lock:
            rows, self.rows = self.rows, []
        if not rows:
            return
        mine = Mirror.objects.filter(lease=rows[0].lease)
        with transaction.atomic():
            mine.filter(state=State.FRESH, is_urgent=False).bulk_update(rows, ["checked_at", "next_at", "interval"])
            mine.filter(pk__in=[row.pk for row in rows]).update(lease="", leased_until=None)
            _answered({row.host for row in rows})


def _answered(hosts: set[str]) -> None:
    """They are proved; nothing is written where that is known."""
    known = dict(MirrorHost.objects.filter(host__in=hosts).values_list("host", "silences"))
    if silent := [host for host, silences in known.items() if silences]:
        MirrorHost.objects.filter(host__in=silent).update(silences=0, quiet_until=None)
    if fresh := hosts - known.keys():
        MirrorHost.objects.bulk_create([MirrorHost(host=host) for host in fresh], ignore_conflicts=True)


class _Walk:
    """The lane on its way. What is long gives the others back, so that no mirror waits behind a large fetch."""

    def __init__(self, lane: Lane) -> None:
        self.waiting = deque(lane.mirror_ids)
        self.rows = Mirror.objects.filter(lease=lane.lease)
        self.seen = Seen()

    def next(self) -> int | None:
        """The mirror to look at now."""
        try:
            return self.waiting.popleft()
        except IndexError:
            return None

    def beat(self) -> None:
        """Renew the lease of what is at work, write what was seen, and give the rest back."""
        self.give_back()
        self.rows.update(leased_until=timezone.now() + LEASE)

    def give_back(self) -> None:
        """Nobody waits here any longer."""
        rest = [*self.waiting]
        self.waiting.clear()
        self.seen.write()
        if rest:
            self.rows.filter(pk__in=rest).update(lease="", leased_until=None)


def work_lane(actor: Actor, lane: Lane) -> int:
    """Look at the mirrors of a lane, fetch what moved; returns how many were looked at. Only the system may.

    A host that does not answer ends its lane. After a quarter of the lease the rest is given back, for whoever is free.
    """
    if not actor.is_system:
        HIDE.require()
    walk, looked = _Walk(lane), 0
    try:
        with beating(walk.beat, lease=LEASE, name=f"mirrors-{lane.lease[:8]}"):
            while (mirror_id := walk.next()) is not None:
                try:
                    mirror = sync_mirror(actor, mirror_id, lease=lane.lease, seen=walk.seen)
                except Exception:
                    log.exception("mirror_crashed", mirror=mirror_id)
                    continue
                looked += 1
                if mirror is not None and mirror.cause in SILENT:
                    break
    finally:
        walk.give_back()
    return looked
