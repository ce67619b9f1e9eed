"""Buttons of the branches page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.actors import ActorRequest
from core.errors import Conflict, Forbidden, Invalid
from projects import commands
from projects.models import Repository
from projects.views.common import repository_page


def _back(repository: Repository) -> HttpResponse:
    return redirect(f"{repository.get_absolute_url()}/branches")


@require_POST
@repository_page
def branch_create(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`branch` from `start`."""
    try:
        commands.create_branch(
            request.actor, repository, branch=request.POST.get("branch", "").strip(), start=request.POST.get("start", "").strip()
        )
    except (Invalid, Conflict, Forbidden) as error:
        messages.error(request, error.message)
    return _back(repository)


@require_POST
@repository_page
def branch_delete(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`branch`, if it still is at `oid`."""
    branch = request.POST.get("branch", "")
    try:
        oid = commands.delete_branch(request.actor, repository, branch=branch, oid=request.POST.get("oid", ""))
    except (Conflict, Forbidden) as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            _("“%(branch)s” is deleted. It was at %(oid)s: make it again from there if you need it.") % {"branch": branch, "oid": oid[:10]},
        )
    return _back(repository)


@require_POST
@repository_page
def branch_rename(request: ActorRequest, repository: Repository) -> HttpResponse:
    """`branch` to `name`."""
    try:
        commands.rename_branch(request.actor, repository, branch=request.POST.get("branch", ""), name=request.POST.get("name", "").strip())
    except (Invalid, Conflict, Forbidden) as error:
        messages.error(request, error.message)
    return _back(repository)
