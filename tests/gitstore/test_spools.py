"""Ranges deep inside large blobs: inflated once into a file that several may read while it grows."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

import gitstore
from gitstore import spools
from tests.gitstore.conftest import Work

SIZE = 24 * 1024**2


@pytest.fixture
def content() -> bytes:
    return os.urandom(1024**2) * (SIZE // 1024**2)


@pytest.fixture
def oid(work: Work, content: bytes) -> str:
    return gitstore.write_blob_stream(work.bare, (content[start : start + 65536] for start in range(0, SIZE, 65536)))


def read(work: Work, oid: str, first: int, end: int, folder: Path) -> bytes:
    return b"".join(gitstore.blob_range(work.bare, oid, first, end, folder=folder))


def settled(folder: Path, oid: str) -> None:
    for _ in range(1000):
        if [file.name for file in folder.iterdir()] == [oid]:
            return
        time.sleep(0.02)
    raise AssertionError(list(folder.iterdir()))


def test_each_range_is_right_before_while_and_after_the_file_grows(work: Work, content: bytes, oid: str, tmp_path: Path) -> None:
    folder = tmp_path / "spools"
    ranges = [(0, 10), (SIZE - 5, SIZE), (20 * 1024**2, 20 * 1024**2 + 300_000), (spools.DEEP, spools.DEEP + 1), (0, SIZE)]
    for first, end in [*ranges, *ranges]:
        assert read(work, oid, first, end, folder) == content[first:end]
    settled(folder, oid)


def test_shallow_ranges_and_small_blobs_keep_nothing(work: Work, content: bytes, oid: str, tmp_path: Path) -> None:
    folder = tmp_path / "spools"
    small = gitstore.write_blob(work.bare, b"0123456789")
    assert read(work, oid, 0, 100, folder) == content[:100]
    assert read(work, small, 5, 8, folder) == b"567"
    assert not folder.exists()


def test_many_readers_of_one_file_inflate_it_once(work: Work, content: bytes, oid: str, tmp_path: Path, monkeypatch) -> None:
    folder, started, answers = tmp_path / "spools", [], []
    real = spools.process.start
    monkeypatch.setattr(spools.process, "start", lambda *a, **k: (started.append(a), real(*a, **k))[1])
    read(work, oid, spools.DEEP, spools.DEEP + 1, folder)
    threads = [threading.Thread(target=lambda n=n: answers.append(read(work, oid, SIZE - n, SIZE, folder))) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, answers)) == list(range(1, 9))
    assert all(content.endswith(answer) for answer in answers)
    assert len(started) == 1


def test_reader_that_leaves_holds_nothing_and_the_file_is_finished(work: Work, oid: str, tmp_path: Path) -> None:
    folder = tmp_path / "spools"
    before = len(os.listdir("/proc/self/fd"))
    pieces = gitstore.blob_range(work.bare, oid, spools.DEEP, SIZE, folder=folder)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    gitstore.blob_range(work.bare, oid, spools.DEEP, SIZE, folder=folder).close()  # type: ignore[attr-defined]
    settled(folder, oid)
    for _ in range(200):
        if len(os.listdir("/proc/self/fd")) <= before:
            break
        time.sleep(0.02)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_too_many_at_once_inflate_for_themselves(work: Work, content: bytes, oid: str, tmp_path: Path) -> None:
    held = [spools._growing.acquire(blocking=False) for _ in range(spools.AT_ONCE)]
    try:
        assert held == [True] * spools.AT_ONCE
        assert read(work, oid, SIZE - 9, SIZE, tmp_path / "spools") == content[-9:]
        assert list((tmp_path / "spools").iterdir()) == []
    finally:
        for _ in held:
            spools._growing.release()


def test_what_does_not_fit_is_not_kept(work: Work, content: bytes, oid: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(spools, "KEEP_BYTES", SIZE)
    assert read(work, oid, SIZE - 9, SIZE, tmp_path / "spools") == content[-9:]
    assert list((tmp_path / "spools").iterdir()) == []


def test_parts_of_dead_servers_are_adopted_or_thrown_away(work: Work, content: bytes, oid: str, tmp_path: Path) -> None:
    folder = tmp_path / "spools"
    folder.mkdir()
    (folder / f"{oid}.aa.part").write_bytes(content[:100])
    assert read(work, oid, SIZE - 9, SIZE, folder) == content[-9:]
    settled(folder, oid)
    (folder / oid).rename(folder / f"{oid}.bb.part")
    assert read(work, oid, 5, 9, folder) == content[5:9]
    assert [file.name for file in folder.iterdir()] == [oid]


def test_git_that_dies_is_told_and_leaves_no_file(work: Work, oid: str, tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "spools"
    monkeypatch.setattr(spools.process, "start", lambda *a, stdout, **k: subprocess.Popen(["head", "-c", "5", "/dev/zero"], stdout=stdout))
    with pytest.raises(gitstore.GitFailed):
        read(work, oid, spools.DEEP, SIZE, folder)
    for _ in range(200):
        if not list(folder.iterdir()):
            break
        time.sleep(0.02)
    assert list(folder.iterdir()) == []


def test_unused_files_go_and_the_oldest_make_room(tmp_path: Path, monkeypatch) -> None:
    for number, age in enumerate((10, 300, 7200)):
        (tmp_path / str(number)).write_bytes(b"x" * 100)
        os.utime(tmp_path / str(number), (time.time() - age,) * 2)
    assert gitstore.trim_spools(tmp_path) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0", "1"]
    monkeypatch.setattr(spools, "KEEP_BYTES", 250)
    assert gitstore.trim_spools(tmp_path, room=100) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["0"]
    assert gitstore.trim_spools(tmp_path / "missing") == 0
