"""The store's protocol and values."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

BLOCK = 256 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored blob."""

    sha256: str
    size: int


class BlobMissing(Exception):
    """There is no blob of that name."""


class WrongBlob(Exception):
    """The stream was not what was declared; `code` is sha256, size or limit."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BlobStore(Protocol):
    """Put, read, size, delete; every method is safe to repeat and to call from several processes."""

    def put(self, chunks: Iterable[bytes], *, sha256: str = "", size: int | None = None, limit: int | None = None) -> Blob:
        """Store a stream, verified."""

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Blocks of a range."""

    def size(self, sha256: str) -> int:
        """Bytes."""

    def delete(self, sha256: str) -> None:
        """Remove; missing is fine."""

    def delete_older(self, sha256: str, before: float) -> bool:
        """Remove unless it was stored (again) after `before` (unix time); True if it is gone."""

    def names(self) -> Iterator[str]:
        """Every blob's SHA-256, in any order."""


def key_of(sha256: str) -> str:
    """`ab/cd/<sha256>`. Raises BlobMissing for what is no SHA-256 (it becomes part of a path)."""
    if not _SHA256.fullmatch(sha256):
        raise BlobMissing(sha256)
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def require(declared: str, found: str, size: int | None, length: int) -> None:
    """Raise WrongBlob if a declared hash or size differs."""
    if declared and declared != found:
        raise WrongBlob("sha256")
    if size is not None and size != length:
        raise WrongBlob("size")
