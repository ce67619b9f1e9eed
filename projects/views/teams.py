"""`/-/orgs/<org>/teams/<team>/repositories`: which repositories a team works in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import queries as people
from accounts import rules as people_rules
from core.actors import ActorRequest
from core.errors import Invalid, NotFound
from core.forms import attempt
from projects import commands, queries
from projects.forms.settings import TeamRepositoryForm


def team_repositories(request: ActorRequest, slug: str, team: str) -> HttpResponse:
    """The team's repositories that the reader may see; owners give and take access."""
    organization = people.organization(slug)
    people_rules.can_see_members(request.actor, organization).require()
    found = people.team(organization, team)
    act = request.POST.get("act", "")
    form = TeamRepositoryForm(request.POST if act == "add" else None)

    def give(cleaned: dict[str, str]) -> object:
        try:
            repository = queries.repository(request.actor, organization.slug, cleaned["name"].strip().removeprefix(f"{organization.slug}/"))
        except NotFound as error:
            raise Invalid(_("The organization has no repository of this name."), field="name") from error
        return commands.set_team_access(request.actor, repository, found, access=cleaned["access"])

    if act == "remove":
        repository = queries.repository(request.actor, organization.slug, request.POST.get("name", ""))
        commands.remove_team_access(request.actor, repository, found)
    if act == "remove" or (form.is_bound and attempt(form, give)):
        messages.success(request, _("Saved."))
        return redirect("team_repositories", slug=organization.slug, team=found.slug)
    context = {
        "organization": organization, "team": found, "rows": queries.team_repositories(request.actor, found), "form": form,
        "may_administer": people_rules.can_administer_organization(request.actor, organization), "tab": "teams", "part": "repositories",
    }  # fmt: skip
    return render(request, "projects/team_repositories.html", context, status=422 if form.errors else 200)
