"""Table rows of the browsing pages as compact HTML, built in Python: a listing has hundreds, a file thousands.

Optional end tags and quotes are left out (HTML 4.10 of the living standard, "Optional tags"); every text is escaped here.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from core import filenames
from core.templatetags.openi import relative


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a directory. `kind`: tree | blob | executable | symlink | submodule. `href` "" shows the name without a link.

    `note` follows the name (target of a symlink, oid of a submodule). The commit's parts are "" or None while not known.
    """

    kind: str
    name: str
    href: str
    note: str = ""
    subject: str = ""
    commit_href: str = ""
    when: datetime | None = None


SYMBOLS = {"tree": "d", "blob": "f", "executable": "f", "symlink": "y", "submodule": "m"}


def time_html(when: datetime | None, now: datetime) -> str:
    """`<time>` with relative text; the machine time to the minute in UTC keeps rows short. "" for None."""
    if when is None:
        return ""
    try:
        utc = when.astimezone(UTC)
        return f"<time datetime={utc:%Y-%m-%dT%H:%MZ}>{relative(when, now)}</time>"
    except (ValueError, OverflowError):  # malformed dates of commits
        return ""


def day_html(when: datetime | None, now: datetime) -> str:
    """As `time_html` with the day alone, for listings."""
    try:
        return f"<time datetime={when.astimezone(UTC):%Y-%m-%d}>{relative(when, now)}</time>" if when else ""
    except (ValueError, OverflowError):
        return ""


def tree_rows(rows: Iterable[Row], *, parent: str = "", pending: bool = False) -> SafeString:
    """The body of a file table; `parent` is the address of the directory above, "" at the root. `pending`: the commits come later."""
    now = datetime.now(UTC)
    out = (
        [f'<tr><td class="name dir"><a href="{parent}" aria-label="{gettext("Parent directory")}">..</a><td class=msg><td class=age>']
        if parent
        else []
    )
    ages: dict[datetime | None, str] = {None: ""}
    waiting = "<span class=skeleton></span>" if pending else ""
    for row in rows:
        if row.when not in ages:
            ages[row.when] = day_html(row.when, now)
        name = filenames.shown_html(row.name)
        icon = f'<svg class=icon aria-hidden=true><use href="#{SYMBOLS[row.kind]}"/></svg>'
        linked = f'<a href="{row.href}">{icon}{name}</a>' if row.href else f"<span>{icon}{name}</span>"
        note = f" <small class=muted>{escape(filenames.shown(row.note))}</small>" if row.note else ""
        message = f'<a href="{row.commit_href}">{escape(row.subject)}</a>' if row.commit_href else waiting
        cell = '<td class="name dir">' if row.kind in ("tree", "submodule") else "<td class=name>"
        out.append(f"<tr>{cell}{linked}{note}<td class=msg>{message}<td class=age>{ages[row.when]}")
    return mark_safe("".join(out))  # noqa: S308 - every part is escaped above


def source_rows(lines: Sequence[str], *, first: int = 1) -> SafeString:
    """The body of a source table: `lines` are safe HTML, one a line."""
    return mark_safe(  # noqa: S308 - core.highlight escapes
        "".join(f"<tr id=L{n}><td class=ln><a href=#L{n}>{n}</a><td class=src>{line}" for n, line in enumerate(lines, first))
    )


_PIECES = re.compile(r"<[^>]*>|&[^;]*;|[^<&]")


def marked(line: str, ranges: Sequence[tuple[int, int]]) -> str:
    """`line` (safe HTML) with `<mark>` around the character ranges of its text; marks never cross a tag."""
    if not ranges:
        return line
    out: list[str] = []
    position, open_mark = 0, False
    wanted = iter(sorted(ranges))
    start, stop = next(wanted, (1 << 60, 1 << 60))
    for piece in _PIECES.findall(line):
        if piece[0] == "<":
            if open_mark:
                out.append("</mark>")
                open_mark = False
            out.append(piece)
            continue
        while position >= stop:
            if open_mark:
                out.append("</mark>")
                open_mark = False
            start, stop = next(wanted, (1 << 60, 1 << 60))
        if position >= start and not open_mark:
            out.append("<mark>")
            open_mark = True
        out.append(piece)
        position += 1
    if open_mark:
        out.append("</mark>")
    return "".join(out)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a diff. `origin`: " " | "+" | "-"; numbers are 1-based, 0 on the side that lacks the line; `html` is safe."""

    origin: str
    old: int
    new: int
    html: str
    ends_open: bool = False  # no newline at the end of the file


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of changed lines with its `@@` header as plain text."""

    header: str
    lines: Sequence[Line]


_CLASS = {" ": "", "+": " class=add", "-": " class=del"}
_SIGN = {" ": "", "+": "+", "-": "−"}


@dataclass(frozen=True, slots=True)
class Anchors:
    """Line numbers as links: cell `f<file>L<n>` on the old side, `f<file>R<n>` on the new one, leading to `href` with that name.

    `href` is safe and ends where the name follows. Each row stays on a line of its own, so that others can put rows after it.
    """

    file: int
    href: str

    def cell(self, side: str, number: int, css: str = "ln") -> str:
        """The number's cell; an empty one has no name."""
        if not number:
            return f"<td class={css}>" if " " not in css else f"<td class='{css}'>"
        name = f"f{self.file}{side}{number}"
        quoted = css if " " not in css else f"'{css}'"
        return f'<td class={quoted} id={name}><a href="{self.href}{name}#{name}" rel=nofollow>{number}</a>'


def unified(hunks: Iterable[Hunk], anchors: Anchors | None = None) -> SafeString:
    """Body of a unified diff table: old number, new number, sign, text."""
    open_end = f" <span class=eof>{escape(gettext('no newline at the end'))}</span>"
    out = []
    for hunk in hunks:
        out.append(f"<tr class=hunk><td colspan=4 dir=auto>{escape(hunk.header)}")
        for line in hunk.lines:
            end = open_end if line.ends_open else ""
            if anchors is None:
                numbers = f"<td class=ln>{line.old or ''}<td class=ln>{line.new or ''}"
            else:
                numbers = anchors.cell("L", line.old) + anchors.cell("R", line.new)
            out.append(f"<tr{_CLASS[line.origin]}>{numbers}<td class=mk>{_SIGN[line.origin]}<td class=src>{line.html}{end}")
    return mark_safe("\n".join(out))  # noqa: S308 - escaped above and by core.highlight


def split(hunks: Iterable[Hunk], anchors: Anchors | None = None) -> SafeString:
    """Body of a side-by-side table: number and text, old then new; a run of deletions stands beside the additions after it."""
    out = []
    for hunk in hunks:
        out.append(f"<tr class=hunk><td colspan=4 dir=auto>{escape(hunk.header)}")
        removed: list[Line] = []
        added: list[Line] = []
        for line in [*hunk.lines, None]:
            if line is not None and line.origin == "-" and not added:
                removed.append(line)
                continue
            if line is not None and line.origin == "+":
                added.append(line)
                continue
            for i in range(max(len(removed), len(added))):
                left = removed[i] if i < len(removed) else None
                right = added[i] if i < len(added) else None
                out.append("<tr>" + _half(left, "del", "old", anchors) + _half(right, "add", "new", anchors))
            removed, added = [], []
            if line is not None and line.origin == "-":
                removed.append(line)
            elif line is not None:
                out.append("<tr>" + _half(line, "", "old", anchors) + _half(line, "", "new", anchors))
    return mark_safe("\n".join(out))  # noqa: S308 - escaped above and by core.highlight


def _half(line: Line | None, kind: str, side: str, anchors: Anchors | None) -> str:
    if line is None:
        return "<td class='ln void'><td class='src void'>"
    number = line.old if side == "old" else line.new
    css, src = (f"ln {kind}", f"'src {kind}'") if kind else ("ln", "src")
    if anchors is not None:
        return f"{anchors.cell('L' if side == 'old' else 'R', number, css)}<td class={src}>{line.html}"
    quoted = f"'{css}'" if kind else css
    return f"<td class={quoted}>{number}<td class={src}>{line.html}"


@dataclass(frozen=True, slots=True)
class Blame:
    """One group of neighbouring lines last changed by the same commit. `age`: 1 oldest … 4 newest."""

    first: int
    lines: int
    age: int
    person: SafeString
    subject: str
    commit_href: str
    when: datetime | None
    before_href: str = ""  # blame of the version before this change, "" where the line began


def blame_rows(groups: Iterable[Blame], source: Sequence[str], *, first: int = 1) -> SafeString:
    """Body of the blame table; `source[0]` is line `first`, safe HTML."""
    now = datetime.now(UTC)
    before = escape(gettext("Blame before this change"))
    out = []
    for group in groups:
        earlier = f'<a href="{group.before_href}" rel=nofollow title="{before}" aria-label="{before}">↶</a>' if group.before_href else ""
        head = f'<span>{group.person}<a class=m href="{group.commit_href}" rel=nofollow>{escape(group.subject)}</a>{time_html(group.when, now)} {earlier}</span>'
        for n in range(group.first, group.first + group.lines):
            if not first <= n < first + len(source):
                continue
            start = n == group.first or n == first
            out.append(
                f"<tr id=L{n}{' class=group' if start else ''}><td class='blame age-{group.age}'>{head if start else ''}"
                f"<td class=ln><a href=#L{n}>{n}</a><td class=src>{source[n - first]}"
            )
    return mark_safe("\n".join(out))  # noqa: S308 - escaped above and by core.highlight
