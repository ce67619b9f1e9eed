"""Blobs as files: written aside, synced, then renamed, so that a name is there only with its whole content."""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from core.blobs.types import BLOCK, Blob, BlobMissing, WrongBlob, key_of, require


class DiskStore:
    """`root/ab/cd/<sha256>`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where the blob lies."""
        return self.root / key_of(sha256)

    def put(self, chunks: Iterable[bytes], *, sha256: str = "", size: int | None = None, limit: int | None = None) -> Blob:
        """One pass over the stream; memory does not grow."""
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        digest, length = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    length += len(chunk)
                    if limit is not None and length > limit:
                        raise WrongBlob("limit")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            require(sha256, digest.hexdigest(), size, length)
            target = self.path(digest.hexdigest())
            target.parent.mkdir(parents=True, exist_ok=True)
            os.chmod(name, 0o644)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Blob(digest.hexdigest(), length)

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Opens at once, so that a missing blob raises before the first block."""
        try:
            file = self.path(sha256).open("rb")
        except FileNotFoundError as error:
            raise BlobMissing(sha256) from error
        return _blocks(file, start, end)

    def size(self, sha256: str) -> int:
        """From the file system."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError as error:
            raise BlobMissing(sha256) from error

    def delete(self, sha256: str) -> None:
        """Unlink."""
        self.path(sha256).unlink(missing_ok=True)

    def delete_older(self, sha256: str, before: float) -> bool:
        """Moved aside, then looked at: whoever stores it at this moment makes a new file, or finds the old one put back."""
        path = self.path(sha256)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime >= before:
                return False
        aside = path.with_name(f"{path.name}.gone")
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return True
        if aside.stat().st_mtime >= before:
            with contextlib.suppress(FileExistsError):
                os.link(aside, path)
            aside.unlink()
            return False
        aside.unlink()
        return not path.exists()

    def names(self) -> Iterator[str]:
        """From the folders."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            if len(path.name) == 64:
                yield path.name
            elif path.suffix == ".gone" and time.time() - path.stat().st_mtime > 3600:  # killed in `delete_older`: judged again
                os.rename(path, path.with_suffix(""))
                yield path.stem


def _blocks(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            block = file.read(BLOCK if left is None else min(BLOCK, left))
            if not block:
                return
            left = None if left is None else left - len(block)
            yield block
