"""A client that takes nothing of what it is sent holds a thread, a slot and a git process; after GIT_SILENT_SECONDS it is cut off."""

import contextlib
import os
import select
import socket
import threading
import time
from pathlib import Path

from django.conf import settings

SAMPLES = 10  # how often within the limit somebody is looked at


class Limit:
    """The limit of this process's TCP connections, kept by the kernel (TCP_USER_TIMEOUT, tcp(7)).

    The answer of a WSGI application never meets its socket: the server's thread sleeps until there is room. What is set on a listening
    socket holds for each connection it accepts from then on, whatever it carries.
    """

    def __init__(self) -> None:
        self._kept = False
        self._lock = threading.Lock()

    def keep(self) -> None:
        """Set it once, at the first request: the listening socket is there by then."""
        if self._kept:
            return
        with self._lock:
            if not self._kept:
                self._kept = True
                for descriptor in [int(entry) for entry in os.listdir("/proc/self/fd")]:
                    limit(descriptor)


def limit(descriptor: int) -> bool:
    """Limit a TCP socket, whether it listens or is connected; False for everything else."""
    if not _is_socket(descriptor):
        return False
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as one:
        if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, settings.GIT_SILENT_SECONDS * 1000)
            return True
    return False


def _is_socket(descriptor: int) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
    except OSError:
        return False


class Listener:
    """Tells whether the client of a child that writes to `sink` itself has taken something lately."""

    def __init__(self, pid: int, sink: int) -> None:
        self._pid, self._sink = pid, sink
        self._written, self._since = -1, time.monotonic()

    def is_silent(self) -> bool:
        """True if `sink` was full each time we looked, and the child could write nothing, for GIT_SILENT_SECONDS."""
        written = _written(self._pid)
        if written != self._written or _has_room(self._sink):
            self._written, self._since = written, time.monotonic()
        return time.monotonic() - self._since > settings.GIT_SILENT_SECONDS


def _written(pid: int) -> int:
    """Bytes a process has written so far (proc(5), /proc/PID/io), 0 if nobody tells."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("wchar:")), 0)


def _has_room(descriptor: int) -> bool:
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    return bool(room.poll(0))
