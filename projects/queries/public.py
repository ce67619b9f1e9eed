"""Addresses that anyone may read, for the sitemap."""

from datetime import datetime

from django.db.models import QuerySet

from core.actors import ANONYMOUS
from projects import rules
from projects.models import Repository


def _public() -> QuerySet[Repository]:
    return Repository.objects.filter(rules.readable_by(ANONYMOUS), is_empty=False, taken_down_at=None)


def public_addresses_total() -> int:
    """How many there are."""
    return _public().count()


def public_addresses(first: int, end: int) -> list[tuple[str, datetime]]:
    """(address, last change) of public repositories with commits, oldest first, `first` up to `end`."""
    rows = _public().order_by("pk").values_list("namespace__slug", "name", "kind", "updated_at")[first:end]
    return [(f"{'/datasets' if kind == 'dataset' else ''}/{slug}/{name}", when) for slug, name, kind, when in rows]
