"""A repository whose objects are named by SHA-256 meets one of SHA-1: nothing is kept, and whoever lets us speak reads why."""

import subprocess

import pytest

from projects.models import Push
from tests.factories import accounts
from tests.projects.test_transport_http import request
from tests.projects.test_transport_ssh import Keys, address
from tests.projects.wire import Git, refs_on_disk, url

pytestmark = pytest.mark.django_db(transaction=True)
SENTENCES = {"en": "only SHA-1 repositories can be hosted here", "zh-hans": "这里只支持 SHA-1 仓库"}
NEW, OLD = "1" * 64, "0" * 64


def packet(text: bytes) -> bytes:
    return b"%04x" % (len(text) + 4) + text


def push(capabilities: str, old: str = OLD, new: str = NEW) -> bytes:
    return packet(f"{old} {new} refs/heads/main\0{capabilities}".encode()) + b"0000" + b"PACK" + b"\0" * 5000


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (OLD[:40], NEW[:40])])
def test_push_that_says_so_is_refused_with_our_sentence(web, demo, alice, language, old, new):
    type(alice).objects.filter(pk=alice.pk).update(language=language)
    told = "report-status side-band-64k object-format=sha256 agent=other/1"
    answer, text = request(
        web, "POST", "/alice/demo.git/git-receive-pack", push(told, old, new),
        Content_Type="application/x-git-receive-pack-request", Authorization=f"Bearer {accounts.token(alice, 'write')}",
    )  # fmt: skip
    assert answer.status == 200
    assert SENTENCES[language] in text.decode()
    assert b"ng refs/heads/main " in text
    assert refs_on_disk(demo) == {}
    assert not Push.objects.exists()


def test_push_over_ssh_is_refused_with_our_sentence(ssh_port, git: Git, demo, alice):
    type(alice).objects.filter(pk=alice.pk).update(language="en")
    keys = Keys(git)
    keys.belongs_to(alice)
    program = [*keys.environment["GIT_SSH_COMMAND"].split(), "-p", str(ssh_port), "git@127.0.0.1", "git-receive-pack '/alice/demo.git'"]
    done = subprocess.run(
        program, input=push("report-status side-band-64k object-format=sha256"), capture_output=True, timeout=60, check=False
    )
    assert SENTENCES["en"].encode() in done.stdout
    assert refs_on_disk(demo) == {}


def test_fetch_that_asks_for_it_is_refused_with_our_sentence(web, git: Git, demo, alice):
    folder = git.new()
    git.run("push", "-q", url(web, demo, accounts.token(alice, "write")), "main", cwd=folder)
    headers = {"Content_Type": "application/x-git-upload-pack-request", "Git_Protocol": "version=2", "Accept_Language": "en"}
    for name, refused in ((b"sha256", True), (b"sha1", False)):
        line = packet(b"object-format=" + name)
        body = packet(b"command=ls-refs\n") + line + b"0001" + packet(b"peel\n") + b"0000"
        answer, text = request(web, "POST", "/alice/demo.git/git-upload-pack", body, **headers)
        assert answer.status == 200
        assert (b"ERR " in text and SENTENCES["en"].encode() in text) == refused
        assert (git.head(folder).encode() in text) != refused


@pytest.mark.parametrize("filled", [False, True])
def test_real_git_gives_up_by_itself_and_nothing_is_kept(web, ssh_port, git: Git, demo, alice, tmp_path, filled):
    token = accounts.token(alice, "write")
    keys = Keys(git)
    keys.belongs_to(alice)
    if filled:
        git.run("push", "-q", url(web, demo, token), "main", cwd=git.new("sha1"))
    before = refs_on_disk(demo)
    folder = tmp_path / "sha256"
    git.run("init", "-q", "--object-format=sha256", str(folder))
    git.commit(folder, {"a": "a"})
    for where, env in ((url(web, demo, token), {}), (address(ssh_port, demo), keys.environment)):
        said = git.run("push", where, "main", cwd=folder, ok=False, env=env).stderr
        assert "hash algorithm" in said or "protocol error" in said
        if filled:
            assert "mismatched algorithms" in git.run("fetch", where, cwd=folder, ok=False, env=env).stderr
        git.run("clone", "-q", where, str(tmp_path / f"copy-{len(where)}"), env=env)
    assert refs_on_disk(demo) == before
