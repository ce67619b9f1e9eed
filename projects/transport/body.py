"""The body of a request below Django, as a stream."""

import zlib
from typing import Any

from django.utils.translation import gettext as _

from projects.transport import errors, packs


class Body:
    """A request body as a stream: Content-Length or chunked, gzip undone, never more than `limit` bytes of it.

    `length` is the announced length, None if chunked. Raises WireError 413 and 415; `read` returns b"" at the end.
    """

    def __init__(self, environ: dict[str, Any], *, limit: int) -> None:
        self._input = environ["wsgi.input"]
        announced = environ.get("CONTENT_LENGTH") or ""
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        self.length: int | None = None if chunked else int(announced) if announced.isdigit() else 0
        self._left = self.length
        self._room = limit
        encoding = environ.get("HTTP_CONTENT_ENCODING", "").lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise errors.WireError(415, _("Send the request plain or compressed with gzip."))
        self._inflate = zlib.decompressobj(31) if encoding.endswith("gzip") else None
        self._pending = b""
        if self._inflate is None and self.length is not None and self.length > limit:
            raise self._too_large()

    def _too_large(self) -> errors.WireError:
        return errors.WireError(413, _("The request is larger than what may be pushed here."))

    def push_back(self, data: bytes) -> None:
        """Let `data` be read again."""
        self._pending = data + self._pending
        self._room += len(data)

    def read(self, size: int = packs.BLOCK) -> bytes:
        """At most `size` bytes, at least one before the end."""
        data = self._pending or self._next(size)
        self._pending = b""
        self._room -= len(data)
        if self._room < 0:
            raise self._too_large()
        return data

    def _next(self, size: int) -> bytes:
        while True:
            if self._inflate is not None and self._inflate.unconsumed_tail:
                return self._inflate.decompress(self._inflate.unconsumed_tail, size)
            raw = self._raw(size)
            if not raw or self._inflate is None:
                return raw
            if data := self._inflate.decompress(raw, size):
                return data

    def _raw(self, size: int) -> bytes:
        if self._left is None:
            return bytes(self._input.read(size))
        if self._left == 0:
            return b""
        data = bytes(self._input.read(min(size, self._left)))
        if not data:
            raise ConnectionAbortedError("the client went away in the middle of its request")
        self._left -= len(data)
        return data
