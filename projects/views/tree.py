"""Directories: their entries with the last commit of each, and the README below."""

from datetime import UTC, datetime
from typing import Any

import gitstore
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, ngettext
from django.views.decorators.http import require_safe

from accounts.models import User
from core import budget, filenames
from core.actors import ActorRequest
from projects import queries, rules
from projects.models import Repository
from projects.queries.parts import part
from projects.templatetags import rows
from projects.views import readme
from projects.views.common import conditional, etag_of, page_of, repository_page

SHORT = 12  # digits of an oid in the links of a listing: whole ones are a third of its compressed size
PAGE_ENTRIES = 1000  # of a directory; the rest is reached by `?from=`


@require_safe
@repository_page
def repository_tree(request: ActorRequest, repository: Repository, tail: str) -> HttpResponseBase:
    """A directory of a branch, tag or commit. A path that is a file redirects to its page."""
    position = queries.position(repository, filenames.tail(request, 3))
    first = page_offset(request.GET.get("from", ""))
    etag = etag_of(request, repository, "tree", position.oid, queries.ref_state(repository), queries.last_commits_ready(repository, position))

    def make() -> HttpResponseBase:
        if not position.is_tip:
            budget.spend(request)
        listing = queries.listing(repository, position)
        if listing is None:
            return HttpResponseRedirect(f"{repository.get_absolute_url()}/blob/{position.ref}{position.quoted_path}")
        context = listing_context(request, repository, position, listing, first=first)
        return page_of(request, repository, "projects/tree.html", {**context, **readme.context(repository, position, listing.entries)})

    return conditional(request, etag, make)


def listing_context(
    request: ActorRequest, repository: Repository, position: queries.Position, listing: queries.Listing, *, first: int = 0
) -> dict[str, Any]:
    """What the tools row, the commit bar and the file table need."""
    base = repository.get_absolute_url()
    entries = listing.entries[first : first + PAGE_ENTRIES]
    left = len(listing.entries) - first - len(entries)
    key = ("tree", repository.pk, base, position.ref, position.path, listing.oid, position.oid if listing.last_commits is not None else "",
           first, get_language(), int(datetime.now(UTC).timestamp() // 3600))
    known: dict[str, User] = queries.authors([listing.latest]) if listing.latest else {}
    return {
        "base": base,
        "position": position,
        "crumbs": position.crumbs(base),
        "switch": queries.switch(repository, position),
        "latest": queries.shown(listing.latest, known) if listing.latest else None,
        "history_href": f"{base}/commits/{position.ref}{position.quoted_path}" if position.path else "",
        "rows": part(key, lambda: _rows(base, position, entries, listing)),
        "pending": listing.last_commits is None,
        "caption": ngettext("%(n)d entry of %(place)s", "%(n)d entries of %(place)s", len(listing.entries))
        % {"n": len(listing.entries), "place": position.shown_path or position.shown},
        "entries_left": left,
        "next_from": first + PAGE_ENTRIES,
        "may_push": bool(rules.can_push(request.actor, repository)),
    }


def page_offset(text: str) -> int:
    """A non-negative number below ten million; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _rows(base: str, position: queries.Position, entries: list[gitstore.Entry], listing: queries.Listing) -> str:
    """The table's body; the order is directories first, as the listing has it."""
    prefix = f"{position.quoted_path}/"
    parent = ""
    if position.path:
        up = filenames.quoted(position.directory)
        parent = f"{base}/tree/{position.ref}" + (f"/{up}" if up else "")
    commits = listing.last_commits or {}
    out = []
    for entry in entries:
        last = commits.get(entry.name)
        if entry.kind == "submodule":
            href, note = listing.submodules.get(entry.name, ""), f"@ {entry.oid[:10]}"
        else:
            page = "tree" if entry.kind == "tree" else "blob"
            href, note = f"{base}/{page}/{position.ref}{prefix}{filenames.quoted(entry.name)}", ""
        out.append(
            rows.Row(
                kind=entry.kind,
                name=entry.name,
                href=href,
                note=note,
                subject=last.subject if last else "",
                commit_href=f"{base}/commit/{last.oid[:SHORT]}" if last else "",
                when=last.when if last else None,
            )
        )
    return str(rows.tree_rows(out, parent=parent))
