"""The front page of a repository."""

import time
from typing import Any
from urllib.parse import urlsplit

from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import filenames
from core.actors import ActorRequest
from core.templatetags.portal import language_class
from projects import places, queries, rules
from projects.models import Release, Repository
from projects.queries import contribution as people
from projects.queries import statuses
from projects.queries.parts import part
from projects.templatetags.charts import spark
from projects.views import mirrors, readme
from projects.views.common import conditional, etag_of, page_of, propose_upstream, repository_page
from projects.views.tree import directory, listing_context

TOP_CONTRIBUTORS = 6


@require_safe
@repository_page
def repository_home(request: ActorRequest, repository: Repository) -> HttpResponseBase:
    """Files of the default branch, README, and the rail; quick-start text while there is no commit."""
    if rules.is_mirror(repository) and repository.mirror.filled_at is None:
        return mirrors.listed(request, repository)
    with queries.reading():
        position = queries.default_position(repository)
    clone = queries.clone_addresses(repository, f"{request.scheme}://{request.get_host()}")
    if position is None:
        base = repository.get_absolute_url()
        if queries.open_import(repository):
            return redirect(f"{base}/import")
        context = {"base": base, "clone": clone, "may_push": bool(rules.can_push(request.actor, repository))}
        return page_of(request, repository, "projects/empty.html", context)
    ready = queries.last_commits_ready(repository, position)
    upstream = queries.upstream(request.actor, repository)
    stand = upstream and (str(upstream.parent), upstream.ahead, upstream.behind)
    release = _latest_release(repository, repository.get_absolute_url())
    said = statuses.version(repository)
    boxes = _boxes(request, repository)
    propose = propose_upstream(request, repository, upstream)
    shown_state = (_counted(repository), stand, release, said, repr(boxes), propose)
    etag = etag_of(request, repository, "home", position.oid, queries.ref_state(repository), ready, *shown_state)

    def make() -> HttpResponseBase:
        context = _context(request, repository, position)
        checks = statuses.shown_on(repository, [position.oid], version=said).get(position.oid)
        shown = {**context, "clone": clone, "upstream": upstream, "latest_release": release, "tip_checks": checks}
        shown |= {"boxes": boxes, "propose_href": propose}
        return page_of(request, repository, "projects/home.html", shown)

    return conditional(request, etag, make)


def _boxes(request: ActorRequest, repository: Repository) -> list[dict[str, Any]]:
    """What other packages say above the files."""
    made = ((one.template, one.context(request.actor, repository)) for one in places.front_boxes)
    return [{"template": template, "box": box} for template, box in made if box]


def _counted(repository: Repository) -> tuple[object, ...]:
    """What the indexer keeps of the repository and the rail shows."""
    sizes = repository.size_bytes, repository.shared_bytes
    return repository.head_oid, repository.commits, sizes, repository.licence, repository.languages


def _context(request: ActorRequest, repository: Repository, position: queries.Position) -> dict[str, Any]:
    found = directory(request, repository, position)
    assert found is not None  # noqa: S101 - the root is a directory
    context = listing_context(request, repository, position, found)
    base = context["base"]
    return {
        **context,
        **readme.context(repository, position, found.readmes, wanted=request.GET.get("readme", "")),
        "licence_href": f"{base}/blob/{position.ref}/{filenames.quoted(found.licence)}" if found.licence else "",
        "website_shown": urlsplit(repository.website).netloc or repository.website,
        "languages": _shares(repository.languages),
        **_people(repository, position),
    }


def _latest_release(repository: Repository, base: str) -> dict[str, Any] | None:
    """The newest published release that is not a pre-release; one query."""
    found = Release.objects.filter(repository=repository, is_draft=False, is_prerelease=False).order_by("-published_at").first()
    if found is None:
        return None
    return {
        "title": found.title or found.tag,
        "published_at": found.published_at,
        "href": f"{base}/releases/tag/{filenames.quoted(found.tag)}",
    }


def _shares(languages: dict[str, int]) -> list[dict[str, str]]:
    """The six largest languages and the rest, in percent of bytes with one decimal."""
    total = sum(languages.values())
    ordered = sorted(languages.items(), key=lambda pair: -pair[1])
    shares = [(name, size) for name, size in ordered[:6] if size * 1000 >= total]
    rest = total - sum(size for _name, size in shares)
    rows = [{"name": name, "css": language_class(name), "share": f"{100 * size / total:.1f}"} for name, size in shares if total]
    if total and rest * 1000 >= total:
        rows.append({"name": str(_("Other")), "css": "lang-other", "share": f"{100 * rest / total:.1f}"})
    return rows


def _people(repository: Repository, position: queries.Position) -> dict[str, Any]:
    """Contributors and the weekly line; counted at most once in ten minutes for one state."""
    key = ("people", repository.pk, repository.head_oid, repository.commits, int(time.time() // 600), get_language())

    def make() -> dict[str, Any]:
        everyone = people.contributors(repository)
        weeks = people.weeks(repository)
        return {
            "contributors": {"total": len(everyone), "top": everyone[:TOP_CONTRIBUTORS], "more": max(0, len(everyone) - TOP_CONTRIBUTORS)},
            "spark": str(spark(weeks, _("Commits in the last 16 weeks"))) if any(weeks) else "",
        }

    made: dict[str, Any] = part(key, make)
    return {**made, "spark": mark_safe(made["spark"])}  # noqa: S308 - built from numbers
