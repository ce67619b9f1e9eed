"""Ways out of this network: directly, or through a proxy that an administrator named.

A route only carries: the target was resolved and judged before (`core.outgoing.check_url`), and it is that very address which the proxy is
asked for, never the name. The proxy itself may lie in a private network, because an administrator named it.
CONNECT: RFC 9110 §9.3.6; SOCKS 5: RFC 1928, user name and password: RFC 1929.
"""

import socket
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol

import httpcore

from core.places import Place

HEAD_MAX = 16 * 1024  # bytes of a proxy's answer to CONNECT
_SOCKS = {1: "general failure", 2: "not allowed", 3: "network unreachable", 4: "host unreachable", 5: "refused", 6: "timed out"}
_OF_THE_TARGET = frozenset({3, 4, 5, 6})  # replies that say nothing against the proxy
Read = Callable[[int], bytes]  # at most so many bytes, b"" at the end
Write = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One way out; `id` 0 is the plain way that needs no row."""

    id: int = 0
    kind: str = "direct"  # direct | http | socks5
    host: str = ""
    port: int = 0
    username: str = ""
    password: str = ""


DIRECT = Route()


class RouteFailed(OSError):
    """No connection over this route. `is_proxy`: the proxy itself is to blame, not what lies behind it."""

    def __init__(self, said: str, *, is_proxy: bool) -> None:
        super().__init__(said)
        self.is_proxy = is_proxy


class Router(Protocol):
    """Knows the routes an administrator named."""

    def routes(self, host: str) -> tuple[Route, ...]:
        """For `host` at this hour, the best first; () if none is named for it."""

    def note(self, route: Route, *, seconds: float, received: int, failure: str, is_proxy: bool) -> None:
        """What came of one connection; `failure` "" for success, `seconds` until it stood, `received` bytes."""


routers: Place[Router] = Place("routers")  # the first one decides


def choose(host: str) -> tuple[Route, ...]:
    """Ways to `host`, to be tried in order; at least one."""
    for router in routers:
        if found := router.routes(host):
            return found
    return (DIRECT,)


def note(route: Route, *, seconds: float = 0, received: int = 0, failure: str = "", is_proxy: bool = False) -> None:
    """Tell the router; the plain way keeps no figures."""
    if route.id:
        for router in routers:
            router.note(route, seconds=seconds, received=received, failure=failure, is_proxy=is_proxy)


def greet(route: Route, address: str, port: int, read: Read, write: Write) -> None:
    """On an open connection to the proxy, ask for `address`. Raises RouteFailed."""
    (_connect if route.kind == "http" else _socks)(route, address, port, read, write)


def _connect(route: Route, address: str, port: int, read: Read, write: Write) -> None:
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    if route.username:
        pair = b64encode(f"{route.username}:{route.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {pair}")
    write("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):  # byte by byte: what follows belongs to the target
        byte = read(1)
        if not byte or len(head) > HEAD_MAX:
            raise RouteFailed("the proxy ended its answer in the middle", is_proxy=True)
        head += byte
    status = head.split(b"\r\n", 1)[0].decode("latin-1")
    code = status.split(" ")[1:2]
    if not status.startswith("HTTP/1.") or not code or not code[0].startswith("2"):
        raise RouteFailed(status[:200], is_proxy=not code or code[0] not in ("502", "503", "504"))


def _socks(route: Route, address: str, port: int, read: Read, write: Write) -> None:
    write(b"\x05\x01\x02" if route.username else b"\x05\x01\x00")
    version, method = exactly(read, 2)
    if version != 5 or method not in (0, 2):
        raise RouteFailed("no SOCKS 5, or no way to sign in that we know", is_proxy=True)
    if method == 2:
        user, secret = route.username.encode(), route.password.encode()
        write(b"\x01" + bytes([len(user)]) + user + bytes([len(secret)]) + secret)
        if exactly(read, 2)[1] != 0:
            raise RouteFailed("the proxy refuses the user name or password", is_proxy=True)
    packed = ip_address(address).packed
    write(b"\x05\x01\x00" + (b"\x01" if len(packed) == 4 else b"\x04") + packed + port.to_bytes(2, "big"))
    _version, reply, _reserved, kind = exactly(read, 4)
    if reply:
        raise RouteFailed(f"SOCKS 5: {_SOCKS.get(reply, reply)}", is_proxy=reply not in _OF_THE_TARGET)
    exactly(read, {1: 4, 4: 16}.get(kind) or exactly(read, 1)[0])
    exactly(read, 2)


def exactly(read: Read, size: int) -> bytes:
    got = b""
    while len(got) < size:
        piece = read(size - len(got))
        if not piece:
            raise RouteFailed("the proxy ended its answer in the middle", is_proxy=True)
        got += piece
    return got


def connect(route: Route, address: str, port: int, *, seconds: float) -> socket.socket:
    """An open connection to a judged address. Raises RouteFailed."""
    direct = route.kind == "direct"
    try:
        made = socket.create_connection((address, port) if direct else (route.host, route.port), timeout=seconds)
    except OSError as error:
        raise RouteFailed(str(error), is_proxy=not direct) from error
    try:
        if not direct:
            greet(route, address, port, made.recv, made.sendall)
    except OSError as error:
        made.close()
        raise error if isinstance(error, RouteFailed) else RouteFailed(str(error), is_proxy=True) from error
    return made


def connect_any(
    ways: tuple[Route, ...], address: str, port: int, *, seconds: float, told: Callable[..., None] = note
) -> tuple[Route, socket.socket]:
    """Over the first of `ways` that connects; `told` hears of each try as `note` does. Raises RouteFailed of the last."""
    failed = RouteFailed("no route", is_proxy=False)
    for route in ways:
        started = time.monotonic()
        try:
            made = connect(route, address, port, seconds=seconds)
        except RouteFailed as error:
            told(route, failure=str(error), is_proxy=error.is_proxy)
            failed = error
            continue
        told(route, seconds=time.monotonic() - started)
        return route, made
    raise failed


class Backend(httpcore.SyncBackend):
    """What httpcore opens its connections with, over one proxy."""

    def __init__(self, route: Route) -> None:
        self.route = route

    def connect_tcp(  # noqa: D102 - httpcore's
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        route = self.route
        try:
            stream = super().connect_tcp(route.host, route.port, timeout, local_address, socket_options)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise httpcore.ProxyError(f"proxy: {error}") from error
        try:
            greet(route, host, port, lambda size: stream.read(size, timeout), lambda data: stream.write(data, timeout))
        except RouteFailed as error:
            with suppress(OSError):
                stream.close()
            raise (httpcore.ProxyError if error.is_proxy else httpcore.ConnectError)(str(error)) from error
        except (httpcore.ReadError, httpcore.ReadTimeout, httpcore.WriteError, httpcore.WriteTimeout) as error:
            stream.close()
            raise httpcore.ProxyError(f"proxy: {error}") from error
        return stream
