"""One writer of packs at a time."""

import contextlib
import fcntl
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
