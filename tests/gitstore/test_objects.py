"""Commits, trees, blobs and refs, odd ones too."""

import os
import time
from pathlib import Path

import pytest

import gitstore
from tests.gitstore.conftest import Work


def test_a_tree_lists_what_git_lists(work: Work) -> None:
    (work.folder / "run.sh").write_text("#!/bin/sh\n")
    (work.folder / "run.sh").chmod(0o755)
    os.symlink("/etc/passwd", work.folder / "link")
    oid = work.commit({"a.txt": b"a", "文档/说明.md": b"x", "b": b"1"}, push=True)
    kinds = {entry.name: entry.kind for entry in gitstore.tree(work.bare, oid)}
    assert kinds == {"文档": "tree", "a.txt": "blob", "b": "blob", "link": "symlink", "run.sh": "executable"}
    assert [entry.name for entry in gitstore.tree(work.bare, oid)][0] == "文档"  # directories first
    assert gitstore.entry(work.bare, oid, "文档/说明.md").path == "文档/说明.md"
    assert gitstore.blob(work.bare, gitstore.entry(work.bare, oid, "link").oid).data == b"/etc/passwd"
    assert {name for name, _oid, _mode in gitstore.files(work.bare, oid)} == {"a.txt", "b", "link", "run.sh", "文档/说明.md"}
    sizes = {"a.txt": 1, "b": 1, "run.sh": 10, "文档/说明.md": 1}
    assert {name: size for name, size, _head in gitstore.sizes(work.bare, oid)} == sizes
    heads = {name: head for name, _size, head in gitstore.sizes(work.bare, oid, head_of=lambda name: name == "a.txt")}
    assert heads["a.txt"]
    assert not heads["run.sh"]
    with pytest.raises(gitstore.PathMissing):
        gitstore.tree(work.bare, oid, "a.txt")
    with pytest.raises(gitstore.PathMissing):
        gitstore.entry(work.bare, oid, "a.txt/b")
    assert gitstore.entry_at(work.bare, oid, "a\0b") is None
    with pytest.raises(gitstore.RepositoryMissing):
        gitstore.tree(work.bare / "nothing", oid)


def _odd_tree(work: Work, entries: list[tuple[bytes, bytes]]) -> str:
    """A commit whose tree has names that no checkout could write."""
    listing = b"".join(
        b"100644 blob " + work.raw("hash-object", "-w", "--stdin", input=content).strip() + b"\t" + name + b"\0"
        for name, content in entries
    )
    tree = work.git("mktree", "-z", input=listing)
    oid = work.git("commit-tree", tree, "-m", "odd")
    work.git("update-ref", "refs/heads/main", oid)
    work.push()
    return oid


def test_names_that_are_not_text(work: Work) -> None:
    oid = _odd_tree(work, [(b"new\nline", b"1"), (b"\xc4\xe3\xba\xc3.txt", b"2"), (b'tab\t"quote"', b"3"), (b"ok", b"4")])
    names = [entry.name for entry in gitstore.tree(work.bare, oid)]
    assert {os.fsencode(name) for name in names} == {b"new\nline", b"\xc4\xe3\xba\xc3.txt", b'tab\t"quote"', b"ok"}
    for name in names:
        assert gitstore.blob(work.bare, gitstore.entry(work.bare, oid, name).oid).size == 1
        assert gitstore.log(work.bare, oid, file=name).commits[0].oid == oid
        assert gitstore.blame(work.bare, oid, name)[0].path == name
    assert gitstore.build_last_commits(work.bare, oid) == dict.fromkeys(names, oid)
    assert {file.path for file in gitstore.commit_diff(work.bare, oid).files} == set(names)


def test_a_very_deep_tree(work: Work) -> None:
    entry = b"100644 blob " + work.raw("hash-object", "-w", "--stdin", input=b"deep").strip() + b"\tf\0"
    stream = [
        b"commit refs/heads/deep\ncommitter a <a@b> 1700000000 +0000\ndata 1\nx\nM 100644 inline "
        + b"/".join([b"d"] * 3000)
        + b"\ndata 1\ny\n"
    ]
    work.raw("fast-import", "--quiet", input=b"".join(stream))
    work.push()
    oid = work.git("rev-parse", "deep")
    assert entry
    path = "/".join(["d"] * 2999)
    assert gitstore.tree(work.bare, oid, path)[0].kind == "blob"
    assert len(gitstore.files(work.bare, oid)) == 1
    assert gitstore.log(work.bare, oid).commits[0].oid == oid


def test_a_hundred_thousand_entries(work: Work) -> None:
    blob = work.raw("hash-object", "-w", "--stdin", input=b"x").strip()
    listing = b"".join(b"100644 blob %s\tfile-%06d\0" % (blob, number) for number in range(100_000))
    oid = work.git("commit-tree", work.git("mktree", "-z", input=listing), "-m", "many")
    work.git("update-ref", "refs/heads/main", oid)
    work.push()
    start = time.perf_counter()
    assert len(gitstore.tree(work.bare, oid)) == 100_000
    assert time.perf_counter() - start < 5
    assert gitstore.build_last_commits(work.bare, oid)["file-099999"] == oid  # type: ignore[index]
    assert len(gitstore.files(work.bare, oid, limit=1000)) == 1000


def test_encodings_and_dates(work: Work) -> None:
    work.commit({"a": b"1"})
    tree = work.git("rev-parse", "HEAD^{tree}")
    for header, message, expected in (
        (b"encoding GBK\n", "修复".encode("gbk"), "修复"),
        (b"", "中文".encode("gb18030"), "中文"),
        (b"encoding no-such\n", b"\xff\xfe bad", None),
    ):
        raw = b"tree %s\nauthor A <a@b> 1700000000 +0800\ncommitter A <a@b> 1700000000 +0800\n%s\n%s\n" % (tree.encode(), header, message)
        oid = work.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", input=raw)
        work.git("update-ref", "refs/heads/odd", oid)
        work.push("+odd")
        found = gitstore.commit(work.bare, oid)
        assert expected is None or found.subject == expected
        assert found.author.when is not None
        assert found.author.when.utcoffset().total_seconds() == 8 * 3600  # type: ignore[union-attr]
    for date in (b"99999999999999999999 +0000", b"-5 +0000", b"1700000000 +9999", b"abc", b"1700000000"):
        raw = b"tree %s\nauthor A <a@b> %s\ncommitter A <a@b> 1700000000 +0000\n\nx\n" % (tree.encode(), date)
        oid = work.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", input=raw)
        (work.bare / "objects" / oid[:2]).mkdir(exist_ok=True)
        (work.bare / "objects" / oid[:2] / oid[2:]).write_bytes((work.folder / ".git/objects" / oid[:2] / oid[2:]).read_bytes())
        found = gitstore.commit(work.bare, oid)
        assert found.subject == "x", date
        assert gitstore.log(work.bare, oid).commits[0].oid == oid
        assert gitstore.commit_oid(work.bare, oid) == oid
        assert gitstore.tree(work.bare, oid)[0].name == "a"
        assert gitstore.commit_diff(work.bare, oid).total == 1


def test_entries_that_no_checkout_should_write(work: Work) -> None:
    blob = bytes.fromhex(work.git("hash-object", "-w", "--stdin", input=b"[core]"))
    config = work.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", input=b"100644 config\0" + blob)
    raw = b"100644 ..\0" + blob + b"40000 .git\0" + bytes.fromhex(config) + b"0100644 zero\0" + blob
    tree = work.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", input=raw)
    oid = work.git("commit-tree", tree, "-m", "bad")
    work.git("update-ref", "refs/heads/main", oid)
    work.push()
    assert {entry.name for entry in gitstore.tree(work.bare, oid)} == {".git", "..", "zero"}
    assert gitstore.blob(work.bare, gitstore.entry(work.bare, oid, ".git/config").oid).data == b"[core]"
    assert gitstore.commit_diff(work.bare, oid).total == 3


def test_large_blobs_come_in_pieces(work: Work) -> None:
    content = os.urandom(1024) * 10 * 1024  # 10 MB
    oid = gitstore.write_blob_stream(work.bare, (content[start : start + 65536] for start in range(0, len(content), 65536)))
    assert gitstore.blob_size(work.bare, oid) == len(content)
    assert b"".join(gitstore.blob_stream(work.bare, oid)) == content
    found = gitstore.blob(work.bare, oid, limit=100)
    assert (found.data, found.truncated, found.size) == (content[:100], True, len(content))
    with pytest.raises(gitstore.PathMissing):
        gitstore.blob_size(work.bare, "0" * 39 + "1")


def test_refs_with_slashes_and_their_paths(work: Work) -> None:
    oid = work.commit({"docs/a.md": b"1"})
    work.git("branch", "feature/a/b")
    work.git("tag", "-a", "v1/x", "-m", "first\n\nmore")
    work.git("tag", "light")
    work.push()
    resolved = gitstore.resolve(work.bare, "feature/a/b/docs/a.md")
    assert (resolved.kind, resolved.name, resolved.oid, resolved.path) == ("branch", "feature/a/b", oid, "docs/a.md")
    assert gitstore.resolve(work.bare, "v1/x/docs") == gitstore.Resolved("tag", "v1/x", oid, "docs")
    assert gitstore.resolve(work.bare, f"{oid[:8]}/docs") == gitstore.Resolved("commit", oid, oid, "docs")
    assert gitstore.resolve(work.bare, "HEAD").name == "main"
    for missing in ("feature", "feature/a", "nothing/x", "--help", "main^", "main~1", "..", "@{u}", "a\0b", ""):
        with pytest.raises(gitstore.RefMissing):
            gitstore.resolve(work.bare, missing)
    for packed in (False, True):
        if packed:
            work.raw("pack-refs", "--all", cwd=work.bare)
        tags = {tag.short: tag for tag in gitstore.tags(work.bare)}
        assert tags["v1/x"].commit == oid != tags["v1/x"].oid
        assert tags["light"].oid == tags["light"].commit == oid
        assert [branch.short for branch in gitstore.branches(work.bare)] == ["feature/a/b", "main"]
    details = gitstore.tag_details(work.bare, tags["v1/x"].oid)
    assert details.message.startswith("first")
    assert details.tagger is not None
    assert gitstore.tag_details(work.bare, oid).tagger is None
    assert gitstore.commit_oid(work.bare, "refs/tags/v1/x") == oid
    assert gitstore.commit_oid(work.bare, "nothing") == ""
    assert gitstore.ref_oid(work.bare, "refs/heads/feature") == ""
    assert gitstore.head(work.bare) == ("main", oid)


def test_ten_thousand_refs_are_quick(work: Work) -> None:
    oid = work.commit({"a": b"1"}, push=True)
    gitstore.update_refs(work.bare, [(f"refs/heads/b{number}", gitstore.ZERO, oid) for number in range(5000)])
    gitstore.update_refs(work.bare, [(f"refs/tags/t{number}", gitstore.ZERO, oid) for number in range(5000)])
    work.raw("pack-refs", "--all", cwd=work.bare)
    start = time.perf_counter()
    assert len(gitstore.branches(work.bare)) == 5001
    assert len(gitstore.tags(work.bare)) == 5000
    assert time.perf_counter() - start < 0.5
    start = time.perf_counter()
    assert gitstore.resolve(work.bare, "b4999/x").path == "x"
    assert time.perf_counter() - start < 0.1


def test_ref_transactions(work: Work) -> None:
    one = work.commit({"a": b"1"})
    two = work.commit({"a": b"2"}, push=True)
    gitstore.update_refs(work.bare, [("refs/heads/x", gitstore.ZERO, one), ("refs/heads/main", two, one)])
    assert gitstore.refs(work.bare, "refs/heads") == {"refs/heads/main": one, "refs/heads/x": one}
    with pytest.raises(gitstore.RefConflict):  # all or nothing
        gitstore.update_refs(work.bare, [("refs/heads/y", gitstore.ZERO, one), ("refs/heads/x", two, gitstore.ZERO)])
    assert gitstore.ref_oid(work.bare, "refs/heads/y") == ""
    with pytest.raises(gitstore.RefConflict):
        gitstore.update_refs(work.bare, [("refs/heads/x", gitstore.ZERO, two)])
    with pytest.raises(gitstore.RefConflict):
        gitstore.update_refs(work.bare, [("refs/heads/x/y", gitstore.ZERO, two)])  # a folder where a ref is
    gitstore.update_refs(work.bare, [("refs/heads/x", one, gitstore.ZERO)])
    gitstore.set_head(work.bare, "other")
    assert gitstore.head(work.bare) == ("other", "")


def test_a_repack_does_not_disturb_open_handles(work: Work) -> None:
    oid = work.commit({"a": b"1"}, push=True)
    assert gitstore.commit(work.bare, oid).oid == oid
    gitstore.after_import(work.bare)
    assert gitstore.tree(work.bare, oid)[0].name == "a"
    later = work.commit({"b": b"1"}, push=True)
    assert len(gitstore.tree(work.bare, later)) == 2


def test_paths_are_stable(root: Path) -> None:
    path = gitstore.paths.repository(root, "abcdef01-2222-3333-4444-555555555555")
    assert path == root / "ab" / "cd" / "abcdef01222233334444555555555555.git"
    with pytest.raises(ValueError, match="badly formed"):
        gitstore.paths.repository(root, "../../etc")
