"""Star and watch buttons, and who starred."""

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from core.actors import ActorRequest
from projects import commands
from projects.models import Repository
from projects.views.common import page_of, repository_page


def _back(request: ActorRequest, repository: Repository) -> HttpResponse:
    """To the page the button stood on, if it is one of ours."""
    target = request.POST.get("next", "")
    if not target.startswith("/") or not url_has_allowed_host_and_scheme(target, None):
        target = repository.get_absolute_url()
    return HttpResponseRedirect(target)


@require_POST
@repository_page
def repository_star(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`starred=1` or `0`."""
    if request.POST.get("starred") == "0":
        commands.unstar_repository(request.actor, repository)
    else:
        commands.star_repository(request.actor, repository)
    return _back(request, repository)


@require_POST
@repository_page
def repository_watch(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`level` of `Watch.Level`, "" for the default."""
    commands.watch_repository(request.actor, repository, level=request.POST.get("level", ""))
    return _back(request, repository)


@require_GET
@repository_page
def repository_stars(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Who starred it, newest first."""
    rows = repository.stars.select_related("user", "user__namespace").order_by("-at", "-pk")
    page = Paginator(rows, 60).get_page(request.GET.get("page"))
    return page_of(request, repository, "projects/stars.html", {"page": page})
