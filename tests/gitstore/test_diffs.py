"""Diffs: what git says, paged; applying a diff gives the new text."""

import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gitstore
from tests.gitstore.conftest import Work


def _applied(old: bytes, file: gitstore.FileDiff) -> bytes:
    """The new text from the old one and the hunks."""
    lines = old.splitlines(keepends=True) if b"\r" not in old else [part + b"\n" for part in old.split(b"\n")]
    out, at = [], 0
    for hunk in file.hunks or ():
        for line in hunk.lines:
            if line.kind == "+":
                out.append(line.text)
                continue
            assert line.old is not None
            while at < line.old - 1:
                out.append(lines[at])
                at += 1
            assert lines[at] == line.text
            at += 1
            if line.kind == " ":
                out.append(line.text)
    return b"".join(out + lines[at:])


text = st.lists(st.sampled_from([b"a", b"b", b"c c", b"", b"\xff", b"\xe4\xb8\xad"]), max_size=25).flatmap(
    lambda lines: st.sampled_from([b"\n".join(lines), b"".join(line + b"\n" for line in lines)])
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text, text)
def test_diff_then_apply_is_identity(tmp_path: Path, old: bytes, new: bytes) -> None:
    bare = tmp_path / "x.git"
    if not bare.exists():
        gitstore.init_bare(bare)
    who = gitstore.Signature("a", "a@b", None)
    trees = []
    for content in (old, new):
        edit = gitstore.Edit("f", gitstore.write_blob(bare, content))
        trees.append(gitstore.write_commit(bare, parent="", edits=[edit], message="x", author=who, committer=who))
    found = gitstore.diff(bare, *trees, whole=True)
    if old == new:
        assert found.total == 0
    elif not found.files[0].binary:
        file = found.files[0]
        assert _applied(old, file) == new
        assert (file.additions, file.deletions) == (
            sum(line.kind == "+" for hunk in file.hunks or () for line in hunk.lines),
            sum(line.kind == "-" for hunk in file.hunks or () for line in hunk.lines),
        )


def test_kinds_of_change(work: Work) -> None:
    body = b"".join(b"line %d\n" % number for number in range(40))
    one = work.commit({"keep": b"1\n", "gone": b"x\n", "moved": body, "bin": b"\0\1", "space": b"a b\n"})
    work.git("mv", "moved", "new name")
    (work.folder / "gone").unlink()
    (work.folder / "keep").unlink()
    (work.folder / "keep").symlink_to("target")
    two = work.commit({"new name": body + b"more\n", "bin": b"\0\2", "space": b"a  b\n", "added": b"no newline"}, push=True)
    found = gitstore.diff(work.bare, one, two)
    by_path = {file.path: file for file in found.files}
    assert {path: file.status for path, file in by_path.items()} == {
        "added": "added", "bin": "modified", "gone": "deleted", "keep": "type", "new name": "renamed", "space": "modified",
    }  # fmt: skip
    assert by_path["new name"].old_path == "moved"
    assert (by_path["new name"].additions, by_path["new name"].deletions) == (1, 0)
    assert by_path["bin"].binary
    assert by_path["keep"].new_mode == 0o120000
    assert (by_path["added"].old_mode, by_path["gone"].new_mode) == (0, 0)
    assert [line.text for line in by_path["added"].hunks[0].lines] == [b"no newline"]  # type: ignore[index]
    quiet = {file.path: file for file in gitstore.diff(work.bare, one, two, ignore_space=True).files}
    assert not quiet["space"].hunks if "space" in quiet else True
    root = gitstore.commit_diff(work.bare, one)
    assert {file.status for file in root.files} == {"added"}
    assert gitstore.diff(work.bare, one, "").files[0].status == "deleted"
    assert gitstore.commit_diff(work.bare, two).total == found.total


def test_pages_and_limits(work: Work) -> None:
    one = work.commit({f"f{number:02}": b"x\n" for number in range(30)})
    two = work.commit({f"f{number:02}": b"y\n" * 50 for number in range(30)}, push=True)
    page = gitstore.diff(work.bare, one, two, first=10, limit=5, lines=20)
    assert [file.index for file in page.files] == [10, 11, 12, 13, 14]
    assert [file.path for file in page.files] == ["f10", "f11", "f12", "f13", "f14"]
    assert (page.total, page.additions, page.deletions) == (30, 1500, 30)
    assert all(file.cut and sum(len(hunk.lines) for hunk in file.hunks or ()) == 20 for file in page.files)
    whole = gitstore.diff(work.bare, one, two, first=3, limit=1, whole=True).files[0]
    assert (whole.index, whole.cut, len(whole.hunks[0].lines)) == (3, False, 51)  # type: ignore[index]
    assert gitstore.diff(work.bare, one, two, first=99).files == []


def test_a_large_file_waits_until_it_is_asked_for(work: Work) -> None:
    one = work.commit({"big": b"x" * 99 + b"\n"})
    two = work.commit({"big": (b"x" * 99 + b"\n") * 30_000}, push=True)
    file = gitstore.diff(work.bare, one, two).files[0]
    assert file.hunks is None
    file = gitstore.diff(work.bare, one, two, whole=True).files[0]
    assert file.cut
    assert file.additions == 29_999


def test_five_thousand_files_and_as_many_renames(work: Work) -> None:
    one = work.commit({f"old/{number}": b"%d\n" % number * 3 for number in range(5000)})
    work.git("mv", "old", "new")
    two = work.commit({"new/1": b"changed\n" * 5}, push=True)
    start = time.perf_counter()
    found = gitstore.diff(work.bare, one, two)
    assert time.perf_counter() - start < 5
    assert 5000 <= found.total <= 5001
    assert sum(file.status == "renamed" for file in found.files) >= 39
    last = gitstore.diff(work.bare, one, two, first=found.total - 1)
    assert len(last.files) == 1


def test_text_that_git_takes_back(work: Work, tmp_path: Path) -> None:
    one = work.commit({"a": b"1\n", "b": b"\0\1\2"})
    two = work.commit({"a": b"2\n", "b": b"\0\3", "c d": b"new\n"}, "subject\n\nbody", push=True)
    patch = b"".join(gitstore.diff_stream(work.bare, one, two))
    work.git("checkout", "-q", one)
    work.git("apply", "--index", "-", input=patch)
    assert work.git("write-tree") == work.git("rev-parse", f"{two}^{{tree}}")
    mail = b"".join(gitstore.patch_stream(work.bare, two))
    assert b"Subject: [PATCH] subject" in mail


def test_the_other_side_may_be_in_another_repository(work: Work, root: Path) -> None:
    one = work.commit({"a": b"1\n"}, push=True)
    other = gitstore.paths.repository(root, "99999999-2222-3333-4444-555555555555")
    gitstore.init_bare(other)
    work.git("push", "-q", str(other), "main")
    work.commit({"a": b"2\n"})
    work.git("push", "-q", str(other), "main")
    two = work.git("rev-parse", "HEAD")
    assert gitstore.diff(work.bare, one, two, store=other).additions == 1
    assert gitstore.merge_base(work.bare, one, two, store=other) == one
    assert gitstore.divergence_between(work.bare, one, other, two) == (0, 1)
    assert gitstore.between(work.bare, one, two, store=other)[0].oid == two
    try:
        gitstore.commit(work.bare, two)
    except gitstore.PathMissing:
        return
    raise AssertionError("the other repository's objects stayed visible")


def test_changed_words() -> None:
    gone, come = gitstore.words("total = price * count", "total = price * amount + tax")
    assert ["total = price * count"[a:b] for a, b in gone] == ["count"]
    assert "".join("total = price * amount + tax"[a:b] for a, b in come) == "amount + tax"
    assert gitstore.words("same", "same") == ([], [])
    assert gitstore.words("abc def", "xyz uvw") == ([], [])
    gone, come = gitstore.words("x " * 400 + "end", "x " * 399 + "y end")
    assert len(gone) == len(come) == 1


@given(st.text(alphabet="ab c+中", max_size=30), st.text(alphabet="ab c+中", max_size=30))
def test_marks_are_ordered_and_in_range(old: str, new: str) -> None:
    for text_, marks in zip((old, new), gitstore.words(old, new), strict=True):
        assert all(0 <= start < end <= len(text_) for start, end in marks)
        assert all(before[1] < after[0] for before, after in zip(marks, marks[1:], strict=False))
