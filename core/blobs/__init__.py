"""Content-addressed store: a blob's name is its SHA-256. On disk, or on any S3 when OPENI_S3_BUCKET is set."""

from collections.abc import Iterable, Iterator
from functools import cache

from django.conf import settings

from core.blobs.disk import DiskStore
from core.blobs.types import Blob, BlobMissing, BlobStore, WrongBlob

__all__ = ["Blob", "BlobMissing", "BlobStore", "DiskStore", "WrongBlob", "delete", "exists", "put", "read", "response", "size", "store"]


@cache
def store() -> BlobStore:
    """The store that the settings name."""
    if not settings.S3["bucket"]:
        return DiskStore(settings.BLOBS_DIR)
    from core.blobs.s3 import S3Store  # here: boto3 costs 29 MB in each process, and most portals have no S3

    return S3Store(**settings.S3)


def put(chunks: Iterable[bytes], *, sha256: str = "", size: int | None = None, limit: int | None = None) -> Blob:
    """Store a stream. Raises WrongBlob if it is not what was declared or longer than `limit` bytes; then nothing is kept."""
    return store().put(chunks, sha256=sha256, size=size, limit=limit)


def read(sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Bytes `start`…`end` (exclusive) in blocks. Raises BlobMissing."""
    return store().read(sha256, start, end)


def size(sha256: str) -> int:
    """Bytes. Raises BlobMissing."""
    return store().size(sha256)


def exists(sha256: str) -> bool:
    """True if the blob is there."""
    try:
        store().size(sha256)
    except BlobMissing:
        return False
    return True


def delete(sha256: str) -> None:
    """Remove a blob nobody refers to; missing is fine."""
    store().delete(sha256)


from core.blobs.downloads import response  # noqa: E402 - needs `read` and `size` above
