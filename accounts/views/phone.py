"""Signing in by phone, and the number in the settings."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import get_next_redirect_url, perform_login
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import commands
from accounts.forms.phone import CodeForm, PhoneForm, SendForm
from accounts.queries import security
from accounts.views.settings import signed_in
from core.actors import ActorRequest
from core.errors import NotFound
from core.forms import attempt, done
from core.sudo import sudo_required


@never_cache
def phone_sign_in(request: ActorRequest) -> HttpResponseBase:
    """Number, then code; a second factor is asked for as after a password."""
    act = request.POST.get("act", "")
    number = str(request.session.get("phone_sign_in", ""))
    form = PhoneForm(request.POST if act == "send" else None)
    code = CodeForm(request.POST if act == "check" else None)
    if act == "send" and (sent := attempt(form, lambda cleaned: commands.send_sign_in_code(request.actor, **cleaned))):
        request.session["phone_sign_in"] = number = sent
    elif act == "check" and number and (person := attempt(code, lambda cleaned: commands.person_by_code(number, cleaned["code"]))):
        del request.session["phone_sign_in"]
        record_authentication(request, person, method="phone")
        answer: HttpResponseBase = perform_login(request, person, email_verification="none", redirect_url=get_next_redirect_url(request))
        return answer
    context = {"form": form, "code_form": code, "number": number if act else ""}
    return render(request, "accounts/phone_sign_in.html", context, status=422 if form.errors or code.errors else 200)


@never_cache
@signed_in
@sudo_required
def settings_phone(request: ActorRequest) -> HttpResponse:
    """Add, change and remove one's number."""
    if request.actor.person is None:
        raise NotFound(_("There is nobody of this name."))
    act = request.POST.get("act", "")
    number = str(request.session.get("phone_add", ""))
    form = PhoneForm(request.POST if act == "send" else None)
    code = CodeForm(request.POST if act == "check" else None)
    if act == "remove":
        commands.remove_phone(request.actor)
        messages.success(request, _("Removed."))
        return redirect(request.path)
    if act == "send" and (sent := attempt(form, lambda cleaned: commands.send_phone_code(request.actor, **cleaned))):
        request.session["phone_add"] = number = sent
    elif (
        act == "check"
        and number
        and attempt(code, done(lambda cleaned: commands.confirm_phone(request.actor, number=number, code=cleaned["code"])))
    ):
        del request.session["phone_add"]
        messages.success(request, _("Saved."))
        return redirect(request.path)
    context = {
        "form": form, "code_form": code, "number": number if act else "", "phone": security.phone(request.actor.person), "tab": "phone",
    }  # fmt: skip
    return render(request, "accounts/settings/phone.html", context, status=422 if form.errors or code.errors else 200)


@never_cache
@signed_in
def phone_reauthenticate(request: ActorRequest) -> HttpResponseBase:
    """Prove by a code to one's own number that it is still oneself; then go on with what was asked for."""
    act = request.POST.get("act", "")
    form = CodeForm(request.POST if act == "check" else None)
    send = SendForm(request.POST if act == "send" else None)
    was_sent = act == "send" and attempt(send, done(lambda _cleaned: commands.send_own_code(request.actor)))
    if act == "check" and attempt(form, done(lambda cleaned: commands.prove_by_phone(request.actor, code=cleaned["code"]))):
        record_authentication(request, request.user, method="phone", reauthenticated=True)
        return resume_request(request) or redirect("/settings/profile")
    context = {"form": form, "send_form": send, "was_sent": was_sent or act == "check", "next": get_next_redirect_url(request) or ""}
    return render(request, "accounts/phone_reauthenticate.html", context, status=422 if form.errors or send.errors else 200)
