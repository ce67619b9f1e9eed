"""Removing what no ref reaches at once, from a repository and everything that shares objects with it."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from core import events
from core.actors import Actor
from core.errors import Conflict, DomainError
from core.rules import HIDE
from projects import rules
from projects.commands import leases, pools
from projects.commands.leases import Report
from projects.commands.settings import require_confirmation
from projects.events import PurgeRequested
from projects.models import PurgeRun, Repository

T = TypeVar("T")
SETTLE_SECONDS = 30.0  # a push that brought its objects has this long to move its refs
BUSY_SECONDS = 1800.0  # maintenance may be at work as long


def request_purge(actor: Actor, repository: Repository, *, confirmation: str) -> PurgeRun:
    """Ask for the removal of everything that no branch or tag reaches, here and in the fork network; a worker does it.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (typed confirmation), Conflict (one waits or runs). Publishes PurgeRequested.
    """
    rules.can_administer(actor, repository).require()
    require_confirmation(repository, confirmation)
    with transaction.atomic():
        run, _made = PurgeRun.objects.select_for_update().get_or_create(repository=repository, defaults={"state": PurgeRun.State.DONE})
        if run.state in (PurgeRun.State.QUEUED, PurgeRun.State.RUNNING):
            raise Conflict(_("The removal is under way already."), code="running")
        run.by, run.state, run.phase, run.percent, run.error = actor.person, PurgeRun.State.QUEUED, "", 0, ""
        run.created_at, run.heartbeat_at, run.finished_at = timezone.now(), None, None
        run.save()
        events.publish(PurgeRequested(purge_id=run.pk))
    return run


def run_purge(actor: Actor, run_id: int) -> PurgeRun | None:
    """Remove it. Takes the lease first: whoever finds it held does nothing and gets None. Safe to repeat after a crash."""
    if not actor.is_system:
        HIDE.require()
    run = leases.take(PurgeRun, run_id)
    if run is None:
        return None
    try:
        with leases.heart(run):
            _purge(actor, run.repository, leases.reporter(run))
    except (DomainError, gitstore.GitError) as error:
        run.state, run.error = PurgeRun.State.FAILED, str(error)[:1000]
    else:
        run.state, run.percent = PurgeRun.State.DONE, 100
    run.phase, run.finished_at = "", timezone.now()
    run.save(update_fields=["state", "error", "percent", "phase", "finished_at"])
    return run


def overdue_purges() -> list[int]:
    """Runs that wait or whose worker fell silent; ids, oldest first."""
    return leases.overdue(PurgeRun)


def _purge(actor: Actor, repository: Repository, report: Report) -> None:
    """Its own objects first, then the pool, then what the others of the network hold and no ref of theirs reaches."""
    report("own", 5)
    before = _patient(lambda: gitstore.purge(repository.path, settle=SETTLE_SECONDS))
    report("pool", 40)
    fresh = Repository.objects.get(pk=repository.pk)
    if fresh.pool_id is not None:
        pool = fresh.pool_id.hex
        _patient(lambda: pools.renew_pool(actor, pool))
    else:
        _patient(lambda: pools.leave_pool(actor, repository.pk))
    others = list(Repository.objects.filter(network_id=fresh.network_id).exclude(pk=fresh.pk).order_by("pk"))
    for number, other in enumerate(others):
        report("forks", 60 + 40 * number // len(others))
        if other.path.is_dir():
            _collect(other, before)
    _measure(fresh)
    gitstore.forget()


def _collect(other: Repository, before: float) -> None:
    _patient(lambda: gitstore.collect(other.path, before=before))
    _measure(other)


def _measure(repository: Repository) -> None:
    Repository.objects.filter(pk=repository.pk).update(size_bytes=pools.size_of(repository))


def _patient(work: Callable[[], T]) -> T:
    """`work` once nobody else repacks there. Raises RepositoryBusy after BUSY_SECONDS."""
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return work()
        except gitstore.RepositoryBusy:
            if time.monotonic() > ends:
                raise
            time.sleep(1)
