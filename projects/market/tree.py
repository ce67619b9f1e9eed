"""The default tree: 25 fields and “other”. The ten categories of the old site are all among them by name; “uncategorised” is no category."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "data" / "categories.json"
UNSORTED = ("", "未分类", "uncategorised", "uncategorized")


@cache
def fields() -> tuple[dict[str, Any], ...]:
    """The fields in order, each with its children."""
    return tuple(json.loads(FILE.read_text(encoding="utf-8")))


def install(category: Any) -> None:
    """Make the missing ones; `category` is the model (a migration passes its own)."""
    for position, field in enumerate(fields()):
        parent = _row(category, field, None, position)
        for below, child in enumerate(field.get("children", ())):
            _row(category, child, parent, below)


def _row(category: Any, field: dict[str, Any], parent: Any, position: int) -> Any:
    values = {
        "name_zh": field["zh"], "name_en": field["en"], "icon": field["icon"], "parent": parent, "position": position,
        "words": field.get("words", []),
    }  # fmt: skip
    return category.objects.get_or_create(slug=field["slug"], defaults=values)[0]


def icons() -> dict[str, str]:
    """Slug → icon of every default category."""
    return {row["slug"]: row["icon"] for field in fields() for row in (field, *field.get("children", ()))}
