"""`manage.py backup` beside a running server that takes pushes, restored into an empty portal: on SQLite, and with
`script/test --production` on PostgreSQL, Redis and S3."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.operate.servers import Server, eventually, manage, serving

pytestmark = pytest.mark.exclusive
GIT = {
    "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
}  # fmt: skip
WHERE = "import json; from projects.models import Repository; print(json.dumps({str(r): str(r.path) for r in Repository.objects.all()}))"
PUSHED = "import json; from projects.models import Push; print(json.dumps([u for p in Push.objects.all() for u in p.updates]))"
FORK = """
from accounts.models import User; from core.actors import Actor; from projects import commands; from projects.models import Repository
ada = User.objects.get(username="ada")
commands.fork_repository(Actor(person=ada), Repository.objects.get(name="one"), into=ada.namespace, name="fork")
"""
PICTURE = """
from accounts.models import User; from core import blobs
User.objects.filter(username="ada").update(avatar=blobs.put([b"a picture"]).sha256)
"""
SEEN = 'from accounts.models import User; from core import blobs; print(b"".join(blobs.read(User.objects.get(username="ada").avatar)))'


def git(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *map(str, arguments)], env=GIT, capture_output=True, text=True, check=check)


@dataclass
class Stack:
    """Settings of two portals that share nothing but S3: the one that is backed up, and the empty one."""

    live: dict[str, str] = field(default_factory=dict)
    empty: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Embedded, or two new databases on the production stack's servers."""
    address = os.environ.get("OPENI_DATABASE_URL", "")
    if not address:
        yield Stack()
        return
    import psycopg

    redis = os.environ["OPENI_REDIS_URL"].rsplit("/", 1)[0]
    s3 = {name: value for name, value in os.environ.items() if name.startswith("OPENI_S3_")}
    base, names = address.rpartition("/")[0], (f"backup{os.getpid()}", f"restored{os.getpid()}")
    with psycopg.connect(address, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            live, empty = ({**s3, "OPENI_DATABASE_URL": f"{base}/{name}"} for name in names)
            yield Stack({**live, "OPENI_REDIS_URL": f"{redis}/14"}, {**empty, "OPENI_REDIS_URL": f"{redis}/15"})
        finally:
            for name in names:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Pusher(threading.Thread):
    """Pushes one commit after the other to a branch; remembers when each was acknowledged."""

    def __init__(self, address: str, repository: str, branch: str, work: Path) -> None:
        super().__init__(daemon=True)
        self.address, self.repository, self.branch, self.work = address, repository, branch, work
        self.acknowledged: list[tuple[float, str]] = []
        self.stopping = threading.Event()
        git("init", "-q", work)

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            (self.work / f"{number % 7}").write_text(f"{self.branch} {number}\n" * 50)
            git("-C", self.work, "add", ".")
            git("-C", self.work, "commit", "-q", "-m", f"{self.branch} {number}")
            oid = git("-C", self.work, "rev-parse", "HEAD").stdout.strip()
            done = git("-C", self.work, "push", "-q", self.address, f"HEAD:refs/heads/{self.branch}", check=False)
            if done.returncode == 0:
                self.acknowledged.append((time.monotonic(), oid))


def shell(data: Path, code: str, environment: dict[str, str]) -> str:
    done = manage(data, "shell", "--no-imports", "-c", code, **environment)
    assert done.returncode == 0, done.stderr
    return (done.stdout.strip().splitlines() or [""])[-1]


def prepared(server: Server, environment: dict[str, str], top: Path) -> str:
    """Ada with a repository, its fork and a picture; her token."""
    data = server.data
    source = top / "source"
    git("init", "-q", "-b", "main", source)
    git("-C", source, "commit", "-q", "--allow-empty", "-m", "first")
    for arguments in (
        ("create_user", "ada", "--email", "a@example.org", "--password", "a long pass phrase"),
        ("import_repository", str(source), "ada/one"),
    ):
        done = manage(data, *arguments, **environment)
        assert done.returncode == 0, done.stderr
    shell(data, FORK, environment)
    shell(data, PICTURE, environment)
    return manage(data, "create_token", "ada", "--scopes", "write", "--name", "t", **environment).stdout.strip().splitlines()[-1]


def test_every_push_acknowledged_before_a_backup_began_is_in_it(stack: Stack, tmp_path: Path) -> None:
    data, backups = tmp_path / "data", []
    with serving(data, "--no-demo", environment=stack.live) as server:
        server.await_ready(180)
        token = prepared(server, stack.live, tmp_path)
        pushers = [
            Pusher(f"http://ada:{token}@127.0.0.1:{server.port}/ada/{name}.git", f"ada/{name}", f"b{number}", tmp_path / f"w{number}")
            for number, name in enumerate(("one", "one", "fork"))
        ]
        for pusher in pushers:
            pusher.start()
        try:
            eventually(lambda: all(len(pusher.acknowledged) >= 2 for pusher in pushers), 60)
            for name in ("folder", "portal.tar.gz"):
                began = time.monotonic()
                done = manage(data, "backup", str(tmp_path / name), **stack.live)
                assert done.returncode == 0, done.stderr
                backups.append((tmp_path / name, began, time.monotonic()))
                counts = [len(pusher.acknowledged) for pusher in pushers]
                eventually(lambda counts=counts: all(len(p.acknowledged) > n for p, n in zip(pushers, counts, strict=True)), 60)  # type: ignore[misc]
        finally:
            for pusher in pushers:
                pusher.stopping.set()
            for pusher in pushers:
                pusher.join(60)
    during = sum(began <= at <= ended for _path, began, ended in backups for pusher in pushers for at, _oid in pusher.acknowledged)
    assert during > 0, "nobody pushed while the backups were made"
    path, began, _ended = backups[-1]
    _restored(stack, tmp_path, path, {(p.repository, p.branch): [oid for at, oid in p.acknowledged if at < began] for p in pushers})
    if not stack.empty:  # an empty database is needed for each restore; the folder holds the same
        path, began, _ended = backups[0]
        _restored(stack, tmp_path, path, {(p.repository, p.branch): [oid for at, oid in p.acknowledged if at < began] for p in pushers})


def _restored(stack: Stack, top: Path, backup: Path, promised: dict[tuple[str, str], list[str]]) -> None:
    """Restore into an empty portal; everything promised is there, and nothing needs a person."""
    there = top / f"restored-{backup.name}"
    done = manage(there, "restore", str(backup), **stack.empty)
    assert done.returncode == 0, done.stderr
    checked = manage(there, "check_repositories", "--deep", **stack.empty)
    assert (checked.returncode, "BROKEN" in checked.stdout) == (0, False), checked.stdout + checked.stderr
    again = manage(there, "check_repositories", "--deep", **stack.empty)
    assert again.stdout.strip().splitlines()[-1] == "everything is sound", again.stdout
    places = json.loads(shell(there, WHERE, stack.empty))
    recorded = {(ref, new) for ref, _old, new in json.loads(shell(there, PUSHED, stack.empty))}
    for (repository, branch), oids in promised.items():
        assert oids, "nothing was acknowledged before the backup began"
        for oid in oids:
            git(f"--git-dir={places[repository]}", "merge-base", "--is-ancestor", oid, f"refs/heads/{branch}")
            assert (f"refs/heads/{branch}", oid) in recorded
    assert shell(there, SEEN, stack.empty) == "b'a picture'"
