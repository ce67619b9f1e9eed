"""Sudo mode: dangerous acts ask for the password (or passkey, or code) again when the last time was long ago."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http.response import HttpResponseBase

from core.actors import ActorRequest

P = ParamSpec("P")
View = Callable[Concatenate[ActorRequest, P], HttpResponseBase]


def _signed_in_now(request: ActorRequest) -> bool:
    """allauth counts only a second proof; the sign-in itself is one too."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def needs_proof(request: ActorRequest) -> bool:
    """True if whoever is signed in by a session has to prove it again before a dangerous act.

    allauth lets everyone through who has neither password nor second factor; here the adapter names a way for them too (a code to the
    phone, the site they came from), and only who has no way at all passes.
    """
    if not request.user.is_authenticated or _signed_in_now(request):
        return False
    return bool(get_adapter().get_reauthentication_methods(request.user))


def sudo_required(view: View[P]) -> View[P]:
    """The page asks whoever is signed in to prove it again unless they did, or signed in, within ACCOUNT_REAUTHENTICATION_TIMEOUT (900 s).

    allauth's middleware answers the exception with its page and brings a form that was sent back afterwards.
    Anonymous readers go on to the view, whose rules refuse them.
    """

    @wraps(view)
    def guarded(request: ActorRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if needs_proof(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]
