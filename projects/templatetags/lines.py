"""Lines over days as SVG: geometry by attributes, colour and dashes by class."""

from collections.abc import Sequence
from datetime import date
from html import escape

from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640.0, 180.0, 8.0, 8.0, 12.0, 22.0
STEPS = {1: 2, 2: 2, 3: 3, 5: 5, 6: 3, 9: 3, 10: 2}  # first digits of the scale's end → parts it is cut into


def ceiling(highest: int) -> tuple[int, int]:
    """The scale's end and the parts it is cut into: both round. Small counts are never cut into halves."""
    size = 1
    while size * 10 <= highest:
        size *= 10
    factor = next(factor for factor in STEPS if size * factor >= max(highest, 1))
    return size * factor, min(STEPS[factor], size * factor)


def brief(value: float) -> str:
    """1234 → 1.2k."""
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g}{letter}"
    return f"{value:.3g}"


def lines(days: Sequence[date], series: Sequence[tuple[str, Sequence[int | None]]], label: str) -> SafeString:
    """A line for each series (label, a value a day or None); gaps stay gaps, a single day is a dot."""
    top, steps = ceiling(max((value for _label, values in series for value in values if value is not None), default=1))
    parts = [*_scale(top, steps), *_dates(days)]
    for number, (name, values) in enumerate(series, 1):
        parts.append(f'<g class="s{number}"><title>{escape(name)}</title>{_path(values, top)}</g>')
    return mark_safe(  # noqa: S308 - numbers and escaped labels
        f'<svg class="chart day-chart" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _x(at: int, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (at / (count - 1) if count > 1 else 0.5)


def _y(value: float, top: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _scale(top: int, steps: int) -> list[str]:
    found = []
    for step in range(steps + 1):
        value = top * step / steps
        y = _y(value, top)
        found.append(f'<line class="axis" x1="{LEFT:.0f}" x2="{WIDTH - RIGHT:.0f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        if step:
            found.append(f'<text x="{LEFT:.0f}" y="{y - 2:.1f}">{brief(value)}</text>')
    return found


def _dates(days: Sequence[date]) -> list[str]:
    ends = {0: "start", len(days) // 2: "middle", len(days) - 1: "end"}
    return [
        f'<text x="{_x(at, len(days)):.1f}" y="{HEIGHT - 6:.0f}" text-anchor="{anchor}">{days[at]:%m-%d}</text>'
        for at, anchor in ends.items()
    ]


def _path(values: Sequence[int | None], top: int) -> str:
    runs: list[list[str]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{_x(at, len(values)):.1f} {_y(value, top):.1f}")
    drawn = []
    for run in filter(None, runs):
        if len(run) == 1:
            x, y = run[0].split()
            drawn.append(f'<circle cx="{x}" cy="{y}" r="2.5"/>')
        else:
            drawn.append(f'<path d="M{"L".join(run)}"/>')
    return "".join(drawn)
