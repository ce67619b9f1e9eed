"""Whether a repository has issues."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from issues import commands, rules
from projects.models import Repository
from projects.views.common import page_of, repository_page


@require_http_methods(["GET", "POST"])
@repository_page
def issue_settings(request: ActorRequest, repository: Repository) -> HttpResponse:
    """Turn issues on or off (`on` is 1 or 0); those there are stay, hidden."""
    rules.can_set_up(request.actor, repository).require()
    if request.method == "POST":
        on = request.POST.get("on") == "1"
        commands.turn_issues(request.actor, repository, on=on)
        messages.success(request, _("Issues are on.") if on else _("Issues are off. Those there are stay, hidden."))
        return redirect(f"{repository.get_absolute_url()}/settings/issues")
    context = {"section": "/settings/issues", "is_on": rules.has_issues(repository)}
    return page_of(request, repository, "issues/settings.html", context, tab="settings")
