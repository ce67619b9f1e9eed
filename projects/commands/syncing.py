"""Keeping mirrors fresh: ask for the refs in process, fetch aside only if something moved, switch in one step.

The lease in the row (`lease`, `leased_until`) is the truth: a worker that dies loses it within `LEASE`, and the next run finds a repository
that readers could use all the time, because fetched refs land under `refs/internal/incoming/` and move over in one transaction.
"""

import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

import gitstore
from core.actors import SYSTEM, Actor
from core.errors import DomainError, Invalid
from core.rules import HIDE
from projects import fetching, policies
from projects.commands import families
from projects.commands.claims import LEASE, free
from projects.commands.leases import beating
from projects.commands.looking import Way, look, way_to
from projects.commands.maintenance import clear_stale_locks
from projects.commands.outcomes import Before, Report, Trouble, Unchanged, failed, worked
from projects.commands.pushes import open_intent, record_push, settle_intents
from projects.commands.stores import count_pointers
from projects.mirrors import causes, states
from projects.mirrors.states import State
from projects.models import Mirror, Repository
from projects.places import ZERO, Update

log = structlog.get_logger(__name__)
INCOMING = "refs/internal/incoming/"
KEEP = "refs/keep/"
KEPT_DAYS = 30


def sync_mirror(actor: Actor, mirror_id: int, *, lease: str = "", seen: Unchanged | None = None) -> Mirror | None:
    """Look, and fetch if something moved. Without `lease` it takes one first; None if somebody else works on it or it is not to be synced.

    Whoever gives `seen` keeps the lease alive and writes unchanged looks. Trouble ends in the row (`state`, `cause`, `said`) and its log, a fault of ours
    too before it is raised. Publishes RefsUpdated. Only the system may.
    """
    if not actor.is_system:
        HIDE.require()
    lease = lease or _take(mirror_id)
    mirror = Mirror.objects.select_related("repository__namespace").filter(pk=mirror_id, lease=lease).first() if lease else None
    if mirror is None or State(mirror.state) not in states.WATCHED or mirror.repository.deleted_at is not None:
        Mirror.objects.filter(pk=mirror_id, lease=lease).update(lease="", leased_until=None)
        return None
    started, report, before = time.monotonic(), Report(), Before.of(mirror)
    try:
        with nullcontext() if seen is not None else _beat(mirror.pk, lease):
            _sync(mirror, report)
        worked(mirror, before, report, seen, seconds=time.monotonic() - started)
    except Trouble as trouble:
        failed(mirror, before, trouble, seconds=time.monotonic() - started)
    except Exception as error:  # a fault of ours: shown, the lease given back, and not tried again at once
        failed(mirror, before, Trouble("crash", type(error).__name__), seconds=time.monotonic() - started)
        raise
    return mirror


def _take(mirror_id: int) -> str:
    now, lease = timezone.now(), uuid.uuid4().hex
    return lease if Mirror.objects.filter(free(now), pk=mirror_id).update(lease=lease, leased_until=now + LEASE) else ""


def _beat(mirror_id: int, lease: str) -> AbstractContextManager[None]:
    """Renews the lease while git is at work."""
    rows = Mirror.objects.filter(pk=mirror_id, lease=lease)
    return beating(lambda: rows.update(leased_until=timezone.now() + LEASE), lease=LEASE, name=f"mirror-{mirror_id}")


def _sync(mirror: Mirror, report: Report) -> None:
    try:
        with way_to(mirror) as way:
            report.looked = look(mirror, way)
            if report.looked.sha256:
                raise Trouble("sha256")
            if mirror.filled_at is None or report.looked.digest != mirror.digest:
                _fetch(mirror, report, way)
    except DomainError as error:
        cause = causes.of_code(error.code)
        raise Trouble(causes.of_text(error.message) if cause == "other" else cause, error.message) from error
    except gitstore.GitError as error:
        raise Trouble(causes.of_text(str(error)), str(error)) from error


def _refspecs(mirror: Mirror) -> list[str]:
    """What to fetch, and where to put it: aside, where readers do not look."""
    return [
        f"+refs/{kind}/{pattern}:{INCOMING}{kind}/{pattern}"
        for kind, patterns in (("heads", mirror.branches), ("tags", mirror.tags))
        for pattern in (patterns or ["*"])
        if pattern != "-"
    ]


def _fetch(mirror: Mirror, report: Report, way: Way) -> None:
    """Fetch aside, then switch. Raises Trouble, DomainError, GitError."""
    repository, looked = mirror.repository, report.looked
    if looked is not None and looked.branches == 0:
        raise Trouble("emptied" if mirror.filled_at else "empty", "no branches")
    if looked is not None and looked.branches + looked.tags > fetching.REFS_MAX:
        raise Trouble("too_many_refs", str(looked.branches + looked.tags))
    if mirror.filled_at is None and families.is_half_filled(repository.path):
        families.begin_anew(repository)
    if settle_intents(
        repository.pk
    ):  # a worker died between the switch and its record: the row tells of it now, not with the next maintenance
        repository.refresh_from_db(fields=["is_empty", "default_branch", "pushed_at", "updated_at"])
    mirror.digest = ""  # a worker that dies after the switch must not take the refs for those of before, should upstream return to them
    Mirror.objects.filter(pk=mirror.pk, lease=mirror.lease).update(digest="")
    head = looked.head if looked else ""
    try:
        _receive(mirror, report, way, families.helpers(mirror))
    except families.Incomplete:
        families.begin_anew(repository)
        _receive(mirror, report, way, [])
    except Invalid:  # more than it may have: nothing of it stays
        _drop_fetched(mirror)
        raise
    _switch(repository, head, report)
    count_pointers(mirror, report.updates)


def _receive(mirror: Mirror, report: Report, way: Way, others: Sequence[Repository]) -> None:
    """Let git fetch what is missing; a first fill takes what `others` have for its own."""
    path = mirror.repository.path
    for lock in clear_stale_locks(path):  # of a fetch that was killed with its worker
        log.info("mirror_lock_removed", mirror=mirror.pk, lock=lock)
    if not path.exists():
        gitstore.init_bare(path, mirror.repository.default_branch)
    if shutil.disk_usage(path).free < settings.MIRROR_FREE_BYTES:
        raise Trouble("disk")
    before = fetching.folder_size(path / "objects")
    room = settings.MIRROR_MAX_BYTES if mirror.is_public_mirror else policies.quota_left(mirror.repository)
    config, extra = families.beside(path, others)
    environment = {**way.environment(config), **extra}
    for _phase, _percent in fetching.fetch(path, way.origin, environment, limit=before + max(room, 0), refspecs=_refspecs(mirror)):
        pass  # the beat keeps the lease
    report.bytes += max(fetching.folder_size(path / "objects") - before, 0)
    if mirror.filled_at is None:
        refs, head = _fetched(path), report.looked.head if report.looked else ""
        families.settle(mirror, others, [oid for ref, oid in refs.items() if ref == f"refs/heads/{fetching.default_branch(head, refs)}"])


def _drop_fetched(mirror: Mirror) -> None:
    """Let go of what was fetched and is not to be served; the objects go with the next collection, those of a first fill at once."""
    path = mirror.repository.path
    if mirror.filled_at is None:
        families.begin_anew(mirror.repository)
    elif lying := gitstore.refs(path, INCOMING.rstrip("/")):
        gitstore.update_refs(path, [(ref, oid, ZERO) for ref, oid in lying.items()], reason="mirror")


def _fetched(path: Path) -> dict[str, str]:
    """What lies aside, by the names it will have."""
    return {"refs/" + ref.removeprefix(INCOMING): oid for ref, oid in gitstore.refs(path, INCOMING.rstrip("/")).items()}


def _switch(repository: Repository, head: str, report: Report) -> None:
    """Make what was fetched what readers see, in one transaction of refs; what is lost upstream stays under a hidden ref for 30 days."""
    path = repository.path
    fetched = _fetched(path)
    served = fetching.refs_of(path)
    names = sorted({*fetched, *served})
    report.updates = [(ref, served.get(ref, ZERO), fetched.get(ref, ZERO)) for ref in names if served.get(ref) != fetched.get(ref)]
    if report.updates:
        report.rewritten = [(ref, old) for ref, old, new in report.updates if old != ZERO and not _continues(path, ref, old, new)]
        intent = open_intent(SYSTEM, repository, report.updates)
        try:
            _move(path, report)
            with transaction.atomic():
                record_push(SYSTEM, repository, report.updates)
            intent.close()
        except BaseException:
            intent.release()
            raise
    branch = fetching.default_branch(head, fetched)
    if branch and gitstore.head(path)[0] != branch:
        gitstore.set_head(path, branch)
    if branch and branch != repository.default_branch:
        Repository.objects.filter(pk=repository.pk).update(default_branch=branch)
        repository.default_branch = branch


def _continues(path: Path, ref: str, old: str, new: str) -> bool:
    """True if nothing of `old` is lost: a branch that moved forward."""
    return new != ZERO and ref.startswith("refs/heads/") and gitstore.is_ancestor(path, old, new)


def _move(path: Path, report: Report) -> None:
    today = timezone.now().date().isoformat()
    kept = gitstore.refs(path, f"{KEEP}{today}")
    keep: list[Update] = [(f"{KEEP}{today}/{old}", ZERO, old) for old in sorted({old for _ref, old in report.rewritten})]
    keep = [update for update in keep if update[0] not in kept]
    going = [update for update in report.updates if update[2] == ZERO]
    coming = [update for update in report.updates if update[2] != ZERO]
    if _clash({ref for ref, _old, _new in going}, {ref for ref, old, _new in coming if old == ZERO}):
        gitstore.update_refs(path, [*keep, *going], reason="mirror")  # git cannot turn a file into a folder in one transaction
        gitstore.update_refs(path, coming, reason="mirror")
    else:
        gitstore.update_refs(path, [*keep, *going, *coming], reason="mirror")


def _clash(going: set[str], coming: set[str]) -> bool:
    """True if a name that goes is a folder of one that comes, or the other way round."""
    parents = {ref.rsplit("/", depth)[0] for ref in coming for depth in range(1, ref.count("/") - 1)}
    return bool(going & parents) or any(ref.rsplit("/", depth)[0] in coming for ref in going for depth in range(1, ref.count("/") - 1))


def drop_kept(path: Path) -> int:
    """Forget lost history older than 30 days; returns how many refs went."""
    oldest = (timezone.now() - timedelta(days=KEPT_DAYS)).date().isoformat()
    old = [(ref, oid, ZERO) for ref, oid in gitstore.refs(path, KEEP.rstrip("/")).items() if ref.removeprefix(KEEP)[:10] < oldest]
    if old:
        gitstore.update_refs(path, old, reason="mirror")
    return len(old)
