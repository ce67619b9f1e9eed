"""Packets of git's protocols (gitprotocol-common(5)) on a pipe, as the hook `proc-receive` speaks them (githooks(5))."""

import os
from collections.abc import Iterator

FLUSH = b"0000"
MAX_PACKETS = 4096  # commands of one push to refs that are no refs


def packet(text: str) -> bytes:
    """One packet with a line of text."""
    content = text.encode("utf-8", "surrogateescape") + b"\n"
    return b"%04x%s" % (len(content) + 4, content)


def escaped(data: bytes) -> str:
    """Bytes as printf(1) takes them for %b: three octal digits each, so that a shell can carry them on a line."""
    return "".join(f"\\0{byte:03o}" for byte in data)


class Packets:
    """Reads packets from a descriptor; `begun` was read already. Raises EOFError where git went away, ValueError for what is no packet."""

    def __init__(self, descriptor: int, begun: bytes = b"") -> None:
        self._descriptor, self._held = descriptor, bytearray(begun)

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            data = os.read(self._descriptor, 1 << 16)
            if not data:
                raise EOFError
            self._held += data
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def until_flush(self) -> Iterator[bytes]:
        """The packets before the next flush, without their line ends."""
        for _ in range(MAX_PACKETS):
            length = int(self._take(4), 16)
            if length == 0:
                return
            if length < 4:
                raise ValueError("no packet")
            yield self._take(length - 4).rstrip(b"\n")
        raise ValueError("too many packets")
