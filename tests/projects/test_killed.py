"""SIGKILL before each effect of a command (a file operation, a git process, a write to the database), one after the other.

Afterwards the check repairs what is left, nothing is broken, and what was acknowledged is there.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, connections

import gitstore
from core import events
from core.actors import SYSTEM
from core.models import Delivery
from projects import commands
from projects.commands import maintenance, purges, pushes
from projects.models import Repository
from tests.factories.accounts import actor, person
from tests.factories.projects import commit, git, repository
from tests.projects.wire import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.exclusive]
FILE_CALLS = ("rename", "replace", "link", "unlink", "mkdir", "rmdir")
POINTS = 5  # tried of each command, spread over all of its effects


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(pushes, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(maintenance, "LOCK_SECONDS", 0.0)
    monkeypatch.setattr(purges, "SETTLE_SECONDS", 0.0)


def arm(point: int, report: int) -> None:
    """Die before effect number `point`; tell how many there were by writing a byte for each."""
    count = 0

    def effect() -> None:
        nonlocal count
        count += 1
        if count == point:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(report, b".")

    def counted(real: Callable) -> Callable:
        def call(*arguments, **options):
            effect()
            return real(*arguments, **options)

        return call

    for name in FILE_CALLS:
        setattr(os, name, counted(getattr(os, name)))
    subprocess.Popen.__init__ = counted(subprocess.Popen.__init__)  # type: ignore[method-assign]

    def statement(execute, sql, params, many, context):
        if not sql.lstrip().upper().startswith("SELECT"):
            effect()
        return execute(sql, params, many, context)

    connection.execute_wrappers.append(statement)
    connection.commit = counted(connection.commit)


def run(act: Callable[[], object], point: int) -> tuple[bool, int]:
    """(whether it was acknowledged, number of effects) of `act` in a process of its own, killed at `point` (0: never)."""
    gitstore.forget()
    connections.close_all()
    if connection.vendor == "postgresql":
        connection.close_pool()  # else the child would speak over the sockets of this process
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 3
        try:
            os.close(reading)
            arm(point, writing)
            act()
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    effects = 0
    while piece := os.read(reading, 4096):
        effects += len(piece)
    os.close(reading)
    _pid, status = os.waitpid(pid, 0)
    assert status in (0, signal.SIGKILL), f"it failed by itself: {status}"
    return status == 0, effects


class World:
    """A public parent with a fork, all delivered; and what must be true whatever happens to them."""

    def __init__(self, number: int) -> None:
        self.owner, self.forker, self.third = (person(f"{name}{number}") for name in ("owner", "forker", "third"))
        self.parent = repository(self.owner, name="parent", files={"a": b"1"})
        self.first = git(self.parent.path, "rev-parse", "main")
        self.second = commit(self.parent, {"b": b"2"})
        self.fork = commands.fork_repository(actor(self.forker), self.parent, into=self.forker.namespace)
        events.drain()
        self.parent.refresh_from_db()

    def check(self) -> None:
        """Repair, deliver, and look at everything."""
        for made in (self.parent, self.fork):
            wait_until(lambda made=made: not maintenance._git_at_work(made.path), 20)
        broken = [found for found in commands.check_repositories(SYSTEM) if not found.repaired]
        assert broken == []
        for purge_id in commands.overdue_purges():
            commands.run_purge(SYSTEM, purge_id)
        Delivery.objects.filter(done_at=None).update(leased_until=None)  # the lease of a dead worker ends after two minutes
        events.drain()
        left = [found for found in commands.check_repositories(SYSTEM) if not found.note]
        assert left == []
        commands.sweep_pools(SYSTEM, grace=0)
        commands.sweep_pools(SYSTEM, grace=0)
        gitstore.forget()
        for made in Repository.objects.filter(deleted_at=None):
            assert gitstore.fsck(made.path) == [], made
            borrowed = gitstore.pool_of(made.path)  # a pool may be claimed and not used yet
            assert borrowed is None or (made.pool_id is not None and borrowed.name == f"{made.pool_id.hex}.git"), made


def push(world: World) -> Callable[[], object]:
    oid = git(world.parent.path, "commit-tree", "-p", world.second, "-m", "pushed", f"{world.second}^{{tree}}")
    world.expected = {"parent": oid}
    return lambda: commands.apply_updates(actor(world.owner), world.parent, [("refs/heads/main", world.second, oid)])


def fork(world: World) -> Callable[[], object]:
    return lambda: commands.fork_repository(actor(world.third), world.parent, into=world.third.namespace)


def first_fork(world: World) -> Callable[[], object]:
    alone = repository(world.owner, name="alone", files={"x": b"1"})
    events.drain()
    return lambda: commands.fork_repository(actor(world.third), alone, into=world.third.namespace)


def create(world: World) -> Callable[[], object]:
    return lambda: commands.create_repository(actor(world.owner), world.owner.namespace, name="made", readme=True)


def rename(world: World) -> Callable[[], object]:
    return lambda: commands.rename_repository(actor(world.owner), world.parent, name="renamed")


def transfer(world: World) -> Callable[[], object]:
    return lambda: commands.transfer_repository(SYSTEM, world.parent, to=world.third.namespace, confirmation=str(world.parent))


def delete(world: World) -> Callable[[], object]:
    return lambda: commands.delete_repository(actor(world.owner), world.parent, confirmation=str(world.parent))


def deleted(world: World) -> None:
    commands.delete_repository(actor(world.owner), world.parent, confirmation=str(world.parent))
    events.drain()


def restore(world: World) -> Callable[[], object]:
    deleted(world)
    return lambda: commands.restore_repository(actor(world.owner), world.parent)


def purge(world: World) -> Callable[[], object]:
    deleted(world)

    def act() -> None:
        commands.purge_repository(SYSTEM, world.parent)
        events.drain()

    return act


def renew(world: World) -> Callable[[], object]:
    pool = Repository.objects.get(pk=world.parent.pk).pool_id.hex
    return lambda: commands.renew_pool(SYSTEM, pool)


def remove_unreachable(world: World) -> Callable[[], object]:
    git(world.parent.path, "update-ref", "refs/heads/main", world.first)
    commands.record_push(SYSTEM, world.parent, [("refs/heads/main", world.second, world.first)])
    asked = commands.request_purge(actor(world.owner), world.parent, confirmation=str(world.parent))
    return lambda: commands.run_purge(SYSTEM, asked.pk)


def detach(world: World) -> Callable[[], object]:
    def act() -> None:
        commands.detach_fork(actor(world.forker), world.fork)
        events.drain()

    return act


ACTS = (push, fork, first_fork, create, rename, transfer, delete, restore, purge, renew, remove_unreachable, detach)


@pytest.mark.parametrize("make", ACTS, ids=lambda make: make.__name__)
def test_killed_at_any_point(make, settings):
    for folder in (Path(settings.REPOSITORIES_DIR), settings.DATA_DIR / "pushes"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    world = World(0)
    done, effects = run(make(world), 0)
    assert done
    world.check()
    for number, point in enumerate(sorted({1 + index * effects // POINTS for index in range(POINTS)} | {effects}), 1):
        world = World(number)
        _acknowledged, made = run(make(world), point)
        assert made < point  # it was killed there, or this world had fewer effects than the first
        world.check()
        assert git(world.fork.path, "cat-file", "-t", "main") == "commit"
        if make is not purge:
            assert git(world.parent.path, "cat-file", "-t", "main") == "commit"
