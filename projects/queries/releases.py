"""Reads about releases."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import NotFound
from projects import rules
from projects.models import Release, ReleaseAsset, Repository


def releases(actor: Actor, repository: Repository) -> QuerySet[Release]:
    """With author and files; drafts only for maintainers, first; then newest first."""
    rows = repository.releases.select_related("author", "author__namespace").prefetch_related("assets")
    if not rules.can_maintain(actor, repository):
        rows = rows.filter(is_draft=False)
    return rows.order_by("-is_draft", "-published_at", "-pk")


def release(actor: Actor, repository: Repository, tag: str) -> Release:
    """The release of `tag`. Raises NotFound, also for a draft the actor may not see."""
    found = releases(actor, repository).filter(tag=tag).first()
    if found is None:
        raise NotFound(_("There is no release of this tag."))
    found.repository = repository
    return found


def latest_release(repository: Repository) -> Release | None:
    """The newest that is neither draft nor prerelease."""
    rows = repository.releases.filter(is_draft=False, is_prerelease=False)
    return rows.order_by("-published_at", "-pk").first()


def asset(actor: Actor, repository: Repository, tag: str, name: str) -> ReleaseAsset:
    """A file of a release. Raises NotFound."""
    found = ReleaseAsset.objects.filter(release__repository=repository, release__tag=tag, name=name).select_related("release").first()
    if found is None or (found.release.is_draft and not rules.can_maintain(actor, repository)):
        raise NotFound(_("There is no such file."))
    found.release.repository = repository
    return found
