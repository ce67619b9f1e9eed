"""How the mirrors stand, now and day by day."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from projects.mirrors import causes
from projects.mirrors.states import State
from projects.models import Mirror, MirrorDay, MirrorHost
from projects.queries.suggesting import OTHER

Measure = MirrorDay.Measure
DAYS = (7, 30, 90, 365)
SHOWN = 6  # lines of a chart
FRESHNESS: tuple[tuple[str, timedelta | None, Promise], ...] = (
    ("hour", timedelta(hours=1), _("Within an hour")),
    ("quarter", timedelta(hours=6), _("Within 6 hours")),
    ("day", timedelta(days=1), _("Within 24 hours")),
    ("days", timedelta(days=3), _("Within 3 days")),
    ("older", None, _("Longer ago")),
    ("never", None, _("Never")),
)
BACKLOG = {"due": _("Due now"), "late": _("Due for more than an hour"), "listed": _("Not copied yet")}
CURATED = {"sorted": _("In a category"), "other": _("In “other”"), "unsorted": _("Without a category")}


def _mirrors() -> Any:
    return Mirror.objects.filter(is_public_mirror=True, repository__deleted_at=None).exclude(state=State.PROMOTED)


def present(now: datetime) -> dict[str, dict[str, int]]:
    """Every measure as it stands at `now`; four queries. Counters of hosts are totals since the beginning."""
    rows = _mirrors().order_by()
    hosts = list(MirrorHost.objects.values_list("host", "bytes", "fetches"))
    failing = rows.exclude(cause="").exclude(state=State.PAUSED)
    return {
        Measure.FRESHNESS: rows.aggregate(**_ages(now)),
        Measure.FAILURES: dict(failing.values_list("cause").annotate(n=Count("pk"))),
        Measure.BYTES: {host: received for host, received, _fetches in hosts},
        Measure.FETCHES: {host: fetches for host, _received, fetches in hosts},
        Measure.BACKLOG: rows.aggregate(**_backlog(now)),
        Measure.CURATED: rows.aggregate(
            sorted=Count("pk", filter=Q(repository__category__isnull=False) & ~Q(repository__category__slug=OTHER)),
            other=Count("pk", filter=Q(repository__category__slug=OTHER)),
            unsorted=Count("pk", filter=Q(repository__category=None)),
        ),
    }


def _watched() -> Q:
    return Q(filled_at__isnull=False) & ~Q(state=State.PAUSED)


def _ages(now: datetime) -> dict[str, Count]:
    """Of mirrors that are copied and kept in sync: by the age of the last look that worked."""
    found, newer = {}, None
    for key, age, _label in FRESHNESS[:-2]:
        assert age is not None  # noqa: S101 - all but the last two have one
        within = Q(checked_at__gt=now - age)
        found[key] = Count("pk", filter=_watched() & (within if newer is None else within & Q(checked_at__lte=now - newer)))
        newer = age
    assert newer is not None  # noqa: S101
    found["older"] = Count("pk", filter=_watched() & Q(checked_at__lte=now - newer))
    found["never"] = Count("pk", filter=_watched() & Q(checked_at=None))
    return found


def _backlog(now: datetime) -> dict[str, Count]:
    return {
        "due": Count("pk", filter=_watched() & Q(next_at__lte=now)),
        "late": Count("pk", filter=_watched() & Q(next_at__lte=now - timedelta(hours=1))),
        "listed": Count("pk", filter=Q(state=State.LISTED)),
    }


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: a value for each day, None where no figure was taken."""

    key: str
    label: str
    values: list[int | None]
    share: int | None = None  # percent of the newest day's sum, where the parts make a whole

    @property
    def last(self) -> int:
        """The newest figure."""
        return next((value for value in reversed(self.values) if value is not None), 0)


@dataclass(frozen=True, slots=True)
class Table:
    """One measure over the days, oldest first."""

    measure: str
    days: list[date]
    series: list[Series]


def history(days: int, *, measures: tuple[str, ...] = tuple(Measure.values)) -> dict[str, Table]:
    """The last `days` days of each measure; two queries, whatever the number of days."""
    today = timezone.now().date()
    every = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    before = every[0] - timedelta(days=1)  # counters need the day before the first
    kept: dict[str, dict[str, dict[date, int]]] = {measure: {} for measure in measures}
    rows = MirrorDay.objects.filter(measure__in=measures, day__gte=before, day__lte=today)
    for measure, key, day, value in rows.values_list("measure", "key", "day", "value").order_by("day"):
        kept[measure].setdefault(key, {})[day] = value
    taken = set(MirrorDay.objects.filter(day__gte=before, day__lte=today).values_list("day", flat=True).distinct())
    return {measure: Table(measure, every, _series(measure, figures, taken, every)) for measure, figures in kept.items()}


def _series(measure: str, figures: dict[str, dict[date, int]], taken: set[date], days: list[date]) -> list[Series]:
    labels = _labels(measure)
    keys = [key for key in labels if key in figures] + sorted(
        (key for key in figures if key not in labels), key=lambda key: (-max(figures[key].values()), key)
    )
    if measure in (Measure.BYTES, Measure.FETCHES):
        return [Series(key, key, _daily(figures[key], taken, days)) for key in keys]
    made = [
        Series(key, str(labels.get(key) or _cause(key)), [figures[key].get(day, 0 if day in taken else None) for day in days])
        for key in keys
    ]
    whole = sum(series.last for series in made) if measure in (Measure.FRESHNESS, Measure.CURATED) else 0
    return [replace(series, share=round(100 * series.last / whole)) for series in made] if whole else made


def _cause(key: str) -> str:
    return str(causes.title(key))


def _labels(measure: str) -> Mapping[str, Promise]:
    if measure == Measure.FRESHNESS:
        return {key: label for key, _age, label in FRESHNESS}
    return BACKLOG if measure == Measure.BACKLOG else CURATED if measure == Measure.CURATED else {}


def _daily(totals: dict[date, int], taken: set[date], days: list[date]) -> list[int | None]:
    """A day's share of a counter. The first figure ever taken tells nothing of its day; a host that is new that day began at 0.

    After days without a figure the difference is that day's: it is when the bytes became known.
    """
    found: list[int | None] = []
    first = min(taken, default=None)
    known = totals.get(days[0] - timedelta(days=1))
    for day in days:
        value = totals.get(day)
        if day not in taken or (known is None and day == first):
            found.append(None)
        elif value is None:
            found.append(0)
        else:
            found.append(max(0, value - (known or 0)))
        known = value if value is not None else known
    return found


def taken_at() -> date | None:
    """The newest day with figures."""
    return MirrorDay.objects.order_by("-day").values_list("day", flat=True).first()
