"""The graph of commits as SVG: geometry by attributes, colour by class."""

from html import escape

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from core import filenames
from core.templatetags.openi import relative
from gitstore.types import Commit

STEP, LANE, LEFT = 26, 14, 14  # pixels
LANES = 20  # more are drawn on the last one


def lanes(commits: list[Commit]) -> list[tuple[int, list[tuple[int, int]]]]:
    """For each commit (newest first): its lane, and the lines (lane above → lane below) between it and the next row.

    A commit takes the leftmost lane that waits for it; its first parent keeps the lane, other parents join or open one.
    """
    waiting: list[str | None] = []
    rows = []
    for commit in commits:
        mine = [i for i, oid in enumerate(waiting) if oid == commit.oid]
        lane = mine[0] if mine else next((i for i, oid in enumerate(waiting) if oid is None), len(waiting))
        if lane == len(waiting):
            waiting.append(None)
        for i in mine:
            waiting[i] = None
        through = [(i, i) for i, oid in enumerate(waiting) if oid is not None]
        lines = []
        for number, parent in enumerate(commit.parents):
            at = next((i for i, oid in enumerate(waiting) if oid == parent), None)
            if at is None:
                at = (
                    lane
                    if number == 0 and waiting[lane] is None
                    else next((i for i, oid in enumerate(waiting) if oid is None), len(waiting))
                )
                if at == len(waiting):
                    waiting.append(None)
                waiting[at] = parent
            lines.append((lane, at))
        while waiting and waiting[-1] is None:
            waiting.pop()
        rows.append((lane, through + lines))
    return rows


def graph_svg(commits: list[Commit], base: str, tips: dict[str, list[str]]) -> SafeString:
    """Lines and dots left, message, refs and date right; each message links to its commit."""
    drawn = lanes(commits)
    width = LEFT * 2 + LANE * min(LANES, max((max([lane, *(end for _s, end in lines)]) for lane, lines in drawn), default=0))
    now = timezone.now()

    def x(lane: int) -> int:
        return LEFT + LANE * min(lane, LANES)

    lines, texts = [], []
    for row, (commit, (lane, joins)) in enumerate(zip(commits, drawn, strict=True)):
        y = STEP * row + STEP // 2
        for start, end in joins:
            a, b = x(start), x(end)
            lines.append(
                f'<path class="g{max(start, end) % 5}" d="M{a} {y}C{a} {y + STEP * 0.6:.0f} {b} {y + STEP * 0.4:.0f} {b} {y + STEP}"/>'
            )
        lines.append(f'<circle class="g{lane % 5}" cx="{x(lane)}" cy="{y}" r="4"/>')
        names = " ".join(f"[{filenames.shown(name)}]" for name in tips.get(commit.oid, [])[:4])
        when = relative(commit.committer.when, now) if commit.committer.when else ""
        subject = commit.subject[:100] or "—"
        texts.append(
            f'<a href="{base}/commit/{commit.oid}"><text x="{width + 12}" y="{y + 4}">{escape(subject)}</text></a>'
            f'<text class="muted" x="{width + 700}" y="{y + 4}">{escape(names)} {escape(commit.author.name[:40])} {escape(when)}</text>'
        )
    height = STEP * len(commits) + 4
    return mark_safe(  # noqa: S308 - numbers and escaped texts
        f'<svg width="{width + 1100}" height="{height}" viewBox="0 0 {width + 1100} {height}" role="group">{"".join(lines)}{"".join(texts)}</svg>'
    )
