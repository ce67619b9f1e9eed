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
from core.rules import HIDE
from gitstore import paths
from gitstore.generations import renew_pool
from projects import rules
from projects.commands.creation import DESCRIPTION_MAX, discard, name_taken, require_free_address, take_address
from projects.commands.refs import apply_updates
from projects.events import RepositoryForked
from projects.models import Repository


def fork_repository(actor: Actor, repository: Repository, *, into: Namespace, name: str = "", description: str | None = None) -> Repository:
    """Fork `repository` under `into`, as visible as its parent; it can be cloned when this returns.

    The bare repository (public: alternates to the pool of its network; else linked packs; no object is copied) is complete before
    the row is committed; without the row a sweep removes it.
    Raises NotFound or Forbidden (rules.can_fork, rules.can_create_in), Invalid (name), Conflict (the name is taken). Publishes
    RepositoryForked.
    """
    rules.can_fork(actor, repository).require()
    rules.can_create_in(actor, into).require()
    name = name or repository.name
    require_name(name, kind="project", field="name")
    require_free_address(into, name)
    description = repository.description if description is None else " ".join(description.split())[:DESCRIPTION_MAX]
    now = timezone.now()
    fork = Repository(
        namespace=into, name=name, visibility=repository.visibility, description=description, website=repository.website,
        topics=repository.topics, default_branch=repository.default_branch, forked_from=repository, network_id=repository.network_id,
        is_empty=False, head_oid=repository.head_oid, commits=repository.commits, languages=repository.languages,
        licence=repository.licence,
        pushed_at=repository.pushed_at, updated_at=now, created_at=now,
    )  # fmt: skip
    if repository.visibility == "public":
        fork.pool_id = _claim_pool(repository)
    # a pool publishes all it holds to the readers of every member, so only public ones share it
    pool = paths.pool(settings.REPOSITORIES_DIR, fork.pool_id) if fork.pool_id else None
    gitstore.fork(repository.path, fork.path, pool)
    try:
        with transaction.atomic():
            take_address(into, name)
            fork.save()
            events.publish(RepositoryForked(fork_id=fork.pk, source_id=repository.pk, by_id=actor.person.pk if actor.person else None))
    except IntegrityError as error:
        discard(fork.path)
        raise name_taken(into, name) from error
    except BaseException:
        discard(fork.path)
        raise
    return fork


def _claim_pool(repository: Repository) -> uuid.UUID:
    """The pool of the repository's network; the first fork names it, and two first forks at once agree on one name.

    Raises Conflict while the repository still borrows from a pool it is leaving: feeding another one would be incomplete.
    """
    borrowed = gitstore.pool_of(repository.path)
    named = Repository.objects.values_list("pool_id", flat=True).get(pk=repository.pk)
    if named is None and borrowed is None:
        Repository.objects.filter(pk=repository.pk, pool_id=None).update(pool_id=uuid.uuid4())
        named = Repository.objects.values_list("pool_id", flat=True).get(pk=repository.pk)
    if named is None or (borrowed is not None and borrowed != paths.pool(settings.REPOSITORIES_DIR, named)):
        raise Conflict(_("The repository is leaving its fork network. Try again in a moment."), code="pool")
    repository.pool_id = named
    return named


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
    """No longer a fork: a network of its own, with everything it borrowed staying readable.

    Raises NotFound or Forbidden (rules.can_administer), Conflict (no fork; the parent is not public and the actor does not administer it).
    """
    rules.can_administer(actor, repository).require()
    parent = repository.forked_from
    if parent is None:
        raise Conflict(_("This repository is not a fork."), code="no_parent")
    if parent.visibility != "public" and not rules.can_administer(actor, parent):
        raise Conflict(
            _("Only an administrator of %s can detach forks of it, because not everyone may read it.") % parent, code="fork_visibility"
        )
    repository.forked_from, repository.network_id = None, uuid.uuid4()
    repository.save(update_fields=["forked_from", "network_id"])
    return repository


def leave_pool(actor: Actor, repository_id: int) -> None:
    """Give a repository whose row names no pool all the objects it still borrows, and cut the link. Safe to repeat.

    If it may have fed the pool, the members that stay get a new generation of it first, without what this one alone reaches.
    Only the system calls it (NotFound for everyone else).
    """
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.filter(pk=repository_id, pool_id=None).first()
    if repository is None or not repository.path.is_dir():
        return
    pool = gitstore.pool_of(repository.path)
    if pool is not None and (repository.forked_from_id is None or repository.forks.exists()):
        _renew_pool(uuid.UUID(pool.name.removesuffix(".git")))
    gitstore.leave_pool(repository.path)


def _renew_pool(old: uuid.UUID) -> None:
    """Members first, row by row set-based; the name of the new pool follows from the old one, so that a repetition finds it."""
    members = [row for row in Repository.objects.filter(pool_id=old) if row.path.is_dir()]
    if not members:
        return
    new = uuid.uuid5(old, "next")
    root = settings.REPOSITORIES_DIR
    renew_pool(paths.pool(root, old), paths.pool(root, new), [row.path for row in members])
    Repository.objects.filter(pk__in=[row.pk for row in members], pool_id=old).update(pool_id=new)
