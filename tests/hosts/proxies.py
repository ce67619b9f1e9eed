"""Two small real proxies on loopback: CONNECT and SOCKS 5."""

import contextlib
import socket
import threading
from base64 import b64decode

from core.relay import pump


class Proxy:
    """`asked` lists (address, port) it was asked for; `says` is what it answers instead of connecting, b"" for nothing."""

    kind = ""

    def __init__(self, *, user: str = "", password: str = "") -> None:
        self.user, self.password, self.says = user, password, b""
        self.asked: list[tuple[str, int]] = []
        self.passed: list[int] = []
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self._safe, args=(client,), daemon=True).start()

    def _safe(self, client: socket.socket) -> None:
        try:
            self.one(client)
        except OSError:
            pass
        finally:
            client.close()

    def one(self, client: socket.socket) -> None:
        raise NotImplementedError

    def through(self, client: socket.socket, address: str, port: int, ready: bytes) -> None:
        with socket.create_connection((address, port)) as other:
            client.sendall(ready)
            self.passed.append(pump(client, other))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()


class ConnectProxy(Proxy):
    kind = "http"

    def one(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return
            head += byte
        lines = head.decode().split("\r\n")
        method, where, _version = lines[0].split(" ")
        given = next((line.partition(": Basic ")[2] for line in lines if line.lower().startswith("proxy-authorization")), "")
        if self.user and b64decode(given).decode() != f"{self.user}:{self.password}":
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        assert method == "CONNECT"
        address, _colon, port = where.rpartition(":")
        self.asked.append((address, int(port)))
        if self.says:
            client.sendall(self.says)
            return
        self.through(client, address, int(port), b"HTTP/1.1 200 Connection established\r\nX-Proxy: t\r\n\r\n")


class SocksProxy(Proxy):
    kind = "socks5"

    def one(self, client: socket.socket) -> None:
        _version, count = client.recv(2)
        methods = client.recv(count)
        if self.user:
            if 2 not in methods:
                client.sendall(b"\x05\xff")
                return
            client.sendall(b"\x05\x02")
            _version, size = client.recv(2)
            user = client.recv(size)
            secret = client.recv(client.recv(1)[0])
            good = (user.decode(), secret.decode()) == (self.user, self.password)
            client.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return
        else:
            client.sendall(b"\x05\x00")
        _version, _command, _reserved, kind = client.recv(4)
        assert kind in (1, 4), "our side resolves names itself"
        address = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, client.recv(4 if kind == 1 else 16))
        port = int.from_bytes(client.recv(2), "big")
        self.asked.append((address, port))
        if self.says:
            client.sendall(self.says)
            return
        self.through(client, address, port, b"\x05\x00\x00\x01" + bytes(6))
