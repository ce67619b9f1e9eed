"""Small charts as SVG: geometry by attributes, colour by class (the page's policy forbids style attributes)."""

from collections.abc import Sequence
from datetime import date
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext


def spark(values: Sequence[int], label: str) -> SafeString:
    """A line of `values` (oldest first, at least two) with its last point marked."""
    width, height = 250.0, 36.0
    top = max([*values, 1])
    step = width / (len(values) - 1)
    points = [(i * step, height - 2 - (height - 5) * value / top) for i, value in enumerate(values)]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    x, y = points[-1]
    last = ngettext("%d in the last week", "%d in the last week", values[-1]) % values[-1]
    return mark_safe(  # noqa: S308 - numbers and an escaped label
        f'<svg class="spark" width="250" height="36" viewBox="0 0 250 36" role="img" aria-label="{escape(label)}, {escape(last)}">'
        f'<path class="area" d="M{line}L250 36L0 36Z"/><path d="M{line}"/><circle cx="{x - 2.5:.1f}" cy="{y:.1f}" r="2.5"/></svg>'
    )


def bars(values: Sequence[int], label: str) -> SafeString:
    """One bar a week, zero-based."""
    top = max([*values, 1])
    body = "".join(
        f'<rect x="{i * 12}" y="{60 - 58 * value / top:.1f}" width="9" height="{58 * value / top:.1f}"><title>{value}</title></rect>'
        for i, value in enumerate(values)
        if value
    )
    width = len(values) * 12
    return mark_safe(  # noqa: S308 - numbers and an escaped label
        f'<svg class="weeks-chart w-100" viewBox="0 0 {width} 60" height="60" preserveAspectRatio="none" role="img" aria-label="{escape(label)}: {sum(values)}">{body}</svg>'
    )


def columns(values: Sequence[int], days: Sequence[date], label: str) -> SafeString:
    """One column a day (or week), zero-based and up to the highest, with its value and day for whoever points at it."""
    top = max([*values, 1])
    body = "".join(
        f'<rect x="{10 * i + 1}" y="{100 - 100 * value / top:.1f}" width="8" height="{100 * value / top:.1f}"><title>{day.isoformat()}: {value:,}</title></rect>'
        for i, (value, day) in enumerate(zip(values, days, strict=True))
        if value
    )
    return mark_safe(  # noqa: S308 - numbers, dates and an escaped label
        f'<svg class="day-chart" viewBox="0 0 {10 * len(values)} 101" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}: {sum(values):,}"><path class="grid" d="M0 0H{10 * len(values)}M0 100H{10 * len(values)}"/>{body}</svg>'
    )
