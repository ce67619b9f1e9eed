"""`/<ns>/<name>/settings/merging`."""

from functools import partial

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from core.actors import ActorRequest
from projects.models import Repository
from projects.views.acts import Act, acts_page
from projects.views.common import repository_page
from pulls import commands, rules
from pulls.commands.settings import FIELDS
from pulls.forms import MergingForm


@require_http_methods(["GET", "POST"])
@repository_page
def merge_settings(request: ActorRequest, repository: Repository) -> HttpResponse:
    """How pull requests are merged here."""
    rules.can_change_settings(request.actor, repository).require()
    row = rules.settings_of(repository)
    acts = {
        "merging": Act(
            partial(MergingForm, initial={name: getattr(row, name) for name in FIELDS}),
            lambda form: commands.change_merge_settings(request.actor, repository, **form.cleaned_data),
        )
    }
    return acts_page(request, repository, "pulls/settings.html", suffix="/settings/merging", acts=acts, context={})
