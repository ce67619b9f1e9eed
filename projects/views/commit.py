"""One commit: message, parents, signature, the refs that contain it, and its diff; also as .patch and .diff."""

import re
from typing import Any

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import gitstore
from core import budget, filenames
from core.actors import ActorRequest
from core.errors import NotFound
from projects import queries
from projects.models import Repository
from projects.queries import statuses
from projects.views import diffs
from projects.views.common import conditional, etag_of, page_of, repository_page

_NAME = re.compile(r"([0-9a-f]{4,40})(\.patch|\.diff)?")
SHOWN_REFS = 12


@require_safe
@repository_page
def repository_commit(request: ActorRequest, repository: Repository, tail: str) -> HttpResponseBase:
    """`/commit/<oid>`; a short oid redirects to the full one. What no ref of this repository reaches is not found."""
    match = _NAME.fullmatch(filenames.tail(request, 3))
    if match is None:
        raise NotFound(_("There is no such commit."))
    name, suffix = match[1], match[2] or ""
    position = queries.position(repository, name) if len(name) < 40 else queries.commit_position(repository, name)
    if position.oid != name:
        return HttpResponseRedirect(f"{repository.get_absolute_url()}/commit/{position.oid}{suffix}")
    options = diffs.Options.of(request)
    containing = [] if suffix else queries.containing(repository, position.oid)
    said = statuses.version(repository)
    etag = etag_of(request, repository, "commit", position.oid, suffix, options, queries.ref_state(repository), containing is None, said)

    def make() -> HttpResponseBase:
        tips = {ref.commit for refs in queries.refs(repository) for ref in refs}
        if position.oid not in tips:
            budget.spend(request, 1 if not suffix else 2)
        if suffix:
            return _text(repository, position.oid, suffix)
        return page_of(request, repository, "projects/commit.html", _context(repository, position, options, containing, said))

    return conditional(request, etag, make)


def _text(repository: Repository, oid: str, suffix: str) -> HttpResponseBase:
    """`git format-patch` or `git diff-tree`, streamed; a merge is shown against its first parent."""
    parents = gitstore.commit(repository.path, oid).parents
    if suffix == ".patch" and len(parents) < 2:
        pieces = gitstore.patch_stream(repository.path, oid)
    else:
        pieces = gitstore.diff_stream(repository.path, parents[0] if parents else "", oid)
    return diffs.text(pieces)


def _context(
    repository: Repository, position: queries.Position, options: diffs.Options, containing: list[str] | None, said: int
) -> dict[str, Any]:
    base = repository.get_absolute_url()
    with queries.reading():
        commit = gitstore.commit(repository.path, position.oid)
    known = queries.authors([commit])
    named: dict[str, list[dict[str, str]]] = {"refs/heads/": [], "refs/tags/": []}
    for ref in containing or ():
        for prefix, names in named.items():
            if ref.startswith(prefix):
                short = ref.removeprefix(prefix)
                names.append({"shown": filenames.shown(short), "href": f"{base}/tree/{filenames.quoted(short)}"})
    branches, tags = named["refs/heads/"], named["refs/tags/"]
    return {
        "base": base,
        "commit": queries.shown(commit, known),
        "checks": statuses.shown_on(repository, [commit.oid], version=said).get(commit.oid),
        "parents": list(commit.parents),
        "pending": containing is None,
        "branches": branches[:SHOWN_REFS],
        "tags": tags[:SHOWN_REFS],
        "refs_left": max(0, len(branches) - SHOWN_REFS) + max(0, len(tags) - SHOWN_REFS),
        "signature": queries.signature_mark(repository, commit),
        "diff": diffs.shown(repository, commit.parents[0] if commit.parents else "", commit.oid, options),
    }
