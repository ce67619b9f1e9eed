"""Directories beside the market: organisations 企业/组织, and the place where datasets will be."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.actors import ActorRequest
from projects.places import dataset_boxes
from projects.queries import directory as reads


def directory_places(current: str) -> list[dict[str, object]]:
    """The directories of the site, for the row of links above each."""
    words = (
        ("projects", "/market", _("Projects")),
        ("organizations", "/organizations", _("Organizations")),
        ("datasets", "/datasets", _("Datasets")),
    )
    return [{"href": href, "label": label, "current": key == current} for key, href, label in words]


@require_safe
def organization_directory(request: ActorRequest) -> HttpResponse:
    """`/organizations`: search, order, here or elsewhere; keyset pages. The address holds the state."""
    query = request.GET.get("q", "").strip()[:100]
    asked = {"q": query, "where": request.GET.get("where", ""), "sort": request.GET.get("sort", "")}
    asked["where"] = asked["where"] if asked["where"] in (reads.HERE, reads.ELSEWHERE) else ""
    asked["sort"] = asked["sort"] if asked["sort"] in reads.SORTS else ""
    after = request.GET.get("after", "")
    number = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    page = reads.page(words=query.lower().split()[:8], where=asked["where"], sort=asked["sort"], after=number)

    def address(**changes: str) -> str:
        given = {key: value for key, value in {**asked, **changes}.items() if value}
        return f"/organizations?{urlencode(given)}" if given else "/organizations"

    names = {"": _("All"), reads.HERE: _("On this site"), reads.ELSEWHERE: _("On other hosts, mirrored here")}
    context = {
        "page": page,
        "asked": asked,
        "wheres": [
            {
                "href": address(where=key),
                "label": label,
                "current": asked["where"] == key,
                "n": page.places[key] if key else sum(page.places.values()),
            }
            for key, label in names.items()
        ],
        "sorts": _sorts(),
        "next": address(after=str(page.rows[-1].namespace.pk)) if page.has_more and page.rows else "",
        "first": address() if number else "",
        "hot": reads.hot() if not query and not number else [],
        "places": directory_places("organizations"),
    }
    return render(request, "projects/directory.html", context)


def _sorts() -> list[tuple[str, str]]:
    words = {
        "projects": _("Most projects"),
        "rising": _("Rising"),
        "stars": _("Most stars"),
        "downloads": _("Most downloads"),
        "created": _("Newest"),
        "name": _("Name"),
    }
    return [(sort, words[sort]) for sort in reads.SORTS]


@require_safe
def dataset_directory(request: ActorRequest) -> HttpResponse:
    """`/datasets`: what other packages put there; until one does, the page says that there is nothing yet."""
    boxes = [{"template": box.template, **box.context(request.actor)} for box in dataset_boxes]
    return render(request, "projects/datasets.html", {"boxes": boxes, "places": directory_places("datasets")})
