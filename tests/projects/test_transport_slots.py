"""Transfers at once: a crowd without account, one network or one person never hold all, and who takes nothing is cut off."""

import os
import shlex
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from core.actors import ANONYMOUS, Actor
from projects.models import Push
from projects.transport.errors import WireError
from projects.transport.slots import Slots
from tests.factories import accounts
from tests.projects.test_transport_http import children_on
from tests.projects.test_transport_ssh import Keys
from tests.projects.wire import Git, Server, refs_on_disk, url, wait_until

SILENT = 4  # seconds
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.fixture
def big(git: Git, demo):
    """A clone whose history is far more than what sockets and pipes hold."""
    folder = git.new()
    (folder / "big").write_bytes(os.urandom(12 * 1024**2))
    git.commit(folder, {})
    git.run("push", "-q", str(demo.path), "main", cwd=folder)
    demo.is_empty = False
    demo.save()
    return folder


class Crowd:
    """Clients that ask for a clone of `alice/demo` and take nothing of it."""

    def __init__(self, web: str, commit: str) -> None:
        host, port = urlsplit(web).netloc.split(":")
        self.server = (host, int(port))
        self.body = f"0011command=fetch0001000fno-progress0032want {commit}\n0009done\n0000".encode()
        self.clients: list[socket.socket] = []

    def ask(self, source: str = "127.0.0.1") -> bytes:
        """The status of one more, from that address."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(20)
        client.bind((source, 0))
        client.connect(self.server)
        self.clients.append(client)
        client.sendall(
            b"POST /alice/demo.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nGit-Protocol: version=2\r\n"
            b"Content-Type: application/x-git-upload-pack-request\r\nContent-Length: %d\r\n\r\n" % len(self.body) + self.body
        )
        return client.recv(12).split()[1]

    def leave(self) -> None:
        """All at once."""
        for client in self.clients:
            client.close()


@pytest.fixture
def portal(db):
    """A server with 32 slots and a short patience."""
    server = Server(threads=48, OPENI_GIT_TRANSFERS="32", OPENI_GIT_SILENT_SECONDS=str(SILENT))
    yield server
    server.stop()


def actor(pk: int = 0, ip: str = "") -> Actor:
    return Actor(person=accounts.person(f"p{pk}"), ip=ip) if pk else Actor(scopes=ANONYMOUS.scopes, ip=ip)


def refusal(slots: Slots, one: Actor) -> int:
    """The status of a refusal, 0 for a slot."""
    try:
        slots.take(one)
    except WireError as error:
        return error.http_status
    return 0


@pytest.mark.django_db
def test_shares_of_networks_people_and_of_all_without_account():
    slots = Slots(16)
    assert [refusal(slots, actor(ip="10.0.0.1")) for _ in range(7)] == [0] * 6 + [429], "half of the twelve that are not kept"
    assert refusal(slots, actor(ip="10.0.0.99")) == 429, "the same network"
    assert [refusal(slots, actor(ip="2001:db8:1:2::1")) for _ in range(6)] == [0] * 6
    assert refusal(slots, actor(ip="10.0.1.1")) == 503, "nothing is left but what is kept"
    ada = actor(1)
    assert [refusal(slots, ada) for _ in range(5)] == [0] * 4 + [503]


@pytest.mark.django_db
def test_one_person_holds_half_and_a_slot_comes_back_once():
    slots, ada = Slots(4), actor(1)
    one, _two = slots.take(ada), slots.take(ada)
    assert refusal(slots, ada) == 429
    one()
    one()
    assert slots.taken == 1
    assert [refusal(slots, ada), refusal(slots, ada)] == [0, 429]


@pytest.mark.django_db(transaction=True)
def test_hundred_slow_fetches_of_one_address_leave_pushes_and_others_alone(portal: Server, git: Git, demo, big, alice):
    crowd = Crowd(portal.address, git.head(big))
    try:
        assert Counter(crowd.ask() for _ in range(100)) == {b"200": 12, b"429": 88}
        assert crowd.ask("127.9.9.9") == b"200"
        oid = git.commit(big, {"small": "small"})
        started = time.monotonic()
        git.run("push", url(portal.address, demo, accounts.token(alice, "write")), "main", cwd=big)
        assert time.monotonic() - started < 10
        assert refs_on_disk(demo)["refs/heads/main"] == oid
        assert Push.objects.count() == 1
    finally:
        crowd.leave()


@pytest.mark.django_db(transaction=True)
def test_crowd_of_many_networks_leaves_the_kept_slots(portal: Server, git: Git, demo, big, alice):
    crowd = Crowd(portal.address, git.head(big))
    try:
        assert Counter(crowd.ask(f"127.0.{number}.1") for number in range(1, 30)) == {b"200": 24, b"503": 5}
        git.commit(big, {"small": "small"})
        git.run("push", url(portal.address, demo, accounts.token(alice, "write")), "main", cwd=big)
    finally:
        crowd.leave()


@pytest.mark.django_db(transaction=True)
def test_client_that_takes_nothing_is_cut_off(portal: Server, git: Git, demo, big):
    crowd = Crowd(portal.address, git.head(big))
    try:
        assert [crowd.ask() for _ in range(3)] == [b"200"] * 3
        time.sleep(1)
        assert children_on(demo), "it waits for a while"
        wait_until(lambda: not children_on(demo), 30)
    finally:
        crowd.leave()


@pytest.mark.django_db(transaction=True)
def test_slow_client_that_takes_something_is_served_to_the_end(portal: Server, git: Git, demo, big):
    crowd = Crowd(portal.address, git.head(big))
    try:
        assert crowd.ask() == b"200"
        client, size, started = crowd.clients[0], 0, time.monotonic()
        while time.monotonic() - started < 2.5 * SILENT:  # as much as fits in SILENT / 4, then a pause
            size += len(client.recv(1024**2))
            time.sleep(SILENT / 40)
        assert children_on(demo)
        client.settimeout(30)
        last = b""
        while not last.endswith(b"0\r\n\r\n"):
            data = client.recv(1024**2)
            assert data, "cut off"
            last, size = (last + data)[-8:], size + len(data)
        assert size > 12 * 1024**2
    finally:
        crowd.leave()


def silent_session(command: list[str], oid: str) -> "subprocess.Popen[bytes]":
    """A session that asks for everything (protocol v0) and never reads the answer."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdin
    line = f"want {oid} side-band-64k ofs-delta\n".encode()
    child.stdin.write(b"%04x" % (len(line) + 4) + line + b"00000009done\n")
    child.stdin.flush()
    return child


def assert_cut_off(child: "subprocess.Popen[bytes]", demo) -> None:
    """It is served for a while, and then no more."""
    try:
        wait_until(lambda: children_on(demo), 20)
        time.sleep(2)
        assert children_on(demo), "it waits for a while"
        wait_until(lambda: not children_on(demo), 60)
    finally:
        child.kill()
        child.communicate()


@pytest.mark.django_db(transaction=True)
def test_ssh_client_that_takes_nothing_is_cut_off(ssh_port: int, git: Git, demo, big, alice):
    keys = Keys(git)
    keys.belongs_to(alice)
    command = [*shlex.split(keys.environment["GIT_SSH_COMMAND"]), "-p", str(ssh_port), "git@127.0.0.1", "git-upload-pack '/alice/demo.git'"]
    assert_cut_off(silent_session(command, git.head(big)), demo)


@pytest.mark.django_db(transaction=True)
def test_client_behind_sshd_that_takes_nothing_is_cut_off(ssh_port: int, git: Git, demo, big, alice, tmp_path):
    key = Keys(git).belongs_to(alice)
    script = tmp_path / "sshd"
    program, door = DEPLOY / "openi-git", Path(settings.DATA_DIR) / "ssh" / "door.sock"
    script.write_text(f'#!/bin/sh\nSSH_ORIGINAL_COMMAND="git-upload-pack /alice/demo.git" exec {program} {key.pk} {door}\n')
    script.chmod(0o755)
    assert_cut_off(silent_session([str(script)], git.head(big)), demo)
