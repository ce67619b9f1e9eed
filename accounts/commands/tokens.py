"""Personal access tokens."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands.security import record_security_event
from accounts.logic import new_token, token_hash
from accounts.models import Token, User
from core.actors import Actor, Scope
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.rules import needs_whole

ORDER = [Scope.READ, Scope.WRITE, Scope.ADMIN]


def create_token(
    actor: Actor, user: User, *, name: str, scope: Scope, repositories: Sequence[int] | None = None, expires_at: datetime | None = None
) -> tuple[Token, str]:
    """Make a token for `user` and return it with its text, which is stored nowhere.

    `scope` includes the lower ones. Raises Forbidden (not oneself, or a token asking for more than it has), Invalid, Conflict (name).
    """
    if not actor.is_system and (actor.person != user or not actor.may(Scope.ADMIN)):
        raise Forbidden(_("You can make access tokens for yourself only, signed in or with an admin token."))
    if (refusal := needs_whole(actor)) is not None:
        refusal.require()
    name = name.strip()
    if not name:
        raise Invalid(_("Give the token a name."), field="name")
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(_("The expiry lies in the past."), field="expires_at")
    text = new_token()
    scopes = [scope.value for scope in ORDER[: ORDER.index(scope) + 1]]
    try:
        with transaction.atomic():
            token = Token.objects.create(
                user=user,
                name=name[:80],
                hash=token_hash(text),
                hint=text[:4],
                scopes=scopes,
                repositories=None if repositories is None else sorted(set(repositories)),
                expires_at=expires_at,
            )
            record_security_event(
                user.pk, "token_created", detail={"name": token.name, "scope": scope.value}, ip=actor.ip, user_agent=actor.user_agent
            )
    except IntegrityError as error:
        raise Conflict(_("You already have a token of this name."), field="name") from error
    return token, text


def revoke_token(actor: Actor, user: User, *, name: str) -> None:
    """Delete the token of that name; it stops working at once. Raises NotFound, Forbidden."""
    if not actor.is_system and actor.person != user and not actor.is_staff:
        raise Forbidden(_("You can revoke your own access tokens only."))
    if (refusal := needs_whole(actor)) is not None:
        refusal.require()
    with transaction.atomic():
        deleted, _rows = Token.objects.filter(user=user, name=name).delete()
        if not deleted:
            raise NotFound(_("There is no token of this name."))
        record_security_event(user.pk, "token_revoked", detail={"name": name}, ip=actor.ip, user_agent=actor.user_agent)


def note_token_use(token: Token, *, now: datetime) -> None:
    """Remember the last use, to the minute (one write a minute at most)."""
    if token.used_at is None or now - token.used_at > timedelta(minutes=1):
        Token.objects.filter(pk=token.pk).update(used_at=now)
