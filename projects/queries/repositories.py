"""Finding repositories."""

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import FormerName
from core.actors import Actor
from core.errors import NotFound
from projects import rules
from projects.models import FormerAddress, Repository, Star


def repositories(actor: Actor) -> QuerySet[Repository]:
    """What the actor may read, with namespace and its holder, and `stars_total` and `forks_total` counted from rows."""
    stars = Star.objects.filter(repository=OuterRef("pk")).order_by().values("repository").annotate(n=Count("pk")).values("n")
    forks = (
        Repository.objects.filter(forked_from=OuterRef("pk"), deleted_at=None)
        .order_by()
        .values("forked_from")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return (
        Repository.objects.filter(rules.readable_by(actor))
        .select_related("namespace", "namespace__user", "namespace__organization", "forked_from", "forked_from__namespace")
        .annotate(stars_total=Coalesce(Subquery(stars), 0), forks_total=Coalesce(Subquery(forks), 0))
    )


def repository(actor: Actor, namespace: str, name: str, *, kind: str = "") -> Repository:
    """The repository at `/<namespace>/<name>`, whatever the case of the letters.

    Raises NotFound if there is none or the actor may not know of it, TakenDown (451) if it was removed by order.
    """
    rows = Repository.objects.select_related("namespace", "namespace__user", "namespace__organization", "forked_from__namespace", "mirror")
    rows = rows.filter(namespace__slug__lower=namespace.lower(), name__lower=name.lower(), deleted_at=None)
    found = (rows.filter(kind=kind) if kind else rows.exclude(kind="dataset")).first()
    if found is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    rules.can_read(actor, found).require()
    return found


def former_repository(actor: Actor, namespace: str, name: str) -> Repository | None:
    """Where an old address leads: a renamed repository, or one under a renamed namespace; None if nowhere (or hidden)."""
    rows = Repository.objects.select_related("namespace", "namespace__user", "namespace__organization").filter(deleted_at=None)
    former_ns = FormerName.objects.filter(slug__lower=namespace.lower()).values_list("namespace_id", flat=True).first()
    by_namespace: dict[str, int | str] = {"namespace_id": former_ns} if former_ns else {"namespace__slug__lower": namespace.lower()}
    found = rows.filter(name__lower=name.lower(), **by_namespace).first() if former_ns else None
    if found is None:
        target = FormerAddress.objects.filter(name__lower=name.lower(), **by_namespace).values_list("repository_id", flat=True).first()
        found = rows.filter(pk=target).first() if target else None
    return found if found is not None and rules.can_read(actor, found) else None


def repository_for_git(actor: Actor, namespace: str, name: str) -> Repository:
    """As `repository`, but an old address is served as it is (Git clients do not follow a redirect on POST)."""
    try:
        return repository(actor, namespace, name)
    except NotFound:
        found = former_repository(actor, namespace, name)
        if found is None:
            raise
        return found
