"""Forks of a repository and how far it is from its parent."""

from dataclasses import dataclass

from django.core.cache import caches
from django.db.models import QuerySet

import gitstore
from core.actors import Actor
from projects import rules
from projects.models import Repository
from projects.queries.repositories import repositories


@dataclass(frozen=True, slots=True)
class Upstream:
    """The parent, and commits on the default branches: `ahead` only here, `behind` only there; None while unknown."""

    parent: Repository
    ahead: int | None
    behind: int | None


def network(actor: Actor, repository: Repository) -> QuerySet[Repository]:
    """Everything in the fork network that the actor may read, latest push first; the root and its forks alike."""
    rows = repositories(actor).filter(network_id=repository.network_id).exclude(pk=repository.pk)
    return rows.order_by("-pushed_at", "-pk")


def upstream(actor: Actor, repository: Repository) -> Upstream | None:
    """Where the default branch stands against the parent's; None if it is no fork or the parent may not be read.

    The pair of commits decides the figures, so they are kept for good.
    """
    parent = repository.forked_from
    if parent is None or not rules.access(actor, parent) or parent.taken_down_at or repository.is_empty or parent.is_empty:
        return None
    ours = gitstore.ref_oid(repository.path, f"refs/heads/{repository.default_branch}")
    theirs = gitstore.ref_oid(parent.path, f"refs/heads/{repository.default_branch}") or gitstore.ref_oid(
        parent.path, f"refs/heads/{parent.default_branch}"
    )
    if not ours or not theirs:
        return Upstream(parent, None, None)
    if ours == theirs:
        return Upstream(parent, 0, 0)
    key = f"divergence:{ours}:{theirs}"
    counted = caches["pages"].get(key)
    if counted is None:
        try:
            found = gitstore.divergence_between(repository.path, ours, parent.path, theirs)
        except gitstore.GitFailed:
            return Upstream(parent, None, None)
        counted = (found.ahead, found.behind)
        caches["pages"].set(key, counted)
    return Upstream(parent, counted[0], counted[1])
