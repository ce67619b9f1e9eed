"""Two versions of a proposal set against each other."""

import pytest

import gitstore

LINES = [b"line %d" % number for number in range(1, 31)]


def text(**changes):
    return b"\n".join(changes.get(f"l{number}", line) for number, line in enumerate(LINES, 1)) + b"\n"


@pytest.fixture
def versions(work):
    """A base and a proposal of three commits; then the same on a newer base, one commit changed, one gone, one new."""
    base = work.commit({"f": text()}, "base")
    work.git("checkout", "-q", "-b", "v1")
    work.commit({"f": text(l5=b"five")}, "five")
    work.commit({"f": text(l5=b"five", l20=b"twenty")}, "twenty")
    first = work.commit({"g": b"g\n"}, "gone")
    work.git("checkout", "-q", "main")
    upstream = work.commit({"f": text(l1=b"one"), "up": b"u\n"}, "upstream")
    work.git("checkout", "-q", "-b", "v2")
    work.commit({"f": text(l1=b"one", l5=b"five")}, "five")
    work.commit({"f": text(l1=b"one", l5=b"five", l20=b"TWENTY")}, "twenty")
    second = work.commit({"h": b"h\n"}, "new")
    work.push()
    return work, base, first, upstream, second


def test_commits_are_paired(versions):
    work, base, first, upstream, second = versions
    pairs = gitstore.range_diff(work.bare, base, first, upstream, second)
    assert [(pair.status, pair.subject) for pair in pairs] == [("same", "five"), ("changed", "twenty"), ("gone", "gone"), ("new", "new")]
    changed = pairs[1]
    assert [(line.kind, line.text) for line in changed.lines if line.kind in "+-"] == [("-", "+twenty"), ("+", "+TWENTY")]
    assert (pairs[2].old, pairs[2].new, pairs[2].new_number) == (first, "", 0)
    assert (pairs[3].new, pairs[3].old_number, pairs[3].new_number) == (second, 0, 3)
    assert {pair.status for pair in gitstore.range_diff(work.bare, base, first, base, first)} == {"same"}
    assert gitstore.range_diff(work.bare, base, base, upstream, upstream) == []
    assert [pair.status for pair in gitstore.range_diff(work.bare, base, first, upstream, upstream)] == ["gone", "gone", "gone"]
    assert [(pair.status, pair.new_number) for pair in gitstore.range_diff(work.bare, base, base, upstream, second)][2:] == [("new", 3)]


def test_interdiff_leaves_out_what_the_base_brought(versions):
    work, base, first, upstream, second = versions
    found = gitstore.interdiff(work.bare, base, first, upstream, second)
    assert found.clean
    changed = gitstore.diff(work.bare, found.old, found.new)
    assert [file.path for file in changed.files] == ["f", "g", "h"], "not `up`, which came with the base"
    lines = [(line.kind, line.text) for hunk in changed.files[0].hunks or [] for line in hunk.lines if line.kind != " "]
    assert lines == [("-", b"twenty\n"), ("+", b"TWENTY\n")]
    assert gitstore.interdiff(work.bare, base, first, base, second).old == first


def test_interdiff_of_a_version_that_does_not_go_onto_the_new_base(versions):
    work, base, first, _upstream, _second = versions
    work.git("checkout", "-q", "main")
    other = work.commit({"f": text(l5=b"FIVE")}, "clash")
    work.push()
    found = gitstore.interdiff(work.bare, base, first, other, other)
    assert not found.clean
    assert [file.path for file in gitstore.diff(work.bare, found.old, found.new).files] == ["f", "g"]


def test_too_many_commits_are_refused(versions, monkeypatch):
    work, base, first, upstream, second = versions
    monkeypatch.setattr("gitstore.ranges.COMMITS_MAX", 2)
    with pytest.raises(gitstore.TooLarge):
        gitstore.range_diff(work.bare, base, first, upstream, second)
