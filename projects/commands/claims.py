"""Who is next: mirrors that are due, those that somebody asked for, then first fills by stars. Each host gets its share."""

import uuid
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from projects.mirrors import states
from projects.mirrors.states import State
from projects.models import Mirror, MirrorHost
from projects.queries import filling

LEASE = timedelta(seconds=90)


def free(now: datetime) -> Q:
    """Condition on Mirror: nobody holds it."""
    return Q(leased_until=None) | Q(leased_until__lte=now)


def claim_due(limit: int) -> list[tuple[int, str]]:
    """Lease up to `limit` mirrors: (id, lease). A slow host holds up nobody else, for it gets no more than its places."""
    now = timezone.now()
    watched = [state for state in states.WATCHED if state is not State.LISTED]
    due = Mirror.objects.filter(Q(state__in=watched) | Q(state=State.LISTED, is_urgent=True), free(now), next_at__lte=now)
    places = _Places(now)
    chosen = places.fill(due, limit, "-is_urgent", "next_at")
    if len(chosen) < limit and filling.is_open(now):
        listed = Mirror.objects.filter(free(now), state=State.LISTED, is_urgent=False, next_at__lte=now)
        chosen += places.fill(listed, limit - len(chosen), "-upstream_stars", "pk")
    lease = uuid.uuid4().hex
    Mirror.objects.filter(free(now), pk__in=chosen).update(lease=lease, leased_until=now + LEASE)
    return [(pk, lease) for pk in Mirror.objects.filter(lease=lease).values_list("pk", flat=True)]


class _Places:
    """How many more of each host may run; hosts that timed out are left alone for a while."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.busy = dict(Mirror.objects.filter(leased_until__gt=now).values_list("host").annotate(n=Count("pk")).values_list("host", "n"))
        self.usual = int(MirrorHost._meta.get_field("at_once").get_default())

    def fill(self, rows: "QuerySet[Mirror]", limit: int, *order: str) -> list[int]:
        """Ids in order, host by host, the least busy first."""
        hosts = list(rows.order_by().values_list("host", flat=True).distinct())
        known = {row.host: row for row in MirrorHost.objects.filter(host__in=hosts)}
        chosen: list[int] = []
        for host in sorted(hosts, key=lambda name: self.busy.get(name, 0)):
            places = min(self._of(host, known.get(host)), limit - len(chosen))
            if places > 0:
                found = list(rows.filter(host=host).order_by(*order).values_list("pk", flat=True)[:places])
                self.busy[host] = self.busy.get(host, 0) + len(found)
                chosen += found
        return chosen

    def _of(self, host: str, row: MirrorHost | None) -> int:
        if row is not None and row.quiet_until is not None and row.quiet_until > self.now:
            return 0
        return (row.at_once if row else self.usual) - self.busy.get(host, 0)
