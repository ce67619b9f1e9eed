"""An import-size push is checked to the last commit and file, in flat memory; LARGE is lowered so that a small one counts as such."""

import os

import pytest

import gitstore
from accounts.logic import new_token
from projects import policies, pushed
from tests.factories import accounts
from tests.projects.test_policies import KEY
from tests.projects.wire import Git

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch):
    monkeypatch.setattr(pushed, "LARGE", 0)
    monkeypatch.setattr(pushed, "SAMPLE", 1)


def proposed(git: Git, folder, demo, alice, old: str, new: str, **options) -> policies.Proposal:
    """The push old..new as receive-pack quarantines it."""
    quarantine = folder / ".git" / f"quarantine-{new[:8]}"
    (quarantine / "pack").mkdir(parents=True)
    revisions = new + (f"\n--not\n{old}" if old != policies.ZERO else "") + "\n"
    git.run("pack-objects", "--revs", "-q", str(quarantine / "pack" / "pack"), cwd=folder, input=revisions)
    return policies.Proposal(accounts.actor(alice), demo, "admin", [("refs/heads/main", old, new)], quarantine=quarantine, **options)


def codes(proposal) -> set[str]:
    return {refusal.code for refusal in policies.refusals(proposal)}


def test_the_oldest_of_many_commits_is_searched(git: Git, demo, alice):
    folder = git.new()
    git.commit(folder, {"deep/key.pem": f"# text\n{KEY}"})
    git.run("rm", "-q", "deep/key.pem", cwd=folder)
    for number in range(30):
        git.commit(folder, {f"f{number}": "x" * number * 100})
    proposal = proposed(git, folder, demo, alice, policies.ZERO, git.head(folder))
    assert pushed.is_large(proposal)
    (refusal,) = policies.refusals(proposal)
    assert refusal.code == "secret"
    assert "deep/key.pem" in refusal.reason
    assert "2" in refusal.reason
    allowed = proposed(
        git, git.new("other", {"k": KEY}), demo, alice, policies.ZERO, git.head(git.home / "other"), options=frozenset({"secrets.allow"})
    )
    assert codes(allowed) == set()


@pytest.mark.parametrize(
    "secret",
    [KEY, "x {token} y", "AKIA" + "A1B2C3D4E5F6G7H8", "ghp_" + "a1B2" * 9, "hf_" + "a1B2c3D4e5" * 3 + "abcd"],
    ids=["private key", "our token", "AWS", "GitHub", "Hugging Face"],
)
def test_each_shape_is_found_by_the_quick_search_too(git: Git, demo, alice, secret):
    secret = secret.replace("{token}", new_token())
    folder = git.new(files={"a": "one\ntwo\n", "b": f"first\n{secret}\n", "c": "x" * 5000})
    assert codes(proposed(git, folder, demo, alice, policies.ZERO, git.head(folder))) == {"secret"}


def test_what_stood_there_before_binary_files_and_harmless_text_pass(git: Git, demo, alice):
    folder = git.new(files={"known": f"{KEY}\n", "tree": "0123456789abcdef0123456789abcdef01234567\n"})
    git.run("push", "-q", str(demo.path), "main", cwd=folder)
    first = git.head(folder)
    second = git.commit(folder, {"known": f"{KEY}\nmore\n", "bin": "\0" * 100 + KEY, "sha": "f" * 40})
    assert codes(proposed(git, folder, demo, alice, first, second)) == set()
    git.run("push", "-q", str(demo.path), "main", cwd=folder)
    third = git.commit(folder, {"fresh": f"{KEY}\n"})
    assert codes(proposed(git, folder, demo, alice, second, third)) == {"secret"}


def test_a_huge_file_is_searched_in_pieces(git: Git, demo, alice, monkeypatch):
    monkeypatch.setattr(pushed, "WHOLE", 100_000)
    monkeypatch.setattr(policies, "WHOLE", 100_000)
    text = "line of text\n" * 100_000  # 1.3 MB: the secret lies across the first border of two windows
    at = 1024**2 - 40
    folder = git.new(files={"huge.txt": text[:at] + KEY + text[at:], "big.bin": "x"})
    (folder / "big.bin").write_bytes(os.urandom(300_000))
    git.run("add", "-A", cwd=folder)
    git.run("commit", "-qm", "binary", cwd=folder)
    proposal = proposed(git, folder, demo, alice, policies.ZERO, git.head(folder))
    (refusal,) = policies.refusals(proposal)
    assert "huge.txt" in refusal.reason
    assert str(text[:at].count("\n") + 1) in refusal.reason
    assert len(pushed.huge_blobs(proposal)) == 2


def test_every_committer_is_checked(git: Git, demo, alice):
    demo.check_emails = True
    folder = git.new()
    git.run("-c", "user.email=stranger@example.org", "commit", "-q", "--allow-empty", "-m", "theirs", cwd=folder)
    own = accounts.actor(alice).person.email
    for number in range(20):
        git.run("-c", f"user.email={own}", "commit", "-q", "--allow-empty", "-m", str(number), cwd=folder)
    proposal = proposed(git, folder, demo, alice, policies.ZERO, git.head(folder))
    assert len(list(pushed.committers(proposal))) == 22
    (refusal,) = policies.refusals(proposal)
    assert (refusal.code, "@example.org" in refusal.reason) == ("email", True)


def test_a_failing_search_refuses_rather_than_passes(git: Git, demo, alice):
    folder = git.new(files={"k": KEY})
    proposal = proposed(git, folder, demo, alice, policies.ZERO, git.head(folder))
    for pack in (proposal.quarantine / "pack").glob("*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:-60])
    with pytest.raises(gitstore.GitFailed):
        list(policies.secrets(proposal))
