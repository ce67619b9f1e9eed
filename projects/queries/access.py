"""Who works in which repository."""

from django.db.models import QuerySet, Sum

from accounts.models import Team
from core.actors import Actor
from projects import rules
from projects.models import Repository, TeamAccess


def team_repositories(actor: Actor, team: Team) -> QuerySet[TeamAccess]:
    """The team's accesses to repositories that the actor may read, by name."""
    readable = Repository.objects.filter(rules.readable_by(actor), team_access__team=team)
    rows = TeamAccess.objects.filter(team=team, repository__in=readable)
    return rows.select_related("repository__namespace").order_by("repository__name")


def site_figures() -> dict[str, int]:
    """For the day's sample of the site: repositories and the bytes that they take."""
    alive = Repository.objects.filter(deleted_at=None)
    return {"repositories": alive.count(), "repository_bytes": alive.aggregate(total=Sum("size_bytes"))["total"] or 0}
