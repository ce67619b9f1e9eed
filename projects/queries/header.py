"""What the head of every repository page shows."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import CharField, Count, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from core.actors import Actor
from projects import rules
from projects.models import Release, Repository, Star, Watch

KEPT = 10


@dataclass(frozen=True, slots=True)
class Header:
    """Counts are of rows the actor may see. `watch` is the actor's level, "" for none chosen."""

    stars: int
    watchers: int
    forks: int
    releases: int
    starred: bool
    watch: str

    @property
    def version(self) -> str:
        """Changes when anything shown here does; part of the page's ETag."""
        return f"{self.stars}.{self.watchers}.{self.forks}.{self.releases}.{self.starred:d}.{self.watch}"


def _total(rows: "QuerySet[Star] | QuerySet[Watch] | QuerySet[Release] | QuerySet[Repository]", by: str) -> Coalesce:
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def header(actor: Actor, repository: Repository) -> Header:
    """One query; for readers without an account the answer is kept for KEPT seconds (making the query costs more than running it)."""
    if not actor.is_anonymous:
        return _counted(actor, repository)
    key = f"repository-header:{repository.pk}"
    known: Header | None = cache.get(key)
    if known is None:
        known = _counted(actor, repository)
        cache.set(key, known, KEPT)
    return known


def _counted(actor: Actor, repository: Repository) -> Header:
    person = actor.person.pk if actor.person else None
    mine = Watch.objects.filter(repository=OuterRef("pk"), user=person).values("level")
    row = (
        Repository.objects.filter(pk=repository.pk)
        .annotate(
            stars_total=_total(Star.objects.all(), "repository"),
            watchers_total=_total(Watch.objects.exclude(level=Watch.Level.NONE), "repository"),
            forks_total=_total(Repository.objects.filter(rules.readable_by(actor)), "forked_from"),
            releases_total=_total(Release.objects.filter(is_draft=False), "repository"),
            is_starred=Exists(Star.objects.filter(repository=OuterRef("pk"), user=person)),
            level=Coalesce(Subquery(mine), Value(""), output_field=CharField()),
        )
        .values_list("stars_total", "watchers_total", "forks_total", "releases_total", "is_starred", "level")
        .get()
    )
    return Header(*row)
