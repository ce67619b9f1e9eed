"""Mirrors that grew from the same first commits share one pool: the first fill of one takes what another has, and copies go.

Only public mirrors of the catalogue take part, for a pool publishes all it holds. Pools end as those of forks do: who is made private or
removed leaves with what it alone reached (`pools`).
"""

import shutil
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

import gitstore
from core.actors import Actor
from core.errors import Conflict
from core.rules import HIDE
from gitstore import families, paths
from projects.commands.claims import LEASE, free
from projects.commands.leases import beating
from projects.commands.pools import claim_pool, join_pools, still_claims
from projects.models import Mirror, MirrorStore, Repository, RootCommit, Visibility
from projects.queries import families as reads

log = structlog.get_logger(__name__)
ATTEMPTS = 5
ROOTS_MAX = 20  # a history with more is a collection of projects
MARK = "borrowed"  # in `openi/`, while a fill may be incomplete without another's objects


class Incomplete(Exception):
    """A fill that took another mirror's objects for granted does not have them after all."""


def may_share(mirror: Mirror) -> bool:
    """True for a mirror whose objects everyone may read."""
    return mirror.is_public_mirror and not mirror.credentials_encrypted and mirror.repository.visibility == Visibility.PUBLIC


def helpers(mirror: Mirror) -> list[Repository]:
    """Whose objects the first fill need not fetch again."""
    if mirror.filled_at is not None or not may_share(mirror):
        return []
    return [one for one in reads.namesakes(mirror) if one.path.is_dir()]


def is_half_filled(path: Path) -> bool:
    """True if a fill beside others died before it was settled; nothing of it was served."""
    return (path / "openi" / MARK).exists()


def beside(path: Path, others: Sequence[Repository]) -> tuple[dict[str, str], dict[str, str]]:
    """(settings, environment) of a fetch that leaves out what `others` have; `settle` must follow."""
    if not others:
        return {}, {}
    (path / "openi").mkdir(exist_ok=True)
    (path / "openi" / MARK).touch()
    return families.fetching_beside(path, [one.path for one in others])


def settle(mirror: Mirror, others: Sequence[Repository], tips: Sequence[str]) -> None:
    """After a first fill: note the first commits, share with whoever has one of them, and prove that nothing is missing.

    Raises Incomplete (fill again, alone), GitFailed.
    """
    repository = mirror.repository
    if not may_share(mirror) or not tips:
        return
    roots = families.root_commits(repository.path, tips, others=[one.path for one in others])[: ROOTS_MAX + 1]
    if len(roots) <= ROOTS_MAX:
        note_roots(repository, roots)
        _share(mirror, others, roots)
    if others:
        if not families.is_whole(repository.path):
            raise Incomplete
        (repository.path / "openi" / MARK).unlink(missing_ok=True)


def share_relatives(actor: Actor, *, limit: int = 50) -> int:
    """Bring mirrors together that were filled at the same time and did not see each other; returns how many joined. Only the system may.

    Each under its lease, so that nobody fetches into it meanwhile.
    """
    if not actor.is_system:
        HIDE.require()
    joined = 0
    for repository in reads.apart(limit):
        now, lease = timezone.now(), uuid.uuid4().hex
        mirror = repository.mirror
        mirror.repository = repository
        rows = Mirror.objects.filter(pk=mirror.pk, lease=lease)
        if not Mirror.objects.filter(free(now), pk=mirror.pk).update(lease=lease, leased_until=now + LEASE):
            continue
        try:
            with beating(partial(_renew, rows), lease=LEASE, name=f"share-{mirror.pk}"):
                _share(mirror, [], list(repository.roots.values_list("oid", flat=True)))
            joined += repository.pool_id is not None
        except (gitstore.GitError, Incomplete) as error:
            log.warning("mirror_not_shared", mirror=mirror.pk, error=str(error))
        finally:
            rows.update(lease="", leased_until=None)
    return joined


def join_families(actor: Actor, *, limit: int = 5) -> int:
    """Bring pools together whose mirrors turned out to be relatives, as when a common ancestor was filled last; how many families. Only the system may.

    What they have in common is then kept once: each lets go of its copies, and of who joins it is written down what that saves.
    """
    if not actor.is_system:
        HIDE.require()
    joined = 0
    for several in reads.split(limit):
        members = [row.pk for pool in several for row in reads.of_pool(pool)]
        try:
            join_pools(actor, several)
        except gitstore.GitError as error:
            log.warning("mirror_pools_stay_apart", pools=len(several), error=str(error))
            continue
        _measure_family(members)
        joined += 1
    return joined


def _measure_family(members: list[int]) -> None:
    """All let go of what the pool has too; the one with most stars is whom the others share with."""
    lender, *rest = reads.still_lending(members)
    MirrorStore.objects.filter(mirror=lender.mirror).update(lender=None, saved_bytes=0)
    _let_go(lender.path)
    for repository in rest:
        repository.mirror.repository = repository
        _measure(repository.mirror, lender, copies=True)


def _renew(rows: "QuerySet[Mirror]") -> None:
    rows.update(leased_until=timezone.now() + LEASE)


def note_roots(repository: Repository, roots: Sequence[str]) -> None:
    """Keep the first commits of a project."""
    RootCommit.objects.bulk_create([RootCommit(repository=repository, oid=oid) for oid in roots], ignore_conflicts=True)


def _share(mirror: Mirror, others: Sequence[Repository], roots: Sequence[str]) -> None:
    helping = {one.pk for one in others}
    found = sorted(reads.relatives(mirror.repository, roots), key=lambda row: row.pk not in helping)
    for lender in found:
        if lender.path.is_dir() and _join(mirror.repository, lender):
            _measure(mirror, lender, copies=lender.pk not in helping)
            return


def _join(repository: Repository, lender: Repository) -> bool:
    """Make it a member of the lender's pool; False if the lender is leaving one, or both have pools already."""
    if gitstore.pool_of(repository.path) is not None:
        return False
    for _attempt in range(ATTEMPTS):
        try:
            pool = claim_pool(lender)
        except Conflict:
            return False
        folder = paths.pool(Path(settings.REPOSITORIES_DIR), pool)
        families.lend(lender.path, folder)
        families.borrow(repository.path, folder)
        with transaction.atomic():
            if still_claims(lender, pool) and Repository.objects.filter(pk=repository.pk, pool_id=None).update(pool_id=pool):
                repository.pool_id = pool
                return True
        _leave(repository.path)
    return False


def _leave(path: Path) -> None:
    """Stand alone again. Raises Incomplete."""
    try:
        gitstore.leave_pool(path)
    except gitstore.GitError as error:
        raise Incomplete from error


def begin_anew(repository: Repository) -> None:
    """Throw a fill away that was never served."""
    gitstore.forget()
    shutil.rmtree(repository.path, ignore_errors=True)
    Repository.objects.filter(pk=repository.pk).update(pool_id=None)
    repository.pool_id = None


def _measure(mirror: Mirror, lender: Repository, *, copies: bool) -> None:
    """Write down what sharing saves; `copies`: what the pool has too goes first."""
    path = mirror.repository.path
    if copies:
        _let_go(path)
    saved = families.borrowed_bytes(path)
    MirrorStore.objects.update_or_create(mirror=mirror, defaults={"lender": lender, "saved_bytes": saved})
    log.info("mirror_shares", mirror=mirror.pk, lender=lender.pk, saved=saved)


def _let_go(path: Path) -> None:
    """Drop copies of what the pool has."""
    try:
        gitstore.maintain(path)
    except gitstore.RepositoryBusy:  # the next maintenance drops them
        log.info("mirror_copies_stay", path=path.name)
