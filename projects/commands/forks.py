"""Forks: made at once whatever the size, brought up to date, cut loose."""

import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.commands.names import require_name
from accounts.models import Namespace
from core import events
from core.actors import Actor
from core.errors import Conflict
from gitstore import paths
from projects import rules
from projects.commands.creation import DESCRIPTION_MAX, discard, name_taken, require_free_address, take_address
from projects.commands.pools import claim_pool, still_claims
from projects.commands.refs import apply_updates
from projects.events import RepositoryDetached, RepositoryForked
from projects.models import Repository

ATTEMPTS = 5


def fork_repository(actor: Actor, repository: Repository, *, into: Namespace, name: str = "", description: str | None = None) -> Repository:
    """Fork `repository` under `into`, as visible as its parent; it can be cloned when this returns.

    The bare repository (public: alternates to the pool of its network; else linked packs; no object is copied) is complete before
    the row is committed; without the row a sweep removes it. If the pool gets a new generation meanwhile, it starts again on that.
    Raises NotFound or Forbidden (rules.can_fork, rules.can_create_in), Invalid (name), Conflict (the name is taken). Publishes
    RepositoryForked.
    """
    rules.can_create_in(actor, into).require()
    name = name or repository.name
    require_name(name, kind="project", field="name")
    for _attempt in range(ATTEMPTS):
        rules.can_fork(actor, repository).require()
        require_free_address(into, name)
        fork = _row(repository, into, name, description)
        if _made(actor, repository, fork):
            return fork
        repository.refresh_from_db()
    raise Conflict(_("The repository is leaving its fork network. Try again in a moment."), code="pool")


def _row(repository: Repository, into: Namespace, name: str, description: str | None) -> Repository:
    """The fork as it will be written."""
    description = repository.description if description is None else " ".join(description.split())[:DESCRIPTION_MAX]
    now = timezone.now()
    return Repository(
        namespace=into, name=name, visibility=repository.visibility, description=description, website=repository.website,
        topics=repository.topics, default_branch=repository.default_branch, forked_from=repository, network_id=repository.network_id,
        is_empty=False, head_oid=repository.head_oid, commits=repository.commits, languages=repository.languages,
        licence=repository.licence,
        pushed_at=repository.pushed_at, updated_at=now, created_at=now,
    )  # fmt: skip


def _made(actor: Actor, repository: Repository, fork: Repository) -> bool:
    """Make folder and row; False, with nothing left behind, if the pool was renewed or left meanwhile."""
    if repository.visibility == "public":
        fork.pool_id = claim_pool(repository)
    # a pool publishes all it holds to the readers of every member, so only public ones share it
    pool = paths.pool(settings.REPOSITORIES_DIR, fork.pool_id) if fork.pool_id else None
    gitstore.fork(repository.path, fork.path, pool)
    try:
        with transaction.atomic():
            valid = fork.pool_id is None or still_claims(repository, fork.pool_id)
            if valid:
                take_address(fork.namespace, fork.name)
                fork.save()
                by_id = actor.person.pk if actor.person else None
                events.publish(RepositoryForked(fork_id=fork.pk, source_id=repository.pk, by_id=by_id))
    except IntegrityError as error:
        discard(fork.path)
        raise name_taken(fork.namespace, fork.name) from error
    except BaseException:
        discard(fork.path)
        raise
    if not valid:
        discard(fork.path)
    return valid


def sync_fork(actor: Actor, repository: Repository) -> str:
    """Fast-forward the default branch to the parent's; returns the new oid.

    Raises NotFound or Forbidden (rules.can_push, the parent cannot be read), Conflict (no parent, nothing new, branches diverged).
    Publishes RefsUpdated.
    """
    rules.can_push(actor, repository).require()
    parent = repository.forked_from
    if parent is None or not rules.can_read(actor, parent):
        raise Conflict(_("This repository is not a fork."), code="no_parent")
    ref = f"refs/heads/{repository.default_branch}"
    theirs = gitstore.ref_oid(parent.path, ref) or gitstore.ref_oid(parent.path, f"refs/heads/{parent.default_branch}")
    ours = gitstore.ref_oid(repository.path, ref)
    if not theirs or theirs == ours:
        raise Conflict(_("There is nothing new upstream."), code="up_to_date")
    gitstore.fetch_objects(repository.path, parent.path, [theirs])
    if ours and not gitstore.is_ancestor(repository.path, ours, theirs):
        raise Conflict(
            _("This fork has commits of its own on “%s”, so it cannot simply be moved forward. Merge upstream with git and push.")
            % repository.default_branch,
            code="diverged",
        )
    apply_updates(actor, repository, [(ref, ours or gitstore.ZERO, theirs)])
    return theirs


def detach_fork(actor: Actor, repository: Repository) -> Repository:
    """No longer a fork: a network of its own and of its forks. A subscriber copies what it borrowed and leaves the shared pool.

    Raises NotFound or Forbidden (rules.can_administer), Conflict (no fork; the parent is not public and the actor does not administer it).
    Publishes RepositoryDetached.
    """
    rules.can_administer(actor, repository).require()
    parent = repository.forked_from
    if parent is None:
        raise Conflict(_("This repository is not a fork."), code="no_parent")
    if parent.visibility != "public" and not rules.can_administer(actor, parent):
        raise Conflict(
            _("Only an administrator of %s can detach forks of it, because not everyone may read it.") % parent, code="fork_visibility"
        )
    network = uuid.uuid4()
    with transaction.atomic():
        Repository.objects.filter(pk__in=[repository.pk, *_descendants(repository)]).update(network_id=network)
        Repository.objects.filter(pk=repository.pk).update(forked_from=None, pool_id=None)
        events.publish(RepositoryDetached(repository_id=repository.pk, by_id=actor.person.pk if actor.person else None))
    repository.forked_from, repository.network_id, repository.pool_id = None, network, None
    return repository


def _descendants(repository: Repository) -> list[int]:
    """Ids of its forks, their forks, and so on."""
    found: list[int] = []
    level = [repository.pk]
    while level:
        level = list(Repository.objects.filter(forked_from__in=level).values_list("pk", flat=True))
        found += level
    return found
