"""What people did, for feeds; and whom they follow."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from activity import rules
from activity.models import Act, Follow
from core.actors import Actor, Scope
from core.errors import Conflict, LimitReached
from core.limits import take
from core.rules import HIDE, needs, needs_whole
from projects.models import Repository

MOST = 2000  # people that one follows


def note_act(
    actor: Actor,
    kind: Act.Kind,
    *,
    cause: str,
    by_id: int | None,
    repository_id: int,
    object_id: int = 0,
    at: datetime | None = None,
    **facts: Any,
) -> None:
    """Write down what somebody did; twice changes nothing, and what nobody did is no act. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    if by_id is None or not User.objects.filter(pk=by_id).exists() or not Repository.objects.filter(pk=repository_id).exists():
        return  # gone meanwhile
    Act.objects.get_or_create(
        cause=cause,
        defaults={
            "kind": kind,
            "by_id": by_id,
            "repository_id": repository_id,
            "object_id": object_id,
            "facts": facts,
            "at": at or timezone.now(),
        },
    )


def follow_person(actor: Actor, person: User) -> None:
    """See on the dashboard what they do; twice changes nothing. Raises Forbidden, Conflict (oneself), LimitReached."""
    me = _person(actor)
    if me.pk == person.pk:
        raise Conflict(_("Nobody follows themselves."))
    take(f"follow:{me.pk}", limit=200, seconds=3600)
    if Follow.objects.filter(follower=me).count() >= MOST:
        raise LimitReached(_("You follow as many people as one can."))
    try:
        with transaction.atomic():
            Follow.objects.get_or_create(follower=me, followed=person)
    except IntegrityError:  # the other of two clicks won
        return


def unfollow_person(actor: Actor, person: User) -> None:
    """No longer. Raises Forbidden."""
    Follow.objects.filter(follower=_person(actor), followed=person).delete()


def _person(actor: Actor) -> User:
    if (refusal := needs(actor, Scope.WRITE)) is not None or (refusal := needs_whole(actor)) is not None:
        refusal.require()
    return rules.person_of(actor)
