"""One writer of packs at a time."""

import contextlib
import fcntl
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

from gitstore.errors import RepositoryBusy, RepositoryMissing


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One writer of packs at a time, over all processes; the lock ends with its process. Raises RepositoryBusy, RepositoryMissing."""
    if not path.exists():
        raise RepositoryMissing(str(path))
    folder = path / "openi"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "wb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RepositoryBusy(str(path)) from error
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)  # closing is not enough: a child between fork and exec holds the file too


@contextlib.contextmanager
def waiting_for(path: Path, name: str, *, seconds: float) -> Iterator[None]:
    """One at a time for `name` (any text, such as a branch), over all processes; waits. Raises RepositoryBusy after `seconds`."""
    if not path.exists():
        raise RepositoryMissing(str(path))
    folder = path / "openi"
    folder.mkdir(exist_ok=True)
    key = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()
    deadline = time.monotonic() + seconds
    with open(folder / f"turn.{key}", "wb") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise RepositoryBusy(str(path)) from error
                time.sleep(0.01)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
