"""Explore, home and the pages of people and organisations."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from allauth.account.models import EmailAddress
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import Membership, Namespace, Organization, User
from core.actors import Actor
from projects import rules
from projects.logic import quantity_class, ridge_path
from projects.models import Collaborator, ContributionDay, Push, Repository, Star
from projects.queries.repositories import repositories

PAGE = 20
SORTS = {
    "updated": ("-updated_at", "-pk"),
    "stars": ("-stars_total", "-pk"),
    "forks": ("-forks_total", "-pk"),
    "name": ("name", "pk"),
    "created": ("-created_at", "-pk"),
}


@dataclass(frozen=True)
class Page:
    """Up to PAGE rows and whether more follow; no count is made."""

    rows: list[Repository]
    number: int
    has_more: bool


def page_of(rows: QuerySet[Repository], number: int) -> Page:
    """Rows of page `number` (from 1)."""
    start = (number - 1) * PAGE
    found = list(rows[start : start + PAGE + 1])
    return Page(found[:PAGE], number, len(found) > PAGE)


def explore(
    actor: Actor, *, query: str = "", language: str = "", licence: str = "", topic: str = "", sort: str = "updated"
) -> QuerySet[Repository]:
    """Readable repositories; every word of `query` must stand in name, owner or description."""
    rows = repositories(actor).exclude(kind=Repository.Kind.DATASET)
    for word in query.split()[:8]:
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(namespace__slug__icontains=word)
            | Q(description__icontains=word)
            | Q(namespace__organization__display_name__icontains=word)
        )
    if language:
        rows = rows.filter(main_language=language)
    if licence:
        rows = rows.filter(licence=licence)
    if topic:
        rows = rows.filter(topics__icontains=f'"{topic}"')
    return rows.order_by(*SORTS.get(sort, SORTS["updated"]))


def owned(actor: Actor, namespace: Namespace, *, query: str = "", sort: str = "updated") -> QuerySet[Repository]:
    """Readable repositories of one namespace."""
    rows = repositories(actor).filter(namespace=namespace)
    if query:
        rows = rows.filter(Q(name__icontains=query) | Q(description__icontains=query))
    return rows.order_by(*SORTS.get(sort, SORTS["updated"]))


def starred(actor: Actor, person: User) -> QuerySet[Repository]:
    """Readable repositories the person starred, latest star first."""
    return repositories(actor).filter(stars__user=person).order_by("-stars__at", "-pk")


def pinned(actor: Actor, person: User) -> list[Repository]:
    """Readable pinned repositories in the person's order."""
    found = {row.pk: row for row in repositories(actor).filter(pk__in=person.pinned[:6])}
    return [found[pk] for pk in person.pinned[:6] if pk in found]


@dataclass(frozen=True)
class Day:
    """One square of the year."""

    x: int
    y: int
    css: str
    commits: int
    day: date


@dataclass(frozen=True)
class Year:
    """A year of commits on default branches of repositories the reader may see."""

    days: list[Day]
    total: int
    longest_run: int  # days
    busiest: int  # commits on one day
    width: int


def year(actor: Actor, person: User, *, today: date | None = None) -> Year:
    """Commits of the person's confirmed addresses, by day, over 53 weeks; two queries."""
    today = today or timezone.localdate()
    first = today - timedelta(days=364 + today.weekday())
    emails = [email.lower() for email in EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)]
    counted = (
        ContributionDay.objects.filter(email__in=emails, day__gte=first, repository__in=Repository.objects.filter(rules.readable_by(actor)))
        .order_by()
        .values_list("day")
        .annotate(n=Sum("commits"))
    )
    by_day: dict[date, int] = dict(counted)
    top = max(by_day.values(), default=0)
    days, run, longest = [], 0, 0
    for offset in range((today - first).days + 1):
        day = first + timedelta(days=offset)
        commits = by_day.get(day, 0)
        run = run + 1 if commits else 0
        longest = max(longest, run)
        days.append(Day(x=(offset // 7) * 16, y=(offset % 7) * 16, css=quantity_class(commits, top), commits=commits, day=day))
    return Year(days, sum(by_day.values()), longest, top, width=((len(days) + 6) // 7) * 16)


def members_of(namespace: Namespace, *, limit: int = 20) -> list[Membership]:
    """Public members of an organisation, owners first."""
    rows = Membership.objects.filter(organization__namespace=namespace, is_public=True).select_related("user")
    return list(rows.order_by("-role", "user__username")[:limit])


@dataclass(frozen=True)
class Ridge:
    """One mountain range of the home page: 40 weeks of one kind of activity, and this week's number."""

    key: str
    path: str
    this_week: int


def _weekly(moments: Iterable[datetime], now: datetime) -> list[int]:
    counted = Counter((now - moment).days // 7 for moment in moments)
    return [counted.get(week, 0) for week in range(39, -1, -1)]


def ridges(now: datetime | None = None) -> list[Ridge]:
    """Pushes, new projects, stars and new people of the last 40 weeks, all counted from rows."""
    now = now or timezone.now()
    since = now - timedelta(weeks=40)
    sources = [
        ("people", User.objects.filter(date_joined__gt=since, date_joined__lte=now).values_list("date_joined", flat=True)),
        ("stars", Star.objects.filter(at__gt=since, at__lte=now).values_list("at", flat=True)),
        (
            "projects",
            Repository.objects.filter(created_at__gt=since, created_at__lte=now, deleted_at=None).values_list("created_at", flat=True),
        ),
        ("pushes", Push.objects.filter(at__gt=since, at__lte=now).values_list("at", flat=True)),
    ]
    answer = []
    for index, (key, moments) in enumerate(sources):
        weeks = _weekly(moments, now)
        answer.append(Ridge(key, ridge_path(weeks, height=200 - 35 * index, lift=90 - 22 * index), weeks[-1]))
    return answer


def site_figures() -> dict[str, int]:
    """Numbers of the stat strip, counted from rows anyone may see."""
    public = Repository.objects.filter(deleted_at=None, visibility="public").aggregate(
        total=Count("pk"),
        mirrors=Count("pk", filter=Q(mirror__is_public_mirror=True)),
        forks=Count("pk", filter=Q(forked_from__isnull=False)),
        commits=Sum("commits"),
    )
    return {
        "hosted": public["total"] - public["mirrors"],
        "mirrors": public["mirrors"],
        "forks": public["forks"],
        "organizations": Organization.objects.filter(deleted_at=None).count(),
        "people": User.objects.filter(state="active").count(),
        "commits": public["commits"] or 0,
    }


def recent_pushes(actor: Actor, *, limit: int = 20, of: Namespace | None = None) -> list[Push]:
    """Latest pushes to repositories the reader may see, each with its person and repository."""
    readable = Repository.objects.filter(rules.readable_by(actor), pk=OuterRef("repository_id"))
    rows = Push.objects.filter(Exists(readable), user__isnull=False)  # newest first, asked one by one until `limit` are found
    if of is not None:
        rows = rows.filter(Q(user__in=User.objects.filter(namespace=of)) | Q(repository__in=Repository.objects.filter(namespace=of)))
    return list(rows.select_related("user", "repository__namespace").order_by(F("at").desc(), "-pk")[:limit])


def mine(actor: Actor, *, limit: int = 10) -> list[Repository]:
    """Repositories the person works on: own, of their organisations, or as collaborator, latest first."""
    person = actor.person
    if person is None:
        return []
    rows = repositories(actor).filter(
        Q(namespace_id=person.namespace_id)
        | Q(namespace__in=Membership.objects.filter(user=person).values("organization__namespace"))
        | Q(pk__in=Collaborator.objects.filter(user=person).values("repository"))
    )
    return list(rows.order_by("-updated_at", "-pk")[:limit])


def most_starred(actor: Actor, limit: int) -> list[Repository]:
    """Readable repositories with the most stars; the starred ones are counted first, so that not every repository has to be."""
    starred = Star.objects.values("repository").annotate(n=Count("pk")).order_by("-n", "-repository")
    candidates = list(starred.values_list("repository", flat=True)[: max(200, limit)])
    found = list(explore(actor, sort="stars").filter(pk__in=candidates)[:limit])
    return found if len(found) == limit else list(explore(actor, sort="stars")[:limit])
