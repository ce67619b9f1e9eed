"""Rows that several repositories share, narrowed to what the actor may read; for lists that print many at once."""

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import Team, User
from core.actors import Actor
from projects import rules
from projects.models import Push, Repository, Star, TeamAccess
from projects.queries.repositories import repositories


def readable_among(actor: Actor, pks: Iterable[int | None]) -> set[int]:
    """Which of these repositories the actor may read; one query at most."""
    wanted = {pk for pk in pks if pk is not None}
    if not wanted:
        return set()
    return set(Repository.objects.filter(rules.readable_by(actor), pk__in=wanted).values_list("pk", flat=True))


def own_repositories(actor: Actor) -> QuerySet[Repository]:
    """What the person works on: their own, their organisations', and those shared with them."""
    if actor.person is None:
        return repositories(actor).none()
    return repositories(actor).filter(rules.belongs_to(actor.person))


def stars_by(actor: Actor, person: User) -> QuerySet[Star]:
    """The person's stars on repositories that the actor may read."""
    return Star.objects.filter(user=person, repository__in=Repository.objects.filter(rules.readable_by(actor)))


def pushes(actor: Actor, repository: Repository | None = None) -> QuerySet[Push]:
    """Pushes to one repository, or to all that the actor may read, with person and repository."""
    rows = Push.objects.select_related("user", "repository__namespace")
    if repository is not None:
        return rows.filter(repository=repository)
    return rows.filter(repository__in=Repository.objects.filter(rules.readable_by(actor), taken_down_at=None), user__isnull=False)


def team_repositories(actor: Actor, team: Team) -> QuerySet[TeamAccess]:
    """What a team may work in, narrowed to what the actor may read."""
    rows = TeamAccess.objects.filter(team=team, repository__in=Repository.objects.filter(rules.readable_by(actor)))
    return rows.select_related("repository__namespace")
