"""The pulse of a project: commits, issues, pull requests, contributors and response times of the last weeks, from rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

from django.db.models import Min, OuterRef, Subquery
from django.utils import timezone

from issues.models import Comment, Thread
from projects.models import Repository
from projects.queries.contribution import contributors, weeks

WEEKS = 26
ANSWERED_MOST = 2000  # threads that response times are taken from


@dataclass(frozen=True, slots=True)
class Pulse:
    """Each list has one number a week, the oldest first; `days` are the first days of the weeks. Times in hours, None where nothing was answered."""

    days: list[date]
    commits: list[int]
    opened: list[int]
    closed: list[int]
    proposed: list[int]
    merged: list[int]
    people: int
    half: int  # fewest people who made half of the commits
    answered: int
    unanswered: int
    answer_hours: float | None
    merge_hours: float | None

    @property
    def rows(self) -> list[tuple[date, int, int, int, int, int]]:
        """The table under the charts, the newest week first."""
        return list(zip(self.days, self.commits, self.opened, self.closed, self.proposed, self.merged, strict=True))[::-1]


def _weekly(moments: Iterable[datetime | None], start: date) -> list[int]:
    counted = Counter((moment.astimezone(UTC).date() - start).days // 7 for moment in moments if moment is not None)
    return [counted.get(week, 0) for week in range(WEEKS)]


def pulse(repository: Repository, *, now: datetime | None = None) -> Pulse:
    """A constant number of queries; weeks end today (UTC)."""
    now = now or timezone.now()
    today = now.astimezone(UTC).date()
    start = today - timedelta(days=7 * WEEKS - 1)
    since = datetime(start.year, start.month, start.day, tzinfo=UTC)
    issues = Thread.objects.filter(repository=repository, kind=Thread.Kind.ISSUE)
    pulls = Thread.objects.filter(repository=repository, kind=Thread.Kind.PULL)
    merged = pulls.filter(state_reason=Thread.StateReason.MERGED, closed_at__gte=since).values_list("created_at", "closed_at")
    merges = [(made, over) for made, over in merged if over is not None]
    answers, unanswered = _answers(repository, now - timedelta(days=90))
    people = contributors(repository, since=start)
    return Pulse(
        days=[start + timedelta(days=7 * week) for week in range(WEEKS)],
        commits=weeks(repository, total=WEEKS, today=today),
        opened=_weekly(issues.filter(created_at__gte=since).values_list("created_at", flat=True), start),
        closed=_weekly(issues.filter(closed_at__gte=since).values_list("closed_at", flat=True), start),
        proposed=_weekly(pulls.filter(created_at__gte=since).values_list("created_at", flat=True), start),
        merged=_weekly((over for _made, over in merges), start),
        people=len(people),
        half=_half([one.commits for one in people]),
        answered=len(answers),
        unanswered=unanswered,
        answer_hours=round(median(answers), 1) if answers else None,
        merge_hours=round(median((over - made).total_seconds() / 3600 for made, over in merges), 1) if merges else None,
    )


def _half(commits: list[int]) -> int:
    """How many of the busiest people it takes for half of the commits."""
    total, reached = sum(commits), 0
    for number, one in enumerate(commits, 1):
        reached += one
        if reached * 2 >= total:
            return number
    return 0


def _answers(repository: Repository, since: datetime) -> tuple[list[float], int]:
    """Hours until somebody else than the author spoke, of threads since then; and how many wait for it, open."""
    others = Comment.objects.filter(thread=OuterRef("pk")).exclude(author=OuterRef("author"))
    first = others.order_by().values("thread").annotate(at=Min("created_at")).values("at")
    rows = Thread.objects.filter(repository=repository, created_at__gte=since).annotate(first=Subquery(first)).order_by("-pk")
    found = list(rows.values_list("created_at", "first", "state")[:ANSWERED_MOST])
    hours = [(answer - begun).total_seconds() / 3600 for begun, answer, _state in found if answer is not None]
    return hours, sum(answer is None and state == Thread.State.OPEN for _begun, answer, state in found)
