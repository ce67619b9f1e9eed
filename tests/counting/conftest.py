"""Counting with the real spool of this process, emptied before each test."""

import pytest

from projects.commands import counting


@pytest.fixture(autouse=True)
def _empty_spool() -> None:
    counting.spool._facts.clear()
    counting.spool._pending = None
    while batches := counting.spool.batches(500):
        counting.spool.forget(batches)
