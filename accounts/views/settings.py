"""`/settings/…`: one's own account."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import commands
from accounts.forms.organizations import ConfirmationForm, RenameForm
from accounts.forms.settings import AvatarForm, KeyForm, ProfileForm, TokenForm
from accounts.models import User
from accounts.places import repository_choices
from accounts.queries import people, security
from core import blobs
from core.actors import ActorRequest, Scope
from core.errors import NotFound
from core.forms import attempt, done
from core.sudo import sudo_required

P = ParamSpec("P")


def signed_in(view: Callable[Concatenate[ActorRequest, P], HttpResponseBase]) -> Callable[Concatenate[ActorRequest, P], HttpResponseBase]:
    """Anonymous readers go to the sign-in page and come back."""

    def guarded(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.actor.person is None:
            return redirect(f"/login?next={request.path}")
        return view(request, *args, **kwargs)

    guarded.__name__ = view.__name__
    return guarded


def _person(request: ActorRequest) -> User:
    if request.actor.person is None:
        raise NotFound(_("There is nobody of this name."))
    return request.actor.person


@signed_in
def settings_profile(request: ActorRequest) -> HttpResponse:
    """Profile, language, time zone, appearance, picture."""
    act = request.POST.get("act", "")
    form = ProfileForm(request.POST if act == "profile" else None, initial=ProfileForm.of(_person(request)))
    avatar = AvatarForm(request.POST, request.FILES) if act == "avatar" and "remove" not in request.POST else AvatarForm()
    good = False
    if act == "avatar":
        good = (
            _removed(request)
            if "remove" in request.POST
            else bool(attempt(avatar, done(lambda cleaned: commands.set_avatar(request.actor, cleaned["picture"].chunks()))))
        )
    elif act == "profile":
        good = bool(attempt(form, lambda cleaned: commands.change_profile(request.actor, **cleaned)))
    if good:
        messages.success(request, _("Saved."))
        return redirect(request.path)
    context = {"form": form, "avatar_form": avatar, "tab": "profile"}
    return render(request, "accounts/settings/profile.html", context, status=422 if form.errors or avatar.errors else 200)


def _removed(request: ActorRequest) -> bool:
    commands.set_avatar(request.actor, None)
    return True


@signed_in
@sudo_required
def settings_account(request: ActorRequest) -> HttpResponse:
    """Login, export, deletion."""
    person, act = _person(request), request.POST.get("act", "")
    namespace = people.namespace(person.username)
    rename = RenameForm(request.POST if act == "rename" else None, initial={"slug": person.username})
    delete = ConfirmationForm(request.POST if act == "delete" else None)
    if act == "rename" and attempt(rename, lambda cleaned: commands.rename_namespace(request.actor, namespace, slug=cleaned["slug"])):
        messages.success(request, _("Renamed."))
        return redirect(request.path)
    if act == "delete" and attempt(
        delete, done(lambda cleaned: commands.delete_person(request.actor, confirmation=cleaned["confirmation"]))
    ):
        request.session.flush()
        return redirect("/")
    context = {"rename_form": rename, "delete_form": delete, "tab": "account"}
    return render(request, "accounts/settings/account.html", context, status=422 if rename.errors or delete.errors else 200)


@require_POST
@signed_in
@sudo_required
def settings_export(request: ActorRequest) -> HttpResponse:
    """One's data as a JSON file."""
    response = JsonResponse(commands.export_person(request.actor), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{_person(request).username}.json"'
    return response


@never_cache
@signed_in
@sudo_required
def settings_tokens(request: ActorRequest) -> HttpResponse:
    """Tokens, and the form for a new one; its text is shown in this answer only."""
    person = _person(request)
    form = TokenForm(request.POST or None)
    choices = [choice for source in repository_choices for choice in source(request.actor)]
    form.fields["repositories"].choices = choices  # type: ignore[attr-defined]
    secret = ""
    if request.method == "POST":

        def create(cleaned: dict[str, Any]) -> str:
            chosen = [int(pk) for pk in cleaned["repositories"]] or None
            return commands.create_token(
                request.actor,
                person,
                name=cleaned["name"],
                scope=Scope(cleaned["scope"]),
                repositories=chosen,
                expires_at=form.expires_at(),
            )[1]

        secret = attempt(form, create) or ""
        if secret:
            form = TokenForm()
            form.fields["repositories"].choices = choices  # type: ignore[attr-defined]
    context = {"form": form, "secret": secret, "tokens": security.tokens(person), "tab": "tokens"}
    return render(request, "accounts/settings/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def settings_token_revoke(request: ActorRequest) -> HttpResponse:
    """It stops working at once."""
    commands.revoke_token(request.actor, _person(request), name=request.POST.get("name", ""))
    messages.success(request, _("Revoked."))
    return redirect("settings_tokens")


def _keys_page(request: ActorRequest, add: Callable[..., object], remove: Callable[..., None], context: dict[str, Any]) -> HttpResponse:
    act = request.POST.get("act", "")
    form = KeyForm(request.POST if act == "add" else None)
    if act == "remove":
        number = request.POST.get("key", "")
        remove(request.actor, int(number) if number.isascii() and number.isdigit() else 0)
        return redirect(request.path)
    if act == "add" and attempt(form, lambda cleaned: add(request.actor, **cleaned)):
        messages.success(request, _("Added."))
        return redirect(request.path)
    return render(request, "accounts/settings/keys.html", {**context, "form": form}, status=422 if form.errors else 200)


@signed_in
@sudo_required
def settings_keys(request: ActorRequest) -> HttpResponse:
    """SSH keys that sign in."""
    context = {
        "title": _("SSH keys"),
        "lede": _("Git over SSH signs in with these keys."),
        "keys": security.ssh_keys(_person(request)),
        "tab": "keys",
    }
    return _keys_page(request, commands.add_ssh_key, commands.remove_ssh_key, context)


@signed_in
@sudo_required
def settings_signing_keys(request: ActorRequest) -> HttpResponse:
    """Keys whose signatures mark commits as verified."""
    context = {
        "title": _("Signing keys"), "lede": _("Commits and tags signed with these SSH or GPG keys show as verified."),
        "keys": security.signing_keys(_person(request)), "tab": "signing",
    }  # fmt: skip
    return _keys_page(request, commands.add_signing_key, commands.remove_signing_key, context)


@signed_in
def settings_log(request: ActorRequest) -> HttpResponse:
    """The last 200 lines of the security log."""
    return render(request, "accounts/settings/log.html", {"events": security.events(_person(request)), "tab": "log"})


def avatar(request: ActorRequest, sha256: str) -> HttpResponseBase:
    """A picture, immutable."""
    if not security.is_avatar(sha256):
        raise NotFound(_("There is no such picture."))
    try:
        response = blobs.response(request, sha256, content_type="image/webp", inline=True)
    except blobs.BlobMissing as error:
        raise NotFound(_("There is no such picture.")) from error
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
