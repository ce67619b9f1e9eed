"""Labels and milestones with their numbers."""

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from issues.models import Label, Milestone, Thread
from projects.models import Repository


def labels(repository: Repository) -> QuerySet[Label]:
    """By name."""
    return Label.objects.filter(repository=repository).order_by("name")


def counted_labels(repository: Repository) -> QuerySet[Label]:
    """With `open_total`: open issues and pull requests that have it."""
    return labels(repository).annotate(open_total=Count("labellings", filter=Q(labellings__thread__state=Thread.State.OPEN)))


def label(repository: Repository, name: str) -> Label:
    """By name, whatever the case. Raises NotFound."""
    found = Label.objects.filter(repository=repository, name__lower=name.lower()).first()
    if found is None:
        raise NotFound(_("There is no such label here."))
    found.repository = repository
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """A milestone with the numbers of its threads."""

    milestone: Milestone
    opened: int
    closed: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.opened + self.closed

    @property
    def percent(self) -> int:
        """Done, rounded down, so that 100 means all."""
        return 100 * self.closed // self.total if self.total else 0


def milestones(repository: Repository, *, state: str = "") -> QuerySet[Milestone]:
    """Open ones by day, those without one last; closed ones latest first; without `state` all, open ones first."""
    rows = Milestone.objects.filter(repository=repository)
    if state == Milestone.State.CLOSED:
        return rows.filter(state=state).order_by("-closed_at", "-pk")
    rows = rows.filter(state=state) if state else rows
    return rows.order_by("-state", F("due_on").asc(nulls_last=True), "pk")


def progress(rows: list[Milestone]) -> list[Progress]:
    """With numbers; one query."""
    found = Thread.objects.filter(milestone__in=rows).values_list("milestone", "state").annotate(n=Count("pk")).order_by()
    numbers = {(pk, state): total for pk, state, total in found}
    return [Progress(row, numbers.get((row.pk, Thread.State.OPEN), 0), numbers.get((row.pk, Thread.State.CLOSED), 0)) for row in rows]


def milestone(repository: Repository, number: int) -> Milestone:
    """By its number. Raises NotFound."""
    found = Milestone.objects.filter(repository=repository, number=number).first() if number < 2**31 else None
    if found is None:
        raise NotFound(_("There is no such milestone here."))
    found.repository = repository
    return found
