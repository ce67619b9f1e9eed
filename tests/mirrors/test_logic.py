"""Addresses, pace, states and advertisements: pure functions."""

import random
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from projects.mirrors import addresses, advertisement, causes, pace, states
from tests.factories.projects import ENVIRONMENT, git

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/lgy96/Open-Exchange",
        "https://github.com/lgy96/open-exchange.git",
        "http://GitHub.com/lgy96/open-exchange/",
        "git clone https://github.com/lgy96/open-exchange.git",
        "git@github.com:lgy96/open-exchange.git",
        "ssh://git@github.com/lgy96/open-exchange.git",
        "ssh://git@github.com:22/lgy96/open-exchange",
        "git://github.com/lgy96/open-exchange.git",
        "git+https://github.com/lgy96/open-exchange",
        "github.com/lgy96/open-exchange",
        "www.github.com/lgy96/open-exchange",
        "https://github.com/lgy96/open-exchange/tree/main/src?x=1#L3",
        "https://github.com/lgy96/open-exchange/issues/5",
        "https://me:secret@github.com/lgy96/open-exchange.git",
        "  https://github.com/lgy96/open-exchange  ",
    ],
)
def test_every_spelling_is_one_repository(text: str) -> None:
    found = addresses.parse(text)
    assert found is not None
    assert found.key == "github.com/lgy96/open-exchange"
    assert found.slug.lower() == "github.com/lgy96"
    assert "secret" not in found.url + found.page + found.key


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("https://gitlab.com/a/b/c/-/tree/main/x", "a/b/c"),
        ("https://git.example.org/group/sub/name.git/info/refs", "group/sub/name"),
        ("https://git.example.org/group/name/commits/main", "group/name"),
        ("https://git.example.org:8443/A/B.git", "A/B"),
        ("git@git.example.org:a/b/c.git", "a/b/c"),
        ("https://github.com/.github/.github", ".github/.github"),
    ],
)
def test_groups_and_pages(text: str, path: str) -> None:
    found = addresses.parse(text)
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize(
    "text",
    [
        "", "pangu", "盘古 大模型", "a/b", "file:///etc/passwd", "ext::sh -c x", "https://github.com", "https://github.com/one", "https:///a/b",
        "https://github.com/../..", "https://github.com/a/b\nc", "https://github.com/a%2f..%2f/b", "https://[::1/a/b", "javascript:alert(1)",
        "https://github.com/a/-x;rm", "x" * 600 + ".com/a/b",
    ],
)  # fmt: skip
def test_words_and_traps_are_no_addresses(text: str) -> None:
    found = addresses.parse(text)
    assert found is None or found.path not in (text,)
    if text not in ("https://github.com/a/-x;rm",):
        assert found is None


def test_interval_shrinks_with_news_and_grows_without() -> None:
    hour = timedelta(hours=1)
    long_ago, lately = NOW - timedelta(days=90), NOW - timedelta(days=1)
    assert pace.interval_after(hour, changed=True, last_change=NOW, now=NOW) == timedelta(minutes=30)
    assert pace.interval_after(pace.SHORTEST, changed=True, last_change=NOW, now=NOW) == pace.SHORTEST
    assert pace.interval_after(hour, changed=False, last_change=long_ago, now=NOW) == timedelta(minutes=70)
    assert pace.interval_after(10 * hour, changed=False, last_change=lately, now=NOW) == pace.LIVELY_LONGEST
    assert pace.interval_after(30 * hour, changed=False, last_change=None, now=NOW) == pace.LONGEST


def test_promises_hold_with_the_worst_jitter() -> None:
    assert timedelta(hours=1) > pace.LIVELY_LONGEST * (1 + pace.JITTER)
    assert timedelta(hours=24.3) >= pace.LONGEST * (1 + pace.JITTER)
    spread = {pace.due(NOW, timedelta(hours=1), chance=random.Random(seed)) for seed in range(50)}
    assert len(spread) > 40
    assert all(timedelta(minutes=54) <= when - NOW <= timedelta(minutes=66) for when in spread)


def test_backoff_doubles_to_a_day() -> None:
    waits = [pace.backoff(n) for n in range(1, 30)]
    assert waits[0] == pace.SHORTEST
    assert all(a <= b for a, b in pairwise(waits))
    assert waits[-1] == pace.LONGEST


def test_every_state_can_be_left_and_reached() -> None:
    reached = set(states.TRANSITIONS.values()) | {states.State.LISTED}
    assert reached == set(states.State)
    assert {state for state, _turn in states.TRANSITIONS} == set(states.State)
    with pytest.raises(KeyError):
        states.after("promoted", states.Turn.SYNCED)
    assert states.after("gone", states.Turn.SYNCED) == "fresh"


def test_the_picture_of_the_states_is_true() -> None:
    assert states.picture() in Path("docs/reference/mirror-states.md").read_text(encoding="utf-8")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    path = tmp_path / "up.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "trunk", str(path)], env=ENVIRONMENT, check=True)
    script = b"commit refs/heads/trunk\ncommitter T <t@x.y> 1700000000 +0800\ndata 2\nm\nM 100644 inline f\ndata 2\n1\n\n"
    git(path, "fast-import", "--quiet", data=script)
    git(path, "tag", "-a", "-m", "t", "v1", "trunk")
    git(path, "branch", "dev", "trunk")
    git(path, "update-ref", "refs/pull/1/head", "trunk")
    return path


def _v0(path: Path) -> bytes:
    said = subprocess.run(["git", "upload-pack", "--advertise-refs", str(path)], env=ENVIRONMENT, capture_output=True, check=True).stdout
    return b"001e# service=git-upload-pack\n0000" + said


def _v2(path: Path) -> bytes:
    command = ["git", "upload-pack", "--stateless-rpc", str(path)]
    done = subprocess.run(
        command, env={**ENVIRONMENT, "GIT_PROTOCOL": "version=2"}, input=advertisement.LS_REFS, capture_output=True, check=True
    )
    return done.stdout


def everything(_ref: str) -> bool:
    return True


def test_both_protocols_give_the_same_digest(bare: Path) -> None:
    old = advertisement.read_v0([_v0(bare)], wanted=everything)
    new = advertisement.read_v2([_v2(bare)], wanted=everything)
    assert (old.digest, old.head, old.branches, old.tags) == (new.digest, "trunk", 2, 1)
    assert old.total == 4
    assert new.total == 3  # pull requests were not asked for


def test_the_digest_moves_with_refs_and_head_alone(bare: Path) -> None:
    first = advertisement.read_v0([_v0(bare)], wanted=everything)
    git(bare, "update-ref", "refs/pull/2/head", "trunk")
    assert advertisement.read_v0([_v0(bare)], wanted=everything).digest == first.digest
    git(bare, "symbolic-ref", "HEAD", "refs/heads/dev")
    assert advertisement.read_v0([_v0(bare)], wanted=everything).digest != first.digest
    git(bare, "symbolic-ref", "HEAD", "refs/heads/trunk")
    git(bare, "branch", "-D", "dev")
    assert advertisement.read_v0([_v0(bare)], wanted=everything).digest != first.digest


def test_read_in_any_pieces(bare: Path) -> None:
    whole = _v0(bare)
    pieces = [whole[index : index + 3] for index in range(0, len(whole), 3)]
    assert advertisement.read_v0(pieces, wanted=everything) == advertisement.read_v0([whole], wanted=everything)


@pytest.mark.parametrize(
    "answer", [b"", b"<html>sign in</html>", b"001e# service=git-upload-pack\n0000zzzz", b"001e# service=git-upload", b"0005x0003"]
)
def test_what_is_no_advertisement(answer: bytes) -> None:
    with pytest.raises(advertisement.NotGit):
        advertisement.read_v0([answer], wanted=everything)


def test_an_empty_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "e.git")], env=ENVIRONMENT, check=True)
    found = advertisement.read_v0([_v0(tmp_path / "e.git")], wanted=everything)
    assert (found.branches, found.tags, found.total) == (0, 0, 0)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("fatal: Authentication failed for 'https://x/'", "password"),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "name"),
        ("fatal: unable to access 'https://x/': SSL certificate problem: certificate has expired", "certificate"),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 503", "fault"),
        ("error: cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists", "clash"),
        ("fatal: fsck error in packed object", "fsck"),
        ("something new", "other"),
    ],
)
def test_causes_of_what_git_says(said: str, code: str) -> None:
    assert causes.of_text(said) == code
