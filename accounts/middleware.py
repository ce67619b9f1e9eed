"""Turns the session's user into the request's actor, with their language and time zone."""

from collections.abc import Callable
from typing import Any, cast
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import User
from core.actors import ALL_SCOPES, Actor, ActorRequest, Scope
from core.clients import client_ip
from core.sudo import needs_proof

PROOF_NEEDED = frozenset(  # allauth's pages that change how one signs in; it asks only people with a password or a second factor
    (
        "account_email", "account_set_password", "socialaccount_connections", "mfa_activate_totp", "mfa_deactivate_totp",
        "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn",
        "mfa_remove_webauthn", "mfa_edit_webauthn",
    )
)  # fmt: skip


class ActorMiddleware:
    """Sets `request.actor`; suspended and pending people count as nobody. Pages of PROOF_NEEDED are in sudo mode like our own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if request.user.is_authenticated else None
        if user is not None and (not isinstance(user, User) or user.state != User.State.ACTIVE):
            user = None
            request.user = AnonymousUser()  # nor do the pages of allauth, which know no actor, let them in
        request.actor = Actor(  # type: ignore[attr-defined]
            person=user,
            scopes=ALL_SCOPES if user else frozenset({Scope.READ}),
            ip=client_ip(request),
            user_agent=request.headers.get("User-Agent", "")[:200],
        )
        if user is not None and user.language and user.language != translation.get_language():
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        zone = user.time_zone if user is not None and user.time_zone else settings.TIME_ZONE
        with timezone.override(ZoneInfo(zone)):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> HttpResponse | None:
        """To the page that asks for a proof, and back afterwards."""
        match = request.resolver_match
        name = str(match.url_name) if match is not None else ""
        if name not in PROOF_NEEDED and not (name.endswith("_login") and _connects(request)):
            return None
        if not needs_proof(cast(ActorRequest, request)):
            return None
        answer: HttpResponse = suspend_request(request, get_adapter().get_reauthentication_methods(request.user)[0]["url"])
        return answer


def _connects(request: HttpRequest) -> bool:
    """True if an outside login is about to be connected with the account."""
    return "connect" in (request.POST.get("process"), request.GET.get("process"))
