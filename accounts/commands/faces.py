"""Tells pages that are kept by their readers that somebody's name, picture, address or signing key is another one now."""

import secrets

from django.core.cache import cache
from django.db import transaction

from accounts.queries.faces import KEY


def note_faces() -> None:
    """Once the transaction is committed, `queries.faces_version` is another."""
    transaction.on_commit(lambda: cache.set(KEY, secrets.token_hex(6), None))
