"""Readers' reports, for curators and for those who made them."""

import hashlib

from django.db.models import QuerySet

from accounts.models import User
from projects.models import Report


def reports(*, state: str = Report.State.OPEN) -> QuerySet[Report]:
    """In a state: open ones oldest first, decided ones newest first."""
    rows = Report.objects.select_related("repository__namespace", "by", "by__namespace", "decided_by").filter(repository__deleted_at=None)
    return (
        rows.filter(state=state).order_by("created_at", "pk")
        if state == Report.State.OPEN
        else rows.exclude(state=Report.State.OPEN).order_by("-decided_at", "-pk")
    )


def report(pk: int) -> Report | None:
    """One of them."""
    return Report.objects.select_related("repository__namespace", "by").filter(pk=pk).first()


def reports_of(person: User) -> QuerySet[Report]:
    """One's own with their answers, newest first."""
    return Report.objects.filter(by=person).select_related("repository__namespace").order_by("-created_at", "-pk")


def report_of_key(text: str) -> Report | None:
    """The one whose reporter's link ends in `text`."""
    key = hashlib.sha256(text.encode()).hexdigest()
    return Report.objects.select_related("repository__namespace").filter(key=key).first()
