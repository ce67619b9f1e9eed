"""Real git against a real server: a granian process on the test database, and a home of its own for each client."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from projects.models import Repository


def free_port() -> int:
    """A port of the kernel's choice."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """Variables of a child that is to work on this test process's data and database."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    limits = {"OPENI_GIT_TRANSFERS": "12", "OPENI_GIT_SILENT_SECONDS": "10"}
    return {**kept, **limits, "OPENI_TEST_DATABASE": str(connection.settings_dict["NAME"])}


class Server:
    """A portal in processes of its own, on the test database; `variables` are settings of its own."""

    def __init__(self, threads: int = 16, **variables: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        command = [
            str(Path(sys.executable).with_name("granian")),
            "--interface",
            "wsgi",
            "--workers",
            "1",
            "--blocking-threads",
            str(threads),
        ]
        command += [
            "--http",
            "1",
            "--no-ws",
            "--port",
            str(self.port),
            "--workers-kill-timeout",
            "3",
            "tests.projects.live_wsgi:application",
        ]
        log = open(Path(settings.DATA_DIR) / "web.log", "ab")  # noqa: SIM115
        self.child = subprocess.Popen(command, env={**environment(), **variables}, stdout=log, stderr=log, start_new_session=True)
        wait_until(lambda: _answers(self.address), 30)

    def stop(self, sign: int = signal.SIGTERM) -> None:
        """End all its processes."""
        os.killpg(self.child.pid, sign)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()


@pytest.fixture(scope="session")
def web(django_db_setup: None, django_db_blocker) -> Iterator[str]:
    """The address of a running portal."""
    with django_db_blocker.unblock():
        server = Server()
    yield server.address
    server.stop()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address + "/-/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(check, seconds: float = 5.0) -> float:
    """Seconds until `check()` is true; fails the test after `seconds`."""
    started = time.monotonic()
    while not check():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - started


@pytest.fixture(scope="session")
def ssh_port(django_db_setup: None, django_db_blocker) -> Iterator[int]:
    port = free_port()
    with django_db_blocker.unblock():
        variables = environment()
    log = open(Path(settings.DATA_DIR) / "ssh.log", "wb")  # noqa: SIM115
    child = subprocess.Popen([sys.executable, "-m", "tests.projects.live_ssh", str(port)], env=variables, stdout=log, stderr=log)
    try:
        wait_until(lambda: _listens(port), 30)
        yield port
    finally:
        child.terminate()
        child.wait(15)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            return client.recv(8).startswith(b"SSH-2.0")
    except OSError:
        return False


class Git:
    """A person's git: `home` is empty but for a name, no prompt, no system configuration."""

    def __init__(self, home: Path, email: str = "dev@example.org") -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        (home / ".gitconfig").write_text(
            f"[user]\n name = Dev\n email = {email}\n[init]\n defaultBranch = main\n[advice]\n detachedHead = false\n[gc]\n auto = 0\n"
        )

    def environment(self, **extra: str) -> dict[str, str]:
        """Variables of this git."""
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C.UTF-8",
            **extra,
        }

    def run(
        self, *arguments: str, cwd: Path | None = None, ok: bool = True, env: dict[str, str] | None = None, **options
    ) -> subprocess.CompletedProcess:
        """Run git; `ok=False` expects a failure."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.home,
            env=self.environment(**(env or {})),
            capture_output=True,
            text=options.pop("text", True),
            timeout=120,
            check=False,
            **options,
        )
        assert (done.returncode == 0) == ok, f"git {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def new(self, name: str = "work", files: dict[str, str] | None = None) -> Path:
        """A repository with one commit on main."""
        folder = self.home / name
        self.run("init", "-q", str(folder))
        self.commit(folder, files or {"README.md": "# work\n"}, "first")
        return folder

    def commit(self, folder: Path, files: dict[str, str], message: str = "more") -> str:
        """Write files and commit them; returns the oid."""
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        self.run("add", "-A", cwd=folder)
        self.run("commit", "-q", "-m", message, cwd=folder)
        return self.head(folder)

    def head(self, folder: Path, name: str = "HEAD") -> str:
        """The oid of a name."""
        return str(self.run("rev-parse", name, cwd=folder).stdout).strip()


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A client."""
    return Git(tmp_path / "home")


def repository(user: User, name: str = "demo", **options) -> Repository:
    """An empty repository of that person, on disk too."""
    made = Repository.objects.create(namespace=user.namespace, name=name, **options)
    made.path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", made.default_branch, str(made.path)], check=True)
    return made


def url(web: str, repo: Repository, token: str = "") -> str:
    """The clone address, with a token in it."""
    base = web.replace("http://", f"http://git:{token}@") if token else web
    return f"{base}/{repo.namespace.slug}/{repo.name}.git"


def refs_on_disk(repo: Repository) -> dict[str, str]:
    """Ref → oid as plain git reads them."""
    listed = subprocess.run(
        ["git", "--git-dir", str(repo.path), "for-each-ref", "--format=%(refname) %(objectname)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split() for line in listed.stdout.splitlines())
