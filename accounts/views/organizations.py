"""`/-/orgs/…`: founding and administering organisations."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import commands, queries, rules
from accounts.forms.organizations import ConfirmationForm, InvitationForm, LoginForm, OrganizationForm, ProfileForm, RoleForm, TeamForm
from accounts.models import Invitation, Organization
from core.actors import ActorRequest
from core.errors import NotFound
from core.forms import attempt, done
from core.rules import needs_sign_in

FORM_TEMPLATE = "accounts/org_form.html"


def _administered(request: ActorRequest, slug: str) -> Organization:
    organization = queries.organization(slug)
    rules.can_administer_organization(request.actor, organization).require()
    return organization


def organization_new(request: ActorRequest) -> HttpResponse:
    """Found an organisation."""
    if needs_sign_in(request.actor) is not None:
        return redirect(f"/login?next={request.path}")
    form = OrganizationForm(request.POST or None)
    if request.method == "POST":
        made = attempt(form, lambda cleaned: commands.create_organization(request.actor, **cleaned))
        if made:
            return redirect(made)
    return render(request, "accounts/org_new.html", {"form": form}, status=422 if form.errors else 200)


def organization_settings(request: ActorRequest, slug: str) -> HttpResponse:
    """Profile."""
    organization = _administered(request, slug)
    fields = ("display_name", "description", "location", "website", "contact_email")
    form = ProfileForm(request.POST or None, initial={name: getattr(organization, name) for name in fields})
    if request.method == "POST" and attempt(form, lambda cleaned: commands.change_organization(request.actor, organization, **cleaned)):
        messages.success(request, _("Saved."))
        return redirect(request.path)
    return render(
        request,
        "accounts/org_settings.html",
        {"organization": organization, "form": form, "tab": "profile"},
        status=422 if form.errors else 200,
    )


@require_GET
def organization_members(request: ActorRequest, slug: str) -> HttpResponse:
    """Members with roles; owners also see invitations and the forms."""
    organization = queries.organization(slug)
    may = rules.can_administer_organization(request.actor, organization)
    return render(
        request,
        "accounts/org_members.html",
        {
            "organization": organization,
            "memberships": queries.memberships(request.actor, organization)[:500],
            "invitations": queries.open_invitations(organization) if may else [],
            "may_administer": may,
            "own_role": rules.role_in(request.actor, organization),
            "form": InvitationForm(),
            "roles": RoleForm.base_fields["role"].choices,  # type: ignore[attr-defined]
            "tab": "members",
        },
    )


@require_POST
def invitation_create(request: ActorRequest, slug: str) -> HttpResponse:
    """Invite an address by mail."""
    organization = _administered(request, slug)
    form = InvitationForm(request.POST)
    if attempt(form, lambda cleaned: commands.invite(request.actor, organization, **cleaned)):
        messages.success(request, _("The invitation is on its way."))
        return redirect("organization_members", slug=organization.slug)
    return render(request, FORM_TEMPLATE, {"organization": organization, "form": form, "title": _("Invite"), "tab": "members"}, status=422)


@require_POST
def member_change(request: ActorRequest, slug: str, login: str) -> HttpResponse:
    """Set a role, or remove (`role` empty)."""
    organization = queries.organization(slug)
    person = queries.person(login)
    role = request.POST.get("role", "")
    if role:
        commands.set_member(request.actor, organization, person, role=role)
    else:
        commands.remove_member(request.actor, organization, person)
    messages.success(request, _("Saved."))
    if request.actor.person == person and not role:
        return redirect("/")
    return redirect("organization_members", slug=organization.slug)


@require_POST
def membership_visibility(request: ActorRequest, slug: str) -> HttpResponse:
    """Show or hide one's own membership."""
    organization = queries.organization(slug)
    commands.set_membership_visibility(request.actor, organization, is_public=request.POST.get("public") == "1")
    return redirect("organization_members", slug=organization.slug)


@require_POST
def invitation_withdraw(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """The link stops working."""
    organization = _administered(request, slug)
    found = organization.invitations.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such invitation."))
    commands.withdraw_invitation(request.actor, found)
    return redirect("organization_members", slug=organization.slug)


def invitation_accept(request: ActorRequest, secret: str) -> HttpResponse:
    """What an invitation offers, and the button to accept."""
    invitation: Invitation = queries.invitation(secret)
    if request.method == "POST":
        if needs_sign_in(request.actor) is not None:
            return redirect(f"/login?next={request.path}")
        membership = commands.accept_invitation(request.actor, invitation)
        return redirect(membership.organization)
    if request.actor.person is None:
        request.session["site_invitation"] = secret  # opens sign-up where the site asks for an invitation
    return render(request, "accounts/invitation.html", {"invitation": invitation})


def organization_teams(request: ActorRequest, slug: str) -> HttpResponse:
    """Teams, and the form to make one."""
    organization = queries.organization(slug)
    may = rules.can_administer_organization(request.actor, organization)
    rules.can_see_members(request.actor, organization).require()
    form = TeamForm(request.POST or None)
    if request.method == "POST":
        team = attempt(form, lambda cleaned: commands.save_team(request.actor, organization, **cleaned))
        if team:
            return redirect("organization_team", slug=organization.slug, team=team.slug)
    context = {"organization": organization, "teams": queries.teams(organization), "form": form, "may_administer": may, "tab": "teams"}
    return render(request, "accounts/org_teams.html", context, status=422 if form.errors else 200)


def organization_team(request: ActorRequest, slug: str, team: str) -> HttpResponse:
    """One team: its people; owners add, remove, rename, delete."""
    organization = queries.organization(slug)
    rules.can_see_members(request.actor, organization).require()
    found = queries.team(organization, team)
    form = LoginForm(request.POST if request.POST.get("act") == "add" else None)
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act == "remove":
            commands.set_team_member(request.actor, found, queries.person(request.POST.get("login", "")), present=False)
        elif act == "delete":
            commands.delete_team(request.actor, found)
            return redirect("organization_teams", slug=organization.slug)
        elif not attempt(
            form, done(lambda cleaned: commands.set_team_member(request.actor, found, queries.person(cleaned["login"]), present=True))
        ):
            return render(request, "accounts/org_team.html", _team_context(request, organization, found, form), status=422)
        return redirect(request.path)
    return render(request, "accounts/org_team.html", _team_context(request, organization, found, form))


def _team_context(request: ActorRequest, organization: Organization, team: object, form: LoginForm) -> dict[str, object]:
    may = rules.can_administer_organization(request.actor, organization)
    return {"organization": organization, "team": team, "form": form, "may_administer": may, "tab": "teams"}


def organization_danger(request: ActorRequest, slug: str) -> HttpResponse:
    """Close the organisation."""
    organization = _administered(request, slug)
    form = ConfirmationForm(request.POST or None)
    if request.method == "POST" and attempt(
        form, done(lambda cleaned: commands.delete_organization(request.actor, organization, **cleaned))
    ):
        messages.success(request, _("The organization is closed."))
        return redirect("/")
    return render(
        request,
        "accounts/org_danger.html",
        {"organization": organization, "form": form, "tab": "danger"},
        status=422 if form.errors else 200,
    )
