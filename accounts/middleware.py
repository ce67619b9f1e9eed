"""Turns the session's user into the request's actor, with their language and time zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import User
from core.actors import ALL_SCOPES, Actor, Scope
from core.clients import client_ip


class ActorMiddleware:
    """Sets `request.actor`; suspended and pending people count as nobody."""

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
