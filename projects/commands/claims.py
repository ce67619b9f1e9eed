"""Who is next: mirrors that are due, those that somebody asked for, then first fills by stars. Each host gets its share.

What is claimed is a *lane*: mirrors of one host under one lease, looked at one after the other. A host has at most `at_once` lanes, over
all workers, so that claiming many at a time brings no more requests to it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from projects.mirrors import states
from projects.mirrors.states import State
from projects.models import Mirror, MirrorHost
from projects.queries import filling

LEASE = timedelta(seconds=90)
LOOKS = 50  # of one lane; most find nothing new
UNPROVED = 4  # hosts that did not answer last time, or were never asked, share one in so many threads


@dataclass(frozen=True, slots=True)
class Lane:
    """Mirrors of one host, in order, and the lease they were claimed under."""

    lease: str
    mirror_ids: tuple[int, ...]


def free(now: datetime) -> Q:
    """Condition on Mirror: nobody holds it."""
    return Q(leased_until=None) | Q(leased_until__lte=now)


def claim_due(limit: int) -> list[Lane]:
    """Lease up to `limit` lanes. A slow host holds up nobody else, for it gets no more than its places."""
    now = timezone.now()
    watched = [state for state in states.WATCHED if state is not State.LISTED]
    due = Mirror.objects.filter(free(now), next_at__lte=now)
    places = _Places(now, limit)
    places.fill(due.filter(state__in=[*states.WATCHED], is_urgent=True), 1, "next_at")  # each may be long: a lane of its own
    places.fill(due.filter(state__in=watched, is_urgent=False), LOOKS, "next_at")
    if places.left and filling.is_open(now):
        places.fill(due.filter(state=State.LISTED, is_urgent=False), 1, "-upstream_stars", "pk")
    return [lane for chosen in places.chosen if (lane := _leased(chosen, now))]


def _leased(chosen: list[int], now: datetime) -> Lane | None:
    """The lane of those that nobody else took meanwhile."""
    lease = uuid.uuid4().hex
    taken = Mirror.objects.filter(free(now), pk__in=chosen).update(lease=lease, leased_until=now + LEASE)
    if taken < len(chosen):
        mine = set(Mirror.objects.filter(lease=lease).values_list("pk", flat=True))
        chosen = [pk for pk in chosen if pk in mine]
    return Lane(lease, tuple(chosen)) if chosen else None


class _Places:
    """How many more lanes of each host may run, `limit` in all; hosts that timed out are left alone for a while."""

    def __init__(self, now: datetime, limit: int) -> None:
        self.now, self.left = now, limit
        self.chosen: list[list[int]] = []
        held = Mirror.objects.filter(leased_until__gt=now).values_list("host")
        self.busy = dict(held.annotate(n=Count("lease", distinct=True)).values_list("host", "n"))
        self.hosts = {row.host: row for row in MirrorHost.objects.all()}
        self.usual = int(MirrorHost._meta.get_field("at_once").get_default())
        doubtful = sum(lanes for host, lanes in self.busy.items() if not self._is_proved(host))
        self.doubtful_left = max(2, settings.MIRROR_THREADS // UNPROVED) - doubtful

    def fill(self, rows: "QuerySet[Mirror]", length: int, *order: str) -> None:
        """Choose lanes of at most `length` mirrors in order, host by host, the least busy first."""
        if not self.left:
            return
        hosts = list(rows.order_by().values_list("host", flat=True).distinct())
        for host in sorted(hosts, key=lambda name: (self._is_proved(name), name not in self.hosts, -self.busy.get(name, 0)), reverse=True):
            places = self._of(host)
            if places > 0:
                self._take(host, list(rows.filter(host=host).order_by(*order).values_list("pk", flat=True)[: places * length]), places)

    def _take(self, host: str, found: list[int], places: int) -> None:
        lanes = [found[start::places] for start in range(min(places, len(found)))]
        self.chosen += lanes
        self.left -= len(lanes)
        self.busy[host] = self.busy.get(host, 0) + len(lanes)
        self.doubtful_left -= 0 if self._is_proved(host) else len(lanes)

    def _is_proved(self, host: str) -> bool:
        """True if it answered when it was last asked."""
        row = self.hosts.get(host)
        return row is not None and row.silences == 0

    def _of(self, host: str) -> int:
        row = self.hosts.get(host)
        if row is not None and row.quiet_until is not None and row.quiet_until > self.now:
            return 0
        places = min((row.at_once if row else self.usual) - self.busy.get(host, 0), self.left)
        return places if self._is_proved(host) else min(places, self.doubtful_left, 1)
