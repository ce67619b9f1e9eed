"""Two commits side by side: `a...b` from their common ancestor, `a..b` directly; `namespace:ref` means a fork's."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import gitstore
from core import budget, filenames
from core.actors import ActorRequest
from core.errors import NotFound
from projects import places, queries
from projects.models import Repository
from projects.queries.comparison import End, end, holder
from projects.queries.parts import part
from projects.views import diffs
from projects.views.common import conditional, etag_of, page_of, repository_page

COMMITS = 100  # listed; more are counted


@dataclass(frozen=True, slots=True)
class Comparison:
    """What lies between the two ends."""

    same: bool
    commits: list[queries.ShownCommit]
    ahead: int
    behind: int
    commits_left: int


@require_safe
@repository_page
def repository_compare(request: ActorRequest, repository: Repository, tail: str = "") -> HttpResponseBase:
    """The form sends `?base=&head=&direct=1` and is led to the address of the comparison."""
    base = repository.get_absolute_url()
    if not tail and request.GET.get("base") and request.GET.get("head"):
        dots = ".." if request.GET.get("direct") == "1" else "..."
        left, right = (request.GET[name].strip() for name in ("base", "head"))
        return HttpResponseRedirect(f"{base}/compare/{filenames.quoted(left)}{dots}{filenames.quoted(right)}")
    left, dots, right = split(filenames.tail(request, 3), repository.default_branch)
    context: dict[str, Any] = {"base": base, "left": filenames.shown(left), "right": filenames.shown(right), "dots": dots}
    if not right:
        default = queries.default_position(repository)
        switch = queries.switch(repository, default) if default else None
        return page_of(request, repository, "projects/compare.html", {**context, "switch": switch})
    try:
        sides, suffix = _sides(request, repository, left, right)
    except NotFound:
        default = queries.default_position(repository)
        problem = _("One of the two sides does not exist, or you may not see it.")
        context = {**context, "problem": problem, "switch": queries.switch(repository, default) if default else None}
        return page_of(request, repository, "projects/compare.html", context, status=404)
    options = diffs.Options.of(request)
    ends = [(side.home.pk, side.position.oid) for side in sides]
    etag = etag_of(
        request,
        repository,
        "compare",
        ends,
        dots,
        suffix,
        options,
        queries.ref_state(repository),
        places.proposal(request.actor, repository),
    )

    def make() -> HttpResponseBase:
        budget.spend(request, 5)
        if suffix:
            return _text(repository, sides[0], sides[1], dots, suffix)
        with queries.reading():
            return page_of(
                request,
                repository,
                "projects/compare.html",
                {**context, **_context(request, repository, sides[0], sides[1], dots, options)},
            )

    return conditional(request, etag, make)


def split(tail: str, default: str) -> tuple[str, str, str]:
    """(left, dots, right) of `a...b` or `a..b`; without dots the default branch is on the left. Refs never hold two dots."""
    for dots in ("...", ".."):
        left, found, right = tail.partition(dots)
        if found:
            return left or default, dots, right or default
    return default, "...", tail


def _sides(request: ActorRequest, repository: Repository, left: str, right: str) -> tuple[tuple[End, End], str]:
    """Both ends, and ".diff" or ".patch" where the right one asks for text; a ref may itself end so. Raises NotFound."""
    base = end(request.actor, repository, left)
    try:
        return (base, end(request.actor, repository, right)), ""
    except NotFound:
        suffix = next((one for one in (".patch", ".diff") if right.endswith(one)), "")
        if not suffix:
            raise
        return (base, end(request.actor, repository, right.removesuffix(suffix))), suffix


def _text(repository: Repository, left: End, right: End, dots: str, suffix: str) -> HttpResponseBase:
    """The comparison for `git apply` (.diff) or its commits for `git am` (.patch)."""
    store = holder(repository, left, right)
    path, folder = repository.path, store.path if store else None
    old, new = left.position.oid, right.position.oid
    start = gitstore.merge_base(path, old, new, store=folder) if dots == "..." else old
    if suffix == ".patch" and start:
        return diffs.text(gitstore.patch_stream(path, new, start, store=folder))
    return diffs.text(gitstore.diff_stream(path, start, new, store=folder))


def _context(request: ActorRequest, repository: Repository, left: End, right: End, dots: str, options: diffs.Options) -> dict[str, Any]:
    base = repository.get_absolute_url()
    store = holder(repository, left, right)
    old, new = left.position.oid, right.position.oid
    key = ("compare", repository.pk, store.pk if store else 0, old, new)
    ancestor, commits, ahead, behind = part(key, lambda: _between(repository, store, old, new))
    left_out = max(0, ahead - COMMITS)
    known = queries.authors(commits[:COMMITS])
    start = ancestor if dots == "..." else old
    shown = [queries.shown(one, known) for one in commits[:COMMITS]]
    same = old == new or (start == new and not commits)
    return {
        "comparison": Comparison(same, shown, ahead, behind, left_out),
        "diff": None if same else diffs.shown(repository, start, new, options, store=store),
        "switch": queries.switch(repository, left.position if left.home.pk == repository.pk else right.position),
        "propose_href": _propose(request, repository, left, right) if not same else "",
        "swap_href": f"{base}/compare/{_address(repository, right)}{dots}{_address(repository, left)}",
    }


def _propose(request: ActorRequest, repository: Repository, left: End, right: End) -> str:
    """Where the right side is proposed for the left one, if both are branches and the left one is here."""
    if left.home.pk != repository.pk or {left.position.kind, right.position.kind} != {"branch"}:
        return ""
    address = places.proposal(request.actor, repository)
    head = right.position.name if right.home.pk == repository.pk else f"{right.home}:{right.position.name}"
    return f"{address}?{urlencode({'base': left.position.name, 'head': head})}" if address else ""


def _between(repository: Repository, store: Repository | None, old: str, new: str) -> tuple[str, list[gitstore.Commit], int, int]:
    """(common ancestor or "", the first commits only in `new`, how many there are, how many only in `old`)."""
    path, folder = repository.path, store.path if store else None
    ancestor = gitstore.merge_base(path, old, new, store=folder)
    commits = gitstore.between(path, old, new, limit=COMMITS + 1, store=folder)
    behind = gitstore.count(path, old, base=new, store=folder)
    ahead = gitstore.count(path, new, base=old, store=folder) if len(commits) > COMMITS else len(commits)
    return ancestor, commits[:COMMITS], ahead, behind


def _address(repository: Repository, side: End) -> str:
    prefix = "" if side.home.pk == repository.pk else f"{side.home.namespace.slug}/{side.home.name}:"
    return prefix + side.position.ref
