"""What the head of every repository page shows."""

from dataclasses import dataclass, field
from functools import cache

from django.core.cache import cache as kept
from django.db import connection

from core.actors import Actor
from projects import places, rules
from projects.models import Repository, Watch

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
    views: int = 0
    downloads: int = 0
    checks: str = ""  # "5/7" of the trust page, "" while nothing has been looked at
    figures: dict[str, int] = field(default_factory=dict)  # of `places.head_figures`

    @property
    def version(self) -> str:
        """Changes when anything shown here does but views and downloads (they would make every page new each minute); part of the page's ETag."""
        return f"{self.stars}.{self.watchers}.{self.forks}.{self.releases}.{self.starred:d}.{self.watch}.{self.checks}.{sorted(self.figures.items())}"


def header(actor: Actor, repository: Repository) -> Header:
    """One or two queries; for readers without an account the answer is kept for KEPT seconds (making the query costs more than running it)."""
    if not actor.is_anonymous:
        return _counted(actor, repository)
    key = f"repository-head:2:{repository.pk}"
    known: Header | None = kept.get(key)
    if known is None:
        known = _counted(actor, repository)
        kept.set(key, known, KEPT)
    return known


# Plain SQL: Django takes 1.5 ms to write this query, more than the database takes to answer it, and every page asks it.
_COUNTS = """
SELECT (SELECT COUNT(*) FROM projects_star WHERE repository_id = %(id)s),
       (SELECT COUNT(*) FROM projects_watch WHERE repository_id = %(id)s AND level <> %(none)s),
       (SELECT COUNT(*) FROM projects_release WHERE repository_id = %(id)s AND is_draft = %(no)s),
       EXISTS (SELECT 1 FROM projects_star WHERE repository_id = %(id)s AND user_id = %(person)s),
       (SELECT level FROM projects_watch WHERE repository_id = %(id)s AND user_id = %(person)s),
       EXISTS (SELECT 1 FROM projects_repository WHERE forked_from_id = %(id)s),
       (SELECT views FROM projects_traffic WHERE repository_id = %(id)s),
       (SELECT downloads FROM projects_traffic WHERE repository_id = %(id)s),
       (SELECT passed FROM projects_trustreport WHERE repository_id = %(id)s),
       (SELECT total FROM projects_trustreport WHERE repository_id = %(id)s)%(more)s
"""


def _counted(actor: Actor, repository: Repository) -> Header:
    """One query, two where there are forks: which of them count depends on the reader."""
    person = actor.person.pk if actor.person else 0
    with connection.cursor() as cursor:
        cursor.execute(_sql(), {"id": repository.pk, "none": Watch.Level.NONE.value, "no": False, "person": person})
        stars, watchers, releases, starred, level, forked, views, downloads, passed, total, *more = cursor.fetchone()
    forks = Repository.objects.filter(rules.readable_by(actor), forked_from=repository).count() if forked else 0
    checks = f"{passed}/{total}" if total else ""
    figures = {figure.key: value or 0 for figure, value in zip(places.head_figures, more, strict=True)}
    return Header(stars, watchers, forks, releases, bool(starred), level or "", views or 0, downloads or 0, checks, figures)


@cache
def _sql() -> str:
    """With the figures that other packages ask for; they are registered before the first request."""
    return _COUNTS.replace("%(more)s", "".join(f",\n       ({figure.sql})" for figure in places.head_figures))
