"""The sweep of blobs over a real S3 server: run with `script/test --production tests/operate`."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings

from core import blobs
from core.blobs import sweep
from core.blobs.s3 import S3Store
from core.blobs.types import key_of
from core.models import LooseBlob
from tests.factories.accounts import person

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not os.environ.get("OPENI_S3_ENDPOINT"), reason="needs the production stack"),
]
GRACE = timedelta(seconds=2)  # S3 tells ages in whole seconds


@pytest.fixture
def store():
    made = blobs.store()
    assert isinstance(made, S3Store)
    yield made
    for name in list(made.names()):
        made.delete(name)


def ago(seconds: float) -> None:
    """Let so many seconds pass; the server's clock cannot be set."""
    time.sleep(seconds)


def test_what_no_row_refers_to_goes_after_the_grace_time_and_the_rest_stays(store):
    owner = person()
    lost, picture, again = (blobs.put([text]).sha256 for text in (b"lost", b"picture", b"again"))
    type(owner).objects.filter(pk=owner.pk).update(avatar=picture)
    sweep.sweep(grace=GRACE)
    assert {lost, again} <= set(LooseBlob.objects.values_list("sha256", flat=True))
    assert not LooseBlob.objects.filter(sha256=picture).exists()
    ago(3.5)
    blobs.put([b"again"])  # an upload whose row is not written yet
    assert sweep.sweep(grace=GRACE) >= 1
    assert [blobs.exists(name) for name in (lost, picture, again)] == [False, True, True]
    assert not LooseBlob.objects.filter(sha256__in=(lost, again)).exists()
    ago(3.5)
    sweep.sweep(grace=GRACE)  # found loose anew: it has its own grace time
    assert blobs.exists(again)


def test_more_than_a_page_of_the_listing_and_objects_of_others(store):
    """S3 lists a thousand at a time; what is not ours in the bucket is never touched."""
    store.client.put_object(Bucket=store.bucket, Key="somebody/else.txt", Body=b"theirs")
    try:
        with ThreadPoolExecutor(8) as pool:
            made = {blob.sha256 for blob in pool.map(lambda number: store.put([b"%d" % number]), range(1050))}
        assert made <= set(store.names())
        sweep.sweep(grace=GRACE)
        assert LooseBlob.objects.filter(sha256__in=made).count() == len(made) == 1050
        ago(3.5)
        assert sweep.sweep(grace=GRACE) >= 1050
        assert not made & set(store.names())
        assert store.client.head_object(Bucket=store.bucket, Key="somebody/else.txt")["ContentLength"] == 6
    finally:
        store.client.delete_object(Bucket=store.bucket, Key="somebody/else.txt")


def test_one_that_somebody_else_removed_is_no_error(store):
    name = blobs.put([b"gone"]).sha256
    sweep.sweep(grace=GRACE)
    ago(3.5)
    store.client.delete_object(Bucket=settings.S3["bucket"], Key=key_of(name))
    LooseBlob.objects.get(sha256=name)
    sweep.sweep(grace=GRACE)
    assert store.delete_older(name, time.time())
    assert not blobs.exists(name)
