"""Reads for site administration."""

import shutil
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.logic import polyline
from accounts.models import AuditEntry, Complaint, LegalDocument, Organization, SecurityEvent, SiteSample, User
from accounts.queries.security import events
from core.errors import NotFound
from core.models import Delivery, Event


@dataclass(frozen=True)
class Figures:
    """Rows counted now."""

    people: int
    people_month: int
    suspended: int
    pending: int
    organizations: int
    complaints_open: int
    events_day: int


@dataclass(frozen=True)
class Disk:
    """Bytes of the file system that holds the repositories."""

    total: int
    used: int
    free: int

    @property
    def percent(self) -> int:
        """Used share, 0–100."""
        return round(100 * self.used / self.total) if self.total else 0


def figures() -> Figures:
    """Counts for the first page of the desk; four queries."""
    month = timezone.now() - timedelta(days=30)
    people = User.objects.aggregate(
        all=Count("pk"),
        month=Count("pk", filter=Q(date_joined__gte=month)),
        suspended=Count("pk", filter=Q(state="suspended")),
        pending=Count("pk", filter=Q(state="pending")),
    )
    return Figures(
        people=people["all"],
        people_month=people["month"],
        suspended=people["suspended"],
        pending=people["pending"],
        organizations=Organization.objects.filter(deleted_at=None).count(),
        complaints_open=Complaint.objects.filter(state=Complaint.State.OPEN).count(),
        events_day=Event.objects.filter(created_at__gte=timezone.now() - timedelta(days=1)).count(),
    )


def disk() -> Disk:
    """Space where the repositories lie."""
    settings.REPOSITORIES_DIR.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(settings.REPOSITORIES_DIR)
    return Disk(usage.total, usage.used, usage.free)


@dataclass(frozen=True)
class Chart:
    """One figure over the days: `points` of an SVG polyline in a box of 600 × 120, `first` and `last` as numbers, `is_bytes`."""

    name: str
    points: str
    first: int
    last: int
    top: int
    is_bytes: bool
    since: date
    until: date

    @property
    def label(self) -> str:
        """The figure's name in the reader's language."""
        return str(FIGURES.get(self.name, self.name))


FIGURES = {
    "people": gettext_lazy("People"),
    "organizations": gettext_lazy("Organizations"),
    "repositories": gettext_lazy("Repositories"),
    "repository_bytes": gettext_lazy("Size of repositories"),
    "disk_used": gettext_lazy("Disk used"),
    "disk_total": gettext_lazy("Disk in all"),
}


def growth() -> list[Chart]:
    """The last 90 days' samples, one chart a figure; one query."""
    rows = list(SiteSample.objects.filter(day__gt=timezone.now().date() - timedelta(days=90)).order_by("day"))
    charts = []
    for name in dict.fromkeys(key for row in rows for key in row.figures):
        series = [(row.day, int(row.figures[name])) for row in rows if name in row.figures]
        values = [value for _day, value in series]
        days = [(day - series[0][0]).days for day, _value in series]
        charts.append(
            Chart(
                name=name,
                points=polyline(days, values, width=600, height=120),
                first=values[0],
                last=values[-1],
                top=max(values),
                is_bytes=name.startswith("disk") or name.endswith("bytes"),
                since=series[0][0],
                until=series[-1][0],
            )
        )
    return charts


def people(query: str, *, state: str = "") -> QuerySet[User]:
    """People whose login, name or e-mail contains `query`, newest first."""
    rows = User.objects.select_related("namespace").order_by("-date_joined", "-pk")
    if state:
        rows = rows.filter(state=state)
    if query:
        rows = rows.filter(Q(username__icontains=query) | Q(display_name__icontains=query) | Q(email__icontains=query))
    return rows


def organizations(query: str) -> QuerySet[Organization]:
    """Organisations by name, with `members_total`."""
    rows = Organization.objects.filter(deleted_at=None).select_related("namespace").annotate(members_total=Count("memberships"))
    if query:
        rows = rows.filter(Q(namespace__slug__icontains=query) | Q(display_name__icontains=query))
    return rows.order_by("namespace__slug")


def security_events(person: User) -> list[SecurityEvent]:
    """The last 50 lines of a person's security log, each with its `label`."""
    return events(person)[:50]


def queue() -> dict[str, object]:
    """Open and failed deliveries, and when the last one was done."""
    return Delivery.objects.aggregate(
        waiting=Count("pk", filter=Q(done_at=None, failed_at=None)),
        failed=Count("pk", filter=~Q(failed_at=None)),
        last=Max("done_at"),
    )


def open_deliveries() -> QuerySet[Delivery]:
    """What is not done, failed ones first."""
    return Delivery.objects.filter(done_at=None).select_related("event").order_by(F("failed_at").desc(nulls_last=True), "-pk")


def audit() -> QuerySet[AuditEntry]:
    """Every act, newest first."""
    return AuditEntry.objects.select_related("by").order_by("-at", "-pk")


def legal_documents() -> QuerySet[LegalDocument]:
    """All versions, newest first."""
    return LegalDocument.objects.order_by("-published_at")


def complaints() -> QuerySet[Complaint]:
    """Open ones first."""
    return Complaint.objects.order_by(F("decided_at").desc(nulls_first=True), "-pk")


def decided_complaints() -> QuerySet[Complaint]:
    """The public register."""
    return Complaint.objects.exclude(state=Complaint.State.OPEN).order_by("-decided_at")


def complaint(number: str) -> Complaint:
    """One complaint. Raises NotFound."""
    found = Complaint.objects.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no such complaint."))
    return found
