"""Webhooks of upstreams: an address with a secret for each mirror, and what its requests lead to."""

import secrets
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.commands import note_act
from core.actors import SYSTEM, Actor
from core.errors import Conflict, Forbidden, LimitReached
from core.limits import take
from core.rules import HIDE
from core.secrets import decrypt, encrypt
from projects import rules
from projects.commands.mirrors import ask_for_mirror
from projects.hosts import hooks
from projects.hosts.hooks import Refused
from projects.models import HookDelivery, Mirror, MirrorHook

KEPT, KEPT_REFUSED = 500, 20  # genuine ones (they tell replays), refused ones
PER_MINUTE = 60  # requests for one mirror
REFUSED_PER_HOUR = 30  # written down; more are turned away
Outcome = HookDelivery.Outcome


def renew_hook(actor: Actor, mirror: Mirror) -> tuple[MirrorHook, str]:
    """A new secret, and the address if there was none; the secret is shown this once. What was set up with the former one is refused.

    Raises NotFound or Forbidden (rules.can_administer).
    """
    rules.can_administer(actor, mirror.repository).require()
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        hook, _made = MirrorHook.objects.update_or_create(
            mirror=mirror, defaults={"secret_encrypted": encrypt(secret, purpose="mirror-hook"), "renewed_at": timezone.now()}
        )
        note_act(actor, "renew_mirror_hook", str(mirror.repository))
    return hook, secret


def remove_hook(actor: Actor, mirror: Mirror) -> None:
    """The address is gone. Raises NotFound or Forbidden (rules.can_administer)."""
    rules.can_administer(actor, mirror.repository).require()
    with transaction.atomic():
        MirrorHook.objects.filter(mirror=mirror).delete()
        note_act(actor, "remove_mirror_hook", str(mirror.repository))


def take_delivery(actor: Actor, hook: MirrorHook, headers: Mapping[str, str], body: bytes) -> HookDelivery:
    """Judge a request; a push moves the mirror to the front. `headers` have names in lower case. Only the system may.

    Raises Forbidden (not genuine, too old), Conflict (sent before), LimitReached. Publishes MirrorAsked.
    """
    if not actor.is_system:
        HIDE.require()
    try:
        sent = hooks.read(headers, body, secret=decrypt(hook.secret_encrypted, purpose="mirror-hook"), now=timezone.now())
    except Refused as error:
        take(f"hook-wrong:{hook.pk}", limit=PER_MINUTE, seconds=60)  # counted apart: they never keep a genuine one out
        _log(HookDelivery(hook=hook, sender=error.sender, event=error.event, outcome=error.outcome))
        raise Forbidden(str(Outcome(error.outcome).label), code=error.outcome) from error
    take(f"hook:{hook.pk}", limit=PER_MINUTE, seconds=60)
    outcome = Outcome.PING if sent.is_ping else Outcome.IGNORED
    row = HookDelivery(hook=hook, sender=sent.sender, event=sent.event, digest=sent.digest, outcome=outcome)
    try:
        with transaction.atomic():
            row.save()
            if sent.is_push:
                row.outcome = _ask(hook)
                row.save(update_fields=["outcome"])
    except IntegrityError as error:
        _log(HookDelivery(hook=hook, sender=sent.sender, event=sent.event, outcome=Outcome.REPLAY))
        raise Conflict(str(Outcome.REPLAY.label), code="replay") from error
    _forget(hook)
    return row


def _ask(hook: MirrorHook) -> str:
    try:
        ask_for_mirror(SYSTEM, hook.mirror)
    except Conflict:
        return Outcome.ASLEEP
    return Outcome.TAKEN


def _log(row: HookDelivery) -> None:
    """Write a refusal down, but no more of them than a person reads: whoever knows the address can send any number."""
    try:
        take(f"hook-refused:{row.hook_id}", limit=REFUSED_PER_HOUR, seconds=3600)
    except LimitReached:
        return
    row.save()
    _forget(row.hook)


def _forget(hook: MirrorHook) -> None:
    """Refused ones never push genuine ones out."""
    rows = HookDelivery.objects.filter(hook=hook).order_by("-at", "-pk")
    for kind, kept in ((rows.exclude(digest=None), KEPT), (rows.filter(digest=None), KEPT_REFUSED)):
        old = list(kind.values_list("pk", flat=True)[kept : kept + 50])
        if old:
            HookDelivery.objects.filter(pk__in=old).delete()
