"""Push policies, through a real push: what is refused, with which sentence, and that nothing moved."""

import subprocess

import pytest

from accounts.logic import new_token
from core.errors import Forbidden
from projects import policies
from projects.models import Collaborator, Protection, Push, Repository
from projects.places import ZERO, Refusal, push_policies
from tests.factories import accounts
from tests.projects.wire import Git, refs_on_disk, url

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"LANGUAGE": "en"}


@pytest.fixture
def alice():
    user = accounts.person("alice")
    type(user).objects.filter(pk=user.pk).update(language="en")
    return user


@pytest.fixture
def token(alice):
    return accounts.token(alice, "write")


@pytest.fixture
def developer(demo):
    user = accounts.person("dev")
    type(user).objects.filter(pk=user.pk).update(language="en")
    Collaborator.objects.create(repository=demo, user=user, access="write")
    return user


def refused(web: str, git: Git, folder, repo: Repository, token: str, *arguments: str) -> str:
    """What git shows of a push that must not happen."""
    before, pushes = refs_on_disk(repo), Push.objects.count()
    said = git.run(
        "push",
        *[one for one in arguments if one.startswith("-")],
        url(web, repo, token),
        *[one for one in arguments if not one.startswith("-")],
        cwd=folder,
        ok=False,
    ).stderr
    assert refs_on_disk(repo) == before
    assert Push.objects.count() == pushes
    return str(said)


@pytest.fixture
def pushed(web, git: Git, demo, token):
    folder = git.new()
    git.run("push", "-q", url(web, demo, token), "main", "main:side", cwd=folder)
    return folder


def test_protected_branch_by_access_person_force_and_delete(web, git: Git, demo, developer, pushed):
    dev = accounts.token(developer, "write")
    rule = Protection.objects.create(repository=demo, pattern="si*", push_access="maintain")
    git.commit(pushed, {"a": "a"})
    said = refused(web, git, pushed, demo, dev, "main:side")
    assert "remote: " in said
    assert "refs/heads/side: “side” is protected (rule “si*”): you may not push to it." in said
    rule.push_users.add(developer)
    git.run("push", url(web, demo, dev), "main:side", cwd=pushed)
    git.run("commit", "--amend", "-q", "-m", "again", cwd=pushed)
    assert "its history may not be rewritten" in refused(web, git, pushed, demo, dev, "--force", "main:side")
    assert "it may not be deleted" in refused(web, git, pushed, demo, dev, ":side")
    Protection.objects.update(allow_force=True, allow_delete=True)
    git.run("push", "--force", url(web, demo, dev), "main:side", cwd=pushed)
    git.run("push", url(web, demo, dev), ":side", cwd=pushed)


def test_longest_pattern_wins_and_nobody_means_nobody(web, git: Git, demo, token, pushed):
    Protection.objects.create(repository=demo, pattern="*", push_access="nobody")
    git.commit(pushed, {"a": "a"})
    assert "you may not push" in refused(web, git, pushed, demo, token, "main")
    Protection.objects.create(repository=demo, pattern="mai*", push_access="write")
    git.run("push", url(web, demo, token), "main", cwd=pushed)


def test_protected_tag_is_made_once(web, git: Git, demo, token, pushed):
    Protection.objects.create(repository=demo, kind="tag", pattern="v*", push_access="write")
    git.run("tag", "v1", cwd=pushed)
    git.run("push", url(web, demo, token), "v1", cwd=pushed)
    git.commit(pushed, {"a": "a"})
    git.run("tag", "-f", "v1", cwd=pushed)
    assert "may not be rewritten" in refused(web, git, pushed, demo, token, "--force", "v1")


def test_one_refused_ref_refuses_the_whole_push_and_says_which(web, git: Git, demo, token, pushed):
    Protection.objects.create(repository=demo, pattern="main", push_access="nobody")
    git.commit(pushed, {"a": "a"})
    said = refused(web, git, pushed, demo, token, "main", "main:free")
    assert "refs/heads/main: " in said
    assert "refs/heads/free: " not in said


def test_default_branch_is_not_deleted(web, git: Git, demo, token, pushed):
    assert "The default branch cannot be deleted." in refused(web, git, pushed, demo, token, ":main")


def test_hidden_refs_are_neither_shown_nor_written(web, git: Git, demo, token, pushed):
    oid = git.head(pushed)
    for ref in ("refs/pull/1/head", "refs/keep/pull/1/1", "refs/internal/x"):
        subprocess.run(["git", "--git-dir", str(demo.path), "update-ref", ref, oid], check=True)
    listed = git.run("ls-remote", url(web, demo, token)).stdout
    assert "refs/pull/1/head" in listed, "proposals can be fetched"
    assert "refs/keep" not in listed
    assert "refs/internal" not in listed
    before = refs_on_disk(demo)
    git.run("push", url(web, demo, token), "main:refs/pull/2/head", cwd=pushed, ok=False)
    assert refs_on_disk(demo) == before


@pytest.mark.parametrize("name", ["-x", "a" * 201, "f" * 40, "HEAD"])
def test_ref_names_we_refuse(web, git: Git, demo, token, pushed, name):
    assert "of a branch or tag" in refused(web, git, pushed, demo, token, f"main:refs/heads/{name}")


def test_refs_that_differ_by_case_alone(web, git: Git, demo, token, pushed):
    assert "differs only by capital letters" in refused(web, git, pushed, demo, token, "main:Side")
    assert "differs only by capital letters" in refused(web, git, pushed, demo, token, "main:new", "main:NEW")


def test_archived_meanwhile(demo, alice):
    demo.is_archived = True
    with pytest.raises(Forbidden) as caught:
        policies.require(accounts.actor(alice), demo, [("refs/heads/x", ZERO, "1" * 40)])
    assert caught.value.code == "archived"


def test_quota_counts_the_namespace_and_the_push(web, git: Git, demo, token, alice):
    folder = git.new()
    type(alice).objects.filter(pk=alice.pk).update(quota_bytes=1000)
    Repository.objects.filter(pk=demo.pk).update(size_bytes=900)
    assert "The quota of “alice” is used up" in refused(web, git, folder, demo, token, "main")
    type(alice).objects.filter(pk=alice.pk).update(quota_bytes=10_000_000)
    git.run("push", url(web, demo, token), "main", cwd=folder)


def test_large_file_is_named_with_its_path_wherever_in_the_push(web, git: Git, demo, token, pushed):
    Repository.objects.filter(pk=demo.pk).update(max_blob_bytes=1000)
    git.commit(pushed, {"deep/er/big.bin": "x" * 2000})
    oid = git.head(pushed, "HEAD:deep/er/big.bin")
    git.run("rm", "-q", "deep/er/big.bin", cwd=pushed)
    git.run("commit", "-q", "-m", "gone again", cwd=pushed)
    said = refused(web, git, pushed, demo, token, "main")
    assert "deep/er/big.bin" in said
    assert oid[:10] in said


@pytest.mark.parametrize(
    "pattern, path, stops",
    [("*.exe", "bin/a.exe", True), ("data/*", "data/x", True), ("data/*", "other/x", False), (".env", "a/.env", True)],
)
def test_forbidden_paths(web, git: Git, demo, token, pushed, pattern, path, stops):
    Repository.objects.filter(pk=demo.pk).update(forbidden_paths=[pattern])
    git.commit(pushed, {path: "x"})
    if stops:
        assert f"“{path}” is not allowed here" in refused(web, git, pushed, demo, token, "main")
    else:
        git.run("push", url(web, demo, token), "main", cwd=pushed)


def test_committer_email_must_be_a_confirmed_one_of_the_pusher(web, git: Git, demo, token, pushed, tmp_path):
    Repository.objects.filter(pk=demo.pk).update(check_emails=True)
    git.commit(pushed, {"a": "a"})
    assert "dev@example.org" in refused(web, git, pushed, demo, token, "main")
    mine = Git(tmp_path / "mine", "Alice@example.org")
    mine.run("commit", "--amend", "-q", "--reset-author", "-m", "mine", cwd=pushed)
    mine.run("push", url(web, demo, token), "main", cwd=pushed)


KEY = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    + ("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n" * 4)
    + "-----END OPENSSH PRIVATE KEY-----\n"
)
SECRETS = {
    "key": KEY,
    "aws": "id = AKIAIOSFODNN7EXAMPLE\n",
    "github": "token: ghp_" + "a1B2" * 9 + "\n",
    "gitlab": "glpat-abcdefghij0123456789\n",
    "ours": f"token = {new_token()}\n",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_secrets_are_refused_with_file_and_line_and_can_be_allowed(web, git: Git, demo, token, pushed, kind):
    git.commit(pushed, {"conf/settings.txt": "# one\n" + SECRETS[kind]})
    said = refused(web, git, pushed, demo, token, "main")
    assert "conf/settings.txt" in said
    assert "line 2" in said
    git.run("push", "-o", "secrets.allow", url(web, demo, token), "main", cwd=pushed)
    git.commit(pushed, {"conf/settings.txt": "# one\n" + SECRETS[kind] + "# three\n"})
    git.run("push", url(web, demo, token), "main", cwd=pushed)  # the secret was there; this push adds another line


def test_files_under_a_tag_alone_are_looked_at_too(web, git: Git, demo, token, pushed):
    blob = git.run("hash-object", "-w", "--stdin", cwd=pushed, input=KEY).stdout.strip()
    tree = git.run("mktree", cwd=pushed, input=f"100644 blob {blob}\tkey.pem\n").stdout.strip()
    for oid in (blob, tree):
        assert "private key" in refused(web, git, pushed, demo, token, f"{oid}:refs/tags/odd")
    git.run("tag", "-a", "-m", "odd", "odd", blob, cwd=pushed)
    assert "private key" in refused(web, git, pushed, demo, token, "odd")
    git.run("push", "-o", "secrets.allow", url(web, demo, token), "odd", cwd=pushed)


def test_ordinary_text_is_no_secret(web, git: Git, demo, token, pushed):
    git.commit(
        pushed,
        {
            "a.txt": "-----BEGIN PRIVATE KEY-----\n(your key here)\n",
            "b.txt": "AKIA…\n" + "a" * 40 + "\n" + "0" * 40 + "\n" + git.head(pushed),
        },
    )
    git.run("push", url(web, demo, token), "main", cwd=pushed)


def test_tree_with_dotgit_is_refused_by_fsck(web, git: Git, demo, token, pushed):
    blob = git.run("hash-object", "-w", "--stdin", cwd=pushed, input="x").stdout.strip()
    inner = (
        git.run(
            "hash-object",
            "-t",
            "tree",
            "-w",
            "--literally",
            "--stdin",
            cwd=pushed,
            text=False,
            input=b"100644 config\0" + bytes.fromhex(blob),
        )
        .stdout.decode()
        .strip()
    )
    root = (
        git.run(
            "hash-object",
            "-t",
            "tree",
            "-w",
            "--literally",
            "--stdin",
            cwd=pushed,
            text=False,
            input=b"40000 .git\0" + bytes.fromhex(inner),
        )
        .stdout.decode()
        .strip()
    )
    commit = git.run("commit-tree", "-m", "evil", root, cwd=pushed).stdout.strip()
    assert "hasDotgit" in refused(web, git, pushed, demo, token, f"{commit}:refs/heads/evil")


def test_messages_are_chinese_for_a_chinese_reader(web, git: Git, demo, token, pushed, alice):
    type(alice).objects.filter(pk=alice.pk).update(language="zh-hans")
    said = refused(web, git, pushed, demo, token, ":main")
    assert "The default branch cannot be deleted." in said or "默认分支" in said


def test_higher_packages_may_add_a_policy(demo, alice):
    def no_fridays(proposal):
        yield Refusal(proposal.updates[0][0], "not today", "friday")

    push_policies.add(no_fridays)
    try:
        with pytest.raises(Forbidden, match="not today"):
            policies.require(accounts.actor(alice), demo, [("refs/heads/gone", "1" * 40, ZERO)])
    finally:
        push_policies._entries.clear()


def test_web_updates_meet_the_same_policies(git: Git, demo, alice):
    folder = git.new()
    git.run("push", "-q", str(demo.path), "main", cwd=folder)
    first = git.head(folder)
    second = git.commit(folder, {"key.pem": KEY})
    git.run("push", "-q", str(demo.path), "main:refs/keep/edit", cwd=folder)
    with pytest.raises(Forbidden) as caught:
        policies.require(accounts.actor(alice), demo, [("refs/heads/main", first, second)])
    assert caught.value.code == "secret"
    policies.require(accounts.actor(alice), demo, [("refs/heads/main", first, second)], options=["secrets.allow"])


def test_one_commit_in_the_browser_looks_at_its_own_files_alone(git: Git, demo, alice):
    folder = git.new(files={f"d{n}/f{m}.txt": f"{n}{m}" for n in range(20) for m in range(20)})
    git.run("push", "-q", str(demo.path), "main", cwd=folder)
    first = git.head(folder)
    second = git.commit(folder, {"d3/f4.txt": "changed"})
    git.run("push", "-q", str(demo.path), "main:refs/keep/edit", cwd=folder)
    proposal = policies.Proposal(accounts.actor(alice), demo, "admin", [("refs/heads/main", first, second)])
    assert [blob.path for blob in policies.new_blobs(proposal)] == ["d3/f4.txt"]


def test_import_is_judged_by_what_git_lists(git: Git, demo, alice, monkeypatch):
    from projects import pushed as module

    monkeypatch.setattr(module, "LARGE", 0)
    folder = git.new()
    git.run("push", "-q", str(demo.path), "main", cwd=folder)
    first = git.head(folder)
    second = git.commit(folder, {"deep/big.bin": "x" * 5000, "a.exe": "y"})
    quarantine = folder / ".git" / "quarantine"
    git.run("repack", "-adq", cwd=folder)
    (quarantine / "pack").mkdir(parents=True)
    for pack in (folder / ".git" / "objects" / "pack").iterdir():
        (quarantine / "pack" / pack.name).write_bytes(pack.read_bytes())
    proposal = policies.Proposal(accounts.actor(alice), demo, "admin", [("refs/heads/main", first, second)], quarantine=quarantine)
    assert module.is_large(proposal)
    assert [(blob.path, blob.size) for blob in policies.oversized(proposal, 1000)] == [("deep/big.bin", 5000)]
    assert {"deep/big.bin", "a.exe"} <= set(policies.new_paths(proposal))
    demo.forbidden_paths, demo.max_blob_bytes = ["*.exe"], 1000
    proposal.quarantine_bytes = 10_000
    assert {refusal.code for refusal in policies.refusals(proposal)} == {"forbidden_path", "blob_size"}
