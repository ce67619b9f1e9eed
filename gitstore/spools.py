"""Ranges far inside large blobs. Git can only inflate from the start, so the first such request has it inflate into a file, once.

That request and all later ones read from the file, the first ones while it grows. The file `OID` is whole; `OID.*.part` grows, and whoever
makes it holds its lock (flock(2)): git itself has the file open, so a server that is killed leaves no part that looks alive.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from gitstore import process
from gitstore.errors import GitFailed
from gitstore.objects import IN_MEMORY, blob_size, blob_stream

DEEP = 16 * 1024**2  # bytes; what lies before is inflated as quickly as it is looked up
KEEP_BYTES = 8 * 1024**3  # of all files; one larger than half of it is not kept
KEEP_SECONDS = 3600  # after the last use
SPARE = 2 * 1024**3  # bytes of disk that stay free
AT_ONCE = 2  # files that grow at once in one process; further requests inflate for themselves
SECONDS = 600  # that one may take
PAUSE = 0.02  # seconds between two looks at a growing file
BLOCK = 256 * 1024
_growing = threading.BoundedSemaphore(AT_ONCE)


def blob_range(path: Path, oid: str, first: int, end: int, *, folder: Path) -> Iterator[bytes]:
    """Bytes `first` up to `end` of a blob, in flat memory; `folder` keeps the files. Raises PathMissing, GitFailed."""
    size = blob_size(path, oid)
    descriptor = -1 if size <= IN_MEMORY else _opened(folder, oid, size)
    if descriptor < 0 and first >= DEEP and _fits(folder, size):
        descriptor = _begun(path, oid, size, folder)
    yield from _inflated(path, oid, first, end) if descriptor < 0 else _read(descriptor, first, end)


def _inflated(path: Path, oid: str, first: int, end: int) -> Iterator[bytes]:
    position = 0
    for piece in blob_stream(path, oid):
        if position + len(piece) > first:
            yield piece[max(0, first - position) : end - position]
        position += len(piece)
        if position >= end:
            return


def _opened(folder: Path, oid: str, size: int) -> int:
    """A descriptor of the whole file, or of one that grows; -1 if there is neither."""
    whole = folder / oid
    with contextlib.suppress(FileNotFoundError):
        os.utime(whole)
        return os.open(whole, os.O_RDONLY)
    for part in folder.glob(f"{oid}.*.part"):
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(part, os.O_RDONLY)
            if not _is_over(descriptor):
                return descriptor
            if os.fstat(descriptor).st_size == size:  # its server was killed, git went on
                part.rename(whole)
                return descriptor
            os.close(descriptor)
            part.unlink()
    return -1


def _fits(folder: Path, size: int) -> bool:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return size <= KEEP_BYTES // 2 and shutil.disk_usage(folder).free - size > SPARE


def _begun(path: Path, oid: str, size: int, folder: Path) -> int:
    """A descriptor of a file that git has begun to fill, -1 if too many are being filled."""
    if not _growing.acquire(blocking=False):
        return -1
    try:
        trim(folder, room=size)
        part = folder / f"{oid}.{uuid.uuid4().hex}.part"
        sink = os.open(part.with_suffix(".new"), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(sink, fcntl.LOCK_EX)
        part.with_suffix(".new").rename(part)  # seen by others only now that it is locked
        reader = os.open(part, os.O_RDONLY)  # git may have ended, and the file its other name, before we come to read
        try:
            child = process.start(
                path, ["cat-file", "blob", oid], stdout=sink, stderr=subprocess.DEVNULL, config={"core.bigFileThreshold": "8m"}
            )
        except BaseException:
            part.unlink()
            os.close(sink)
            os.close(reader)
            raise
        threading.Thread(target=_finish, args=(child, sink, part, size), name="spool", daemon=True).start()
    except BaseException:
        _growing.release()
        raise
    return reader


def _finish(child: "subprocess.Popen[bytes]", sink: int, part: Path, size: int) -> None:
    """Wait for git; a whole file gets its name, another goes."""
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(SECONDS)
        whole = process.end(child) == 0 and os.fstat(sink).st_size == size
        with contextlib.suppress(FileNotFoundError):  # trimmed meanwhile
            if whole:
                part.rename(part.with_name(part.name.partition(".")[0]))
            else:
                part.unlink()
    finally:
        os.close(sink)
        _growing.release()


def _is_over(descriptor: int) -> bool:
    """True if nobody writes the file any more."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


def _read(descriptor: int, first: int, end: int) -> Iterator[bytes]:
    """Bytes of a file, waiting for those that are still to come. Raises GitFailed if they never do."""
    try:
        position = first
        while position < end:
            over = _is_over(descriptor)
            data = os.pread(descriptor, min(BLOCK, end - position), position)
            if data:
                position += len(data)
                yield data
            elif over:
                raise GitFailed(["cat-file", "blob"], -1, "the blob was not inflated to its end")
            else:
                time.sleep(PAUSE)
    finally:
        os.close(descriptor)


def trim(folder: Path, *, room: int = 0, seconds: float = KEEP_SECONDS) -> int:
    """Remove files that nobody used for `seconds`, then those used longest ago until `room` bytes are left; returns how many went.

    Who reads one of them reads on: its descriptor keeps it.
    """
    found = []
    for entry in os.scandir(folder) if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            stat = entry.stat()
            found.append((stat.st_mtime, stat.st_size, Path(entry.path)))
    total, gone = sum(size for _used, size, _file in found), 0
    for used, size, file in sorted(found):
        if time.time() - used < seconds and total + room <= KEEP_BYTES:
            break
        file.unlink(missing_ok=True)
        total, gone = total - size, gone + 1
    return gone
