"""Removing blobs that no row refers to any more: found loose once, and still loose after a grace time.

Rows are the truth: several may hold the same blob. Whoever stores bytes writes their row within the grace time, and storing what is
there already makes it young again, so nothing that is about to be held is removed.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from django.apps import apps
from django.utils import timezone

from core import blobs
from core.models import LooseBlob
from core.places import blob_holders

GRACE = timedelta(days=1)
BATCH = 500


def held(names: Iterable[str]) -> set[str]:
    """Those of the names that some row refers to."""
    wanted, found = list(names), set()
    for label, field in blob_holders:
        model = apps.get_model(label)
        found |= set(model._base_manager.filter(**{f"{field}__in": wanted}).values_list(field, flat=True))
    return found


def sweep(*, grace: timedelta = GRACE) -> int:
    """Look through the store once; returns how many blobs were removed."""
    removed, ends = 0, timezone.now() - grace
    for names in _batches(blobs.store().names()):
        loose = set(names) - held(names)
        LooseBlob.objects.filter(sha256__in=set(names) - loose).delete()
        known = dict(LooseBlob.objects.filter(sha256__in=loose).values_list("sha256", "since"))
        LooseBlob.objects.bulk_create([LooseBlob(sha256=name) for name in loose - known.keys()], ignore_conflicts=True)
        for name in (name for name, since in known.items() if since <= ends):
            removed += _removed(name, ends.timestamp())
    return removed


def _removed(name: str, before: float) -> bool:
    """True if it went; asked once more, for a row may have come since."""
    if held([name]) or not blobs.store().delete_older(name, before):
        LooseBlob.objects.filter(sha256=name).delete()
        return False
    LooseBlob.objects.filter(sha256=name).delete()
    return True


def _batches(names: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(names, BATCH)):
        yield batch
