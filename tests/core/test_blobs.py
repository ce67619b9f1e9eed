"""One contract for every store: the disk always, S3 when a server is named."""

import hashlib
import os
import time

import pytest
from django.test import RequestFactory

from core import blobs
from core.blobs import BlobMissing, DiskStore, WrongBlob
from core.blobs.s3 import S3Store

DATA = os.urandom(700_000)
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["disk", "s3"])
def store(request, tmp_path, settings):
    if request.param == "disk":
        return DiskStore(tmp_path)
    if not settings.S3["bucket"]:
        pytest.skip("no S3 server is named")
    made = S3Store(**settings.S3)
    from botocore.exceptions import ClientError

    try:
        made.client.create_bucket(Bucket=made.bucket)
    except ClientError:
        made.client.head_bucket(Bucket=made.bucket)
    return made


def pieces(data, size=65536):
    return (data[start : start + size] for start in range(0, len(data), size))


def test_put_and_read(store):
    blob = store.put(pieces(DATA), sha256=SHA, size=len(DATA))
    assert (blob.sha256, blob.size) == (SHA, len(DATA))
    assert store.size(SHA) == len(DATA)
    assert b"".join(store.read(SHA)) == DATA
    assert b"".join(store.read(SHA, 100, 300_000)) == DATA[100:300_000]
    store.put(pieces(DATA))
    store.delete(SHA)
    with pytest.raises(BlobMissing):
        store.read(SHA)


@pytest.mark.parametrize(("declared", "code"), [({"sha256": "0" * 64}, "sha256"), ({"size": 5}, "size"), ({"limit": 1000}, "limit")])
def test_what_was_not_declared_is_not_kept(store, declared, code):
    other = DATA[:50_000] + code.encode()
    with pytest.raises(WrongBlob) as caught:
        store.put(pieces(other), **declared)
    assert caught.value.code == code
    with pytest.raises(BlobMissing):
        store.size(hashlib.sha256(other).hexdigest())


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_a_name_that_is_no_hash_is_missing(store, name):
    with pytest.raises(BlobMissing):
        store.size(name)


def test_stream_that_breaks_leaves_nothing(tmp_path):
    def broken():
        yield b"x" * 1000
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        DiskStore(tmp_path).put(broken())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_answers(settings, tmp_path, monkeypatch):
    settings.S3 = {**settings.S3, "bucket": ""}
    store = DiskStore(tmp_path)
    monkeypatch.setattr(blobs, "store", lambda: store)
    store.put([DATA])
    get = RequestFactory().get
    whole = blobs.response(get("/"), SHA, filename="模型.bin")
    assert whole.getvalue() == DATA
    assert whole["Content-Disposition"].startswith("attachment")
    assert "sandbox" in whole["Content-Security-Policy"]
    assert blobs.response(get("/", headers={"If-None-Match": f'"{SHA}"'}), SHA).status_code == 304
    part = blobs.response(get("/", headers={"Range": "bytes=10-19"}), SHA)
    assert (part.status_code, part.getvalue(), part["Content-Range"]) == (206, DATA[10:20], f"bytes 10-19/{len(DATA)}")
    assert blobs.response(get("/", headers={"Range": "bytes=-5"}), SHA).getvalue() == DATA[-5:]
    assert blobs.response(get("/", headers={"Range": f"bytes={len(DATA)}-"}), SHA).status_code == 416
    assert blobs.response(get("/", headers={"Range": "bytes=10-19", "If-Range": '"other"'}), SHA).status_code == 200


def test_listing_and_removing_what_is_old(store):
    store.put(pieces(DATA))
    assert SHA in set(store.names())
    assert not store.delete_older(SHA, time.time() - 60)
    assert store.size(SHA) == len(DATA)
    assert store.delete_older(SHA, time.time() + 60)
    assert SHA not in set(store.names())
    assert store.delete_older(SHA, 0)
