"""Blobs nobody refers to go after the grace time; one that any row holds stays."""

import os
import time
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone

from core import blobs
from core.actors import SYSTEM
from core.blobs import sweep
from core.blobs.disk import DiskStore
from core.models import LooseBlob
from core.places import blob_holders
from projects import commands
from tests.factories.accounts import actor, person
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    made = DiskStore(tmp_path / "blobs")
    monkeypatch.setattr(blobs, "store", lambda: made)
    return made


def aged(store: DiskStore, sha256: str) -> None:
    """As if stored and found loose two days ago."""
    long_ago = time.time() - 2 * 86400
    os.utime(store.path(sha256), (long_ago, long_ago))
    LooseBlob.objects.filter(sha256=sha256).update(since=timezone.now() - timedelta(days=2))


def released(owner, content: bytes, *, tag: str):
    made = repository(owner, files={"a": b"1"})
    release = commands.save_release(actor(owner), made, tag=tag)
    blob = blobs.put([content])
    return made, release, commands.add_asset(actor(owner), release, name="x.bin", sha256=blob.sha256, size=blob.size)


def test_two_holders_one_lets_go(store):
    owner, other = person(), person()
    _made, release, asset = released(owner, b"shared", tag="v1")
    _other, _release, theirs = released(other, b"shared", tag="v2")
    commands.remove_asset(actor(owner), asset)
    for _time in range(2):
        sweep.sweep()
        aged(store, theirs.sha256)
    assert sweep.sweep() == 0
    assert b"".join(blobs.read(theirs.sha256)) == b"shared"
    commands.delete_release(actor(other), theirs.release)
    assert sweep.sweep() == 0  # found loose
    assert sweep.sweep() == 0  # grace
    aged(store, theirs.sha256)
    assert sweep.sweep() == 1
    assert not blobs.exists(theirs.sha256)
    assert not LooseBlob.objects.exists()


def test_a_deleted_repository_keeps_its_files_until_it_is_purged(store):
    owner = person()
    made, _release, asset = released(owner, b"mine", tag="v1")
    commands.delete_repository(actor(owner), made, confirmation=str(made))
    sweep.sweep()
    aged(store, asset.sha256)
    sweep.sweep()
    assert blobs.exists(asset.sha256)  # seven days of undo
    commands.purge_repository(SYSTEM, made)
    sweep.sweep()
    aged(store, asset.sha256)
    assert sweep.sweep() == 1
    assert not blobs.exists(asset.sha256)


def test_held_again_or_stored_again_in_time_stays(store):
    owner = person()
    _made, release, asset = released(owner, b"again", tag="v1")
    sha256 = asset.sha256
    commands.remove_asset(actor(owner), asset)
    sweep.sweep()
    aged(store, sha256)
    blobs.put([b"again"])  # an upload whose row is not written yet
    assert sweep.sweep() == 0
    assert blobs.exists(sha256)
    commands.add_asset(actor(owner), release, name="y.bin", sha256=sha256, size=5)
    aged(store, sha256)
    assert sweep.sweep() == 0
    assert not LooseBlob.objects.exists()


def test_uploads_that_never_got_a_row_go_and_pictures_stay(store):
    owner = person()
    lost, picture = blobs.put([b"lost"]).sha256, blobs.put([b"picture"]).sha256
    type(owner).objects.filter(pk=owner.pk).update(avatar=picture)
    sweep.sweep()
    for name in (lost, picture):
        aged(store, name)
    assert sweep.sweep() == 1
    assert (blobs.exists(lost), blobs.exists(picture)) == (False, True)


def test_a_sweep_that_was_killed_is_made_good(store):
    sha256 = blobs.put([b"half"]).sha256
    path = store.path(sha256)
    path.rename(path.with_name(f"{sha256}.gone"))
    os.utime(path.with_name(f"{sha256}.gone"), (1, 1))
    assert list(store.names()) == [sha256]
    assert b"".join(blobs.read(sha256)) == b"half"


def test_every_field_that_names_a_blob_is_a_holder():
    fields = {
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.CharField) and field.max_length == 64 and field.name in ("sha256", "avatar", "blob", "picture")
    }
    assert fields - {("core.LooseBlob", "sha256")} == set(blob_holders)
