"""Branches with their last commit and how far they are from the default branch."""

import math
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

import gitstore
from core import filenames
from core.actors import ActorRequest
from projects import places, queries, rules
from projects.logic import matching_pattern
from projects.models import Protection, Repository
from projects.queries import statuses
from projects.queries.later import PATIENCE, later
from projects.queries.parts import keep, kept, part
from projects.views.common import conditional, etag_of, page_of, repository_page

PER_PAGE = 30
STALE = timedelta(days=90)
SHOWN_WIDTH = 38  # pixels of a full bar; the scale is logarithmic


@require_safe
@repository_page
def repository_branches(request: ActorRequest, repository: Repository) -> HttpResponseBase:
    """`?q=` part of the name, `?show=active|stale`, `?page=`."""
    state = queries.ref_state(repository)
    said = statuses.version(repository)
    complete = ("branches complete", repository.pk, state, repository.default_branch, request.GET.urlencode())
    proposal = places.proposal(request.actor, repository)
    etag = etag_of(request, repository, "branches", state, repository.default_branch, said, proposal) if kept(complete) else ""

    def make() -> HttpResponseBase:
        context = _context(request, repository, said)
        if not context["pending"]:
            keep(complete, True)
        return page_of(request, repository, "projects/branches.html", context)

    return conditional(request, etag, make)


def _context(request: ActorRequest, repository: Repository, said: int) -> dict[str, Any]:
    asked, show = request.GET.get("q", "").strip()[:200], request.GET.get("show", "")
    show = show if show in ("active", "stale") else ""
    text = request.GET.get("page", "1")
    number = max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    with queries.reading():
        branches = [ref for ref in queries.refs(repository)[0] if asked.casefold() in ref.short.casefold()]
        times = _times(repository, branches)
        cut = (datetime.now(UTC) - STALE).timestamp()
        if show:
            branches = [ref for ref in branches if (times.get(ref.commit, 0) >= cut) == (show == "active")]
        branches.sort(key=lambda ref: (ref.short != repository.default_branch, -times.get(ref.commit, 0), ref.short))
        first = (number - 1) * PER_PAGE
        shown = branches[first : first + PER_PAGE]
        commits = gitstore.commits(repository.path, [ref.commit for ref in shown])
        base_oid = gitstore.ref_oid(repository.path, f"refs/heads/{repository.default_branch}")
        rows = _rows(repository, shown, commits, base_oid)
    checks = statuses.shown_on(repository, [ref.commit for ref in shown], version=said)
    for row in rows:
        row["checks"] = checks.get(row["oid"])
    query = {key: value for key, value in (("q", asked), ("show", show)) if value}
    return {
        "base": repository.get_absolute_url(),
        "default_ref": filenames.quoted(repository.default_branch),
        "branches": rows,
        "pending": any(row["unknown"] for row in rows),
        "total": len(branches),
        "q": asked,
        "show": show,
        "may_push": bool(rules.can_push(request.actor, repository)),
        "propose_href": places.proposal(request.actor, repository),
        "previous_href": "?" + urlencode({**query, "page": number - 1}) if number > 1 else "",
        "next_href": "?" + urlencode({**query, "page": number + 1}) if first + PER_PAGE < len(branches) else "",
    }


def _times(repository: Repository, branches: list[gitstore.Ref]) -> dict[str, float]:
    """Commit → seconds of its committer date; kept for one state of the refs."""

    def make() -> dict[str, float]:
        commits = gitstore.commits(repository.path, [ref.commit for ref in queries.refs(repository)[0]])
        return {oid: one.committer.when.timestamp() if one.committer.when else 0.0 for oid, one in commits.items()}

    times: dict[str, float] = part(("times", repository.pk, queries.ref_state(repository)), make)
    return times


def _rows(repository: Repository, refs: list[gitstore.Ref], commits: dict[str, gitstore.Commit], base_oid: str) -> list[dict[str, Any]]:
    base = repository.get_absolute_url()
    patterns = list(Protection.objects.filter(repository=repository, kind=Protection.Kind.BRANCH).values_list("pattern", flat=True))
    delete_url = f"{repository.get_absolute_url()}/branches/delete"
    deadline = time.monotonic() + PATIENCE
    rows = []
    for ref in refs:
        commit = commits.get(ref.commit)
        is_default = ref.short == repository.default_branch
        counted = bool(base_oid and commit and not is_default)
        found = _divergence(repository, ref.commit, base_oid, deadline - time.monotonic()) if counted else None
        rows.append(
            {
                "name": ref.short,
                "shown": filenames.shown(ref.short),
                "ref": filenames.quoted(ref.short),
                "href": f"{base}/tree/{filenames.quoted(ref.short)}",
                "oid": ref.commit,
                "subject": queries.message_parts(commit.message)[0] if commit else "",
                "when": commit.committer.when if commit else None,
                "is_default": is_default,
                "is_protected": bool(matching_pattern(patterns, ref.short)),
                "delete_url": delete_url,
                "unknown": counted and found is None,
                "ahead": found[0] if found else None,
                "behind": found[1] if found else None,
            }
        )
    _add_widths(rows)
    return rows


def _add_widths(rows: list[dict[str, Any]]) -> None:
    """The bars' geometry, on one scale for the page."""
    top = max([1, *(max(row["ahead"] or 0, row["behind"] or 0) for row in rows)])
    for row in rows:
        ahead, behind = (round(SHOWN_WIDTH * math.log1p(max(row[key] or 0, 0)) / math.log1p(top)) for key in ("ahead", "behind"))
        row.update({"ahead_width": ahead, "behind_width": behind, "behind_x": SHOWN_WIDTH + 1 - behind})


def _divergence(repository: Repository, oid: str, base_oid: str, patience: float) -> tuple[int, int] | None:
    """(ahead, behind), None while it is counted; two commits differ for ever in the same way, so the answer is kept by both oids.

    (-1, -1) where Git cannot say.
    """

    def make() -> tuple[int, int]:
        try:
            found = gitstore.divergence(repository.path, oid, base_oid)
        except (gitstore.GitError, ValueError):
            return -1, -1
        return found.ahead, found.behind

    return later(("divergence", oid, base_oid), make, patience=patience)
