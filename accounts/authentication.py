"""How the API learns who asks: the session (with CSRF), or `Authorization: Bearer|token <token>`, or Basic with a token."""

import base64
import binascii
from dataclasses import replace

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import commands, queries
from accounts.models import User
from core.actors import Actor, Scope
from core.clients import client_ip


def actor_of_token(text: str, *, ip: str = "") -> Actor | None:
    """The actor behind a token, None if the token is unknown, expired or its person may not act."""
    found = queries.token(text)
    if found is None or found.user.state != User.State.ACTIVE or not found.user.is_active:
        return None
    commands.note_token_use(found, now=timezone.now())
    return Actor(
        person=found.user,
        scopes=frozenset(Scope(scope) for scope in found.scopes),
        repositories=None if found.repositories is None else frozenset(found.repositories),
        ip=ip,
        via="token",
    )


class ActorAuthentication(BaseAuthentication):
    """Sets `request._request.actor`, which API views read as `request.actor`."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """A wrong token is 401 (never silently anonymous); a session without a CSRF token is 403 on unsafe methods."""
        plain = request._request
        header = request.headers.get("Authorization", "")
        if header:
            actor = actor_of_token(_token_in(header), ip=client_ip(plain))
            if actor is None or actor.person is None:
                raise AuthenticationFailed(_("This access token is unknown or expired."))
            plain.actor = actor  # type: ignore[attr-defined]
            if actor.person.language:
                translation.activate(actor.person.language)
            return actor.person, actor
        current: Actor = plain.actor  # type: ignore[attr-defined]
        if current.person is None:
            return None
        check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]
        check.process_request(plain)
        if reason := check.process_view(plain, None, (), {}):  # type: ignore[arg-type]
            raise PermissionDenied(f"CSRF: {reason}")
        return current.person, replace(current)

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401 rather than 403."""
        return f'Bearer realm="{settings.BASE_URL}"'


def _token_in(header: str) -> str:
    kind, _space, value = header.partition(" ")
    if kind.lower() in ("bearer", "token"):
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
