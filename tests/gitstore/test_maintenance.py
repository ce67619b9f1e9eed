"""Maintenance leaves every object and gives the indexes that pages count on."""

import multiprocessing
import time
from pathlib import Path

import pytest

import gitstore
from tests.gitstore.conftest import Work


def test_after_an_import(work: Work) -> None:
    for number in range(5):
        work.commit({"a": str(number).encode()}, push=True)
    before = gitstore.refs(work.bare)
    gitstore.after_import(work.bare)
    packs = work.bare / "objects" / "pack"
    assert len(list(packs.glob("*.pack"))) == len(list(packs.glob("*.bitmap"))) == 1
    assert (work.bare / "objects" / "info" / "commit-graphs" / "commit-graph-chain").exists()
    assert gitstore.refs(work.bare) == before
    assert list((work.bare / "refs" / "heads").iterdir()) == []
    assert gitstore.fsck(work.bare, full=True) == []
    gitstore.after_import(work.bare)


def test_packs_of_pushes_are_joined(work: Work) -> None:
    for number in range(8):
        tip = work.commit({"a": str(number).encode()}, push=True)
        gitstore.run(work.bare, ["repack", "-d", "-q"])
    packs = work.bare / "objects" / "pack"
    assert len(list(packs.glob("*.pack"))) > 4
    gitstore.maintain(work.bare)
    assert len(list(packs.glob("*.pack"))) < 4
    assert (packs / "multi-pack-index").exists()
    assert list(packs.glob("multi-pack-index-*.bitmap"))
    assert gitstore.fsck(work.bare, full=True) == []
    assert gitstore.commit(work.bare, tip).oid == tip
    gitstore.maintain(work.bare)


def test_an_empty_repository_can_be_maintained(root: Path) -> None:
    bare = gitstore.paths.repository(root, "22222222-2222-3333-4444-555555555555")
    gitstore.init_bare(bare)
    gitstore.after_import(bare)
    gitstore.maintain(bare)
    gitstore.collect(bare)
    assert gitstore.fsck(bare) == []
    assert 0 < gitstore.disk_size(bare) < 200_000


def test_what_no_ref_reaches_stays_for_the_grace_time(work: Work) -> None:
    kept = work.commit({"a": b"1"}, push=True)
    lost = work.commit({"a": b"2"}, push=True)
    work.git("reset", "-q", "--hard", kept)
    work.push("+main")
    for act in (gitstore.after_import, gitstore.maintain, gitstore.collect):
        act(work.bare)
        gitstore.forget()
        assert gitstore.commit(work.bare, lost).oid == lost, act


def test_a_pool_is_never_pruned(root: Path) -> None:
    pool = gitstore.paths.pool(root, "22222222-2222-3333-4444-555555555555")
    gitstore.init_bare(pool)
    with pytest.raises(gitstore.GitFailed):
        gitstore.collect(pool)


def _hold(bare: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with gitstore.locked(bare):
        ready.set()
        time.sleep(60)


def test_the_lock_refuses_a_second_and_ends_with_its_process(work: Work) -> None:
    spawn = multiprocessing.get_context("fork")
    ready = spawn.Event()
    holder = spawn.Process(target=_hold, args=(work.bare, ready))
    holder.start()
    assert ready.wait(10)
    with pytest.raises(gitstore.RepositoryBusy), gitstore.locked(work.bare):
        pass
    holder.kill()
    holder.join()
    with gitstore.locked(work.bare):
        pass


def test_a_fault_is_named(work: Work) -> None:
    work.commit({"a": b"1"}, push=True)
    (work.bare / "refs/heads/broken").write_text("1" * 40 + "\n")
    assert any("broken" in line for line in gitstore.fsck(work.bare))
