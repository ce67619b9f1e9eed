"""Directories: their entries with the last commit of each, and the README below."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext
from django.views.decorators.http import require_safe

import gitstore
from core import budget, filenames
from core.actors import ActorRequest
from projects import commands, queries, rules
from projects.models import Repository
from projects.queries.parts import keep, kept
from projects.templatetags import rows
from projects.views import readme
from projects.views.common import conditional, etag_of, page_of, repository_page

SHORT = 10  # digits of an oid in the links of a listing: whole ones are a third of its compressed size
LICENCE_FILES = ("licence", "license", "copying", "copyright")
PAGE_ENTRIES = 1000  # of a directory; the rest is reached by `?from=`


@require_safe
@repository_page
def repository_tree(request: ActorRequest, repository: Repository, tail: str) -> HttpResponseBase:
    """A directory of a branch, tag or commit. A path that is a file redirects to its page."""
    position = queries.position(repository, filenames.tail(request, 3))
    first = page_offset(request.GET.get("from", ""))
    etag = etag_of(
        request, repository, "tree", position.oid, queries.ref_state(repository), queries.last_commits_ready(repository, position)
    )

    def make() -> HttpResponseBase:
        if not position.is_tip:
            budget.spend(request)
        found = directory(request, repository, position, first=first)
        if found is None:
            return HttpResponseRedirect(f"{repository.get_absolute_url()}/blob/{position.ref}{position.quoted_path}")
        context = listing_context(request, repository, position, found)
        return page_of(request, repository, "projects/tree.html", {**context, **readme.context(repository, position, found.readmes)})

    return conditional(request, etag, make)


@dataclass(frozen=True, slots=True)
class Directory:
    """One page of a listing as it is shown: immutable, so it is kept as a whole."""

    rows: str
    total: int
    left: int
    next_from: int
    latest: str  # oid of the newest commit here
    pending: bool  # the last commits are still computed
    readmes: dict[str, str]  # language → name
    licence: str  # name of the licence's file


def directory(request: ActorRequest, repository: Repository, position: queries.Position, *, first: int = 0) -> Directory | None:
    """The listing from entry `first`; None if a file stands there. Raises NotFound."""
    base = repository.get_absolute_url()
    ready = queries.last_commits_ready(repository, position)
    now = datetime.now(UTC)  # ages change: by the minute after a push, then by the hour
    age = int(now.timestamp() // (60 if now - repository.updated_at < timedelta(hours=1) else 3600))
    key = ("directory", repository.pk, base, position.ref, position.oid, position.path, first, ready, get_language(), age)
    if not ready:
        commands.request_listing(request.actor, repository, oid=position.oid, folder=position.path)
    known = kept(key)
    if isinstance(known, Directory):
        return known
    listing = queries.listing(repository, position)
    if listing is None:
        return None
    entries = listing.entries[first : first + PAGE_ENTRIES]
    names = [one.name for one in listing.entries if one.kind in ("blob", "executable")]
    made = Directory(
        rows=_rows(base, position, entries, listing),
        total=len(listing.entries),
        left=max(0, len(listing.entries) - first - len(entries)),
        next_from=first + PAGE_ENTRIES,
        latest=listing.latest.oid if listing.latest else "",
        pending=listing.last_commits is None,
        readmes=readme.candidates(names),
        licence=next((name for name in names if name.lower().startswith(LICENCE_FILES)), ""),
    )
    if made.pending != ready:
        keep(key, made)
    return made


def listing_context(request: ActorRequest, repository: Repository, position: queries.Position, found: Directory) -> dict[str, Any]:
    """What the tools row, the commit bar and the file table need."""
    base = repository.get_absolute_url()
    latest = gitstore.commit(repository.path, found.latest) if found.latest else None
    return {
        "base": base,
        "position": position,
        "crumbs": position.crumbs(base),
        "switch": queries.switch(repository, position),
        "latest": queries.shown(latest, queries.authors([latest])) if latest else None,
        "history_href": f"{base}/commits/{position.ref}{position.quoted_path}" if position.path else "",
        "rows": mark_safe(found.rows),  # noqa: S308 - built by templatetags.rows, which escapes
        "pending": found.pending,
        "caption": ngettext("%(n)d entry of %(place)s", "%(n)d entries of %(place)s", found.total)
        % {"n": found.total, "place": position.shown_path or position.shown},
        "entries_left": found.left,
        "next_from": found.next_from,
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
    return str(rows.tree_rows(out, parent=parent, pending=listing.last_commits is None))
