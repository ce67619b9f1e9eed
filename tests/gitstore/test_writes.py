"""Web commits without a work tree, and objects fetched from a neighbour."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import gitstore
from gitstore import Edit, Put, Signature
from tests.gitstore.conftest import Work

WHO = Signature("李雷", "li@example.org", datetime(2026, 1, 2, 3, 4, tzinfo=UTC))


def _commit(bare: Path, parent: str, edits: list[Edit]) -> str:
    return gitstore.write_commit(bare, parent=parent, edits=edits, message="m\n", author=WHO, committer=WHO)


def test_first_commit_and_edits_that_git_accepts(work: Work) -> None:
    first = gitstore.commit_changes(
        work.bare, branch="main", changes=[Put("README.md", b"# x\n"), Put("a/b/c", b"1")], message="初始提交", author=WHO
    )
    assert gitstore.head(work.bare) == ("main", first)
    found = gitstore.commit(work.bare, first)
    assert (found.subject, found.author, found.parents) == ("初始提交", WHO, ())
    second = gitstore.commit_changes(
        work.bare,
        branch="main",
        message="two",
        author=WHO,
        changes=[Put("a/b/d", b"2"), Put("run", b"#!", 0o100755), Edit("README.md", "")],
    )
    assert {name: mode for name, _oid, mode in gitstore.files(work.bare, second)} == {"a/b/c": 0o100644, "a/b/d": 0o100644, "run": 0o100755}
    third = gitstore.commit_changes(
        work.bare, branch="main", message="empty folders go", author=WHO, changes=[Edit("a/b/c", ""), Edit("a/b/d", "")]
    )
    assert [entry.name for entry in gitstore.tree(work.bare, third)] == ["run"]
    fourth = gitstore.commit_changes(work.bare, branch="main", message="nothing left", author=WHO, changes=[Edit("run", "")])
    assert gitstore.tree(work.bare, fourth) == []
    assert gitstore.fsck(work.bare, full=True) == []


def test_other_entries_stay_as_they_are(work: Work) -> None:
    (work.folder / "link").symlink_to("x")
    tip = work.commit({"d/x": b"1", "d.txt": b"2", "d-x": b"3"}, push=True)
    made = _commit(work.bare, tip, [Edit("d/y", gitstore.write_blob(work.bare, b"y"))])
    before = {entry.name: entry.oid for entry in gitstore.tree(work.bare, tip)}
    after = {entry.name: entry.oid for entry in gitstore.tree(work.bare, made)}
    assert {name for name in after if after[name] != before.get(name)} == {"d"}
    assert gitstore.entry(work.bare, made, "link").kind == "symlink"
    moved = _commit(work.bare, made, gitstore.rename_edits(work.bare, made, "d", "e/f"))
    assert gitstore.entry(work.bare, moved, "e/f/y").oid == gitstore.entry(work.bare, made, "d/y").oid
    swapped = _commit(work.bare, moved, [Edit("d.txt", ""), Edit("d.txt/inside", gitstore.write_blob(work.bare, b"z"))])
    assert gitstore.entry(work.bare, swapped, "d.txt").kind == "tree"
    gitstore.update_refs(work.bare, [("refs/heads/w", gitstore.ZERO, swapped)])
    assert gitstore.fsck(work.bare, full=True) == []


def test_what_may_not_be_written(work: Work) -> None:
    tip = work.commit({"a": b"1"}, push=True)
    blob = gitstore.write_blob(work.bare, b"x")
    for path in (".git/config", "a/../b", "/x", "GIT~1/hooks/x", "b/.GIT /c", "c\\d"):
        with pytest.raises(gitstore.NameInvalid):
            _commit(work.bare, tip, [Edit(path, blob)])
    with pytest.raises(gitstore.NameInvalid):
        _commit(work.bare, tip, [Edit("x", blob), Edit("x/y", blob)])
    with pytest.raises(gitstore.PathMissing):
        _commit(work.bare, tip, [Edit("gone", "")])
    with pytest.raises(gitstore.RefConflict):
        gitstore.commit_changes(work.bare, branch="main", changes=[Put("a", b"2")], message="m", author=WHO, expected="")
    other = gitstore.commit_changes(work.bare, branch="main", changes=[Put("a", b"2")], message="m", author=WHO, expected=tip)
    with pytest.raises(gitstore.RefConflict):
        gitstore.commit_changes(work.bare, branch="main", changes=[Put("a", b"3")], message="m", author=WHO, expected=tip)
    assert gitstore.head(work.bare)[1] == other


def test_odd_signatures_are_made_sound(work: Work) -> None:
    bad = Signature(" <x>\n", "", None)
    oid = gitstore.commit_changes(work.bare, branch="main", changes=[Put("a", b"1")], message="m", author=bad)
    assert gitstore.commit(work.bare, oid).author.name == "x"
    assert gitstore.fsck(work.bare, full=True) == []


def test_commits_come_from_a_neighbour(work: Work, root: Path) -> None:
    one = work.commit({"a": b"1"}, push=True)
    other = gitstore.paths.repository(root, "99999999-2222-3333-4444-555555555555")
    gitstore.init_bare(other)
    gitstore.fetch_objects(other, work.bare, [one])
    assert gitstore.refs(other) == {}
    gitstore.update_refs(other, [("refs/heads/main", gitstore.ZERO, one)])
    assert gitstore.fsck(other) == []
    gitstore.fetch_objects(other, work.bare, [one])
    with pytest.raises(gitstore.GitFailed):
        gitstore.fetch_objects(other, work.bare, ["1" * 40])


def test_merging_without_a_work_tree(work: Work) -> None:
    work.commit({"a": b"1\n2\n3\n4\n5\n"})
    work.git("checkout", "-q", "-b", "side")
    side = work.commit({"a": b"1\n2\n3\n4\nfive\n"})
    work.git("checkout", "-q", "main")
    clean = work.commit({"a": b"one\n2\n3\n4\n5\n"})
    conflicting = work.commit({"a": b"1\n2\n3\n4\n5 5\n"})
    work.push()
    merged = gitstore.merge_trees(work.bare, clean, side)
    assert merged.clean
    assert gitstore.blob(work.bare, gitstore.entry(work.bare, merged.tree, "a").oid).data == b"one\n2\n3\n4\nfive\n"
    assert gitstore.merge_trees(work.bare, conflicting, side).conflicts == ("a",)
