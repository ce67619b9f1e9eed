"""Processes of a data directory, found by the mark in their environment, and ended."""

import contextlib
import os
import signal
import time
from pathlib import Path

MARK = "OPENI_SUPERVISED"  # in the environment of every process: data directory, colon, supervisor's process id


def marked(mark: str) -> list[int]:
    """Process ids, this one apart, whose environment carries a mark that starts so (proc(5), /proc/PID/environ)."""
    wanted = os.fsencode(f"{MARK}={mark}")
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if any(variable.startswith(wanted) for variable in Path(entry.path, "environ").read_bytes().split(b"\0")):
                    found.append(int(entry.name))
    return found


def sweep(mark: str, seconds: float) -> int:
    """End every process with the mark: TERM, and KILL for what is left after `seconds`. Returns how many there were."""
    left = marked(mark)
    count = len(left)
    killing = time.monotonic() + seconds
    _signal_all(left, signal.SIGTERM if seconds else signal.SIGKILL)
    while left and time.monotonic() < killing + 5:
        time.sleep(0.05)
        left = marked(mark)
        if time.monotonic() >= killing:
            _signal_all(left, signal.SIGKILL)
    return count


def _signal_all(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)
