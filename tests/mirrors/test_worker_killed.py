"""kill -9 of a worker at random moments, another one beside it: every mirror readable, none stuck, none synced twice at once.

OPENI_KILLS says how often (8); the goal is 50.
"""

import contextlib
import http.server
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from core.actors import SYSTEM
from projects import commands
from projects.commands import pushes
from projects.models import Mirror, MirrorHost, Repository
from tests.factories.projects import ENVIRONMENT, git
from tests.projects.test_imports import Backend
from tests.projects.wire import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.exclusive]
KILLS = int(os.environ.get("OPENI_KILLS", "8"))
MIRRORS = 10
LEASE = 8.0  # seconds; a worker renews it four times as often


class Upstreams:
    """Repositories of one host. Each answer takes a while, and two at once of one repository are noted in `twice`."""

    def __init__(self, root: Path) -> None:
        self.root, self.twice, self.asked = root, [], Counter()
        active, lock = Counter(), threading.Lock()
        upstreams = self

        class Handler(Backend):
            def _slow(self):
                name = self.path.split("/")[2]
                with lock:
                    active[name] += 1
                    upstreams.asked[name] += 1
                    if active[name] > 1:
                        upstreams.twice.append(name)
                time.sleep(random.uniform(0.05, 0.3))
                with lock:  # before the answer: whoever has it may ask for more at once
                    active[name] -= 1
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # whoever asked was killed
                    self._serve()

            do_GET = do_POST = _slow

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.root, self.server.password, self.server.requests = root, "", []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.commits = 0
        for number in range(MIRRORS):
            path = self.path(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], env=ENVIRONMENT, check=True)
            self.commit(number)

    def path(self, number: int) -> Path:
        return self.root / "lab" / f"m{number}.git"

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/lab/m{number}.git"

    def commit(self, number: int) -> None:
        """One more commit, now and then on a branch of its own or on a new history."""
        self.commits += 1
        path, branch = self.path(number), f"b{self.commits}" if self.commits % 5 == 0 else "main"
        tip = git(path, "for-each-ref", "--format=%(objectname)", "refs/heads/main")
        start = f"from {tip}\n" if tip and self.commits % 7 else ""
        files = "".join(f"M 100644 inline f{n}\ndata 9\n{self.commits:08}\n\n" for n in range(40))
        script = f"commit refs/heads/{branch}\ncommitter T <t@x.y> {1700000000 + self.commits} +0800\ndata 2\nm\n{start}{files}"
        git(path, "fast-import", "--quiet", "--force", data=script.encode())

    def refs(self, number: int) -> str:
        return git(self.path(number), "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")


def worker() -> subprocess.Popen:
    variables = {
        **os.environ, "OPENI_TEST_DATABASE": str(connection.settings_dict["NAME"]), "OPENI_TEST_LEASE": str(LEASE),
        "OPENI_ALLOW_PRIVATE_ADDRESSES": "true", "OPENI_MIRROR_THREADS": "4",
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "-m", "tests.mirrors.live_worker"], env=variables, start_new_session=True)


def readable(made: Repository) -> None:
    """Whatever a reader may ask for is there, now: every served ref with its whole history."""
    if made.path.exists():
        refs = git(made.path, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags").split()
        if refs:
            git(made.path, "rev-list", "--objects", "--quiet", *refs)


@pytest.fixture
def upstreams(tmp_path, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    made = Upstreams(tmp_path / "up")
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_killed_at_random_moments(upstreams, monkeypatch) -> None:
    monkeypatch.setattr(pushes, "SETTLE_SECONDS", 0.0)
    for number in range(MIRRORS):
        commands.list_mirror(SYSTEM, f"https://github.com/lab/m{number}")
        Mirror.objects.filter(key=f"github.com/lab/m{number}").update(address=upstreams.url(number))
    MirrorHost.objects.create(host="github.com", at_once=6)
    running, chance = [worker(), worker()], random.Random(os.environ.get("OPENI_SEED") or None)
    try:
        Mirror.objects.update(is_urgent=True, next_at=timezone.now())
        wait_until(lambda: upstreams.asked.total() > 3, 120)  # they have started
        for _moment in range(KILLS):
            for number in chance.sample(range(MIRRORS), 4):
                upstreams.commit(number)
            Mirror.objects.update(is_urgent=True, next_at=timezone.now())
            before = upstreams.asked.total()
            wait_until(lambda before=before: upstreams.asked.total() > before, 120)
            time.sleep(chance.uniform(0, 1.5))
            victim = running.pop(chance.randrange(2))
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
            for made in Repository.objects.all():
                readable(made)
            running.append(worker())
        Mirror.objects.update(is_urgent=True, next_at=timezone.now())
        wait_until(lambda: not Mirror.objects.exclude(state="fresh", cause="", is_urgent=False, lease="").exists(), 240)
    finally:
        for one in running:
            os.kill(one.pid, signal.SIGKILL)
            one.wait()
    assert upstreams.twice == []
    for number, mirror in enumerate(Mirror.objects.select_related("repository").order_by("pk")):
        path = mirror.repository.path
        readable(mirror.repository)
        assert git(path, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags") == upstreams.refs(number)
        git(path, "fsck", "--no-dangling")
    commands.settle_intents()
    assert not list((pushes._folder()).glob("*.json"))  # every move of refs is recorded, whoever died
