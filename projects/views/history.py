"""The history of a ref or of one path: a list by day, filters, or a graph."""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import gitstore
from core import budget, filenames
from core.actors import ActorRequest
from core.errors import NotFound
from projects import queries
from projects.models import Repository
from projects.queries import statuses
from projects.templatetags.graph import graph_svg
from projects.views.common import conditional, etag_of, page_of, repository_page

PER_PAGE = 30
GRAPH_PER_PAGE = 60


@require_safe
@repository_page
def repository_commits(request: ActorRequest, repository: Repository, tail: str = "") -> HttpResponseBase:
    """`?q= author= since= until= follow=1 after=<cursor> graph=1`."""
    tail = filenames.tail(request, 3)
    position = queries.position(repository, filenames.tail(request, 3)) if tail else queries.default_position(repository)
    if position is None:
        raise NotFound(_("There is no commit yet."))
    said = statuses.version(repository)
    etag = etag_of(request, repository, "commits", position.oid, queries.ref_state(repository), said)

    def make() -> HttpResponseBase:
        filters = _filters(request)
        if request.GET.get("after") or position.path or not position.is_tip or any(filters.values()):
            budget.spend(request, 2)
        return page_of(request, repository, "projects/commits.html", _context(request, repository, position, filters, said))

    return conditional(request, etag, make)


def _filters(request: ActorRequest) -> dict[str, str]:
    """What was asked for, cut to a sane length; bad dates count as none."""
    chosen = {name: request.GET.get(name, "").strip()[:200] for name in ("q", "author", "since", "until", "follow")}
    for name in ("since", "until"):
        if _day(chosen[name]) is None:
            chosen[name] = ""
    chosen["follow"] = "1" if chosen["follow"] else ""
    return chosen


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(text: str, *, end: bool) -> datetime | None:
    """Midnight of a day in the reader's zone, or of the day after."""
    day = _day(text)
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1 if end else 0), time(), timezone.get_current_timezone())


def _context(
    request: ActorRequest, repository: Repository, position: queries.Position, filters: dict[str, str], said: int
) -> dict[str, Any]:
    base = repository.get_absolute_url()
    graph = request.GET.get("graph") == "1" and not position.path and not any(filters.values())
    with queries.reading():
        page = gitstore.log(
            repository.path,
            position.oid,
            limit=GRAPH_PER_PAGE if graph else PER_PAGE,
            after=queries.opened_cursor(repository, request.GET.get("after", "")),
            file=position.path,
            follow=bool(filters["follow"]),
            author=filters["author"],
            grep=filters["q"],
            since=_moment(filters["since"], end=False),
            until=_moment(filters["until"], end=True),
        )
    known = queries.authors(page.commits)
    checks = statuses.shown_on(repository, [one.oid for one in page.commits], version=said)
    shown = [
        queries.shown(one, known, blob_href=_blob_href(base, position, one.oid, page.paths), checks=checks.get(one.oid))
        for one in page.commits
    ]
    kept = {name: value for name, value in filters.items() if value}
    if graph:
        kept["graph"] = "1"
    older = queries.sealed(repository, page.next)
    return {
        "base": base,
        "position": position,
        "crumbs": position.crumbs(base),
        "switch": queries.switch(repository, position, page="commits"),
        "filters": filters,
        "filtered": any(filters.values()),
        "graph": graph,
        "graph_svg": graph_svg(page.commits, base, _tips(repository)) if graph else "",
        "days": [] if graph and not shown else [(title, list(group)) for title, group in groupby(shown, key=_title)],
        "first_page": "after" not in request.GET,
        "first_href": "?" + urlencode(kept),
        "older_href": "?" + urlencode({**kept, "after": older}) if older else "",
    }


def _title(commit: queries.ShownCommit) -> str:
    """The day in the reader's zone."""
    return date_format(timezone.localtime(commit.committed), "Y-m-d") if commit.committed else _("No valid date")


def _blob_href(base: str, position: queries.Position, oid: str, paths: dict[str, str]) -> str:
    return f"{base}/blob/{oid}/{filenames.quoted(paths.get(oid, position.path))}" if position.path else ""


def _tips(repository: Repository) -> dict[str, list[str]]:
    """Commit → names of the refs that stand at it."""
    tips: dict[str, list[str]] = {}
    for refs in queries.refs(repository):
        for ref in refs:
            tips.setdefault(ref.commit, []).append(ref.short)
    return tips
