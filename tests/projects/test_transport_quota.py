"""A push larger than the quota: whichever way it comes, the person reads our sentence in their language, and nothing is left behind."""

import os

import pytest

from projects.models import Push
from projects.transport import gate
from projects.transport.gate import Gate
from tests.factories import accounts
from tests.projects.test_transport_door import as_sshd, door
from tests.projects.test_transport_ssh import Keys, address
from tests.projects.wire import Git, refs_on_disk, url

__all__ = ["as_sshd", "door"]
pytestmark = pytest.mark.django_db(transaction=True)
SENTENCES = {"en": "The quota of “alice” is used up", "zh-hans": "的配额不足"}


@pytest.fixture
def alice():
    user = accounts.person("alice")
    type(user).objects.filter(pk=user.pk).update(quota_bytes=1000)
    return user


def big(git: Git):
    """A work tree whose pack is a few megabytes more than quota and slack."""
    folder = git.new()
    (folder / "big").write_bytes(os.urandom(gate.SLACK + 6 * 1024**2))
    git.run("add", "-A", cwd=folder)
    git.run("commit", "-q", "-m", "big", cwd=folder)
    return folder


def says(said: str, language: str, demo) -> None:
    assert SENTENCES[language] in said, said
    assert "[remote rejected] main -> main" in said
    assert "hung up" not in said
    assert "maximum allowed size" not in said
    assert refs_on_disk(demo) == {}
    assert Push.objects.count() == 0
    assert not list((demo.path / "objects").glob("tmp_objdir*"))
    assert not list((demo.path / "objects" / "pack").glob("*"))


@pytest.mark.parametrize(("language", "buffer"), [("en", 1024**2), ("zh-hans", 200 * 1024**2)])  # chunked, and with Content-Length
def test_over_http(web, git: Git, demo, alice, language, buffer):
    type(alice).objects.filter(pk=alice.pk).update(language=language)
    folder = big(git)
    token = accounts.token(alice, "write")
    said = git.run("-c", f"http.postBuffer={buffer}", "push", url(web, demo, token), "main", cwd=folder, ok=False).stderr
    says(said, language, demo)
    assert "HTTP 413" not in said


def test_over_ssh(ssh_port, git: Git, demo, alice):
    type(alice).objects.filter(pk=alice.pk).update(language="en")
    keys = Keys(git)
    keys.belongs_to(alice)
    said = git.run("push", address(ssh_port, demo), "main", cwd=big(git), env=keys.environment, ok=False).stderr
    says(said, "en", demo)


def test_through_the_door_of_openssh(door, git: Git, demo, alice, as_sshd):
    type(alice).objects.filter(pk=alice.pk).update(language="zh-hans")
    keys = Keys(git)
    keys.belongs_to(alice)
    folder = big(git)
    says(git.run("push", "git@host:alice/demo.git", "main", cwd=folder, env=as_sshd(keys), ok=False).stderr, "zh-hans", demo)


def packet(text: bytes) -> bytes:
    return b"%04x%s" % (len(text) + 4, text)


def test_commands_are_read_however_they_are_cut():
    zero, one = b"0" * 40, b"1" * 40
    head = packet(zero + b" " + one + b" refs/heads/a\0 report-status side-band-64k agent=git/2.39") + packet(
        zero + b" " + one + b" refs/tags/b"
    )
    request = head + b"0000" + b"PACK" + b"x" * 500
    for step in (1, 3, 7, 1000):
        watch = Gate(200, "No.")
        for at in range(0, len(request), step):
            watch.look(request[at : at + step])
        assert watch.exceeded
        answer = watch.refusal()
        assert b"ng refs/heads/a " in answer
        assert b"ng refs/tags/b " in answer
        assert b"No." in answer
    silent = Gate(1, "No.")
    silent.look(b"no packet at all")
    assert silent.refusal() == b""
    plain = Gate(1, "No.")
    plain.look(packet(zero + b" " + one + b" refs/heads/a\0report-status") + b"0000")
    assert plain.refusal().startswith(b"%04xunpack " % (len(b"unpack \n") + 4 + len(plain.refusal().split(b"\n")[0]) - 11))
