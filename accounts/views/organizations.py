"""`/-/orgs/…`: founding and administering organisations."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import commands, queries, rules
from accounts.forms.organizations import (
    AvatarForm,
    ConfirmationForm,
    OrganizationForm,
    OwnershipForm,
    ProfileForm,
    RenameForm,
)
from accounts.models import Organization
from accounts.views.settings import signed_in
from core.actors import ActorRequest
from core.errors import Conflict, Invalid, NotFound
from core.forms import attempt, done
from core.rules import needs_sign_in
from core.sudo import sudo_required


def administered(request: ActorRequest, slug: str) -> Organization:
    """The organisation, if the actor may administer it. Raises NotFound, Forbidden."""
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
    """Profile and picture."""
    organization = administered(request, slug)
    act = request.POST.get("act", "profile")
    fields = ("display_name", "description", "location", "website", "contact_email")
    posted = request.POST if request.method == "POST" and act == "profile" else None
    form = ProfileForm(posted, initial={name: getattr(organization, name) for name in fields})
    keep = act == "avatar" and "remove" not in request.POST
    avatar = AvatarForm(request.POST, request.FILES) if keep else AvatarForm()
    if act == "avatar" and not keep:
        commands.set_avatar(request.actor, None, organization=organization)
        good: object = True
    elif avatar.is_bound:
        good = attempt(avatar, lambda cleaned: commands.set_avatar(request.actor, cleaned["picture"].chunks(), organization=organization))
    else:
        good = form.is_bound and attempt(form, lambda cleaned: commands.change_organization(request.actor, organization, **cleaned))
    if good:
        messages.success(request, _("Saved."))
        return redirect("organization_settings", slug=organization.slug)
    context = {"organization": organization, "form": form, "avatar_form": avatar, "tab": "profile"}
    return render(request, "accounts/org_settings.html", context, status=422 if form.errors or avatar.errors else 200)


@sudo_required
def organization_danger(request: ActorRequest, slug: str) -> HttpResponse:
    """Rename, hand over, close."""
    organization = administered(request, slug)
    actor, act = request.actor, request.POST.get("act", "")
    rename = RenameForm(request.POST if act == "rename" else None, initial={"slug": organization.slug})
    owner = OwnershipForm(request.POST if act == "owner" else None)
    close = ConfirmationForm(request.POST if act == "close" else None, auto_id="close_%s")
    namespace = organization.namespace
    if rename.is_bound and (named := attempt(rename, lambda cleaned: commands.rename_namespace(actor, namespace, slug=cleaned["slug"]))):
        messages.success(request, _("Renamed. The old name leads here until someone takes it."))
        return redirect("organization_danger", slug=named.slug)
    if owner.is_bound and attempt(owner, lambda cleaned: _hand_over(request, organization, **cleaned)):
        messages.success(request, _("The organization has a new owner."))
        return redirect("organization_members", slug=organization.slug)
    if close.is_bound and attempt(close, done(lambda cleaned: commands.delete_organization(actor, organization, **cleaned))):
        messages.success(request, _("The organization is closed. You can restore it for seven days."))
        return redirect("deleted_organizations" if actor.person else "/")
    context = {"organization": organization, "rename_form": rename, "owner_form": owner, "close_form": close, "tab": "danger"}
    failed = rename.errors or owner.errors or close.errors
    return render(request, "accounts/org_danger.html", context, status=422 if failed else 200)


def _hand_over(request: ActorRequest, organization: Organization, *, login: str, confirmation: str) -> object:
    try:
        heir = queries.person(login)
    except NotFound as error:
        raise Invalid(_("There is nobody with the login “%s”.") % login, field="login") from error
    return commands.transfer_ownership(request.actor, organization, heir, confirmation=confirmation)


@signed_in
def deleted_organizations(request: ActorRequest) -> HttpResponse:
    """Closed organisations that can still be restored."""
    context = {"organizations": queries.deleted_organizations(request.actor), "tab": "closed"}
    return render(request, "accounts/settings/closed.html", context)


@require_POST
@signed_in
def organization_restore(request: ActorRequest, pk: int) -> HttpResponse:
    """Undo a closing, under another name if the old one is taken."""
    organization = queries.deleted_organization(request.actor, pk)
    try:
        back = commands.restore_organization(request.actor, organization, slug=request.POST.get("slug", "").strip())
    except (Invalid, Conflict) as error:
        messages.error(request, error.message)
        return redirect("deleted_organizations")
    messages.success(request, _("The organization is back."))
    return redirect(back)
