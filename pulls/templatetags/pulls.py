"""Tags of the pages of pull requests."""

from collections.abc import Mapping
from typing import Any

from django import template

from issues.models import Thread
from pulls.queries.conflicts import why_of

register = template.Library()


@register.simple_tag
def stand_of(stands: Mapping[int, Any], thread: Thread) -> Any:
    """What a list knows of a pull request besides its thread."""
    return stands.get(thread.pk)


@register.filter
def conflict_words(kind: str) -> str:
    """The kind of a conflict in words."""
    return why_of(kind)
