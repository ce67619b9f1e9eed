"""Which state of people's names, pictures, confirmed addresses and signing keys a page shows."""

from django.core.cache import cache

KEY = "faces"


def faces_version() -> str:
    """A word that changes when any of them does; part of the ETag of pages that name people."""
    return str(cache.get(KEY, ""))
