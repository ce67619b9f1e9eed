"""The first fill of listed mirrors: whether it may go on now, and how long it will take."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Avg, Count, Q, Sum
from django.utils import timezone

from core.site import setting
from projects.mirrors.states import State
from projects.models import Mirror, MirrorRun


def bytes_today(now: datetime) -> int:
    """Received by all mirrors since midnight of the site's time zone."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(MirrorRun.objects.filter(at__gte=midnight).aggregate(n=Sum("bytes"))["n"] or 0)


def is_open(now: datetime) -> bool:
    """True within the administrator's hours and while today's bytes last; closed until he gives bytes."""
    wish = setting("mirror_fill")
    return (
        bool(wish["bytes_per_day"])
        and in_hours(wish["from"], wish["to"], timezone.localtime(now).hour)
        and bytes_today(now) < wish["bytes_per_day"]
    )


def in_hours(start: int, end: int, hour: int) -> bool:
    """Hours of the day from `start` to before `end`; 22 to 6 goes over midnight, equal ends mean the whole day."""
    return start == end or (start <= hour < end if start < end else hour >= start or hour < end)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is left to fill, at the mean size of what was filled so far."""

    left: int  # repositories
    bytes: int
    days: int  # 0: nothing left, or no bytes a day are given
    until: date | None


def forecast(now: datetime) -> Forecast:
    """Two queries."""
    counted = Mirror.objects.filter(is_public_mirror=True, repository__deleted_at=None).aggregate(
        left=Count("pk", filter=Q(state=State.LISTED)), mean=Avg("repository__size_bytes", filter=Q(filled_at__isnull=False))
    )
    left, per_day = int(counted["left"]), int(setting("mirror_fill")["bytes_per_day"])
    size = int(left * (counted["mean"] or 0))
    days = -(-size // per_day) if per_day and size else 0
    return Forecast(left, size, days, timezone.localdate(now) + timedelta(days=days) if days else None)
