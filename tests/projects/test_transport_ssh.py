"""Git over SSH: OpenSSH's client against our server."""

import os
import signal
import subprocess
import threading
from pathlib import Path

import asyncssh
import pytest

from accounts.models import SSHKey
from projects.models import DeployKey, Push, Repository
from tests.factories import accounts
from tests.projects.test_transport_http import children_on
from tests.projects.wire import Git, refs_on_disk, repository, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Keys:
    """A private key in a client's home, and ssh told to use it."""

    def __init__(self, git: Git, name: str = "id", kind: str = "ssh-ed25519") -> None:
        self.path = git.home / name
        key = asyncssh.generate_private_key(kind)
        self.path.touch(mode=0o600)
        self.path.write_bytes(key.export_private_key())
        self.public = key.export_public_key().decode().strip()
        self.fingerprint = key.get_fingerprint()

    @property
    def environment(self) -> dict[str, str]:
        options = "-o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -F /dev/null"
        return {"GIT_SSH_COMMAND": f"ssh -i {self.path} {options}"}

    def belongs_to(self, user) -> SSHKey:
        return SSHKey.objects.create(user=user, title="k", algorithm="ssh-ed25519", public_key=self.public, fingerprint=self.fingerprint)


@pytest.fixture
def keys(git: Git, alice):
    made = Keys(git)
    made.belongs_to(alice)
    return made


def address(port: int, repo: Repository) -> str:
    return f"ssh://git@127.0.0.1:{port}/{repo.namespace.slug}/{repo.name}.git"


def test_push_and_clone_are_recorded_and_note_the_key(ssh_port, git: Git, keys, demo, tmp_path):
    folder = git.new()
    git.run("push", address(ssh_port, demo), "main", cwd=folder, env=keys.environment)
    git.run("clone", "-q", address(ssh_port, demo), str(tmp_path / "copy"), env=keys.environment)
    assert git.head(tmp_path / "copy") == git.head(folder)
    assert Push.objects.get().user.username == "alice"
    assert SSHKey.objects.get().used_at is not None


@pytest.mark.parametrize("version", ["0", "2"])
@pytest.mark.parametrize("options", [["--depth=1"], ["--filter=blob:none"]])
def test_shallow_and_partial_clones(ssh_port, git: Git, keys, demo, tmp_path, version, options):
    folder = git.new()
    git.commit(folder, {"a": "a"})
    git.run("push", address(ssh_port, demo), "main", cwd=folder, env=keys.environment)
    git.run(
        "-c", f"protocol.version={version}", "clone", "-q", *options, address(ssh_port, demo), str(tmp_path / "copy"), env=keys.environment
    )
    assert git.head(tmp_path / "copy") == git.head(folder)


def test_60_mb_arrive_whole_both_ways(ssh_port, git: Git, keys, demo, tmp_path):
    folder = git.new()
    (folder / "big").write_bytes(os.urandom(60 * 1024**2))
    git.commit(folder, {})
    git.run("push", "-q", address(ssh_port, demo), "main", cwd=folder, env=keys.environment)
    for number in range(3):
        git.run("clone", "-q", address(ssh_port, demo), str(tmp_path / str(number)), env=keys.environment)
    assert (tmp_path / "2" / "big").read_bytes() == (folder / "big").read_bytes()


def _anonymous_mb(pid: int) -> int:
    """Memory of its own that a process holds."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) // 1024


def _server_on(port: int) -> int:
    wanted = f"tests.projects.live_ssh\0{port}\0".encode()
    return next(int(entry.parent.name) for entry in Path("/proc").glob("[0-9]*/cmdline") if entry.read_bytes().endswith(wanted))


def test_a_push_faster_than_git_does_not_gather_in_memory(ssh_port, git: Git, keys, demo):
    folder = git.new()
    (folder / "big").write_bytes(os.urandom(160 * 1024**2))
    git.commit(folder, {})
    server, peaks, over = _server_on(ssh_port), [0], threading.Event()
    before = _anonymous_mb(server)

    def sample() -> None:
        while not over.wait(0.05):
            peaks.append(_anonymous_mb(server))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        git.run("push", "-q", address(ssh_port, demo), "main", cwd=folder, env=keys.environment)
    finally:
        over.set()
        sampler.join()
    assert max(peaks) - before < 50


def test_unknown_key_is_denied_and_so_is_another_user(ssh_port, git: Git, keys, demo):
    stranger = Keys(git, "other")
    denied = git.run("ls-remote", address(ssh_port, demo), env=stranger.environment, ok=False)
    assert "Permission denied" in denied.stderr
    denied = git.run("ls-remote", address(ssh_port, demo).replace("git@", "root@"), env=keys.environment, ok=False)
    assert "Permission denied" in denied.stderr


def test_suspended_person_is_denied(ssh_port, git: Git, keys, demo, alice):
    type(alice).objects.filter(pk=alice.pk).update(state="suspended")
    assert "Permission denied" in git.run("ls-remote", address(ssh_port, demo), env=keys.environment, ok=False).stderr


def test_missing_and_private_are_one_sentence(ssh_port, git: Git, demo, alice):
    repository(alice, "hidden", visibility="private")
    keys = Keys(git, "bob")
    keys.belongs_to(accounts.person("bob"))
    said = [
        git.run(
            "ls-remote", f"ssh://git@127.0.0.1:{ssh_port}/alice/{name}.git", env={**keys.environment, "LANG": "en_US.UTF-8"}, ok=False
        ).stderr
        for name in ("hidden", "missing")
    ]
    assert said[0] == said[1]
    assert "OpenI: " in said[0]


def test_push_without_right_is_a_sentence(ssh_port, git: Git, demo):
    keys = Keys(git, "bob")
    keys.belongs_to(accounts.person("bob"))
    folder = git.new()
    refused = git.run("push", address(ssh_port, demo), "main", cwd=folder, env=keys.environment, ok=False)
    assert "remote:   你需要这个仓库的写入权限。" in refused.stderr
    assert "hung up" not in refused.stderr
    assert refs_on_disk(demo) == {}


def test_deploy_key_reads_one_repository_and_writes_if_it_may(ssh_port, git: Git, alice, demo):
    private = repository(alice, "hidden", visibility="private")
    keys = Keys(git, "deploy")
    deploy = DeployKey.objects.create(repository=private, key=keys.belongs_to(None), can_write=False)
    folder = git.new()
    git.run("ls-remote", address(ssh_port, private), env=keys.environment)
    git.run("push", address(ssh_port, private), "main", cwd=folder, env=keys.environment, ok=False)
    DeployKey.objects.filter(pk=deploy.pk).update(can_write=True)
    git.run("push", address(ssh_port, private), "main", cwd=folder, env=keys.environment)
    git.run("push", address(ssh_port, demo), "main", cwd=folder, env=keys.environment, ok=False)
    assert Push.objects.get().user is None


def test_greeting_names_the_login_and_nothing_else_runs(ssh_port, git: Git, keys):
    words = [
        "ssh",
        "-T",
        "-p",
        str(ssh_port),
        "-i",
        str(keys.path),
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-F",
        "/dev/null",
        "git@127.0.0.1",
    ]
    hello = subprocess.run(words, capture_output=True, text=True, timeout=20, env=git.environment(), check=False)
    assert (hello.returncode, "alice" in hello.stdout) == (0, True)
    for command in (
        "id",
        "git-upload-pack '/alice/../../etc'",
        "git-upload-archive '/alice/demo'",
        "git-receive-pack --help '/a/b'",
        "sh -c id",
    ):
        run = subprocess.run([*words, command], capture_output=True, text=True, timeout=20, env=git.environment(), check=False)
        assert run.returncode == 128, command
        assert "uid=" not in run.stdout
    forward = subprocess.run(
        [*words[:2], "-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", *words[2:]],
        capture_output=True,
        timeout=20,
        env=git.environment(),
        check=False,
    )
    assert forward.returncode == 255
    sftp = subprocess.run([*words[:2], "-s", *words[2:], "sftp"], capture_output=True, timeout=20, env=git.environment(), check=False)
    assert sftp.returncode != 0


def test_client_that_dies_in_a_push_leaves_nothing(ssh_port, git: Git, keys, demo):
    folder = git.new()
    (folder / "big").write_bytes(os.urandom(60 * 1024**2))
    git.commit(folder, {})
    slow = subprocess.Popen(
        ["git", "push", "-q", address(ssh_port, demo), "main"],
        cwd=folder,
        env=git.environment(**keys.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: any((demo.path / "objects").glob("tmp_objdir-*")), 20)
    os.killpg(slow.pid, signal.SIGKILL)
    slow.wait()
    wait_until(lambda: not children_on(demo), 2)
    wait_until(lambda: not any((demo.path / "objects").glob("tmp_objdir-*")), 2)
    assert refs_on_disk(demo) == {}


def test_many_at_once(ssh_port, git: Git, keys, demo):
    folder = git.new()
    git.run("push", "-q", address(ssh_port, demo), "main", cwd=folder, env=keys.environment)
    running = [
        subprocess.Popen(
            ["git", "ls-remote", address(ssh_port, demo)],
            env=git.environment(**keys.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    assert [child.wait(30) for child in running] == [0] * 6
