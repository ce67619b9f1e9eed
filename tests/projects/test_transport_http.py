"""Git over HTTP: what a client may do, what it is told, and what happens when it misbehaves."""

import base64
import gzip
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.models import Event
from projects.models import Push, Repository
from tests.factories import accounts
from tests.projects.wire import Git, refs_on_disk, repository, url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token(alice):
    return accounts.token(alice, "write")


def request(web: str, method: str, path: str, body: bytes | None = None, **headers: str):
    connection = http.client.HTTPConnection(urlsplit(web).netloc, timeout=20)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer, answer.read()


def test_push_then_clone_gives_the_same_commit_and_one_event(web, git: Git, demo, token, tmp_path):
    folder = git.new()
    git.run("push", url(web, demo, token), "main", cwd=folder)
    git.run("clone", "-q", url(web, demo), str(tmp_path / "copy"))
    assert git.head(tmp_path / "copy") == git.head(folder)
    push = Push.objects.get()
    assert (push.user.username, push.updates_total, push.updates[0][0]) == ("alice", 1, "refs/heads/main")
    assert Event.objects.filter(name="projects.RefsUpdated").count() == 1
    demo.refresh_from_db()
    assert demo.is_empty is False
    assert demo.pushed_at is not None


def test_first_push_of_another_branch_makes_it_the_default(web, git: Git, demo, token, tmp_path):
    folder = git.new()
    git.run("push", url(web, demo, token), "main:trunk", cwd=folder)
    demo.refresh_from_db()
    assert demo.default_branch == "trunk"
    git.run("clone", "-q", url(web, demo), str(tmp_path / "copy"))
    assert git.head(tmp_path / "copy") == git.head(folder)


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_each_protocol_version_serves_shallow_partial_and_single_branch(web, git: Git, demo, token, tmp_path, version):
    folder = git.new()
    for number in range(5):
        git.commit(folder, {f"f{number}": str(number)})
    git.run("tag", "-a", "v1", "-m", "one", cwd=folder)
    git.run("push", url(web, demo, token), "main", "main:other", "v1", cwd=folder)
    for options in (
        ["--depth=1"],
        ["--filter=blob:none"],
        ["--single-branch", "--branch", "other"],
        ["--bare"],
        ["--no-local", "--depth=2"],
    ):
        target = tmp_path / "-".join(options).replace("/", "")
        git.run("-c", f"protocol.version={version}", "clone", "-q", *options, url(web, demo), str(target))
        assert git.head(target) == git.head(folder)
    git.run("-c", f"protocol.version={version}", "fetch", "-q", "--unshallow", cwd=tmp_path / "--depth=1")
    assert git.run("rev-list", "--count", "HEAD", cwd=tmp_path / "--depth=1").stdout.strip() == "6"


def test_fetch_brings_only_what_is_new(web, git: Git, demo, token, tmp_path):
    folder = git.new()
    git.run("push", url(web, demo, token), "main", cwd=folder)
    git.run("clone", "-q", url(web, demo), str(tmp_path / "copy"))
    oid = git.commit(folder, {"new": "new"})
    git.run("push", url(web, demo, token), "main", cwd=folder)
    git.run("pull", "-q", cwd=tmp_path / "copy")
    assert git.head(tmp_path / "copy") == oid


def test_second_clone_is_replayed_from_the_pack_cache_and_a_push_starts_a_new_one(web, git: Git, demo, token, tmp_path, settings):
    folder = git.new()
    git.run("push", url(web, demo, token), "main", cwd=folder)
    kept = Path(settings.DATA_DIR) / "cache" / "packs"
    git.run("clone", "-q", url(web, demo), str(tmp_path / "a"))
    before = set(kept.glob("*.pack"))
    git.run("clone", "-q", url(web, demo), str(tmp_path / "b"))
    assert set(kept.glob("*.pack")) == before
    assert not list(kept.glob("*.new"))
    oid = git.commit(folder, {"x": "x"})
    git.run("push", url(web, demo, token), "main", cwd=folder)
    git.run("clone", "-q", url(web, demo), str(tmp_path / "c"))
    assert git.head(tmp_path / "c") == oid


def test_chunked_push_of_60_mb(web, git: Git, demo, token):
    folder = git.new()
    (folder / "big").write_bytes(os.urandom(60 * 1024**2))
    oid = git.commit(folder, {})
    git.run("-c", "http.postBuffer=65536", "push", url(web, demo, token), "main", cwd=folder)
    assert refs_on_disk(demo) == {"refs/heads/main": oid}


def test_atomic_push_moves_all_or_nothing(web, git: Git, demo, token):
    folder = git.new()
    git.run("push", url(web, demo, token), "main", cwd=folder)
    git.commit(folder, {"b": "b"})
    git.run("branch", "side", cwd=folder)
    git.run("commit", "--amend", "-q", "-m", "rewritten", cwd=folder)
    git.run("reset", "-q", "--hard", "HEAD~1", cwd=folder)
    git.commit(folder, {"c": "c"})
    failed = git.run("push", "--atomic", url(web, demo, token), "side", "main:refs/heads/bad/../name", cwd=folder, ok=False)
    assert failed.returncode
    git.run("push", "--atomic", url(web, demo, token), "side", "main", cwd=folder)
    assert set(refs_on_disk(demo)) == {"refs/heads/main", "refs/heads/side"}


def test_thousand_refs_made_and_deleted_are_one_event_each(web, git: Git, demo, token):
    folder = git.new()
    git.run("push", url(web, demo, token), "main", cwd=folder)
    oid = git.head(folder)
    git.run("update-ref", "--stdin", cwd=folder, input="".join(f"create refs/heads/many/{n} {oid}\n" for n in range(1000)))
    started = time.monotonic()
    git.run("push", "-q", url(web, demo, token), "refs/heads/many/*", cwd=folder)
    made = time.monotonic() - started
    assert len(refs_on_disk(demo)) == 1001
    git.run("push", "-q", url(web, demo, token), *[f":refs/heads/many/{n}" for n in range(1000)], cwd=folder)
    assert len(refs_on_disk(demo)) == 1
    assert [push.updates_total for push in Push.objects.order_by("id")] == [1, 1000, 1000]
    assert len(Push.objects.last().updates) == 50
    assert made < 20


def test_force_push_and_delete_are_allowed_where_nothing_protects(web, git: Git, demo, token):
    folder = git.new()
    git.run("push", url(web, demo, token), "main", "main:side", cwd=folder)
    git.run("commit", "--amend", "-q", "-m", "again", cwd=folder)
    git.run("push", url(web, demo, token), "main", cwd=folder, ok=False)
    git.run("push", "--force", url(web, demo, token), "main", cwd=folder)
    git.run("push", url(web, demo, token), ":side", cwd=folder)
    assert refs_on_disk(demo) == {"refs/heads/main": git.head(folder)}


def test_gzip_request_is_inflated_with_a_limit(web, demo, git: Git, token):
    folder = git.new()
    git.run("push", url(web, demo, token), "main", cwd=folder)
    command = b"0014command=ls-refs\n0001" + b"0009peel\n" + b"0000"
    headers = {"Content_Type": "application/x-git-upload-pack-request", "Git_Protocol": "version=2", "Content_Encoding": "gzip"}
    answer, text = request(web, "POST", "/alice/demo.git/git-upload-pack", gzip.compress(command), **headers)
    assert answer.status == 200
    assert git.head(folder).encode() in text
    answer, text = request(web, "POST", "/alice/demo.git/git-upload-pack", gzip.compress(b"\0" * 100 * 1024**2), **headers)
    assert answer.status == 413


def test_git_protocol_header_passes_nothing_but_a_version(web, demo):
    answer, text = request(web, "GET", "/alice/demo/info/refs?service=git-upload-pack", Git_Protocol="version=2:evil=$(id)")
    assert answer.status == 200
    assert b"version 2" in text
    answer, text = request(web, "GET", "/alice/demo/info/refs?service=git-upload-pack", Git_Protocol="version=9")
    assert b"version" not in text


def test_expect_100_continue_is_answered_at_once(web, demo, token):
    host, port = urlsplit(web).netloc.split(":")
    basic = base64.b64encode(f"x:{token}".encode()).decode()
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(
            f"POST /alice/demo.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\nExpect: 100-continue\r\n"
            "Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 4\r\n\r\n".encode()
        )
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b"0000")
        assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_probe_is_answered_with_an_empty_200(web, demo, token):
    basic = base64.b64encode(f"x:{token}".encode()).decode()
    answer, text = request(
        web,
        "POST",
        "/alice/demo/git-receive-pack",
        b"0000",
        Content_Type="application/x-git-receive-pack-request",
        Authorization=f"Basic {basic}",
    )
    assert (answer.status, text) == (200, b"")


def test_missing_and_private_answer_alike(web, alice, token):
    repository(alice, "hidden", visibility="private")
    stranger = base64.b64encode(f"x:{accounts.token(accounts.person('bob'))}".encode()).decode()
    answers = []
    for name in ("hidden", "missing"):
        for headers in ({}, {"Authorization": f"Basic {stranger}"}):
            answer, text = request(web, "GET", f"/alice/{name}.git/info/refs?service=git-upload-pack", **headers)
            kept = {key.lower(): value for key, value in answer.getheaders() if key.lower() != "date"}
            answers.append((answer.status, text, kept))
    assert answers[0] == answers[2]
    assert answers[1] == answers[3]
    assert [answer[0] for answer in answers[:2]] == [401, 404]
    assert answers[0][2]["www-authenticate"].startswith("Basic ")


def test_owner_reads_a_private_repository(web, git: Git, alice, token):
    hidden = repository(alice, "hidden", visibility="private")
    folder = git.new()
    git.run("push", url(web, hidden, token), "main", cwd=folder)
    assert git.head(folder) in git.run("ls-remote", url(web, hidden, token)).stdout


def test_token_scopes_and_its_list_of_repositories(web, git: Git, alice, demo):
    other = repository(alice, "other", visibility="private")
    folder = git.new()
    refused = git.run("push", url(web, demo, accounts.token(alice, "read")), "main", cwd=folder, ok=False)
    assert "write" in refused.stderr
    narrow = accounts.token(alice, "write", repositories=[demo.pk])
    git.run("push", url(web, demo, narrow), "main", cwd=folder)
    git.run("ls-remote", url(web, other, narrow), ok=False)
    git.run("ls-remote", url(web, other, accounts.token(alice, "read")))
    assert refs_on_disk(other) == {}


def test_password_works_until_a_second_factor_is_set(web, git: Git, alice, demo):
    from allauth.mfa.models import Authenticator

    folder = git.new()
    git.run("push", url(web, demo, "correct horse 7").replace("git:correct horse 7", "alice:correct%20horse%207"), "main", cwd=folder)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": "x"})
    basic = base64.b64encode(b"alice:correct horse 7").decode()
    answer, text = request(web, "GET", "/alice/demo.git/info/refs?service=git-receive-pack", Authorization=f"Basic {basic}")
    assert answer.status == 401
    assert "/settings/tokens" in text.decode()


def test_guessing_passwords_is_slowed_down(web, alice, demo):
    statuses = []
    for number in range(12):
        basic = base64.b64encode(f"alice:guess{number}".encode()).decode()
        answer, _text = request(web, "GET", "/alice/demo.git/info/refs?service=git-receive-pack", Authorization=f"Basic {basic}")
        statuses.append(answer.status)
    assert statuses[0] == 401
    assert statuses[-1] == 429
    right = base64.b64encode(b"alice:correct horse 7").decode()
    answer, _text = request(web, "GET", "/alice/demo.git/info/refs?service=git-receive-pack", Authorization=f"Basic {right}")
    assert answer.status == 429
    assert int(answer.getheader("Retry-After")) > 0


def test_push_without_right_is_refused_in_the_clients_language(web, git: Git, demo):
    folder = git.new()
    bob = accounts.token(accounts.person("bob"))
    refused = git.run("push", url(web, demo, bob), "main", cwd=folder, ok=False, env={"LANGUAGE": "en"})
    assert "You need write access" in refused.stderr or "写" in refused.stderr
    Repository.objects.filter(pk=demo.pk).update(is_archived=True)  # else they may propose (tests/pulls/test_agit.py)
    answer, text = request(
        web, "GET", "/alice/demo.git/info/refs?service=git-receive-pack", Authorization=f"Bearer {bob}", Accept_Language="en"
    )
    assert answer.status == 403
    assert b"You need write access to this repository." in text
    assert answer.getheader("Content-Type").startswith("text/plain")


def test_archived_repository_refuses_with_a_sentence(web, git: Git, demo, token):
    Repository.objects.filter(pk=demo.pk).update(is_archived=True)
    answer, text = request(
        web, "GET", "/alice/demo.git/info/refs?service=git-receive-pack", Authorization=f"Bearer {token}", Accept_Language="en"
    )
    assert answer.status == 403
    assert b"archived" in text


def test_taken_down_repository_is_451(web, demo):
    from django.utils import timezone

    Repository.objects.filter(pk=demo.pk).update(taken_down_at=timezone.now(), taken_down_reason="by order 7")
    answer, text = request(web, "GET", "/alice/demo.git/info/refs?service=git-upload-pack")
    assert (answer.status, text) == (451, b"by order 7\n")


def test_former_address_is_served_without_a_redirect(web, git: Git, demo, token, alice):
    from projects.models import FormerAddress

    folder = git.new()
    old = url(web, demo, token)
    FormerAddress.objects.create(namespace=alice.namespace, name="demo", repository=demo)
    Repository.objects.filter(pk=demo.pk).update(name="renamed")
    git.run("push", old, "main", cwd=folder)
    assert refs_on_disk(demo)


@pytest.mark.parametrize(
    "path",
    [
        "/alice/demo.git/info/refs",
        "/alice/demo.git/HEAD",
        "/alice/demo.git/objects/info/packs",
        "/alice/demo.git/info/refs?service=git-evil",
    ],
)
def test_dumb_protocol_is_refused_with_a_sentence(web, demo, path):
    answer, text = request(web, "GET", path, Accept_Language="en")
    assert answer.status == 403
    assert b"smart protocol" in text


@pytest.mark.parametrize("name", ["../demo", "demo%2f..%2fx", "--upload-pack=x", "demo%00", "a" * 300])
def test_odd_names_are_just_missing(web, demo, name):
    answer, _text = request(web, "GET", f"/alice/{name}.git/info/refs?service=git-upload-pack")
    assert answer.status in (401, 404)


def test_pages_are_not_git(web):
    answer, _text = request(web, "GET", "/-/health")
    assert answer.status == 200


def test_client_that_dies_in_a_push_leaves_nothing(web, git: Git, demo, token):
    folder = git.new()
    (folder / "big").write_bytes(os.urandom(40 * 1024**2))
    git.commit(folder, {})
    slow = subprocess.Popen(
        ["git", "-c", "http.postBuffer=65536", "push", url(web, demo, token), "main"],
        cwd=folder,
        env=git.environment(GIT_CURL_VERBOSE="0"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: any((demo.path / "objects").glob("tmp_objdir-*")), 20)
    os.killpg(slow.pid, signal.SIGKILL)
    slow.wait()
    wait_until(lambda: not children_on(demo), 3)
    wait_until(lambda: not any((demo.path / "objects").glob("tmp_objdir-*")), 3)
    assert refs_on_disk(demo) == {}
    assert not Push.objects.exists()


def test_client_that_dies_in_a_clone_frees_the_process(web, git: Git, demo, token, settings):
    folder = git.new()
    (folder / "big").write_bytes(os.urandom(30 * 1024**2))
    git.commit(folder, {})
    git.run("push", url(web, demo, token), "main", cwd=folder)
    host, port = urlsplit(web).netloc.split(":")
    body = f"0011command=fetch0001000fno-progress0032want {git.head(folder)}\n0009done\n0000".encode()
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(
            b"POST /alice/demo.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nGit-Protocol: version=2\r\n"
            b"Content-Type: application/x-git-upload-pack-request\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        assert b"200 OK" in client.recv(4096)
        assert children_on(demo)
    wait_until(lambda: not children_on(demo), 2)
    wait_until(lambda: not list((Path(settings.DATA_DIR) / "cache" / "packs").glob("*.new")), 2)


def children_on(repo: Repository) -> list[str]:
    """Command lines of processes that work on this repository."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(repo.path) in line:
            found.append(line)
    return found


def test_two_pushes_to_one_ref_at_once_one_wins(web, git: Git, demo, token, tmp_path):
    folder = git.new()
    git.run("push", url(web, demo, token), "main", cwd=folder)
    copies = []
    for number in range(4):
        git.run("clone", "-q", url(web, demo, token), str(tmp_path / str(number)))
        git.commit(tmp_path / str(number), {f"f{number}": "x"})
        copies.append(tmp_path / str(number))
    outcomes: list[int] = []

    def push(copy: Path) -> None:
        outcomes.append(
            subprocess.run(
                ["git", "push", "-q", "origin", "main"], cwd=copy, env=git.environment(), capture_output=True, check=False
            ).returncode
        )

    threads = [threading.Thread(target=push, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(0) == 1
    assert Push.objects.count() == 2
    assert refs_on_disk(demo)["refs/heads/main"] in [git.head(copy) for copy in copies]
