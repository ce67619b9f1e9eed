"""Blame, compared with `git blame`."""

import pytest

import gitstore
from tests.gitstore.conftest import Work


def test_ranges_cover_the_file_as_git_says(work: Work) -> None:
    one = work.commit({"a b.txt": b"1\n2\n3\n4\n"})
    two = work.commit({"a b.txt": b"1\ntwo\n3\n4\n"}, "改第二行")
    work.git("mv", "a b.txt", "中 文.txt")
    three = work.commit({"中 文.txt": b"0\n1\ntwo\n3\n4\n"}, push=True)
    ranges = gitstore.blame(work.bare, three, "中 文.txt")
    assert [(found.oid, found.start, found.count, found.path) for found in ranges] == [
        (three, 1, 1, "中 文.txt"), (one, 2, 1, "a b.txt"), (two, 3, 1, "a b.txt"), (one, 4, 2, "a b.txt"),
    ]  # fmt: skip
    assert ranges[2].previous == (one, "a b.txt")
    assert ranges[1].previous is None
    assert ranges[2].summary == "改第二行"
    assert ranges[0].author.name == "王小明"
    assert ranges[0].author.when is not None
    part = gitstore.blame(work.bare, three, "中 文.txt", first=3, lines=2)
    assert [(found.start, found.count) for found in part] == [(3, 1), (4, 1)]
    assert gitstore.blame(work.bare, three, "中 文.txt", first=99) == []
    for missing in ("nothing", "../x", "--help", ""):
        with pytest.raises(gitstore.PathMissing):
            gitstore.blame(work.bare, three, missing)


def test_ignored_revisions_are_looked_through(work: Work) -> None:
    one = work.commit({"a": b"x = 1\n"})
    two = work.commit({"a": b"x  =  1\n"})
    tip = work.commit({".git-blame-ignore-revs": f"# format\n{two}\nnonsense\n{'1' * 40}\n".encode()}, push=True)
    assert [found.oid for found in gitstore.blame(work.bare, tip, "a")] == [one]


def test_an_empty_file_has_no_ranges(work: Work) -> None:
    tip = work.commit({"empty": b""}, push=True)
    assert gitstore.blame(work.bare, tip, "empty") == []
