"""Who committed to the default branch, from the counted days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, Max, Min, Sum
from django.db.models.functions import Lower

from accounts import queries as people
from accounts.models import User
from projects.models import ContributionDay, Repository

SPARK_WEEKS = 16


@dataclass(slots=True)
class Contributor:
    """One person, or one author address nobody confirmed; duck-typed for `{% avatar %}`."""

    shown_name: str
    email: str
    commits: int
    first: date
    last: date
    user: User | None = None
    author: str = ""  # the name in the commits

    @property
    def avatar_url(self) -> str:
        """Address of the picture, "" if there is none."""
        return self.user.avatar_url if self.user else ""

    @property
    def slug(self) -> str:
        """The login, or the author name: the letter and colour of the avatar follow from it."""
        return self.user.username if self.user else self.shown_name

    @property
    def display_name(self) -> str:
        """As the avatar wants it."""
        return self.shown_name

    @property
    def href(self) -> str:
        """The person's page, "" if the address is nobody's."""
        return self.user.get_absolute_url() if self.user else ""


def contributors(repository: Repository, *, since: date | None = None) -> list[Contributor]:
    """Most commits first; addresses of one person are one row. Two queries, at most 5,000 addresses."""
    rows = ContributionDay.objects.filter(repository=repository)
    if since is not None:
        rows = rows.filter(day__gte=since)
    grouped = list(
        rows.values(address=Lower("email"))
        .annotate(total=Sum("commits"), first=Min("day"), last=Max("day"), author=Max("name"))
        .order_by("-total", "address")[:5000]
    )
    known = people.people_by_email(row["address"] for row in grouped)
    merged: dict[object, Contributor] = {}
    for row in grouped:
        user = known.get(row["address"])
        key: object = user.pk if user else row["address"]
        if key in merged:
            one = merged[key]
            one.commits += row["total"]
            one.first, one.last = min(one.first, row["first"]), max(one.last, row["last"])
        else:
            name = user.shown_name if user else row["author"]
            merged[key] = Contributor(name, row["address"], row["total"], row["first"], row["last"], user, row["author"])
    return sorted(merged.values(), key=lambda one: -one.commits)


def weeks(repository: Repository, *, total: int = SPARK_WEEKS, today: date | None = None) -> list[int]:
    """Commits of each of the last `total` weeks, oldest first; weeks end today (UTC). One query."""
    today = today or datetime.now(UTC).date()
    start = today - timedelta(days=7 * total - 1)
    counted: dict[int, int] = defaultdict(int)
    days = ContributionDay.objects.filter(repository=repository, day__gte=start, day__lte=today).values("day").annotate(n=Sum("commits"))
    for row in days.order_by():
        counted[(row["day"] - start).days // 7] += row["n"]
    return [counted[week] for week in range(total)]


def contributors_total(repository: Repository) -> int:
    """Distinct author addresses."""
    found = ContributionDay.objects.filter(repository=repository).aggregate(n=Count(Lower("email"), distinct=True))
    return int(found["n"] or 0)
