"""The web server dies by kill -9 in the middle of pushes: nothing that was acknowledged is lost, and the check repairs the rest."""

import signal
import subprocess
import time

import pytest

import gitstore
from core.actors import SYSTEM
from core.models import Event
from projects import commands
from projects.commands import maintenance, pushes
from projects.models import Push
from tests.factories import accounts
from tests.projects.wire import Git, Server, refs_on_disk, repository, url, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.exclusive]


def test_no_acknowledged_push_is_lost(git: Git, monkeypatch, deliver):
    monkeypatch.setattr(pushes, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(maintenance, "LOCK_SECONDS", 0.0)
    alice = accounts.person("alice")
    demo, token = repository(alice, "demo"), accounts.token(alice, "write")
    folder = git.new()
    acknowledged = {}
    for number, delay in enumerate((0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)):
        server = Server()
        oid = git.commit(folder, {f"f{number}": "x" * 1000})
        push = subprocess.Popen(
            ["git", "push", "-q", url(server.address, demo, token), f"{oid}:refs/heads/b{number}"],
            cwd=folder,
            env=git.environment(),
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        server.stop(signal.SIGKILL)
        if push.wait(20) == 0:
            acknowledged[f"refs/heads/b{number}"] = oid
    wait_until(lambda: not maintenance._git_at_work(demo.path), 5)
    assert all(found.repaired for found in commands.check_repositories(SYSTEM))
    refs = refs_on_disk(demo)
    assert acknowledged.items() <= refs.items()
    recorded = {ref for push in Push.objects.filter(repository=demo) for ref, _old, _new in push.updates}
    assert recorded == set(refs)
    assert Event.objects.filter(name="projects.RefsUpdated").count() == Push.objects.count()
    assert gitstore.fsck(demo.path) == []
    deliver()
    assert [found for found in commands.check_repositories(SYSTEM) if not found.note] == []  # notes tell of other tests' pools
