"""Merging, squashing, replaying and resolving without a work tree, on real repositories."""

import os
import subprocess
from datetime import UTC, datetime

import pytest

import gitstore
from gitstore import Signature
from gitstore.conflicts import DELETE, TAKE_OURS, TAKE_THEIRS
from gitstore.replays import REBASED_MAX, with_co_authors

ZHANG = Signature("张三", "zhang@example.org", datetime(2026, 1, 2, tzinfo=UTC))
LINES = b"".join(b"line %d\n" % number for number in range(1, 31))


def changed(number: int, text: bytes = b"changed") -> bytes:
    return LINES.replace(b"line %d\n" % number, text + b"\n")


@pytest.fixture
def fork(work):
    """A function that commits on two branches off one base: (base files, ours, theirs) → (base, ours, theirs) oids."""

    def make(base, ours, theirs):
        start = work.commit(base, "base")
        one = work.commit(ours, "ours")
        work.git("checkout", "-q", "-b", f"side-{start[:8]}", start)
        other = work.commit(theirs, "theirs")
        work.push()
        work.git("checkout", "-q", "main")
        return start, one, other

    return make


def kinds(trial):
    return {conflict.path: conflict.kind for conflict in trial.conflicts}


def files(bare, oid):
    return {name: gitstore.blob(bare, blob).data for name, blob, _mode in gitstore.files(bare, oid)}


def loose(bare):
    return sorted(str(file) for file in (bare / "objects").rglob("*") if file.is_file())


def test_trials_name_what_would_happen_and_leave_nothing_behind(work, fork):
    base, ours, theirs = fork({"a": LINES, "gone": b"x"}, {"a": changed(3)}, {"a": changed(20), "new": b"n"})
    work.git("checkout", "-q", "-b", "bad", base)
    bad = work.commit({"a": changed(3, b"otherwise"), "gone": None}, "bad")
    work.git("checkout", "-q", "--orphan", "alone")
    alone = work.commit({"b": b"b"}, "alone")
    work.push()
    before = loose(work.bare)
    missing = "f" * 40
    pairs = [(ours, theirs), (ours, bad), (ours, alone), (ours, base), (ours, missing), (ours, ours), (theirs, ours), (base, ours)]
    trials = gitstore.mergeability(work.bare, pairs)
    assert [trial.state for trial in trials] == ["clean", "conflicts", "unrelated", "merged", "failed", "merged", "clean", "clean"]
    assert [(trial.base, trial.head) for trial in trials] == pairs
    conflict = trials[1].conflicts[0]
    assert (conflict.path, conflict.kind, bool(conflict.base and conflict.ours and conflict.theirs)) == ("a", "content", True)
    assert loose(work.bare) == before, "a trial writes nothing into the repository"
    assert trials[0] == gitstore.mergeable(work.bare, ours, theirs)
    assert not [left for left in (work.bare / "openi").iterdir() if left.name.startswith("trial.")]


def test_a_slow_batch_is_tried_one_by_one(work, fork, monkeypatch):
    from gitstore import merges

    base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"a": changed(20)})

    def slow(*_arguments):
        raise gitstore.TimedOut("together they take too long")

    monkeypatch.setattr(merges, "_batch", slow)
    assert [trial.state for trial in gitstore.mergeability(work.bare, [(ours, theirs), (base, theirs)])] == ["clean", "clean"]


def test_a_merge_that_takes_too_long_fails_alone(work, fork):
    _base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"a": changed(20)})
    assert gitstore.mergeable(work.bare, ours, theirs, timeout=0.0001).state == "failed"


def test_leftovers_of_killed_trials_go(work, fork):
    _base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"a": changed(20)})
    old, young = work.bare / "openi" / "trial.old", work.bare / "openi" / "trial.young"
    old.mkdir(parents=True)
    young.mkdir()
    os.utime(old, (1, 1))
    gitstore.mergeable(work.bare, ours, theirs)
    assert (old.exists(), young.exists()) == (False, True)


HOSTILE = {
    "renamed on both sides": (
        {"a": LINES}, {"a": None, "b": LINES}, {"a": None, "c": LINES}, {"a": "rename/rename", "b": "rename/rename", "c": "rename/rename"},
    ),
    "renamed here, deleted there": ({"a": LINES, "k": b"k"}, {"a": None, "b": LINES}, {"a": None}, {"b": "rename/delete"}),
    "file and directory": ({"k": b"k"}, {"d": b"file\n"}, {"d/f": b"inside\n"}, {"d~": "file/directory"}),
    "deleted there": ({"a": LINES}, {"a": changed(2)}, {"a": None}, {"a": "modify/delete"}),
    "deleted here": ({"a": LINES, "k": b"k"}, {"a": None}, {"a": changed(2)}, {"a": "modify/delete"}),
    "added on both sides": ({"k": b"k"}, {"n": b"one\n"}, {"n": b"two\n"}, {"n": "add/add"}),
    "binary": ({"a": b"\0\1\2" * 90}, {"a": b"\0\3" * 90}, {"a": b"\0\4" * 90}, {"a": "binary"}),
    "a name that is no UTF-8": ({"k": b"k", "\udcff": LINES}, {"\udcff": changed(4)}, {"\udcff": changed(4, b"x")}, {"\udcff": "content"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_conflicts_by_kind(work, fork, name):
    base, ours, theirs, expected = HOSTILE[name]
    _start, one, other = fork(base, ours, theirs)
    trial = gitstore.mergeable(work.bare, one, other)
    assert trial.state == "conflicts"
    assert {path.partition("~")[0] + ("~" if "~" in path else ""): kind for path, kind in kinds(trial).items()} == expected
    with pytest.raises(gitstore.MergeConflicts):
        gitstore.merge_commit(work.bare, one, other, message="m", author=ZHANG, committer=ZHANG)


def entry(work, name, mode, oid):
    work.git("update-index", "--add", "--cacheinfo", f"{mode},{oid},{name}")
    work.clock += 60
    work.git("commit", "-q", "-m", f"{name} {mode}")
    return work.git("rev-parse", "HEAD")


def test_submodules_symlinks_and_modes(work):
    work.commit({"k": b"k", "run": b"run\n"}, "base")
    sub, link = "1" * 40, work.git("hash-object", "-w", "--stdin", input=b"target")
    other_link = work.git("hash-object", "-w", "--stdin", input=b"elsewhere")
    entry(work, "sub", "160000", sub)
    base = entry(work, "link", "120000", link)
    work.git("checkout", "-q", "-b", "ours")
    entry(work, "sub", "160000", "2" * 40)
    ours = entry(work, "link", "120000", other_link)
    work.git("checkout", "-q", "-b", "theirs", base)
    entry(work, "sub", "160000", "3" * 40)
    entry(work, "link", "120000", work.git("hash-object", "-w", "--stdin", input=b"nowhere"))
    theirs = entry(work, "run", "100755", work.git("rev-parse", "HEAD:run"))
    work.push()
    trial = gitstore.mergeable(work.bare, ours, theirs)
    assert kinds(trial) == {"link": "content", "sub": "submodule"}
    assert not any(gitstore.is_text(work.bare, one) or gitstore.is_resolvable(one) for one in trial.conflicts)
    made = gitstore.merge_commit(work.bare, base, theirs, message="m", author=ZHANG, committer=ZHANG)
    modes = {name: mode for name, _oid, mode in gitstore.files(work.bare, made)}
    assert (modes["run"], modes["link"]) == (0o100755, 0o120000)


def test_merge_commit_is_what_git_makes(work, fork):
    _base, ours, theirs = fork({"a": LINES, "d/x": b"x"}, {"a": changed(3)}, {"a": changed(20), "d/x": None, "e/x": b"x"})
    made = gitstore.merge_commit(work.bare, ours, theirs, message="Merge it\n\nwords 中文\n", author=ZHANG, committer=ZHANG)
    found = gitstore.commit(work.bare, made)
    assert found.parents == (ours, theirs)
    assert (found.author.name, found.message) == ("张三", "Merge it\n\nwords 中文\n")
    work.git("merge", "-q", "--no-edit", theirs)
    assert found.tree == work.git("rev-parse", "HEAD^{tree}")
    assert gitstore.fsck(work.bare, full=True) == []
    with pytest.raises(gitstore.NothingToMerge):
        gitstore.merge_commit(work.bare, made, theirs, message="m", author=ZHANG, committer=ZHANG)


def test_criss_cross_and_unrelated(work, fork):
    _base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"a": changed(20)})
    one = gitstore.merge_commit(work.bare, ours, theirs, message="m", author=ZHANG, committer=ZHANG)
    other = gitstore.merge_commit(work.bare, theirs, ours, message="m", author=ZHANG, committer=ZHANG)
    made = gitstore.merge_commit(work.bare, one, other, message="m", author=ZHANG, committer=ZHANG)
    assert gitstore.commit(work.bare, made).tree == gitstore.commit(work.bare, one).tree
    work.git("checkout", "-q", "--orphan", "alone")
    alone = work.commit({"b": b"b"}, "alone")
    work.push()
    for make in (gitstore.merge_commit, gitstore.squash):
        with pytest.raises(gitstore.UnrelatedHistories):
            make(work.bare, ours, alone, message="m", author=ZHANG, committer=ZHANG)
    with pytest.raises(gitstore.UnrelatedHistories):
        gitstore.rebase(work.bare, ours, alone, committer=ZHANG)


def test_squash_names_everybody_once(work, fork):
    _base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"a": changed(20)})
    work.git("checkout", "-q", theirs)
    work.git("commit", "-q", "--allow-empty", "--author", "李四 <li@example.org>", "-m", "x\n\nCo-authored-by: 赵六 <zhao@example.org>")
    head = work.git("rev-parse", "HEAD")
    work.git("push", "-q", "origin", "HEAD:refs/heads/many")
    made = gitstore.squash(work.bare, ours, head, message="All of it\n", author=ZHANG, committer=ZHANG)
    found = gitstore.commit(work.bare, made)
    assert found.parents == (ours,)
    trailers = "Co-authored-by: 王小明 <wang@example.org>\nCo-authored-by: 李四 <li@example.org>\nCo-authored-by: 赵六 <zhao@example.org>\n"
    assert found.message == "All of it\n\n" + trailers
    assert with_co_authors("t\n\nSigned-off-by: A <a@b>\n", [ZHANG]).endswith(
        "Signed-off-by: A <a@b>\nCo-authored-by: 张三 <zhang@example.org>\n"
    )
    assert with_co_authors(found.message, gitstore.co_authors(work.bare, ours, head)) == found.message
    assert "\nInjected" not in with_co_authors("t", [Signature("x>\nInjected: y", "e@f", None)])


def test_squash_of_nothing(work, fork):
    base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"a": changed(3)})
    assert base
    with pytest.raises(gitstore.NothingToMerge):
        gitstore.squash(work.bare, ours, theirs, message="m", author=ZHANG, committer=ZHANG)


def test_rebase_keeps_authors_and_order_and_drops_what_is_there_already(work, fork):
    base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"b": b"1\n"})
    work.git("checkout", "-q", theirs)
    work.commit({"a": changed(3)}, "the same change as ours")
    work.git("commit", "-q", "--allow-empty", "-m", "empty")
    last = work.commit({"b": b"2\n"}, "last 中文")
    work.git("push", "-q", "origin", "HEAD:refs/heads/more")
    tip = gitstore.rebase(work.bare, ours, last, committer=ZHANG)
    subjects, oid = [], tip
    while oid != ours:
        found = gitstore.commit(work.bare, oid)
        subjects.insert(0, found.subject)
        assert (found.author.name, found.committer.name) == ("王小明", "张三")
        oid = found.parents[0]
    assert subjects == ["theirs", "last 中文"]
    assert files(work.bare, tip) == {"a": changed(3), "b": b"2\n"}
    original = work.raw("cat-file", "commit", last)
    copied = work.raw("cat-file", "commit", tip, cwd=work.bare)
    assert [line for line in copied.split(b"\n") if line.startswith(b"author")] == [
        line for line in original.split(b"\n") if line.startswith(b"author")
    ]
    assert gitstore.rebase(work.bare, base, theirs, committer=ZHANG) == theirs, "on top already: nothing is rewritten"
    with pytest.raises(gitstore.NothingToMerge):
        gitstore.rebase(work.bare, theirs, base, committer=ZHANG)
    assert gitstore.fsck(work.bare, full=True) == []


def test_rebase_says_which_commit_conflicts_and_flattens_merges(work, fork):
    base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"b": b"1\n"})
    work.git("checkout", "-q", theirs)
    bad = work.commit({"a": changed(3, b"mine")}, "bad")
    work.git("push", "-q", "origin", "HEAD:refs/heads/bad")
    with pytest.raises(gitstore.MergeConflicts) as caught:
        gitstore.rebase(work.bare, ours, bad, committer=ZHANG)
    assert (caught.value.commit, [one.path for one in caught.value.conflicts]) == (bad, ["a"])
    merged = gitstore.merge_commit(work.bare, theirs, ours, message="m", author=ZHANG, committer=ZHANG)
    tip = gitstore.rebase(work.bare, base, merged, committer=ZHANG)
    assert len(gitstore.commit(work.bare, tip).parents) == 1
    assert gitstore.commit(work.bare, tip).tree == gitstore.commit(work.bare, merged).tree


def test_rebase_of_too_many(work, fork, monkeypatch):
    monkeypatch.setattr("gitstore.replays.REBASED_MAX", 1)
    assert REBASED_MAX == 500
    _base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"b": b"1\n"})
    work.git("checkout", "-q", theirs)
    head = work.commit({"b": b"2\n"}, "second")
    work.git("push", "-q", "origin", "HEAD:refs/heads/two")
    with pytest.raises(gitstore.TooLarge):
        gitstore.rebase(work.bare, ours, head, committer=ZHANG)


def test_fast_forward(work, fork):
    base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"b": b"1\n"})
    assert gitstore.fast_forward(work.bare, base, ours) == ours
    with pytest.raises(gitstore.NothingToMerge):
        gitstore.fast_forward(work.bare, ours, base)
    with pytest.raises(gitstore.MergeConflicts):
        gitstore.fast_forward(work.bare, ours, theirs)


def test_cherry_pick_and_revert(work, fork):
    base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"a": changed(20)})
    picked = gitstore.cherry_pick(work.bare, theirs, ours, committer=ZHANG)
    found = gitstore.commit(work.bare, picked)
    assert (found.author.name, found.committer.name, found.parents) == ("王小明", "张三", (ours,))
    assert found.message == f"theirs\n\n(cherry picked from commit {theirs})\n"
    assert files(work.bare, picked)["a"] == changed(3).replace(b"line 20\n", b"changed\n")
    with pytest.raises(gitstore.NothingToMerge):
        gitstore.cherry_pick(work.bare, theirs, picked, committer=ZHANG)
    back = gitstore.revert(work.bare, theirs, picked, message=gitstore.revert_message(work.bare, theirs), author=ZHANG, committer=ZHANG)
    assert gitstore.commit(work.bare, back).tree == gitstore.commit(work.bare, ours).tree
    assert gitstore.commit(work.bare, back).message == f'Revert "theirs"\n\nThis reverts commit {theirs}.\n'
    with pytest.raises(gitstore.NothingToMerge):
        gitstore.revert(work.bare, theirs, ours, message="m", author=ZHANG, committer=ZHANG)
    with pytest.raises(gitstore.MergeConflicts):
        gitstore.revert(work.bare, base, ours, message="m", author=ZHANG, committer=ZHANG)
    merge = gitstore.merge_commit(work.bare, ours, theirs, message="m", author=ZHANG, committer=ZHANG)
    undone = gitstore.revert(work.bare, merge, merge, message="m", author=ZHANG, committer=ZHANG)
    assert gitstore.commit(work.bare, undone).tree == gitstore.commit(work.bare, ours).tree
    with pytest.raises(gitstore.PathMissing):
        gitstore.revert(work.bare, merge, merge, message="m", author=ZHANG, committer=ZHANG, mainline=3)
    for oid in ("f" * 40, gitstore.commit(work.bare, ours).tree):
        with pytest.raises(gitstore.PathMissing):
            gitstore.cherry_pick(work.bare, oid, ours, committer=ZHANG)
    root = gitstore.cherry_pick(work.bare, base, _orphan(work), committer=ZHANG)
    assert files(work.bare, root) == {"a": LINES, "z": b"z"}


def _orphan(work):
    work.git("checkout", "-q", "--orphan", "other")
    work.git("rm", "-q", "-rf", ".")
    oid = work.commit({"z": b"z"}, "z")
    work.push()
    return oid


def test_resolving_in_the_browser(work, fork):
    _base, ours, theirs = fork(
        {"a": LINES, "m": LINES, "bin": b"\0a" * 99, "k": b"k"},
        {"a": changed(3), "m": changed(9), "bin": b"\0b" * 99, "n": b"one\n"},
        {"a": changed(3, b"theirs"), "m": None, "bin": b"\0c" * 99, "n": b"two\n"},
    )
    trial = gitstore.mergeable(work.bare, theirs, ours)
    by_path = {one.path: one for one in trial.conflicts}
    assert {path: gitstore.is_text(work.bare, one) for path, one in by_path.items()} == {"a": True, "m": False, "bin": False, "n": True}
    assert all(gitstore.is_resolvable(one) for one in trial.conflicts)
    text = gitstore.marked_text(work.bare, by_path["a"], ours="topic", theirs="main")
    assert b"<<<<<<< topic\ntheirs\n=======\nchanged\n>>>>>>> main\n" in text
    assert gitstore.marked_text(work.bare, by_path["n"], ours="t\nx", theirs="").startswith(b"<<<<<<< t x\n")
    with pytest.raises(gitstore.PathMissing):
        gitstore.marked_text(work.bare, by_path["bin"], ours="t", theirs="m")
    choices = {"a": changed(3, b"both"), "m": DELETE, "bin": TAKE_THEIRS}
    with pytest.raises(gitstore.MergeConflicts) as caught:
        gitstore.resolve_conflicts(work.bare, theirs, ours, choices, message="m", author=ZHANG, committer=ZHANG)
    assert [one.path for one in caught.value.conflicts] == ["n"]
    made = gitstore.resolve_conflicts(
        work.bare, theirs, ours, {**choices, "n": TAKE_OURS}, message="Merge main\n", author=ZHANG, committer=ZHANG
    )
    assert gitstore.commit(work.bare, made).parents == (theirs, ours)
    assert files(work.bare, made) == {"a": changed(3, b"both"), "bin": b"\0b" * 99, "n": b"two\n", "k": b"k"}
    assert gitstore.mergeable(work.bare, ours, made).state == "clean"
    with pytest.raises(gitstore.NothingToMerge):
        gitstore.resolve_conflicts(work.bare, made, ours, {}, message="m", author=ZHANG, committer=ZHANG)
    with pytest.raises(gitstore.GitFailed):
        gitstore.resolve_conflicts(work.bare, made, "f" * 40, {}, message="m", author=ZHANG, committer=ZHANG)
    with pytest.raises(gitstore.UnrelatedHistories):
        gitstore.resolve_conflicts(work.bare, made, _orphan(work), {}, message="m", author=ZHANG, committer=ZHANG)


def test_kept_merges_come_as_one_pack(work, fork):
    base, ours, theirs = fork({"a": LINES}, {"a": changed(3)}, {"a": changed(20)})
    bad = fork({"a": changed(3, b"otherwise")}, {"k": b"k"}, {"k": b"2"})[2]
    who = Signature("OpenI", "noreply@example.org", datetime(2026, 1, 1, tzinfo=UTC))
    packs = set((work.bare / "objects" / "pack").glob("*.pack"))
    pairs = [(ours, theirs), (theirs, ours), (ours, bad), (base, ours)]
    made = gitstore.kept_merges(work.bare, pairs, who=who)
    assert len(set((work.bare / "objects" / "pack").glob("*.pack")) - packs) == 1
    for (trial, oid), (one, other) in zip(made, pairs, strict=True):
        assert bool(oid) == trial.clean
        if oid:
            assert gitstore.commit(work.bare, oid).parents == (one, other)
            subprocess.run(["git", "--git-dir", str(work.bare), "update-ref", f"refs/pull/{other}/merge", oid], check=True)
    assert gitstore.fsck(work.bare, full=True) == []
    assert gitstore.kept_merges(work.bare, [(ours, base)], who=who)[0][1] == ""


def test_five_thousand_files_merge_in_time(work):
    blobs = [_blob(work, number) for number in range(7)]
    tree = b"".join(b"100644 blob %s\td%d/f%d\n" % (blobs[number % 7], number % 50, number) for number in range(5000))
    base = _tree_commit(work, tree, "base", [])
    ours = _tree_commit(work, tree.replace(b"d3/", b"moved/"), "ours", [base])
    theirs = _tree_commit(work, tree + b"100644 blob %s\td3/new\n" % blobs[3], "theirs", [base])
    work.git("push", "-q", "origin", f"{ours}:refs/heads/ours", f"{theirs}:refs/heads/theirs")
    trial = gitstore.mergeable(work.bare, ours, theirs)
    assert trial.state in ("clean", "conflicts"), "git may or may not move the new file along with the folder; it ends"
    assert set(kinds(trial)) <= {"moved/new"}


def _blob(work, number):
    return work.git("hash-object", "-w", "--stdin", input=b"content %d\n" % number).encode()


def _tree_commit(work, listing, message, parents):
    work.git("read-tree", "--empty")
    work.git("update-index", "--index-info", input=listing)
    arguments = [item for parent in parents for item in ("-p", parent)]
    return work.git("commit-tree", work.git("write-tree"), "-m", message, *arguments)
