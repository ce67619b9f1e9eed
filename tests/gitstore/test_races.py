"""Forks, reads and commits while the source is repacked all the time."""

import itertools
import threading
from pathlib import Path

import gitstore
from tests.gitstore.conftest import Work

WHO = gitstore.Signature("a", "a@b", None)


def test_forks_and_commits_during_repacks_are_whole(work: Work, root: Path) -> None:
    work.commit({"a": b"1"}, push=True)
    pool = gitstore.paths.pool(root, "aaaaaaaa-2222-3333-4444-555555555555")
    stop, faults = threading.Event(), []

    def loop(act) -> None:  # type: ignore[no-untyped-def]
        try:
            for number in itertools.count():
                if stop.is_set():
                    return
                act(number)
        except BaseException as error:  # noqa: BLE001 - told below
            faults.append(error)

    def commit(number: int) -> None:
        gitstore.commit_changes(
            work.bare, branch="main", changes=[gitstore.Put(f"f{number % 7}", str(number).encode())], message="m", author=WHO
        )

    def repack(number: int) -> None:
        (gitstore.collect if number % 2 else gitstore.maintain)(work.bare)

    def read(number: int) -> None:
        tip = gitstore.head(work.bare)[1]
        assert gitstore.tree(work.bare, tip)
        assert gitstore.log(work.bare, tip).commits

    threads = [threading.Thread(target=loop, args=(act,)) for act in (commit, repack, read)]
    for thread in threads:
        thread.start()
    forks = []
    for number in range(12):
        forks.append(gitstore.paths.repository(root, f"{number:08}-9999-3333-4444-555555555555"))
        gitstore.fork(work.bare, forks[-1], pool if number % 3 else None)
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    for fork in [work.bare, *forks]:
        assert (fork.name, gitstore.fsck(fork)) == (fork.name, [])
