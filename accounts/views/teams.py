"""`/-/orgs/<slug>/teams`."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import commands, queries, rules
from accounts.forms.organizations import LoginForm, TeamForm
from accounts.models import Team
from core.actors import ActorRequest
from core.errors import Invalid, NotFound
from core.forms import attempt, done


def organization_teams(request: ActorRequest, slug: str) -> HttpResponse:
    """Teams, and the form to make one."""
    organization = queries.organization(slug)
    rules.can_see_members(request.actor, organization).require()
    form = TeamForm(request.POST or None)
    if request.method == "POST":
        team = attempt(form, lambda cleaned: commands.save_team(request.actor, organization, **cleaned))
        if team:
            return redirect("organization_team", slug=organization.slug, team=team.slug)
    may = rules.can_administer_organization(request.actor, organization)
    context = {"organization": organization, "teams": queries.teams(organization), "form": form, "may_administer": may, "tab": "teams"}
    return render(request, "accounts/org_teams.html", context, status=422 if form.errors else 200)


def organization_team(request: ActorRequest, slug: str, team: str) -> HttpResponse:
    """One team: its people; owners add, remove, rename, delete."""
    organization = queries.organization(slug)
    rules.can_see_members(request.actor, organization).require()
    found = queries.team(organization, team)
    act = request.POST.get("act", "")
    add = LoginForm(request.POST if act == "add" else None)
    rename = TeamForm(request.POST if act == "rename" else None, initial={"name": found.name, "description": found.description})
    if request.method == "POST" and _act(request, found, act, add, rename):
        messages.success(request, _("Saved."))
        if act == "delete":
            return redirect("organization_teams", slug=organization.slug)
        return redirect("organization_team", slug=organization.slug, team=found.slug)
    may = rules.can_administer_organization(request.actor, organization)
    context = {
        "organization": organization, "team": found, "form": add, "rename_form": rename, "may_administer": may,
        "tab": "teams", "part": "people",
    }  # fmt: skip
    return render(request, "accounts/org_team.html", context, status=422 if add.errors or rename.errors else 200)


def _act(request: ActorRequest, team: Team, act: str, add: LoginForm, rename: TeamForm) -> bool:
    """True if it was done; False leaves the errors in the forms. Raises NotFound for an unknown act."""
    if act == "remove":
        commands.set_team_member(request.actor, team, queries.person(request.POST.get("login", "")), present=False)
    elif act == "delete":
        commands.delete_team(request.actor, team)
    elif act == "add":
        return bool(attempt(add, done(lambda cleaned: _add(request, team, cleaned["login"]))))
    elif act == "rename":
        return bool(attempt(rename, lambda cleaned: commands.save_team(request.actor, team.organization, team=team, **cleaned)))
    else:
        raise NotFound(_("There is no such act."))
    return True


def _add(request: ActorRequest, team: Team, login: str) -> None:
    try:
        person = queries.person(login)
    except NotFound as error:
        raise Invalid(_("There is nobody with the login “%s”.") % login, field="login") from error
    commands.set_team_member(request.actor, team, person, present=True)
