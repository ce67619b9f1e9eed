"""The worker's threads that ask the APIs of hosts, one for each host: a slow one keeps nobody else waiting."""

import threading

import structlog
from django.db import connection

from core.actors import SYSTEM
from projects import commands

log = structlog.get_logger(__name__)
SECONDS = 50.0  # then the clock starts it anew
_lock = threading.Lock()
_asked: set[str] = set()  # hosts that a thread of this process asks now


def ask_hosts() -> list[str]:
    """Start a thread for each host whose API may tell something new and that none of ours asks; returns the hosts."""
    with _lock:
        free = [host for host in commands.hosts_to_ask(SYSTEM) if host not in _asked]
        _asked.update(free)
    for host in free:
        threading.Thread(target=_ask, args=(host,), daemon=True, name=f"facts-{host}").start()
    return free


def _ask(host: str) -> None:
    try:
        commands.refresh_host(SYSTEM, host, seconds=SECONDS)
    except Exception:
        log.exception("host_not_asked", host=host)
    finally:
        with _lock:
            _asked.discard(host)
        connection.close()
