"""Pools: a removed secret goes, nothing else does; generations, sweeping, and forks that start in between."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from django.db import connection

import gitstore
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, NotFound
from gitstore import paths
from projects import commands, queries, subscribers
from projects.commands import pools, purges
from projects.events import PurgeRequested, RepositoryDetached, RepositoryForked, RepositoryPurged
from projects.models import PurgeRun, Repository
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(purges, "SETTLE_SECONDS", 0.0)


def holds(member: Repository, oid: str) -> bool:
    """Whether any Git protocol could get the object out of this repository's store, pool included."""
    gitstore.forget()
    try:
        git(member.path, "cat-file", "-e", oid)
    except subprocess.CalledProcessError:
        return False
    return True


def network(*, secret_in_pool: bool = True):
    """A public parent whose second commit is a secret, with a fork made before or after it, and a fork of that fork."""
    owner, forker, third = person(), person(), person()
    parent = repository(owner, name="parent", files={"a.txt": b"1\n"})
    clean = git(parent.path, "rev-parse", "main")
    secret = commit(parent, {"password": b"hunter2"}) if secret_in_pool else ""
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    far = commands.fork_repository(actor(third), fork, into=third.namespace)
    return owner, parent, fork, far, clean, secret


def force(made: Repository, oid: str) -> None:
    """Force-push the default branch to an older commit."""
    old = git(made.path, "rev-parse", made.default_branch)
    git(made.path, "update-ref", f"refs/heads/{made.default_branch}", oid)
    commands.record_push(SYSTEM, made, [(f"refs/heads/{made.default_branch}", old, oid)])


def purge(owner, made, deliver) -> PurgeRun:
    run = commands.request_purge(actor(owner), made, confirmation=str(made))
    deliver()
    run.refresh_from_db()
    return run


def pool_folders(settings) -> set[str]:
    return {folder.name for folder in (Path(settings.REPOSITORIES_DIR) / "pools").glob("*.git")}


def test_a_removed_secret_leaves_parent_pool_and_forks(deliver):
    owner, parent, fork, far, clean, secret = network()
    for member in (parent, fork, far):
        force(member, clean)
        assert holds(member, secret)
    run = purge(owner, parent, deliver)
    assert (run.state, run.percent, run.error) == ("done", 100, "")
    for member in (parent, fork, far):
        assert not holds(member, secret), member
        assert git(member.path, "fsck", "--full", "--no-dangling") == ""
        assert git(member.path, "rev-parse", "main") == clean


def test_what_a_fork_needs_stays_with_it(deliver):
    owner, parent, fork, far, clean, secret = network()
    force(parent, clean)
    force(far, clean)
    kept = commit(fork, {"mine": b"on top of it"})
    assert purge(owner, parent, deliver).state == "done"
    assert git(fork.path, "rev-parse", "main") == kept
    for member in (parent, fork, far):
        assert git(member.path, "fsck", "--full", "--no-dangling") == ""
    git(fork.path, "cat-file", "-e", secret)
    # once the fork lets go of it too, the owner's next purge gets it
    force(fork, clean)
    assert purge(owner, parent, deliver).state == "done"
    assert not any(holds(member, secret) for member in (parent, fork, far))


def test_a_secret_kept_in_a_cruft_pack_is_purged_and_private_networks_too(deliver):
    owner, friend = person(), person()
    parent = repository(owner, visibility="private", files={"a": b"1"})
    clean = git(parent.path, "rev-parse", "main")
    secret = commit(parent, {"password": b"hunter2"})
    commands.set_collaborator(actor(owner), parent, friend, access="read")
    fork = commands.fork_repository(actor(friend), parent, into=friend.namespace)
    for member in (parent, fork):
        force(member, clean)
        gitstore.maintain(member.path)
        assert holds(member, secret)
    assert purge(owner, parent, deliver).state == "done"
    for member in (parent, fork):
        assert not holds(member, secret)
        assert git(member.path, "fsck", "--full", "--no-dangling") == ""


def test_who_may_ask_for_it_and_once_at_a_time():
    owner, stranger = person(), person()
    parent = repository(owner, files={"a": b"1"})
    with pytest.raises(Forbidden):
        commands.request_purge(actor(stranger), parent, confirmation=str(parent))
    with pytest.raises(Invalid):
        commands.request_purge(actor(owner), parent, confirmation="parent")
    commands.request_purge(actor(owner), parent, confirmation=str(parent))
    with pytest.raises(Conflict):
        commands.request_purge(actor(owner), parent, confirmation=str(parent))
    with pytest.raises(NotFound):
        commands.run_purge(actor(owner), parent.purge_run.pk)


def test_a_run_is_leased_resumed_and_tells_of_failure(deliver, monkeypatch):
    owner = person()
    made = repository(owner, files={"a": b"1"})
    run = commands.request_purge(actor(owner), made, confirmation=str(made))
    PurgeRun.objects.filter(pk=run.pk).update(created_at="2020-01-01T00:00Z")
    assert commands.overdue_purges() == [run.pk]
    monkeypatch.setattr(purges, "BUSY_SECONDS", 0.0)
    with gitstore.locked(made.path):
        failed = commands.run_purge(SYSTEM, run.pk)
    assert failed.state == "failed"
    assert failed.error
    assert commands.run_purge(SYSTEM, run.pk) is None
    assert purge(owner, made, deliver).state == "done"


def test_cruft_never_enters_a_pool_but_what_is_needed_of_it_does(settings):
    owner, forker, other = person(), person(), person()
    parent = repository(owner, files={"a": b"1"})
    clean = git(parent.path, "rev-parse", "main")
    dropped = commit(parent, {"b": b"dropped"})
    wanted = commit(parent, {"c": b"wanted after all"})
    force(parent, clean)
    gitstore.after_import(parent.path)
    assert list((parent.path / "objects/pack").glob("*.mtimes"))
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    parent.refresh_from_db()
    assert not holds(fork, dropped)
    git(parent.path, "update-ref", "refs/heads/again", wanted)  # a ref set while git was repacking leads into the cruft pack
    later = commands.fork_repository(actor(other), parent, into=other.namespace)
    assert git(later.path, "fsck", "--full", "--no-dangling") == ""
    assert git(later.path, "rev-parse", "again") == wanted
    private = repository(owner, visibility="private", files={"a": b"1"})
    base = git(private.path, "rev-parse", "main")
    gone = commit(private, {"b": b"dropped"})
    force(private, base)
    gitstore.maintain(private.path)
    git(private.path, "repack", "--cruft", "-dq")
    copy = commands.fork_repository(actor(owner), private, into=owner.namespace, name="copy")
    assert not holds(copy, gone)
    assert git(copy.path, "fsck", "--full", "--no-dangling") == ""


def test_old_pools_are_swept_after_the_grace_and_never_while_borrowed(settings, deliver):
    owner, parent, fork, far, clean, secret = network()
    old = paths.pool(settings.REPOSITORIES_DIR, Repository.objects.get(pk=parent.pk).pool_id)
    commands.sweep_pools(SYSTEM, grace=0)
    assert old.is_dir()
    commands.renew_pool(SYSTEM, old.name.removesuffix(".git"))
    assert old.is_dir()
    assert old.name not in commands.sweep_pools(SYSTEM)  # noticed; an hour of grace
    assert old.is_dir()
    os.utime(old / "openi" / "unused", (time.time() - 7200, time.time() - 7200))
    assert old.name in commands.sweep_pools(SYSTEM)
    assert not old.exists()
    new = {gitstore.pool_of(member.path) for member in (parent, fork, far)}
    assert len(new) == 1
    assert new.pop().is_dir()
    for member in (parent, fork, far):
        assert git(member.path, "fsck", "--full", "--no-dangling") == ""
    with pytest.raises(NotFound):
        commands.sweep_pools(actor(owner))
    with pytest.raises(NotFound):
        commands.renew_pool(actor(owner), "0" * 32)


def test_a_row_or_a_folder_alone_keeps_a_pool(settings):
    owner, parent, fork, far, clean, secret = network()
    pool = Repository.objects.get(pk=parent.pk).pool_id
    Repository.objects.filter(pool_id=pool).update(pool_id=None)  # all are leaving, none has left
    assert f"{pool.hex}.git" not in commands.sweep_pools(SYSTEM, grace=0)
    for member in (parent, fork, far):
        commands.leave_pool(SYSTEM, member.pk)
        assert git(member.path, "fsck", "--full", "--no-dangling") == ""
        assert gitstore.pool_of(member.path) is None
    assert f"{pool.hex}.git" in commands.sweep_pools(SYSTEM, grace=0)


def test_purging_a_deleted_parent_renews_the_pool(deliver):
    owner, parent, fork, far, clean, secret = network()
    force(fork, clean)
    force(far, clean)
    commands.delete_repository(actor(owner), parent, confirmation=str(parent))
    deliver()
    assert holds(fork, secret)  # the parent may still be restored
    commands.purge_repository(SYSTEM, parent)
    deliver()
    for member in (fork, far):
        member.refresh_from_db()
        assert not holds(member, secret)
        assert gitstore.pool_of(member.path).name == f"{member.pool_id.hex}.git"
        assert git(member.path, "fsck", "--full", "--no-dangling") == ""


def test_a_detached_fork_stops_borrowing(deliver, settings):
    owner, parent, fork, far, clean, secret = network()
    commands.detach_fork(actor(fork.namespace.user), fork)
    far.refresh_from_db()
    parent.refresh_from_db()
    assert far.network_id == fork.network_id != parent.network_id
    deliver()
    assert gitstore.pool_of(fork.path) is None
    for member in (parent, fork, far):
        assert git(member.path, "fsck", "--full", "--no-dangling") == ""
    again = commands.fork_repository(actor(owner), fork, into=owner.namespace, name="again")
    assert git(again.path, "fsck", "--full", "--no-dangling") == ""
    assert again.pool_id != parent.pool_id


@pytest.mark.django_db(transaction=True)
def test_a_fork_that_starts_during_a_renewal_ends_on_the_new_generation(monkeypatch, settings):
    owner, parent, fork, far, clean, secret = network()
    forker = person()
    old = Repository.objects.get(pk=parent.pk).pool_id
    linked, renewed = threading.Event(), threading.Event()
    real = gitstore.fork

    def slow(source, destination, pool):
        real(source, destination, pool)
        if not linked.is_set():
            linked.set()
            assert renewed.wait(20)

    monkeypatch.setattr(gitstore, "fork", slow)
    made = []

    def run():
        try:
            row = Repository.objects.select_related("namespace").get(pk=parent.pk)
            made.append(commands.fork_repository(actor(forker), row, into=forker.namespace, name="late"))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert linked.wait(20)
    commands.renew_pool(SYSTEM, old.hex)
    renewed.set()
    thread.join()
    late = made[0]
    new = Repository.objects.get(pk=parent.pk).pool_id
    assert new != old
    assert late.pool_id == Repository.objects.get(pk=late.pk).pool_id == new
    assert gitstore.pool_of(late.path) == paths.pool(settings.REPOSITORIES_DIR, new)
    assert f"{old.hex}.git" in commands.sweep_pools(SYSTEM, grace=0)
    assert git(late.path, "fsck", "--full", "--no-dangling") == ""
    assert not list(late.path.parent.glob(".*"))


def test_a_fork_committed_during_a_renewal_is_taken_along(monkeypatch, settings):
    owner, parent, fork, far, clean, secret = network()
    forker = person()
    old = Repository.objects.get(pk=parent.pk).pool_id
    real, made = pools.build_generation, []

    def build(*arguments, **options):
        real(*arguments, **options)
        if not made:  # the list of members is read already
            row = Repository.objects.select_related("namespace").get(pk=far.pk)
            gitstore.fork(row.path, (row2 := Repository(namespace=forker.namespace, name="late", pool_id=old)).path, arguments[0])
            row2.is_empty = False
            row2.save()
            made.append(row2)

    monkeypatch.setattr(pools, "build_generation", build)
    commands.renew_pool(SYSTEM, old.hex)
    late = Repository.objects.get(pk=made[0].pk)
    assert late.pool_id == Repository.objects.get(pk=parent.pk).pool_id != old
    assert gitstore.pool_of(late.path).name == f"{late.pool_id.hex}.git"
    assert git(late.path, "fsck", "--full", "--no-dangling") == ""


def test_the_page_asks_shows_progress_and_tells_the_end(client, deliver):
    owner, parent, fork, far, clean, secret = network()
    force(parent, clean)
    sign_in(client, owner)
    url = f"/{owner.slug}/parent/settings/danger"
    assert client.post(url, {"act": "purge", "confirmation": "parent"}).status_code == 422
    assert client.post(url, {"act": "purge", "confirmation": f"{owner.slug}/parent"})["Location"] == url
    page = client.get(url).content.decode()
    assert 'role="progressbar"' in page
    assert 'http-equiv="refresh"' in page
    run = PurgeRun.objects.get(repository=parent)
    assert queries.purge_snapshot(run.pk) == ({"percent": 0, "phase": ""}, False)
    run.phase = "pool"
    assert queries.purge_phase(run)
    deliver()
    page = client.get(url).content.decode()
    assert 'role="progressbar"' not in page
    assert queries.purge_snapshot(run.pk) == ({"percent": 100, "phase": ""}, True)
    assert queries.purge_snapshot(0)[1]
    PurgeRun.objects.filter(pk=run.pk).update(state="failed", error="git repack failed")
    assert "git repack failed" in client.get(url).content.decode()


def test_the_check_tells_of_pools_nobody_uses_and_repairs_rows(settings, deliver):
    owner, parent, fork, far, clean, secret = network()
    deliver()
    old = Repository.objects.get(pk=parent.pk).pool_id
    commands.renew_pool(SYSTEM, old.hex)
    found = [finding for finding in commands.check_repositories(SYSTEM) if old.hex in finding.where]
    assert [(finding.repaired, finding.note) for finding in found] == [(True, True)]
    assert paths.pool(settings.REPOSITORIES_DIR, old).is_dir()
    new = Repository.objects.get(pk=parent.pk).pool_id
    Repository.objects.filter(pk=far.pk).update(pool_id=old)  # a renewal died between disk and row
    told = [finding.what for finding in commands.check_repositories(SYSTEM) if finding.where == str(far)]
    assert "its row named another pool than its folder" in told
    far.refresh_from_db()
    assert far.pool_id == new
    Repository.objects.filter(pk=fork.pk).update(pool_id=None)  # and a leaving one
    told = [finding.what for finding in commands.check_repositories(SYSTEM) if finding.where == str(fork)]
    assert any("still borrowing" in what for what in told)
    assert gitstore.pool_of(fork.path) is None
    assert git(fork.path, "fsck", "--full", "--no-dangling") == ""


def test_sizes_count_linked_packs_once(deliver):
    owner, friend = person(), person()
    parent = repository(owner, visibility="private", files={"a": os.urandom(300_000)})
    git(parent.path, "repack", "-adq")
    commands.set_collaborator(actor(owner), parent, friend, access="read")
    fork = commands.fork_repository(actor(friend), parent, into=friend.namespace)
    deliver()
    for row in (parent, fork):
        row.refresh_from_db()
    assert parent.size_bytes > 300_000
    assert fork.size_bytes < 100_000
    assert gitstore.disk_size(fork.path) > 300_000
    git(parent.path, "repack", "-adfq")  # now each has its own copy, and the fork pays for it
    for pack in (fork.path / "objects/pack").iterdir():
        pack.write_bytes(pack.read_bytes()) if pack.stat().st_nlink == 1 else os.replace(shutil.copy2(pack, f"{pack}.copy"), pack)
    commands.maintain_repository(SYSTEM, fork.pk)
    fork.refresh_from_db()
    assert fork.size_bytes > 300_000


def test_subscribers_delivered_twice(deliver):
    owner, parent, fork, far, clean, secret = network()
    deliver()
    pool = Repository.objects.get(pk=parent.pk).pool_id
    run = commands.request_purge(actor(owner), parent, confirmation=str(parent))
    for _time in range(2):
        subscribers.pools.leave_pool_after_detaching(RepositoryDetached(repository_id=fork.pk, by_id=None), "1")
        subscribers.pools.leave_pool_of_leaving_parent(RepositoryForked(fork_id=far.pk, source_id=fork.pk, by_id=None), "2")
        subscribers.pools.renew_pool_after_purge(RepositoryPurged(repository_id=0, pool=pool.hex), "3")
        subscribers.pools.renew_pool_after_purge(RepositoryPurged(repository_id=0, pool=""), "4")
        subscribers.purges.run_requested_purge(PurgeRequested(purge_id=run.pk), "5")
    for member in (parent, fork, far):
        member.refresh_from_db()
        assert gitstore.pool_of(member.path).name == f"{member.pool_id.hex}.git"
        assert git(member.path, "fsck", "--full", "--no-dangling") == ""
