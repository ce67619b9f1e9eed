"""Repositories stay quick and sound: repacking by need, and a check of rows against disk after a crash."""

import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

import gitstore
from core.actors import SYSTEM, Actor
from core.models import Delivery
from core.rules import HIDE
from gitstore.families import lend
from gitstore.store import object_of
from projects.commands.indexing import index_repository
from projects.commands.pools import leave_pool, measured, size_of, unused_pools
from projects.commands.pushes import settle_intents
from projects.models import Repository
from projects.queries.families import lends

log = structlog.get_logger(__name__)
PUSHES = 10  # that make a repository due
DAILY = timedelta(days=1)
WEEKLY = timedelta(days=7)
GROWN_BYTES = 32 * 1024**2  # a push of this size is packed at once
LEFT_OVER_SECONDS = 3600.0  # temporary files of git older than this belong to nobody
LOCK_SECONDS = 5.0  # a lock file this old, with no git at work in the repository, belongs to a dead process


def due_repositories(limit: int = 20) -> list[int]:
    """Ids of repositories that need maintenance, those with most pushes first."""
    now = timezone.now()
    rows = Repository.objects.filter(deleted_at=None, is_empty=False)
    pushed = rows.filter(pushes_since_maintenance__gt=0)
    due = pushed.filter(Q(pushes_since_maintenance__gte=PUSHES) | Q(maintained_at=None) | Q(maintained_at__lt=now - DAILY))
    return list(due.order_by("-pushes_since_maintenance", "pk").values_list("pk", flat=True)[:limit])


def maintain_repository(actor: Actor, repository_id: int) -> bool:
    """Join packs, extend indexes, pack refs; once a week set unreachable objects aside. Blocks no reader and no pusher.

    False if another process is at it. A pool is maintained with its member; nothing is ever pruned from it.
    """
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.filter(pk=repository_id, deleted_at=None).first()
    if repository is None or not repository.path.is_dir():
        return False
    seen, now = repository.pushes_since_maintenance, timezone.now()
    weekly = repository.collected_at is None or now - repository.collected_at > WEEKLY
    try:
        sweep_left_overs(repository.path)
        gitstore.maintain(repository.path)
        if weekly:
            gitstore.collect(repository.path)
        if pool := gitstore.pool_of(repository.path):
            if lends(repository):
                lend(repository.path, pool)  # what it fetched since, so that its relatives need no copy
            members = Repository.objects.filter(pool_id=repository.pool_id, deleted_at=None)
            gitstore.maintain_pool(pool, [member.path for member in members if member.path.is_dir()])
    except gitstore.RepositoryBusy:
        return False
    changes: dict[str, object] = {"maintained_at": now, "pushes_since_maintenance": F("pushes_since_maintenance") - seen}
    if weekly:
        changes["collected_at"] = now
    changes |= measured(repository)
    Repository.objects.filter(pk=repository.pk).update(**changes)
    log.info("repository_maintained", repository=repository.pk, seconds=round((timezone.now() - now).total_seconds(), 2))
    return True


def maintain_if_grown(actor: Actor, repository_id: int) -> None:
    """After a push that brought much: one pack with bitmap and commit-graph, so that the next clone costs the server little."""
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.filter(pk=repository_id, deleted_at=None).first()
    if repository is None or not repository.path.is_dir():
        return
    fresh = [pack for pack in (repository.path / "objects" / "pack").glob("*.pack") if _is_large_and_bare(pack)]
    if not fresh:
        return
    now = timezone.now()
    try:
        gitstore.after_import(repository.path)
    except gitstore.RepositoryBusy:
        return
    size = size_of(repository)
    Repository.objects.filter(pk=repository.pk).update(maintained_at=now, size_bytes=size)


def _is_large_and_bare(pack: Path) -> bool:
    """A pack as a push left it: large, and not yet covered by a bitmap."""
    try:
        large = pack.stat().st_size > GROWN_BYTES
    except FileNotFoundError:
        return False
    return large and not pack.with_suffix(".bitmap").exists() and not list(pack.parent.glob("multi-pack-index-*.bitmap"))


def sweep_left_overs(path: Path, *, older_than: float = LEFT_OVER_SECONDS) -> list[str]:
    """Remove what killed git processes left in a repository; returns the names."""
    limit = time.time() - older_than
    gone = []
    patterns = (
        "objects/tmp_objdir-*",
        "objects/pack/tmp_*",
        "objects/pack/.tmp-*",
        "objects/*/tmp_obj_*",
        "shallow_*",
        "objects/incoming-*",
    )
    for pattern in patterns:
        for entry in path.glob(pattern):
            try:
                old = entry.lstat().st_mtime < limit
            except FileNotFoundError:
                continue
            if old:
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
                gone.append(entry.name)
    return gone


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was not as it should be. `repaired` is False where a person has to look; a `note` only tells what will be done."""

    where: str
    what: str
    repaired: bool = True
    note: bool = False


def check_repositories(actor: Actor, *, deep: bool = False) -> Iterator[Finding]:
    """Compare rows with disk and repair; `deep` runs `git fsck` on every repository too. Only the system may.

    Repairs: pushes whose process died are recorded, missing folders of empty repositories made, folders without a row set
    aside in DATA/lost, stale locks and temporary files removed, HEAD and default branch brought together, indexes caught up.
    """
    if not actor.is_system:
        HIDE.require()
    if late := settle_intents():
        yield Finding("pushes", f"{late} recorded late")
    yield from _folders_without_row()
    for pool in unused_pools():
        yield Finding(pool.name, "no repository borrows from this pool any more: maintenance will remove it", note=True)
    for repository in Repository.objects.filter(deleted_at=None).select_related("namespace").order_by("pk").iterator(chunk_size=200):
        yield from _check(repository, deep=deep)


def _folders_without_row() -> Iterator[Finding]:
    root = Path(settings.REPOSITORIES_DIR)
    known = {storage.hex for storage in Repository.objects.values_list("storage_id", flat=True)}
    for folder in root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
        age = time.time() - folder.stat().st_mtime
        if folder.name.endswith(".new") and age > LOCK_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
            yield Finding(folder.name, "half-made repository removed")
        elif folder.name.endswith(".git") and folder.name.removesuffix(".git") not in known and age > LOCK_SECONDS:
            lost = settings.DATA_DIR / "lost"
            lost.mkdir(exist_ok=True)
            folder.rename(lost / f"{int(time.time())}-{folder.name}")
            yield Finding(folder.name, "no repository knows this folder: moved to lost/")


def _check(repository: Repository, *, deep: bool) -> Iterator[Finding]:
    path, name = repository.path, str(repository)
    if not (path / "HEAD").exists():
        if not repository.is_empty:
            yield Finding(name, f"its folder is missing: {path}", repaired=False)
            return
        gitstore.init_bare(path, repository.default_branch)
        yield Finding(name, "missing folder made anew (it was empty)")
    yield from _check_locks(path, name)
    yield from _check_pool(repository)
    yield from _check_head(repository)
    broken = broken_refs(path)
    if broken:
        yield Finding(name, f"refs without objects: {', '.join(broken[:5])}", repaired=False)
        return
    tip = gitstore.ref_oid(path, f"refs/heads/{repository.default_branch}")
    if (tip != repository.indexed_oid or tip != repository.head_oid) and not _has_open_events(repository, "index"):
        try:
            index_repository(SYSTEM, repository.pk)
            yield Finding(name, "index caught up with the refs")
        except gitstore.GitError as error:
            yield Finding(name, f"cannot be indexed: {error}", repaired=False)
    if deep:
        for fault in gitstore.fsck(path):
            yield Finding(name, fault, repaired=False)


def _check_pool(repository: Repository) -> Iterator[Finding]:
    """The row names the pool that the folder borrows from, unless an event that will see to it is open."""
    borrowed = gitstore.pool_of(repository.path)
    found = uuid.UUID(borrowed.name.removesuffix(".git")) if borrowed is not None else None
    if found is None or found == repository.pool_id or _has_open_events(repository, "pools", "purges"):
        return
    try:
        if repository.pool_id is None:
            leave_pool(SYSTEM, repository.pk)
            yield Finding(str(repository), "it was still borrowing from a pool it had left: copied what it needs")
        else:
            Repository.objects.filter(pk=repository.pk, pool_id=repository.pool_id).update(pool_id=found)
            yield Finding(str(repository), "its row named another pool than its folder")
    except gitstore.GitError as error:
        yield Finding(str(repository), f"cannot leave its pool: {error}", repaired=False)


def _has_open_events(repository: Repository, *modules: str) -> bool:
    """True if the worker has still to hear of something about this repository in one of our subscribers' `modules`."""
    about = Q(event__payload__repository_id=repository.pk) | Q(event__payload__fork_id=repository.pk)
    names = Q()
    for module in modules:
        names |= Q(subscriber__startswith=f"projects.subscribers.{module}.")
    return Delivery.objects.filter(about, names, done_at=None, failed_at=None).exists()


def clear_stale_locks(path: Path) -> list[str]:
    """Remove lock files of processes that were killed; returns their names. One that is young, or beside a git at work, stays."""
    limit = time.time() - LOCK_SECONDS
    places = (
        path.glob("*.lock"),
        (path / "refs").rglob("*.lock"),
        (path / "objects").glob("info/**/*.lock"),
        (path / "objects/pack").glob("*.lock"),
    )
    found = [lock for place in places for lock in place if lock.is_file() and lock.stat().st_mtime < limit]
    if not found or _git_at_work(path):
        return []
    for lock in found:
        lock.unlink(missing_ok=True)
    return [lock.name for lock in found]


def _check_locks(path: Path, name: str) -> Iterator[Finding]:
    for lock in clear_stale_locks(path):
        yield Finding(name, f"stale {lock} removed")
    if _git_at_work(path):
        return
    for left in sweep_left_overs(path, older_than=LOCK_SECONDS):
        yield Finding(name, f"left-over {left} removed")


def _git_at_work(path: Path) -> bool:
    """True if a process of this machine names the repository in its command line."""
    wanted = str(path).encode()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if wanted in entry.read_bytes():
                return True
        except OSError:
            continue
    return False


def _check_head(repository: Repository) -> Iterator[Finding]:
    branch, _oid = gitstore.head(repository.path)
    if branch == repository.default_branch:
        return
    if (
        branch
        and not gitstore.ref_oid(repository.path, f"refs/heads/{repository.default_branch}")
        and gitstore.ref_oid(repository.path, f"refs/heads/{branch}")
    ):
        Repository.objects.filter(pk=repository.pk).update(default_branch=branch)
        repository.default_branch = branch
    else:
        gitstore.set_head(repository.path, repository.default_branch)
    yield Finding(str(repository), f"HEAD and default branch brought together: {repository.default_branch}")


def broken_refs(path: Path) -> list[str]:
    """Refs whose object is not there."""
    missing = []
    for ref, oid in gitstore.refs(path).items():
        try:
            object_of(path, oid)
        except gitstore.GitError:
            missing.append(ref)
    return missing
