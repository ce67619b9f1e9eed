"""Hosts and ports: what can be listened on, and what the children are told of it."""

import errno
import ipaddress
import os
import socket

from openi.supervisor.leftovers import MARK
from openi.supervisor.options import PYTHON, CannotStart, Options


def is_loopback(host: str) -> bool:
    """True for `localhost` and addresses of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_host(host: str) -> str:
    """As a client of this machine writes it: brackets around IPv6, loopback for "every address"."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{host}]" if ":" in host else host


def check_port(host: str, port: int, option: str) -> None:
    """Raises CannotStart when nothing could listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)  # granian shares its port (SO_REUSEPORT), so bind alone would succeed beside another one
    except (socket.gaierror, UnicodeError) as error:
        raise CannotStart(f"--host {host}: {getattr(error, 'strerror', None) or 'not a host name'}") from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise CannotStart(f"--host {host}: this machine has no such address") from error
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise CannotStart(f"port {port} of {host} {reason}: choose another with {option}") from error


def check_ports(options: Options) -> None:
    """Raises CannotStart for the first port that is taken."""
    for port, option in ((options.port, "--port"), (options.ssh_port, "--ssh-port"), (options.live_port, "--live-port")):
        check_port(options.host, port, option)


def environment_of(options: Options) -> dict[str, str]:
    """The children's environment: ours, the options as OPENI_* variables, and the mark."""
    base = os.environ.get("OPENI_BASE_URL") or f"http://{url_host(options.host)}:{options.port}"
    live = os.environ.get("OPENI_LIVE_URL") or f"http://{url_host(options.host)}:{options.live_port}"
    return {
        **os.environ,
        "OPENI_DATA_DIR": str(options.data),
        "OPENI_HOST": options.host,
        "OPENI_PORT": str(options.port),
        "OPENI_SSH_PORT": str(options.ssh_port),
        "OPENI_LIVE_PORT": str(options.live_port),
        "OPENI_BASE_URL": base.rstrip("/"),
        "OPENI_LIVE_URL": live.rstrip("/"),
        "OPENI_RELOAD": "true" if options.reload else os.environ.get("OPENI_RELOAD", "false"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",  # names in Chinese whatever LANG says
        "CELERY_SKIP_CHECKS": "1",  # checks load every page's code into the worker
        "PROMETHEUS_MULTIPROC_DIR": str(options.data.resolve() / "metrics"),
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),  # many threads: without it memory grows with them
        "PATH": f"{PYTHON.parent}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        MARK: f"{options.data.resolve()}:{os.getpid()}",
    }


def is_ready(options: Options) -> bool:
    """Whether `/-/ready` answers 200 here. One short question over a bare socket: the loop must not wait, nor load an HTTP client."""
    try:
        with socket.create_connection((url_host(options.host).strip("[]"), options.port), timeout=1) as connection:
            connection.sendall(b"GET /-/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return connection.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False
