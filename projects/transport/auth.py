"""Who speaks Git to us, and what they may do. HTTP brings Basic credentials, SSH a key; both end in an Actor."""

import base64
import binascii
import hashlib
import hmac
import time
from typing import Any

from allauth.mfa.adapter import get_adapter as mfa_adapter
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import commands as people
from accounts import queries as people_queries
from accounts.models import SSHKey, User
from accounts.rules import can_act
from core import limits
from core.actors import ANONYMOUS, SYSTEM, Actor, Scope
from core.clients import client_ip
from core.errors import NotFound
from core.rules import ALLOW, Decision
from projects import queries, rules
from projects.commands.mirrors import want_mirror
from projects.models import Repository
from projects.places import guest_refs, push_doors
from projects.transport import errors

FAILURES_PER_ADDRESS = (30, 300)  # wrong credentials, seconds
FAILURES_PER_LOGIN = (10, 300)
REMEMBERED_SECONDS = 60  # a right password is not hashed again for this long: one push is three requests
_remembered: dict[bytes, float] = {}


def actor_of_request(environ: dict[str, Any]) -> Actor:
    """The actor behind a request's Authorization header; anonymous without one.

    Accepted: `Basic` with a token as password (any login) or as login, `Basic` with login and password for accounts
    without a second factor, `Bearer <token>`. Raises WireError 401, LimitReached, Forbidden.
    """
    request = HttpRequest()
    request.META = environ
    address = client_ip(request)
    kind, _space, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not value:
        return Actor(scopes=ANONYMOUS.scopes, ip=address)
    if kind.lower() in ("bearer", "token"):
        login, password = "", value.strip()
    elif kind.lower() == "basic":
        login, password = _basic(value)
    else:
        raise errors.credentials_needed()
    limits.take(f"git-login:{address}", limit=FAILURES_PER_ADDRESS[0], seconds=FAILURES_PER_ADDRESS[1], cost=0)
    for text in (password, login):
        if len(text) == 40 and (actor := _actor_of_token(text, address)) is not None:
            return actor
    if login and password:
        return _actor_of_password(login, password, address)
    _count_failure(address)
    raise errors.credentials_needed(_("This access token is unknown or expired."))


def _basic(value: str) -> tuple[str, str]:
    try:
        login, _colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise errors.credentials_needed() from error
    return login, password


def _count_failure(address: str) -> None:
    limits.take(f"git-login:{address}", limit=FAILURES_PER_ADDRESS[0], seconds=FAILURES_PER_ADDRESS[1])


def _actor_of_token(text: str, address: str) -> Actor | None:
    found = people_queries.token(text)
    if found is None:
        return None
    can_act(found.user).require()
    if not found.user.is_active:
        return None
    people.note_token_use(found, now=timezone.now())
    return Actor(
        person=found.user,
        scopes=frozenset(Scope(scope) for scope in found.scopes),
        repositories=None if found.repositories is None else frozenset(found.repositories),
        ip=address,
        via="token",
    )


def _actor_of_password(login: str, password: str, address: str) -> Actor:
    """Counted before the password is looked at and given back when it was right, so that many at once get no free guesses."""
    rows = User.objects.select_related("namespace").filter(is_active=True)
    user = rows.filter(Q(username__iexact=login) | Q(emailaddress__email__iexact=login, emailaddress__verified=True)).first()
    if user is not None and _is_remembered(user, password):
        return Actor(person=user, ip=address, via="password")
    budgets = ((f"git-login:{address}", FAILURES_PER_ADDRESS), (f"git-login-name:{login.lower()[:150]}", FAILURES_PER_LOGIN))
    for key, (limit, seconds) in budgets:
        limits.take(key, limit=limit, seconds=seconds)
    if user is None or not check_password(password, user.password):
        raise errors.credentials_needed(_("Wrong login, password or access token."))
    can_act(user).require()
    if mfa_adapter().is_mfa_enabled(user):
        raise errors.credentials_needed(
            _("This account has two-step sign-in: use an access token as the password (%s/settings/tokens).") % settings.BASE_URL
        )
    for key, (limit, seconds) in budgets:
        limits.take(key, limit=limit + 1000, seconds=seconds, cost=-1)
    _remember(user, password)
    return Actor(person=user, ip=address, via="password")


def _memory_key(user: User, password: str) -> bytes:
    return hmac.new(settings.SECRET_KEY.encode(), f"{user.pk}\0{user.password}\0{password}".encode(), hashlib.sha256).digest()


def _is_remembered(user: User, password: str) -> bool:
    """True if this password was right a moment ago, nothing about the account changed, and it still needs no second factor."""
    until = _remembered.get(_memory_key(user, password), 0)
    return until > time.monotonic() and bool(can_act(user)) and not mfa_adapter().is_mfa_enabled(user)


def _remember(user: User, password: str) -> None:
    now = time.monotonic()
    for key in [key for key, until in list(_remembered.items()) if until <= now]:
        _remembered.pop(key, None)
    _remembered[_memory_key(user, password)] = now + REMEMBERED_SECONDS


def actor_of_key(key: SSHKey, *, address: str) -> Actor:
    """The person of an SSH key, or the deploy key itself. Raises Forbidden for a suspended person."""
    if key.user is None:
        return Actor(deploy_key=key.pk, ip=address, via="ssh")
    can_act(key.user).require()
    return Actor(person=key.user, ip=address, via="ssh")


def language_of(actor: Actor, accepted: str = "") -> str:
    """The language of messages: the person's, else the client's (`Accept-Language`), else the site's."""
    if actor.person is not None and actor.person.language:
        return actor.person.language
    for tag in accepted.split(",") if accepted else ():
        name = tag.split(";")[0].strip().lower().replace("_", "-")
        if name.startswith(("zh", "en")):
            return "en" if name.startswith("en") else "zh-hans"
    return settings.LANGUAGE_CODE


def _may_push(actor: Actor, repository: Repository) -> Decision:
    """Pushing to all branches, to some (`places.push_guests`), or through one of the doors (`places.push_doors`); the hook looks at each ref."""
    pushing = rules.can_push(actor, repository)
    if not pushing and (guest_refs(actor, repository) or any(door.may(actor, repository) for door in push_doors)):
        return ALLOW
    return pushing


def find(actor: Actor, address: tuple[str, str], *, kind: str, service: str) -> Repository:
    """The repository at `address` for upload-pack (reading) or receive-pack (pushing).

    What is missing and what is hidden answer alike: 401 while nobody signed in, 404 after. Raises WireError, TakenDown, Forbidden.
    """
    if service == "git-receive-pack" and actor.is_anonymous:
        raise errors.credentials_needed()
    try:
        found = queries.repository_for_wire(actor, *address, kind=kind)
    except NotFound as error:
        if address[0].partition("/")[0].lower() in settings.MIRROR_HOSTS:  # nothing private lives there, so no password can help
            raise errors.not_mirrored("/".join(address)) from error
        raise (errors.credentials_needed() if actor.is_anonymous else errors.no_repository()) from error
    if service == "git-receive-pack":
        _may_push(actor, found).require()
    if not found.path.is_dir():
        if want_mirror(SYSTEM, found):
            raise errors.not_copied()
        raise errors.WireError(503, _("This repository is being prepared. Try again in a moment."), headers={"Retry-After": "5"})
    return found
