"""The door for OpenSSH: its two programs, run as sshd would run them."""

import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from projects.models import Push
from tests.factories import accounts
from tests.projects.test_transport_ssh import Keys
from tests.projects.wire import Git, refs_on_disk, repository

pytestmark = pytest.mark.django_db(transaction=True)
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.fixture
def door(ssh_port) -> str:
    return str(Path(settings.DATA_DIR) / "ssh" / "door.sock")


def ask(door: str, public: str) -> str:
    kind, base64 = public.split()[:2]
    return subprocess.run(
        [str(DEPLOY / "openi-authorized-keys"), kind, base64, door], capture_output=True, text=True, check=True, timeout=20
    ).stdout.strip()


@pytest.fixture
def as_sshd(git: Git, door: str, tmp_path):
    """GIT_SSH_COMMAND that does what sshd does: asks for the key, then runs the command of the answered line."""

    def variables(keys: Keys) -> dict[str, str]:
        line = ask(door, keys.public)
        program, key_id = line.split('"')[1].split()
        script = tmp_path / "sshd"
        script.write_text(f'#!/bin/sh\nfor last; do :; done\nSSH_ORIGINAL_COMMAND="$last" exec {program} {key_id} {door}\n')
        script.chmod(0o755)
        return {"GIT_SSH_COMMAND": str(script), "GIT_SSH_VARIANT": "simple"}

    return variables


def test_known_key_gets_a_restricted_line_and_unknown_none(door, git: Git):
    keys = Keys(git)
    assert ask(door, keys.public) == ""
    key = keys.belongs_to(accounts.person("alice"))
    line = ask(door, keys.public)
    assert line == f'restrict,command="{DEPLOY / "openi-git"} {key.pk}" {keys.public}'
    assert ask(door, keys.public[:-6]) == ""


def test_push_and_clone_through_the_door(door, git: Git, as_sshd, tmp_path):
    alice = accounts.person("alice")
    demo = repository(alice, "demo", visibility="private")
    keys = Keys(git)
    keys.belongs_to(alice)
    folder = git.new()
    git.run("push", "-q", "git@host:alice/demo.git", "main", cwd=folder, env=as_sshd(keys))
    git.run("clone", "-q", "git@host:alice/demo.git", str(tmp_path / "copy"), env=as_sshd(keys))
    assert git.head(tmp_path / "copy") == git.head(folder)
    assert Push.objects.get().user == alice
    git.run("push", "-q", "git@host:alice/demo.git", ":main", cwd=folder, env=as_sshd(keys), ok=False)
    assert refs_on_disk(demo)


def test_stranger_and_commands_are_answered_with_a_sentence(door, git: Git, as_sshd):
    repository(accounts.person("alice"), "demo", visibility="private")
    keys = Keys(git)
    keys.belongs_to(accounts.person("bob"))
    refused = git.run("ls-remote", "git@host:alice/demo.git", env=as_sshd(keys), ok=False)
    assert "OpenI: " in refused.stderr
    command = as_sshd(keys)["GIT_SSH_COMMAND"]
    run = subprocess.run([command, "id"], capture_output=True, text=True, check=False, timeout=20)
    assert (run.returncode, run.stdout) == (128, "")
    hello = subprocess.run([command, ""], capture_output=True, text=True, check=False, timeout=20)
    assert (hello.returncode, "bob" in hello.stdout) == (0, True)
