"""Two commits of a fork network side by side."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.errors import NotFound
from projects.models import Repository
from projects.queries.browsing import default_position, position
from projects.queries.network import network
from projects.queries.positions import Position


@dataclass(frozen=True, slots=True)
class End:
    """One end of a comparison: the repository it lives in and its commit."""

    home: Repository
    position: Position


@dataclass(frozen=True, slots=True)
class Between:
    """What lies between two ends; `ahead` and `behind` are cut at 1,000 across repositories."""

    ancestor: str
    commits: list[gitstore.Commit]
    ahead: int
    behind: int
    diff: gitstore.Diff


def end(actor: Actor, repository: Repository, text: str) -> End:
    """A ref of the repository, or `namespace:ref` (also `namespace/name:ref`) of one in its fork network. Raises NotFound."""
    owner, colon, ref = text.partition(":") if ":" in text else ("", "", text)
    home = repository
    if colon:
        namespace, _slash, name = owner.partition("/")
        if (namespace.lower(), (name or repository.name).lower()) != (repository.namespace.slug.lower(), repository.name.lower()):
            rows = network(actor, repository).filter(namespace__slug__iexact=namespace, taken_down_at=None)
            found = (rows.filter(name__iexact=name) if name else rows).first()
            if found is None:
                raise NotFound(_("There is no such fork."))
            home = found
    here = position(home, ref) if ref else default_position(home)
    if here is None or here.path:
        raise NotFound(_("There is no branch, tag or commit of this name."))
    return End(home, here)


def holder(repository: Repository, base: End, head: End) -> Repository | None:
    """The fork that holds the objects of one end, if one does. Raises NotFound for two forks."""
    stores = {one.home.pk: one.home for one in (base, head) if one.home.pk != repository.pk}
    if len(stores) > 1:
        raise NotFound(_("One of the two sides has to be in this repository."))
    return next(iter(stores.values()), None)


def between(repository: Repository, base: End, head: End) -> Between:
    """From the common ancestor of both to the head. Raises NotFound unless one end is in `repository`."""
    other = holder(repository, base, head)
    store = other.path if other else None
    path, old, new = repository.path, base.position.oid, head.position.oid
    ancestor = gitstore.merge_base(path, old, new, store=store)
    commits = gitstore.between(path, old, new, limit=1000 if store else 250, store=store)
    if store is None:
        ahead, behind = gitstore.divergence(path, new, old)
    else:
        ahead, behind = len(commits), len(gitstore.between(path, new, old, limit=1000, store=store))
    diff = gitstore.diff(path, ancestor or old, new, limit=300, lines=100_000, store=store)
    return Between(ancestor, commits[:250], ahead, behind, diff)
