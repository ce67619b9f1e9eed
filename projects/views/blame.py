"""Who last changed each line, with ages and the way to the version before."""

from datetime import datetime
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import gitstore
from core import budget, filenames
from core.actors import ActorRequest
from core.errors import NotFound
from core.highlight import MAX_BYTES
from core.templatetags.openi import avatar, bytes_
from projects import queries
from projects.models import Repository
from projects.queries.parts import part
from projects.templatetags import rows
from projects.views import rendering
from projects.views.common import conditional, etag_of, page_of, repository_page
from projects.views.tree import page_offset

LINES = 3000  # on one page
BYTES = 16 * 1024**2


@require_safe
@repository_page
def repository_blame(request: ActorRequest, repository: Repository, tail: str) -> HttpResponseBase:
    """`?from=<line>` for the later parts of a long file."""
    position = queries.position(repository, filenames.tail(request, 3))
    etag = etag_of(request, repository, "blame", position.oid, queries.ref_state(repository))

    def make() -> HttpResponseBase:
        budget.spend(request, 5)
        return page_of(
            request, repository, "projects/blame.html", _context(repository, position, max(1, page_offset(request.GET.get("from", ""))))
        )

    return conditional(request, etag, make)


def _context(repository: Repository, position: queries.Position, first: int) -> dict[str, Any]:
    base = repository.get_absolute_url()
    with queries.reading():
        entry = gitstore.entry(repository.path, position.oid, position.path)
        if entry.kind not in ("blob", "executable"):
            raise NotFound(_("Only files of text have lines to trace."))
        blob = gitstore.blob(repository.path, entry.oid, limit=BYTES)
    text = rendering.decoded(blob.data)
    if text is None or blob.truncated:
        raise NotFound(_("This file is too large or not text; it has no blame."))
    source = text.text.split("\n")
    if source and source[-1] == "":
        source.pop()
    first = min(first, max(1, len(source)))
    language = rendering.language_name(position.path, blob.data)
    key = ("blame", base, position.oid, position.path, first, get_language())
    body: str = part(key, lambda: _rows(repository, position, source, first, language))
    facts = [ngettext("%d line", "%d lines", len(source)) % len(source), bytes_(blob.size), language]
    return {
        "base": base,
        "position": position,
        "crumbs": position.crumbs(base),
        "switch": queries.switch(repository, position, page="blame"),
        "facts": " · ".join(filter(None, facts)),
        "rows": mark_safe(body),  # noqa: S308 - built from escaped parts
        "pages": [
            {"first": start, "last": min(start + LINES - 1, len(source)), "current": start == first}
            for start in range(1, len(source) + 1, LINES)
        ]
        if len(source) > LINES
        else [],
    }


def _rows(repository: Repository, position: queries.Position, source: list[str], first: int, language: str) -> str:
    base = repository.get_absolute_url()
    with queries.reading():
        ranges = gitstore.blame(repository.path, position.oid, position.path, first=first, lines=LINES)
    known = queries.people_by_email({one.author.email.lower() for one in ranges})
    ages = _ages([one.author.when for one in ranges])
    groups = []
    for one in ranges:
        before = f"{base}/blame/{one.previous[0]}/{filenames.quoted(one.previous[1])}#L{one.start}" if one.previous else ""
        person = known.get(one.author.email.lower())
        groups.append(
            rows.Blame(
                first=one.start,
                lines=one.count,
                age=ages.get(one.author.when, 1),
                person=avatar(person) if person else SafeString(""),
                subject=filenames.shown(one.summary)[:200] or "—",
                commit_href=f"{base}/commit/{one.oid}",
                when=one.author.when,
                before_href=before,
            )
        )
    return str(rows.blame_rows(groups, _highlighted(source, first, position.filename, language), first=first))


def _highlighted(source: list[str], first: int, filename: str, language: str) -> list[str]:
    """The lines of one page; a file small enough for the highlighter is read from its beginning, so that open strings stay strings."""
    page = slice(first - 1, first - 1 + LINES)
    if sum(map(len, source)) > MAX_BYTES:
        return rendering.source_lines("\n".join(source[page]), filename, language)
    return rendering.source_lines("\n".join(source), filename, language)[page]


def _ages(moments: list[datetime | None]) -> dict[datetime | None, int]:
    """Each distinct time → its quarter of the span between the oldest and the newest, 1 (old) … 4 (new)."""
    known = sorted({moment for moment in moments if moment is not None})
    if not known:
        return {}
    start, span = known[0], (known[-1] - known[0]).total_seconds() or 1
    return {moment: 1 + min(3, int(4 * (moment - start).total_seconds() / span)) for moment in known}
