"""Charts and durations of the activity page."""

from collections.abc import Sequence
from datetime import date

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from projects.templatetags.charts import columns

register = template.Library()


@register.simple_tag
def week_chart(days: Sequence[date], values: Sequence[int], label: str) -> SafeString:
    """One column a week; the table below says the same in words."""
    return columns(values, days, label)


@register.simple_tag
def hours(value: float) -> str:
    """`40 minutes`, `5 hours`, `3 days`."""
    if value < 1:
        n = max(round(value * 60), 1)
        return ngettext("%d minute", "%d minutes", n) % n
    if value < 48:
        return ngettext("%d hour", "%d hours", round(value)) % round(value)
    return ngettext("%d day", "%d days", round(value / 24)) % round(value / 24)
