"""Blobs on any S3: spooled to a temporary file for the hash, then sent with its SHA-256 so that the server checks it too."""

import base64
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from core.blobs.types import BLOCK, Blob, BlobMissing, WrongBlob, key_of, require


class S3Store:
    """Path-style addresses; the bucket must exist."""

    def __init__(self, *, endpoint: str, bucket: str, access_key: str, secret_key: str, region: str) -> None:
        self.bucket = bucket
        self._options: dict[str, Any] = {
            "endpoint_url": endpoint or None, "aws_access_key_id": access_key, "aws_secret_access_key": secret_key, "region_name": region,
            "config": Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3}),
        }  # fmt: skip

    @cached_property
    def client(self) -> Any:
        """boto3's client, made on first use."""
        return boto3.client("s3", **self._options)

    def put(self, chunks: Iterable[bytes], *, sha256: str = "", size: int | None = None, limit: int | None = None) -> Blob:
        """Spools to disk beyond 1 MiB, so memory does not grow."""
        digest, length = hashlib.sha256(), 0
        with tempfile.SpooledTemporaryFile(max_size=1024**2) as spool:
            for chunk in chunks:
                length += len(chunk)
                if limit is not None and length > limit:
                    raise WrongBlob("limit")
                digest.update(chunk)
                spool.write(chunk)
            require(sha256, digest.hexdigest(), size, length)
            spool.seek(0)
            checksum = base64.b64encode(digest.digest()).decode()
            self.client.put_object(
                Bucket=self.bucket, Key=key_of(digest.hexdigest()), Body=spool, ContentLength=length, ChecksumSHA256=checksum
            )
        return Blob(digest.hexdigest(), length)

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """One ranged GET."""
        if end is not None and end <= start:
            return iter(())
        ranged = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            body = self.client.get_object(
                Bucket=self.bucket, Key=key_of(sha256), **({"Range": ranged} if start or end is not None else {})
            )["Body"]
        except ClientError as error:
            raise BlobMissing(sha256) from error
        return iter(body.iter_chunks(BLOCK))

    def size(self, sha256: str) -> int:
        """HEAD."""
        try:
            return int(self.client.head_object(Bucket=self.bucket, Key=key_of(sha256))["ContentLength"])
        except ClientError as error:
            raise BlobMissing(sha256) from error

    def delete(self, sha256: str) -> None:
        """DELETE."""
        self.client.delete_object(Bucket=self.bucket, Key=key_of(sha256))

    def delete_older(self, sha256: str, before: float) -> bool:
        """HEAD, then DELETE."""
        try:
            stored = self.client.head_object(Bucket=self.bucket, Key=key_of(sha256))["LastModified"]
        except ClientError:
            return True
        if stored.timestamp() >= before:
            return False
        self.delete(sha256)
        return True

    def names(self) -> Iterator[str]:
        """List the bucket, a thousand at a time."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for entry in page.get("Contents", ()):
                name = entry["Key"].rpartition("/")[2]
                if len(name) == 64 and entry["Key"] == key_of(name):
                    yield name

    def presigned_url(self, sha256: str, *, filename: str, seconds: int = 300) -> str:
        """A GET address that works for `seconds` without our credentials."""
        disposition = f"attachment; filename*=UTF-8''{filename}"
        parameters = {"Bucket": self.bucket, "Key": key_of(sha256), "ResponseContentDisposition": disposition}
        return str(self.client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds))
