"""History pages, ancestry and what is reachable, compared with git's own answers."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

import gitstore
from tests.gitstore.conftest import Work


@pytest.fixture
def branchy(work: Work) -> Work:
    """Sixty commits on two branches that merge now and then."""
    chance = random.Random(4)
    for number in range(60):
        if number in (10, 35):
            work.git("checkout", "-q", "-b", f"side{number}")
        if number in (20, 45):
            work.git("checkout", "-q", "main")
            work.clock += 60
            work.git("merge", "-q", "--no-ff", "-m", f"merge {number}", f"side{number - 10}")
        work.commit(
            {f"d{chance.randrange(3)}/f{chance.randrange(5)}": str(number).encode(), f"r{chance.randrange(4)}": str(number).encode()},
            f"c{number}",
        )
    work.push()
    return work


def test_pages_are_the_log_in_order(branchy: Work) -> None:
    tip = branchy.git("rev-parse", "main")
    everything = branchy.git("log", "--format=%H", "main").split()
    cursor, seen = "", []
    for _ in range(100):
        page = gitstore.log(branchy.bare, tip, limit=7, after=cursor)
        seen += [commit.oid for commit in page.commits]
        cursor = page.next
        if not cursor:
            break
    assert seen == everything
    with pytest.raises(gitstore.PathMissing):
        gitstore.log(branchy.bare, tip, after="!!!")
    with pytest.raises(gitstore.PathMissing):
        gitstore.log(branchy.bare, tip, after="AAAA")


def test_filters(work: Work) -> None:
    one = work.commit({"a": b"1\n2\n3\n4\n5\n"}, "first: add a")
    two = work.commit({"b": b"1"}, "second")
    work.git("mv", "a", "moved")
    three = work.commit({}, "third: move")
    four = work.commit({"moved": b"1\n2\n3\n4\n5\n6\n"}, "fourth", push=True)
    log = lambda **options: [commit.oid for commit in gitstore.log(work.bare, four, **options).commits]  # noqa: E731
    assert log(file="b") == [two]
    assert log(file="moved") == [four, three]
    followed = gitstore.log(work.bare, four, file="moved", follow=True)
    assert [commit.oid for commit in followed.commits] == [four, three, one]
    assert followed.paths[one] == "a"
    assert log(grep="THIRD") == [three]
    assert log(author="wang@EXAMPLE") == [four, three, two, one]
    assert log(author="nobody") == []
    assert log(author="--output=/tmp/x") == []
    assert log(file=":(top)") == []  # a path is a path, not a pattern
    assert log(file="--all") == []
    since = datetime.fromtimestamp(work.clock - 60, UTC)
    assert log(since=since) == [four, three]
    assert log(until=since) == [three, two, one]
    page = gitstore.log(work.bare, four, author="wang", limit=3)
    assert [commit.oid for commit in gitstore.log(work.bare, four, author="wang", limit=3, after=page.next).commits] == [one]


def test_ancestry(branchy: Work) -> None:
    main, side = branchy.git("rev-parse", "main"), branchy.git("rev-parse", "side35")
    bare = branchy.bare
    assert gitstore.merge_base(bare, main, side) == branchy.git("merge-base", main, side)
    assert tuple(gitstore.divergence(bare, main, side)) == tuple(
        map(int, branchy.git("rev-list", "--left-right", "--count", f"{main}...{side}").split())
    )
    assert gitstore.is_ancestor(bare, side, main)
    assert not gitstore.is_ancestor(bare, main, side)
    assert gitstore.count(bare, main) == int(branchy.git("rev-list", "--count", "main"))
    assert [commit.oid for commit in gitstore.between(bare, side, main)] == branchy.git("rev-list", "main", f"^{side}").split()
    assert "refs/heads/main" in gitstore.containing(bare, side)
    counted = gitstore.authored(bare, main)
    assert sum(number for _name, number in counted.values()) == int(branchy.git("rev-list", "--count", "--no-merges", "main"))


def test_far_apart_commits_are_counted_by_git(work: Work) -> None:
    old = work.commit({"a": b"1"})
    work.clock += 400 * 86400
    new = work.commit({"a": b"2"}, push=True)
    assert gitstore.divergence(work.bare, new, old) == (1, 0)
    assert gitstore.merge_base(work.bare, new, old) == old
    orphan = work.git("commit-tree", work.git("rev-parse", "HEAD^{tree}"), "-m", "orphan")
    work.git("update-ref", "refs/heads/orphan", orphan)
    work.push()
    assert gitstore.merge_base(work.bare, orphan, old) == ""


def test_only_what_a_ref_reaches_counts_as_ours(work: Work, root: Path) -> None:
    kept = work.commit({"a": b"1", "d/e": b"2"})
    work.git("tag", "-a", "t", "-m", "t")
    work.push()
    lost = work.commit({"secret": b"s3cret"})
    work.push()
    work.git("reset", "-q", "--hard", kept)
    work.push("+main")
    tag, secret, tree = (work.git("rev-parse", name) for name in ("refs/tags/t", f"{lost}:secret", f"{kept}:d"))
    assert gitstore.reaches(work.bare, kept)
    assert gitstore.reaches(work.bare, tag)
    assert gitstore.reaches(work.bare, tree)
    assert gitstore.reaches(work.bare, work.git("rev-parse", f"{kept}:d/e"))
    assert gitstore.commit(work.bare, lost).oid == lost  # it is still in the store
    assert not gitstore.reaches(work.bare, lost)
    assert not gitstore.reaches(work.bare, secret)
    assert not gitstore.reaches(work.bare, work.git("rev-parse", f"{lost}^{{tree}}"))
    assert not gitstore.reaches(work.bare, "1" * 40)


@pytest.mark.parametrize("folder", ["", "d0", "d1"])
def test_last_commits_are_those_of_git_log(branchy: Work, folder: str) -> None:
    tip = branchy.git("rev-parse", "main")
    assert gitstore.last_commits(branchy.bare, tip, folder) is None
    found = gitstore.build_last_commits(branchy.bare, tip, folder)
    prefix = f"{folder}/" if folder else ""
    names = branchy.git("ls-tree", "--name-only", tip, prefix or ".").split()
    assert found == {name.removeprefix(prefix): branchy.git("log", "-1", "--format=%H", tip, "--", name) for name in names}
    assert gitstore.last_commits(branchy.bare, tip, folder) == found


def test_last_commits_after_a_push_come_from_the_pushed_range(branchy: Work) -> None:
    tip = branchy.git("rev-parse", "main")
    gitstore.build_last_commits(branchy.bare, tip)
    gitstore.build_last_commits(branchy.bare, tip, "d0")
    new = branchy.commit({"r1": b"new", "fresh": b"x"}, push=True)
    for folder in ("", "d0"):
        found = gitstore.build_last_commits(branchy.bare, new, folder)
        prefix = f"{folder}/" if folder else ""
        for name, oid in found.items():  # type: ignore[union-attr]
            assert oid == branchy.git("log", "-1", "--format=%H", new, "--", prefix + name), name
    branchy.git("reset", "-q", "--hard", f"{tip}~5")
    forced = branchy.commit({"r2": b"forced"})
    branchy.push("+main")
    found = gitstore.build_last_commits(branchy.bare, forced)
    for name, oid in found.items():  # type: ignore[union-attr]
        assert oid == branchy.git("log", "-1", "--format=%H", forced, "--", name), name
    with pytest.raises(gitstore.PathMissing):
        gitstore.build_last_commits(branchy.bare, forced, "no/such")
