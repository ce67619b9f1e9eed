"""Tags of the repository pages."""

from datetime import UTC, datetime
from functools import cache

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.safestring import SafeString, mark_safe

from projects.templatetags.rows import time_html

register = template.Library()


@register.filter
def time_tag(when: datetime | None) -> SafeString:
    """`<time>` with relative text; "" for dates that do not exist."""
    return mark_safe(time_html(when, datetime.now(UTC)))  # noqa: S308 - built from a date


@register.simple_tag
def file_symbols() -> SafeString:
    """The four icons of a listing, once a page, so that each row refers to them by one letter."""
    return _symbols(str(settings.STATIC_URL))


@cache
def _symbols(_prefix: str) -> SafeString:
    sprite = staticfiles_storage.url("img/icons.svg")
    icons = {"d": "folder", "f": "file-text", "y": "link", "m": "folder-git-2"}
    return mark_safe("".join(f'<symbol id="{key}"><use href="{sprite}#{name}"/></symbol>' for key, name in icons.items()))  # noqa: S308
