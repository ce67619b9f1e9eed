"""A door on loopback for git and ssh, which know neither our routes nor pinned addresses behind a proxy: it leads to one target alone.

git's HTTP speaks SOCKS 5 to it; ssh and git:// connect as if it were the other side.
"""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from core import routes
from core.outgoing import Target
from core.routes import Route, RouteFailed

CONNECT_SECONDS = 30.0
GREETING_SECONDS = 10.0
CLOSE_SECONDS = 5.0
IDLE_SECONDS = 900.0  # longer than any silence git is allowed
PIECE = 256 * 1024


@contextmanager
def relayed(target: Target) -> Iterator[str]:
    """The proxy address for git while the block runs; "" if the plain way leads to the target and nothing has to be relayed.

    Whoever connects reaches `target` at its judged address and nothing else, over the first route that connects.
    """
    ways = routes.choose(target.host)
    if ways == (routes.DIRECT,):
        yield ""
        return
    with _serving(target, ways, greets=True) as port:
        yield f"socks5h://127.0.0.1:{port}"


@contextmanager
def tunnelled(target: Target) -> Iterator[tuple[str, int]]:
    """(address, port) to connect to for what speaks no SOCKS; the judged address itself if the plain way leads there."""
    ways = routes.choose(target.host)
    if ways == (routes.DIRECT,):
        yield target.pinned, target.port
        return
    with _serving(target, ways, greets=False) as port:
        yield "127.0.0.1", port


@contextmanager
def _serving(target: Target, ways: tuple[Route, ...], *, greets: bool) -> Iterator[int]:
    """The port of the door while the block runs."""
    door = socket.create_server(("127.0.0.1", 0))
    relay = _Relay(door, target, ways, greets=greets)
    threading.Thread(target=relay.serve, daemon=True, name=f"relay-{target.host}").start()
    try:
        yield door.getsockname()[1]
    finally:
        relay.close()


class _Relay:
    """Its threads touch no database: what they learn of routes is told by whoever closes it. `greets`: by SOCKS 5."""

    def __init__(self, door: socket.socket, target: Target, ways: tuple[Route, ...], *, greets: bool) -> None:
        self.door, self.target, self.ways, self.greets = door, target, ways, greets
        self.open: set[socket.socket] = set()
        self.pumps: list[threading.Thread] = []
        self.learnt: list[tuple[Route, dict[str, Any]]] = []

    def serve(self) -> None:
        """Until the door is shut."""
        while True:
            try:
                client, _address = self.door.accept()
            except OSError:
                return
            self.open.add(client)
            pump_thread = threading.Thread(target=self._one, args=(client,), daemon=True, name="relay-pump")
            self.pumps.append(pump_thread)
            pump_thread.start()

    def close(self) -> None:
        """End every connection, then tell what was learnt."""
        with suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        for one in list(self.open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self.pumps:
            thread.join(CLOSE_SECONDS)
        for route, facts in self.learnt:
            routes.note(route, **facts)

    def _learn(self, route: Route, **facts: Any) -> None:
        self.learnt.append((route, facts))

    def _one(self, client: socket.socket) -> None:
        other: socket.socket | None = None
        try:
            client.settimeout(GREETING_SECONDS)
            if self.greets and not _asks_for(client, self.target):
                return
            route, other = self._reach(client)
            self.open.add(other)
            self._learn(route, received=pump(client, other))
        except OSError:
            pass  # either side went: git says so
        finally:
            for one in (client, other):
                if one is not None:
                    self.open.discard(one)
                    one.close()

    def _reach(self, client: socket.socket) -> tuple[Route, socket.socket]:
        target = self.target
        try:
            route, other = routes.connect_any(self.ways, target.pinned, target.port, seconds=CONNECT_SECONDS, told=self._learn)
        except RouteFailed:
            if self.greets:
                client.sendall(b"\x05\x04\x00\x01" + bytes(6))
            raise
        if self.greets:
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        return route, other


def _asks_for(client: socket.socket, target: Target) -> bool:
    """Read a SOCKS 5 greeting and request; answers and returns False unless it is for our target."""

    def take(size: int) -> bytes:
        return routes.exactly(client.recv, size)

    version, count = take(2)
    take(count)
    if version != 5:
        return False
    client.sendall(b"\x05\x00")
    _version, command, _reserved, kind = take(4)
    if kind == 3:
        host = take(take(1)[0]).decode("ascii", "replace").lower().rstrip(".")
    else:
        host = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, take(4 if kind == 1 else 16))
    port = int.from_bytes(take(2), "big")
    if command == 1 and port == target.port and host in (target.host.lower(), *target.addresses):
        return True
    client.sendall(b"\x05\x02\x00\x01" + bytes(6))  # not allowed by ruleset
    return False


def pump(client: socket.socket, other: socket.socket) -> int:
    """Both ways until each side has ended, one broke off, or nothing came for long; bytes that came from `other`."""
    received = 0
    with suppress(OSError), selectors.DefaultSelector() as ready:
        for source, sink in ((client, other), (other, client)):
            source.settimeout(IDLE_SECONDS)
            ready.register(source, selectors.EVENT_READ, (source, sink))
        while ready.get_map() and (events := ready.select(IDLE_SECONDS)):
            for key, _mask in events:
                source, sink = key.data
                piece = source.recv(PIECE)
                if source is other:
                    received += len(piece)
                if piece:
                    sink.sendall(piece)
                else:
                    ready.unregister(source)
                    sink.shutdown(socket.SHUT_WR)
    return received
