"""Views and downloads of one repository over time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from projects.models import Repository, Traffic, TrafficDay

PERIODS = {30: 1, 90: 1, 364: 7}  # days shown → days a bar


@dataclass(slots=True)
class Span:
    """One bar: the days from `first` on that it stands for."""

    first: date
    views: int = 0
    clones: int = 0
    archives: int = 0
    assets: int = 0
    known: int = 0

    @property
    def downloads(self) -> int:
        """Clones, archives and files of releases."""
        return self.clones + self.archives + self.assets

    @property
    def is_empty(self) -> bool:
        """Nothing counted."""
        return not self.views and not self.downloads


@dataclass(frozen=True, slots=True)
class Series:
    """Spans, oldest first, and the sums since counting began."""

    spans: list[Span]
    views: int
    downloads: int
    since: date | None  # the first day with anything

    @property
    def views_shown(self) -> int:
        """Within the spans."""
        return sum(span.views for span in self.spans)

    @property
    def downloads_shown(self) -> int:
        """Within the spans."""
        return sum(span.downloads for span in self.spans)


def series(repository: Repository, *, days: int, today: date | None = None) -> Series:
    """The last `days` (a key of PERIODS; UTC, today included). Three queries."""
    today = today or datetime.now(UTC).date()
    step, start = PERIODS[days], today - timedelta(days=days - 1)
    spans = [Span(start + timedelta(days=step * number)) for number in range(days // step)]
    rows = TrafficDay.objects.filter(repository=repository)
    for row in rows.filter(day__gte=start, day__lte=today):
        span = spans[(row.day - start).days // step]
        for name in ("views", "clones", "archives", "assets", "known"):
            setattr(span, name, getattr(span, name) + getattr(row, name))
    sums = Traffic.objects.filter(repository=repository).first()
    first = rows.order_by("day").values_list("day", flat=True).first()
    return Series(spans, sums.views if sums else 0, sums.downloads if sums else 0, first)
