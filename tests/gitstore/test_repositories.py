"""Forks, pools, and what may be had through them."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import gitstore
from tests.gitstore.conftest import Work

POOL = "aaaaaaaa-2222-3333-4444-555555555555"


def _path(root: Path, digit: str) -> Path:
    return gitstore.paths.repository(root, f"{digit * 8}-2222-3333-4444-555555555555")


def _bytes(folder: Path) -> int:
    """Bytes that only this folder holds."""
    return sum(found.stat().st_size for found in folder.rglob("*") if found.is_file() and found.stat().st_nlink == 1)


def _clone(bare: Path, into: Path, *options: str) -> None:
    subprocess.run(["git", "clone", "-q", "--no-local", *options, f"file://{bare}", str(into)], check=True, capture_output=True)


def test_a_new_repository_is_one_to_git(root: Path, tmp_path: Path) -> None:
    bare = _path(root, "1")
    gitstore.init_bare(bare, "主干")
    assert gitstore.head(bare) == ("主干", "")
    assert gitstore.fsck(bare) == []
    assert gitstore.branches(bare) == []
    with pytest.raises(FileExistsError):
        gitstore.init_bare(bare)
    with pytest.raises(gitstore.NameInvalid):
        gitstore.init_bare(_path(root, "2"), "-x")
    assert not _path(root, "2").exists()
    assert [found.name for found in bare.parent.iterdir()] == [bare.name]


def test_a_fork_has_all_refs_and_no_objects_of_its_own(work: Work, root: Path, tmp_path: Path) -> None:
    tip = work.commit({"big": os.urandom(400_000), "a": b"1"})
    work.git("tag", "-a", "v1", "-m", "v1")
    work.git("branch", "topic/x")
    work.push()
    pool, fork = gitstore.paths.pool(root, POOL), _path(root, "2")
    start = time.perf_counter()
    gitstore.fork(work.bare, fork, pool)
    assert time.perf_counter() - start < 0.5
    assert gitstore.refs(fork) == gitstore.refs(work.bare)
    assert _bytes(fork) < 20_000
    assert _bytes(pool) < 1000  # linked, not copied
    assert gitstore.fsck(fork) == []
    _clone(fork, tmp_path / "clone")
    assert (tmp_path / "clone" / "a").read_bytes() == b"1"
    assert gitstore.tags(fork)[0].commit == tip
    with pytest.raises(FileExistsError):
        gitstore.fork(work.bare, fork, pool)
    with pytest.raises(gitstore.RepositoryMissing):
        gitstore.fork(root / "nothing", _path(root, "3"), pool)


def test_packed_loose_and_later_objects_reach_the_next_fork(work: Work, root: Path, tmp_path: Path) -> None:
    pool = gitstore.paths.pool(root, POOL)
    work.commit({"a": b"1"}, push=True)
    gitstore.after_import(work.bare)
    gitstore.fork(work.bare, _path(root, "2"), pool)
    second = work.commit({"a": b"2"}, push=True)
    gitstore.fork(work.bare, _path(root, "3"), pool)
    third = work.commit({"a": b"3"})
    work.git("push", "-q", str(_path(root, "3")), "main")
    gitstore.fork(_path(root, "3"), _path(root, "4"), pool)  # a fork of a fork
    assert [gitstore.head(_path(root, digit))[1] for digit in "34"] == [third, third]
    assert gitstore.head(work.bare)[1] == second
    for digit in "1234":
        assert gitstore.fsck(_path(root, digit)) == []


def test_nothing_is_lost_when_the_parent_goes_or_repacks(work: Work, root: Path, tmp_path: Path) -> None:
    pool, fork = gitstore.paths.pool(root, POOL), _path(root, "2")
    work.commit({"a": b"1"}, push=True)
    tip = work.commit({"b": b"2"}, push=True)
    gitstore.fork(work.bare, fork, pool)
    work.git("reset", "-q", "--hard", "HEAD~1")
    work.push("+main")
    gitstore.maintain(work.bare)
    gitstore.collect(work.bare)
    assert gitstore.fsck(fork) == []
    shutil.rmtree(work.bare)
    gitstore.forget()
    assert gitstore.tree(fork, tip)[1].name == "b"
    gitstore.maintain(fork)
    gitstore.collect(fork)
    gitstore.maintain_pool(pool, [fork])
    assert gitstore.fsck(fork) == []
    _clone(fork, tmp_path / "clone")


def test_a_member_can_leave_with_its_objects(work: Work, root: Path, tmp_path: Path) -> None:
    pool, fork = gitstore.paths.pool(root, POOL), _path(root, "2")
    work.commit({"a": b"1"}, push=True)
    gitstore.fork(work.bare, fork, pool)
    assert gitstore.pool_of(fork) == pool == gitstore.pool_of(work.bare)
    own = work.commit({"own": b"x"})
    work.git("push", "-q", str(fork), "main")
    unreached = gitstore.write_blob(fork, b"of a push that has set no ref yet")
    gitstore.leave_pool(fork)
    gitstore.leave_pool(fork)
    assert gitstore.pool_of(fork) is None
    assert gitstore.blob(fork, unreached).size == 33
    shutil.rmtree(pool)
    shutil.rmtree(work.bare)
    gitstore.forget()
    assert gitstore.fsck(fork, full=True) == []
    assert gitstore.tree(fork, own)[1].name == "own"


def test_leaving_fails_before_anything_is_lost(work: Work, root: Path) -> None:
    pool, fork = gitstore.paths.pool(root, POOL), _path(root, "2")
    work.commit({"a": b"1"}, push=True)
    gitstore.fork(work.bare, fork, pool)
    gitstore.update_refs(fork, [("refs/heads/x", gitstore.ZERO, gitstore.head(fork)[1])])
    (fork / "refs/heads/broken").write_text("1" * 40 + "\n")
    with pytest.raises(gitstore.GitFailed):
        gitstore.leave_pool(fork)
    assert gitstore.pool_of(fork) == pool


def _serves(bare: Path, oid: str, folder: Path) -> bool:
    """Whether upload-pack (protocol v2) hands out the object by its oid."""
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    environment = {**gitstore.environment({"protocol.version": "2", "protocol.file.allow": "always"})}
    done = subprocess.run(
        ["git", "-C", str(folder), "fetch", "-q", f"file://{bare}", oid], env=environment, capture_output=True, check=False
    )
    return done.returncode == 0


def test_an_object_of_a_private_member_is_had_through_no_other(work: Work, root: Path, tmp_path: Path) -> None:
    """A public network; one member turns private and leaves; what it gets afterwards stays with it. See the module's docstring."""
    pool, fork = gitstore.paths.pool(root, POOL), _path(root, "2")
    public = work.commit({"a": b"1"}, push=True)
    gitstore.fork(work.bare, fork, pool)
    gitstore.leave_pool(fork)
    secret = work.commit({"secret": b"s3cret"})
    work.git("push", "-q", str(fork), "main")
    blob = work.git("rev-parse", f"{secret}:secret")
    inner = gitstore.paths.pool(root, "bbbbbbbb-2222-3333-4444-555555555555")
    gitstore.fork(fork, _path(root, "3"), inner)  # private networks have a pool of their own
    gitstore.fork(work.bare, _path(root, "4"), pool)
    assert _serves(fork, secret, tmp_path / "own")
    for number, bare in enumerate((work.bare, _path(root, "4"))):
        for oid in (secret, blob):
            assert not gitstore.reaches(bare, oid)
            with pytest.raises(gitstore.PathMissing):
                gitstore.blob(bare, oid)
            with pytest.raises(gitstore.PathMissing):
                gitstore.commit(bare, oid)
            assert not _serves(bare, oid, tmp_path / f"{number}{oid}")
        with pytest.raises(gitstore.GitFailed):
            list(gitstore.archive(bare, secret, "zip", "x"))
        assert _serves(bare, public, tmp_path / f"{number}public")


def test_a_private_member_that_borrows_does_not_feed(work: Work, root: Path) -> None:
    pool, fork = gitstore.paths.pool(root, POOL), _path(root, "2")
    work.commit({"a": b"1"}, push=True)
    gitstore.fork(work.bare, fork, pool)
    secret = work.commit({"secret": b"s3cret"})
    work.git("push", "-q", str(fork), "main")
    gitstore.maintain(fork)
    gitstore.maintain_pool(pool, [work.bare])
    with pytest.raises(gitstore.PathMissing):
        gitstore.commit(work.bare, secret)
    assert gitstore.commit(fork, secret).oid == secret


def test_a_private_fork_shares_nothing_that_comes_later(work: Work, root: Path, tmp_path: Path) -> None:
    tip = work.commit({"big": os.urandom(300_000)})
    work.git("tag", "-a", "v1", "-m", "x")
    work.push()
    fork, third = _path(root, "2"), _path(root, "3")
    gitstore.fork(work.bare, fork, None)
    assert _bytes(fork) < 20_000
    assert gitstore.pool_of(fork) is None
    assert gitstore.refs(fork) == gitstore.refs(work.bare)
    secret = work.commit({"secret": b"1"})
    work.git("push", "-q", str(fork), "main")
    parents = work.commit({"parents": b"1"})
    work.git("push", "-q", str(work.bare), f"+{parents}:refs/heads/later")
    gitstore.fork(fork, third, None)
    gitstore.fork(work.bare, _path(root, "4"), None)
    work.git("reset", "-q", "--hard", tip)
    for bare, held, absent in (
        (fork, secret, parents),
        (third, secret, parents),
        (work.bare, parents, None),
        (_path(root, "4"), parents, None),
    ):
        assert gitstore.commit(bare, held).oid == held
        if absent:
            assert not _serves(bare, absent, tmp_path / f"{bare.name}{absent}")
    shutil.rmtree(work.bare)
    gitstore.forget()
    gitstore.maintain(fork)
    gitstore.collect(fork)
    assert gitstore.fsck(fork, full=True) == []
    assert gitstore.fsck(third, full=True) == []


def test_a_private_fork_of_a_borrower_borrows_too(work: Work, root: Path) -> None:
    pool, fork = gitstore.paths.pool(root, POOL), _path(root, "2")
    work.commit({"a": b"1"}, push=True)
    gitstore.fork(work.bare, fork, pool)
    gitstore.maintain(fork)
    gitstore.fork(fork, _path(root, "3"), None)
    assert gitstore.pool_of(_path(root, "3")) == pool
    assert gitstore.fsck(_path(root, "3")) == []
    gitstore.leave_pool(_path(root, "3"))
    assert gitstore.fsck(_path(root, "3")) == []


def test_a_pusher_sees_no_refs_of_the_pool(work: Work, root: Path) -> None:
    pool, fork = gitstore.paths.pool(root, POOL), _path(root, "2")
    work.commit({"a": b"1"}, push=True)
    gitstore.fork(work.bare, fork, pool)
    work.commit({"later": b"1"}, push=True)
    advertised = gitstore.run(None, ["receive-pack", "--http-backend-info-refs", str(fork)])
    assert b".have" not in advertised


def test_two_first_forks_at_once(work: Work, root: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    work.commit({"a": b"1"}, push=True)
    pool = gitstore.paths.pool(root, POOL)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda digit: gitstore.fork(work.bare, _path(root, digit), pool), "234567"))
    for digit in "234567":
        assert gitstore.fsck(_path(root, digit)) == []
    assert not [found for found in pool.parent.iterdir() if found.name.startswith(".")]
