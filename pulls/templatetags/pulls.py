"""Tags of the pages of pull requests."""

from collections.abc import Mapping
from typing import Any

from django import template

from issues.models import Thread

register = template.Library()


@register.simple_tag
def stand_of(stands: Mapping[int, Any], thread: Thread) -> Any:
    """What a list knows of a pull request besides its thread."""
    return stands.get(thread.pk)
