"""`/-/orgs/<slug>/members`, invitations and `/-/invitations`."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import commands, queries, rules
from accounts.forms.organizations import InvitationForm, RoleForm
from accounts.models import Invitation, Organization
from accounts.views.organizations import administered
from accounts.views.settings import signed_in
from core.actors import ActorRequest
from core.errors import Conflict, NotFound
from core.forms import attempt
from core.rules import needs_sign_in


@require_GET
def organization_members(request: ActorRequest, slug: str) -> HttpResponse:
    """Members with roles; owners also see invitations and the forms."""
    organization = queries.organization(slug)
    return _members_page(request, organization, InvitationForm())


def _members_page(request: ActorRequest, organization: Organization, form: InvitationForm) -> HttpResponse:
    may = rules.can_administer_organization(request.actor, organization)
    query = request.GET.get("q", "").strip()[:100]
    rows = queries.memberships(request.actor, organization, query=query)
    context = {
        "organization": organization,
        "page": Paginator(rows, 50).get_page(request.GET.get("page")),
        "q": query,
        "invitations": queries.open_invitations(organization) if may else [],
        "may_administer": may,
        "own_role": rules.role_in(request.actor, organization),
        "form": form,
        "roles": RoleForm.base_fields["role"].choices,  # type: ignore[attr-defined]
        "tab": "members",
    }
    return render(request, "accounts/org_members.html", context, status=422 if form.errors else 200)


@require_POST
def invitation_create(request: ActorRequest, slug: str) -> HttpResponse:
    """Invite a login or an address; a mail follows."""
    organization = administered(request, slug)
    form = InvitationForm(request.POST)

    def invite(cleaned: dict[str, str]) -> object:
        who = cleaned["who"].strip().lstrip("@")
        named = {"email": who} if "@" in who else {"login": who}
        return commands.invite(request.actor, organization, role=cleaned["role"], **named)

    if attempt(form, invite):
        messages.success(request, _("The invitation is on its way."))
        return redirect("organization_members", slug=organization.slug)
    return _members_page(request, organization, form)


@require_POST
def member_change(request: ActorRequest, slug: str, login: str) -> HttpResponse:
    """Set the role of a member, or remove (`role` empty). New people are invited, not added."""
    organization = queries.organization(slug)
    person = queries.person(login)
    role = request.POST.get("role", "")
    try:
        if role:
            rules.can_administer_organization(request.actor, organization).require()
            if not organization.memberships.filter(user=person).exists():
                raise NotFound(_("This person is not a member."))
            commands.set_member(request.actor, organization, person, role=role)
        else:
            commands.remove_member(request.actor, organization, person)
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("organization_members", slug=organization.slug)
    messages.success(request, _("Saved."))
    if request.actor.person == person and not role:
        return redirect(organization)
    return redirect("organization_members", slug=organization.slug)


@require_POST
def membership_visibility(request: ActorRequest, slug: str) -> HttpResponse:
    """Show or hide one's own membership."""
    organization = queries.organization(slug)
    commands.set_membership_visibility(request.actor, organization, is_public=request.POST.get("public") == "1")
    return redirect("organization_members", slug=organization.slug)


def _of(organization: Organization, pk: int) -> Invitation:
    found = organization.invitations.select_related("organization__namespace", "user").filter(pk=pk, accepted_at=None).first()
    if found is None:
        raise NotFound(_("There is no such invitation."))
    return found


@require_POST
def invitation_withdraw(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """The link stops working."""
    organization = administered(request, slug)
    commands.withdraw_invitation(request.actor, _of(organization, pk))
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("organization_members", slug=organization.slug)


@require_POST
def invitation_resend(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """A new link for the same person; the old one stops working."""
    organization = administered(request, slug)
    try:
        commands.resend_invitation(request.actor, _of(organization, pk))
        messages.success(request, _("The invitation is on its way."))
    except Conflict as error:
        messages.error(request, error.message)
    return redirect("organization_members", slug=organization.slug)


@never_cache
def invitation_answer(request: ActorRequest, secret: str) -> HttpResponse:
    """What an invitation offers, and the buttons to accept or decline."""
    invitation: Invitation = queries.invitation(secret)
    if request.method == "POST" and invitation.organization is not None:
        if needs_sign_in(request.actor) is not None:
            return redirect(f"/login?next={request.path}")
        return _answered(request, invitation)
    if request.actor.person is None and queries.invitation_is_open(secret):
        request.session["site_invitation"] = secret  # opens sign-up where the site asks for an invitation
    context = {
        "invitation": invitation,
        "is_open": queries.invitation_is_open(secret),
        "may": request.actor.person is None or rules.can_answer(request.actor, invitation),
    }
    return render(request, "accounts/invitation.html", context)


def _answered(request: ActorRequest, invitation: Invitation) -> HttpResponse:
    if request.POST.get("act") == "decline":
        commands.decline_invitation(request.actor, invitation)
        messages.success(request, _("The invitation is declined."))
        return redirect("invitations")
    return redirect(commands.accept_invitation(request.actor, invitation).organization)


@never_cache
@signed_in
def invitations(request: ActorRequest) -> HttpResponse:
    """Invitations of the person who is signed in, to accept or decline."""
    rows = queries.invitations_for(request.actor)
    if request.method == "POST":
        number = request.POST.get("invitation", "")
        found = rows.filter(pk=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 19 else None
        if found is None:
            raise NotFound(_("There is no such invitation."))
        return _answered(request, found)
    return render(request, "accounts/settings/invitations.html", {"invitations": rows, "tab": "invitations"})
