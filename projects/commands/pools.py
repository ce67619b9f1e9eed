"""The shared object pools of fork networks: who claims one, leaves one, moves to a new generation, and when an old one goes."""

import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.errors import Conflict
from core.rules import HIDE
from gitstore import families, paths
from gitstore.generations import renew_pool as build_generation
from projects.models import Repository

GRACE_SECONDS = 3600.0  # an old pool stays this long after its last borrower: a transfer that began before may still read it
ROUNDS = 5


def claim_pool(repository: Repository) -> uuid.UUID:
    """The pool of the repository's network; the first fork names it, and two first forks at once agree on one name.

    Raises Conflict while the repository still borrows from a pool it is leaving: feeding another one would be incomplete.
    """
    borrowed = gitstore.pool_of(repository.path)
    named = _named(repository)
    if named is None and borrowed is None:
        Repository.objects.filter(pk=repository.pk, pool_id=None).update(pool_id=uuid.uuid4())
        named = _named(repository)
    if named is None or (borrowed is not None and borrowed != _path(named)):
        raise Conflict(_("The repository is leaving its fork network. Try again in a moment."), code="pool")
    repository.pool_id = named
    return named


def _named(repository: Repository) -> uuid.UUID | None:
    return Repository.objects.values_list("pool_id", flat=True).get(pk=repository.pk)


def _path(pool: uuid.UUID) -> Path:
    return paths.pool(settings.REPOSITORIES_DIR, pool)


def still_claims(repository: Repository, pool: uuid.UUID) -> bool:
    """True if no new generation came since `claim_pool`; inside the transaction that writes a new member, which then waits for this one."""
    return Repository.objects.select_for_update().filter(pk=repository.pk, pool_id=pool).exists()


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
    if pool is not None and may_have_fed(repository):
        renew_pool(actor, pool.name.removesuffix(".git"))
    gitstore.leave_pool(repository.path)
    Repository.objects.filter(pk=repository.pk).update(size_bytes=size_of(repository), shared_bytes=0)


def may_have_fed(repository: Repository) -> bool:
    """True if objects of its own may be in the pool: only what is forked feeds it."""
    return repository.forked_from_id is None or repository.forks.exists()


def renew_pool(actor: Actor, pool: str) -> None:
    """Move every member of a pool (hex) to a new generation that holds what the members' branches and tags reach and nothing else.

    A fork that is being made meanwhile is found in the next round, or sees that the name changed and starts again. Safe to repeat
    and to kill: a generation that nobody borrows from is swept. Only the system calls it. Raises RepositoryBusy, GitFailed, TimedOut.
    """
    if not actor.is_system:
        HIDE.require()
    _move_on([uuid.UUID(pool)])


def join_pools(actor: Actor, pools: Iterable[uuid.UUID]) -> None:
    """As `renew_pool` for the members of several pools, which then share one: what they have in common is kept once.

    Nobody who reads is disturbed: a member borrows from its old pool or from the new one, and both have all it reaches. Killed half way, the
    members that moved already read the generation that was begun; running it again joins all of them. Only the system calls it.
    """
    if not actor.is_system:
        HIDE.require()
    _move_on(sorted(pools))


def _move_on(olds: list[uuid.UUID]) -> None:
    """One new generation for all members of the pools."""
    present, new = [old for old in olds if _path(old).is_dir()], uuid.uuid4()
    if not present:
        return
    with ExitStack() as locks:
        for old in present:
            locks.enter_context(gitstore.locked(_path(old)))
        for _round in range(ROUNDS):
            members = [row for row in Repository.objects.filter(pool_id__in=present) if row.path.is_dir()]
            if not members:
                return
            others = [_path(old) for old in present[1:]]
            build_generation(_path(present[0]), _path(new), [row.path for row in members], others=others)
            with transaction.atomic():
                Repository.objects.filter(pk__in=[row.pk for row in members], pool_id__in=present).update(pool_id=new)


def measured(repository: Repository) -> dict[str, int]:
    """The columns of its size, walked anew: its own bytes, and those of the shared store that it reaches."""
    own = size_of(repository)
    linked = gitstore.disk_size(repository.path) - own  # a fork of a private repository has files in common with it, no pool
    return {"size_bytes": own, "shared_bytes": linked + families.borrowed_bytes(repository.path)}


def measure_repository(actor: Actor, repository_id: int) -> None:
    """Write how much it holds and borrows. Only the system calls it (NotFound for everyone else)."""
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.filter(pk=repository_id, deleted_at=None).first()
    if repository is not None and repository.path.is_dir():
        Repository.objects.filter(pk=repository.pk).update(**measured(repository))


def size_of(repository: Repository) -> int:
    """Bytes it counts for: what is linked from its parent counts there, once for the network."""
    return gitstore.disk_size(repository.path, linked=repository.forked_from_id is None)


def unused_pools() -> Iterator[Path]:
    """Pools that no repository on disk borrows from and no row names."""
    root = Path(settings.REPOSITORIES_DIR)
    found = {folder for folder in (root / "pools").glob("*.git") if folder.is_dir()}
    if not found:
        return
    for named in Repository.objects.exclude(pool_id=None).values_list("pool_id", flat=True).distinct():
        found.discard(paths.pool(root, str(named)))
    for link in root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*/objects/info/alternates"):  # forks being made, too
        if (borrowed := gitstore.pool_of(link.parents[2])) is not None:
            found.discard(borrowed)
    yield from sorted(found)


def sweep_pools(actor: Actor, *, grace: float = GRACE_SECONDS) -> list[str]:
    """Remove pools that were found unused `grace` seconds ago and still are; returns their names. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    unused, gone = list(unused_pools()), []
    for pool in unused:
        mark = pool / "openi" / "unused"
        try:
            with gitstore.locked(pool):  # a new generation being built is locked too
                if not mark.exists():
                    mark.touch()
                if time.time() - mark.stat().st_mtime < grace:
                    continue
                aside = pool.with_name(f".{pool.name}.gone")
                pool.rename(aside)
        except gitstore.RepositoryBusy:
            continue
        shutil.rmtree(aside, ignore_errors=True)
        gone.append(pool.name)
    for left in (Path(settings.REPOSITORIES_DIR) / "pools").glob(".*.gone"):
        shutil.rmtree(left, ignore_errors=True)
    for pool in (Path(settings.REPOSITORIES_DIR) / "pools").glob("*.git"):
        if pool not in unused:  # used again
            (pool / "openi" / "unused").unlink(missing_ok=True)
    return gone
