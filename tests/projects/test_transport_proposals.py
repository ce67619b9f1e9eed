"""`git push origin HEAD:refs/for/main`: a pull request without branch or fork, by real clients over HTTP and SSH."""

import subprocess

import pytest

from accounts.commands import add_ssh_key
from core import events
from core.actors import Actor
from issues.models import Thread
from projects.commands import fork_repository
from projects.models import Collaborator, Push, Repository
from pulls.commands.opening import open_pull
from pulls.models import Pull
from tests.factories import accounts
from tests.projects.wire import Git, refs_on_disk, url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def work(web, git: Git, demo, alice):
    """A clone with main pushed; English answers."""
    folder = git.new()
    git.run("remote", "add", "origin", url(web, demo, accounts.token(alice, "write")), cwd=folder)
    git.run("push", "-q", "origin", "main", cwd=folder)
    return folder


@pytest.fixture
def bob():
    user = accounts.person("bob")
    type(user).objects.filter(pk=user.pk).update(language="en")
    return user


@pytest.fixture
def propose(web, git: Git, demo, bob, work):
    """Push as bob, who may only read: (what, options…) → what git said."""
    token = accounts.token(bob, "write")

    def push(what="HEAD:refs/for/main", *options, ok=True, force=False):
        arguments = [item for option in options for item in ("-o", option)]
        return git.run("push", *arguments, *(["--force"] if force else []), url(web, demo, token), what, cwd=work, ok=ok).stderr

    return push


def test_a_reader_opens_a_pull_request_and_gives_it_versions(web, git: Git, demo, bob, work, propose):
    first = git.commit(work, {"a.txt": "a\n"}, "Add a\n\nIt was missing.")
    pushes = Push.objects.count()
    said = propose("HEAD:refs/for/main", "topic=a")
    pull = Pull.objects.select_related("thread").get()
    assert f"/alice/demo/pulls/{pull.number}" in said
    assert "Pull request #1 is open:" in said
    assert "refs/pull/1/head" in said, "git tells which ref moved instead"
    assert (pull.thread.title, pull.thread.body, pull.thread.author, pull.topic) == ("Add a", "It was missing.", bob, "a")
    assert (pull.head_oid, pull.head_branch, pull.head_repository, pull.base_branch) == (first, "", None, "main")
    assert refs_on_disk(demo) == {
        "refs/heads/main": pull.base_oid, "refs/pull/1/head": first, "refs/keep/pull/1/1": first,
    }  # fmt: skip
    assert Push.objects.count() == pushes, "no branch moved, so there is no push in the history"

    second = git.commit(work, {"a.txt": "b\n"}, "Better")
    assert "Pull request #1 has a new version:" in propose("HEAD:refs/for/main/a")
    pull.refresh_from_db()
    assert (pull.head_oid, pull.versions.count(), refs_on_disk(demo)["refs/pull/1/head"]) == (second, 2, second)
    assert refs_on_disk(demo)["refs/keep/pull/1/1"] == first, "a version is never lost"

    git.run("commit", "-q", "--amend", "-m", "Other", cwd=work)
    amended = git.head(work)
    assert "-o force-push" in propose("HEAD:refs/for/main", "topic=a", ok=False)
    assert Pull.objects.get().head_oid == second
    assert "(forced update)" in propose("HEAD:refs/for/main", "topic=a", "force-push")
    pull.refresh_from_db()
    assert (pull.head_oid, pull.versions.get(number=3).is_forced) == (amended, True)
    assert "has these commits already" in propose("HEAD:refs/for/main", "topic=a", ok=False)

    said = propose("HEAD:refs/for/main", "topic=b", "title=Mine <b>", "description=One\\nTwo", "draft")
    other = Pull.objects.exclude(pk=pull.pk).select_related("thread").get()
    assert (other.thread.title, other.thread.body, other.is_draft, other.number) == ("Mine <b>", "One\nTwo", True, 2)
    assert events.drain() > 0
    pull.refresh_from_db()
    assert pull.mergeability == Pull.Mergeability.FORWARD
    assert "refs/pull/1/merge" in refs_on_disk(demo)

    listed = git.run("ls-remote", url(web, demo)).stdout
    assert "refs/pull/1/head" in listed
    assert "refs/keep" not in listed
    git.run("fetch", "-q", url(web, demo), "refs/pull/1/head", "refs/pull/1/merge", cwd=work)
    clone = git.home / "clone"
    git.run("clone", "-q", url(web, demo), str(clone))
    assert "refs/pull" not in git.run("show-ref", cwd=clone).stdout


def test_only_the_door_is_open(web, git: Git, demo, bob, work, propose):
    """A reader pushes nothing but proposals, whatever stands beside them; others get what they got before."""
    git.commit(work, {"a.txt": "a\n"})
    before = refs_on_disk(demo)
    assert "You need write access to this repository." in propose("HEAD:refs/heads/main", ok=False)
    token = accounts.token(bob, "write")
    said = git.run("push", url(web, demo, token), "HEAD:refs/for/main", "HEAD:refs/heads/x", cwd=work, ok=False).stderr
    assert "You need write access to this repository." in said
    assert propose("HEAD:refs/pull/1/head", ok=False)
    assert "There is no branch “nowhere” here." in propose("HEAD:refs/for/nowhere", ok=False)
    assert "nothing to merge" in propose("origin/main:refs/for/main", ok=False)
    git.run("tag", "-a", "-m", "t", "v1", cwd=work)
    assert "Push a commit." in propose("v1:refs/for/main", ok=False)
    assert "A topic has at most" in propose("HEAD:refs/for/main", "topic=" + "x" * 300, ok=False)
    reading = accounts.token(bob, "read")
    assert "scope" in git.run("push", url(web, demo, reading), "HEAD:refs/for/main", cwd=work, ok=False).stderr
    Repository.objects.filter(pk=demo.pk).update(is_archived=True)
    assert "You need write access" in propose(ok=False)
    Repository.objects.filter(pk=demo.pk).update(is_archived=False, visibility="private")
    assert "not found" in propose(ok=False).lower()
    assert refs_on_disk(demo) == before
    assert not Thread.objects.exists()


def test_policies_hold_for_proposals(web, git: Git, demo, bob, work, propose, settings):
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    git.commit(work, {"leak.txt": f"{key}\n"})
    assert "secret" in propose(ok=False)
    git.run("reset", "-q", "--hard", "origin/main", cwd=work)
    Repository.objects.filter(pk=demo.pk).update(forbidden_paths=["*.exe"])
    git.commit(work, {"x.exe": "x"})
    assert "x.exe" in propose(ok=False)
    git.run("reset", "-q", "--hard", "origin/main", cwd=work)
    oid = git.commit(work, {"big.bin": "".join(f"{number}\n" for number in range(200_000))})
    propose("HEAD:refs/for/nowhere", ok=False)
    assert subprocess.run(["git", "--git-dir", str(demo.path), "cat-file", "-e", oid], check=False).returncode, (
        "what is refused leaves nothing behind"
    )
    assert not Pull.objects.exists()
    assert not [ref for ref in refs_on_disk(demo) if not ref.startswith("refs/heads/")]


def test_a_writer_proposes_beside_a_push_and_over_ssh(web, ssh_port, git: Git, demo, alice, work, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    add_ssh_key(Actor(person=alice), title="k", key=key.with_suffix(".pub").read_text())
    Collaborator.objects.filter(repository=demo).delete()
    oid = git.commit(work, {"a.txt": "a\n"}, "Over SSH")
    command = f"ssh -i {key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    address = f"ssh://git@127.0.0.1:{ssh_port}/alice/demo.git"
    said = git.run(
        "push", "-o", "topic=t", address, "HEAD:refs/for/main", "HEAD:refs/heads/side", cwd=work, env={"GIT_SSH_COMMAND": command}
    ).stderr
    assert "/alice/demo/pulls/1" in said
    assert (refs_on_disk(demo)["refs/pull/1/head"], refs_on_disk(demo)["refs/heads/side"]) == (oid, oid)
    assert [push.updates for push in Push.objects.order_by("-pk")[:1]] == [[["refs/heads/side", "0" * 40, oid]]]
    git.run("fetch", "-q", address, "refs/pull/1/head", cwd=work, env={"GIT_SSH_COMMAND": command})


def test_maintainers_push_to_the_branch_of_a_fork_as_long_as_its_author_lets_them(web, git: Git, demo, alice, bob, work):
    fork = fork_repository(Actor(person=bob), Repository.objects.get(pk=demo.pk), into=bob.namespace)
    theirs, hers = url(web, fork, accounts.token(bob, "write")), url(web, fork, accounts.token(alice, "write"))
    git.commit(work, {"b.txt": "b\n"}, "Bob's")
    git.run("push", "-q", theirs, "HEAD:refs/heads/topic", cwd=work)
    oid = git.commit(work, {"c.txt": "c\n"}, "Alice helps")
    git.run("push", hers, "HEAD:refs/heads/topic", cwd=work, ok=False)
    pull = open_pull(Actor(person=bob), demo, head=fork, head_branch="topic", base_branch="main", title="T")
    for what in ("HEAD:refs/heads/main", "HEAD:refs/heads/other", ":refs/heads/topic"):
        before = refs_on_disk(fork)
        git.run("push", hers, what, cwd=work, ok=False)
        assert refs_on_disk(fork) == before, what
    git.run("push", "-q", hers, "HEAD:refs/heads/topic", cwd=work)
    assert refs_on_disk(fork)["refs/heads/topic"] == oid
    events.drain()
    pull.refresh_from_db()
    assert (pull.head_oid, pull.versions.get(number=2).pushed_by) == (oid, alice)
    Pull.objects.filter(pk=pull.pk).update(maintainers_may_push=False)
    git.commit(work, {"d.txt": "d\n"}, "No more")
    git.run("push", hers, "HEAD:refs/heads/topic", cwd=work, ok=False)
    assert refs_on_disk(fork)["refs/heads/topic"] == oid
