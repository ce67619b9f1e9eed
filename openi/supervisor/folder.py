"""The data directory: its lock, what the last start prepared, and what is said on the terminal and in supervisor.log."""

import contextlib
import fcntl
import json
import os
import shutil
import time
from pathlib import Path

from openi.supervisor.options import CannotStart

LOG_MAX_BYTES = 20 * 1024**2
_log_file: Path | None = None


def take(data: Path) -> int:
    """Lock the data directory for this process's life (flock(2)). Raises CannotStart when another server has it."""
    try:
        (data / "run").mkdir(parents=True, exist_ok=True)
        (data / "log").mkdir(exist_ok=True)
        lock = os.open(data / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(f"{data} cannot be used as data directory: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(lock, 32, 0).decode().strip() or "unknown"
        os.close(lock)
        raise CannotStart(f"a server already runs on {data} (process {owner}): stop it, or choose another --data-dir") from error
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
    except OSError as error:
        raise CannotStart(f"{data} cannot be used as data directory: {error.strerror}") from error
    return lock


def stamps(data: Path) -> dict[str, str]:
    """What the last start prepared: keys `database`, `static`, `demo`. Empty on the first start, or if unreadable."""
    try:
        return dict(json.loads((data / "run" / "prepared.json").read_text()))
    except (OSError, ValueError):
        return {}


def save_stamps(data: Path, values: dict[str, str]) -> None:
    """Written whole or not at all."""
    target = data / "run" / "prepared.json"
    target.with_suffix(".new").write_text(json.dumps(values))
    target.with_suffix(".new").replace(target)


def log_to(path: Path) -> None:
    """From now on `say` writes there too."""
    global _log_file
    _log_file = path


def say(text: str) -> None:
    """One line on the terminal and in supervisor.log. A closed terminal or a full disk is no reason to stop."""
    with contextlib.suppress(OSError):
        print(text, flush=True)
    if _log_file is not None:
        with contextlib.suppress(OSError), _log_file.open("a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")


def trim_logs(logs: Path) -> None:
    """Keep each log under LOG_MAX_BYTES and one older copy; children append, so the file is emptied in place."""
    for log in logs.glob("*.log"):
        with contextlib.suppress(OSError):
            if log.stat().st_size > LOG_MAX_BYTES:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)
