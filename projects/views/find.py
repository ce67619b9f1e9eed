"""Finding a file by part of its path."""

from django.http.response import HttpResponseBase
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

import gitstore
from core import budget, filenames
from core.actors import ActorRequest
from projects import queries
from projects.logic import best_paths
from projects.models import Repository
from projects.queries.parts import part
from projects.views.common import conditional, etag_of, page_of, repository_page

SHOWN = 100


@require_safe
@repository_page
def repository_find(request: ActorRequest, repository: Repository, tail: str) -> HttpResponseBase:
    """`?q=` letters that occur in this order in the path; the best matches first. htmx asks while one types."""
    position = queries.position(repository, filenames.tail(request, 3))
    asked = request.GET.get("q", "").strip()[:200]
    etag = etag_of(request, repository, "find", position.oid, asked)

    def make() -> HttpResponseBase:
        if not position.is_tip:
            budget.spend(request)
        with queries.reading():
            paths: list[str] = part(
                ("paths", repository.pk, position.oid), lambda: [one[0] for one in gitstore.files(repository.path, position.oid)]
            )
        found = best_paths(paths, asked) if asked else paths
        base = f"{repository.get_absolute_url()}/blob/{position.ref}"
        items = "".join(f'<li><a href="{base}/{filenames.quoted(path)}">{filenames.shown_html(path)}</a></li>' for path in found[:SHOWN])
        context = {
            "base": repository.get_absolute_url(),
            "position": position,
            "switch": queries.switch(repository, position, page="find"),
            "q": asked,
            "found": mark_safe(items),  # noqa: S308 - escaped above
            "total": len(found),
            "shown_total": min(SHOWN, len(found)),
        }
        return page_of(request, repository, "projects/find.html", context)

    return conditional(request, etag, make)
