"""Webhooks: set up and changed by administrators; what happened is put into their queues. `sending` empties them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands import record_security_event
from accounts.models import Organization
from activity import rules
from activity.logic import chats
from activity.models import WAITING_MOST, Dispatch, Format, Happens, Hook
from core.actors import Actor
from core.errors import Conflict, Invalid
from core.limits import take
from core.outgoing import Target, check_url
from core.rules import HIDE
from core.secrets import encrypt
from projects.models import Repository
from projects.queries.pushing import is_ourselves

MOST = 20  # of one repository or organization
CHATS = (Format.DINGTALK, Format.FEISHU, Format.WECOM, Format.SLACK)


@dataclass(frozen=True, slots=True)
class Told:
    """One message to be: `place` tells apart several of one fact."""

    kind: Happens
    action: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    place: str = ""


def add_hook(
    actor: Actor,
    place: Repository | Organization,
    *,
    address: str,
    format: str = Format.OPENI,
    secret: str = "",
    keyword: str = "",
    events: Sequence[str] = (),
    is_active: bool = True,
) -> Hook:
    """Tell `address` what happens here from now on; `events` empty: everything. It acts with the rights of `actor`.

    Raises NotFound or Forbidden (rules.can_administer_hooks), Invalid (address, format, events), Conflict (too many).
    """
    rules.can_administer_hooks(actor, place).require()
    owner = rules.person_of(actor)
    hook = Hook(repository=place) if isinstance(place, Repository) else Hook(organization=place)
    hook.owner, hook.is_active = owner, is_active
    hook.format, hook.events, hook.keyword = _format(format), _events(events), _keyword(keyword)
    _set_address(hook, address)
    hook.secret_encrypted = _sealed(secret)
    with transaction.atomic():
        here = Q(repository=hook.repository, organization=hook.organization)
        if Hook.objects.filter(here).count() >= MOST:
            raise Conflict(_("At most %d webhooks.") % MOST, field="address")
        hook.save()
        _log(actor, "hook_added", hook)
    return hook


def change_hook(
    actor: Actor,
    hook: Hook,
    *,
    address: str = "",
    format: str | None = None,
    secret: str = "",
    forget_secret: bool = False,
    keyword: str | None = None,
    events: Sequence[str] | None = None,
    is_active: bool | None = None,
) -> Hook:
    """Change what is given; the rest stays, address and secret too. It acts with the rights of `actor` from now on, and failures are forgotten.

    Raises NotFound or Forbidden (rules.can_administer_hooks), Invalid.
    """
    rules.can_administer_hooks(actor, rules.place_of(hook)).require()
    hook.owner = rules.person_of(actor)
    hook.format = hook.format if format is None else _format(format)
    hook.keyword = hook.keyword if keyword is None else _keyword(keyword)
    hook.events = hook.events if events is None else _events(events)
    hook.is_active = hook.is_active if is_active is None else is_active
    if address:
        _set_address(hook, address)
    if secret or forget_secret:
        hook.secret_encrypted = _sealed(secret)
    with transaction.atomic():
        Hook.objects.filter(pk=hook.pk).update(
            owner=hook.owner, format=hook.format, keyword=hook.keyword, events=hook.events, is_active=hook.is_active,
            address_encrypted=hook.address_encrypted, address_shown=hook.address_shown, secret_encrypted=hook.secret_encrypted,
            stopped_because="", failing_since=None, failures=0, next_at=timezone.now(),
        )  # fmt: skip
        _log(actor, "hook_changed", hook)
    hook.refresh_from_db()
    return hook


def remove_hook(actor: Actor, hook: Hook) -> None:
    """Forget it with its secret and its log. Raises NotFound or Forbidden (rules.can_administer_hooks)."""
    rules.can_administer_hooks(actor, rules.place_of(hook)).require()
    with transaction.atomic():
        _log(actor, "hook_removed", hook)
        Hook.objects.filter(pk=hook.pk).delete()


def test_hook(actor: Actor, hook: Hook) -> Dispatch:
    """Send a ping, also if it is switched off. Raises NotFound or Forbidden (rules.can_administer_hooks), LimitReached (60 an hour)."""
    rules.can_administer_hooks(actor, rules.place_of(hook)).require()
    take(f"hook-test:{hook.pk}", limit=60, seconds=3600)
    with transaction.atomic():
        made = Dispatch.objects.create(hook=hook, kind="ping", is_aside=True, about={"by": rules.person_of(actor).pk})
        Hook.objects.filter(pk=hook.pk).update(next_at=timezone.now())
    return made


def redeliver(actor: Actor, dispatch: Dispatch) -> Dispatch:
    """Send a message once more, under the same id, composed anew. Raises NotFound or Forbidden, Conflict (it waits still), LimitReached."""
    rules.can_administer_hooks(actor, rules.place_of(dispatch.hook)).require()
    if dispatch.state == Dispatch.State.WAITING:
        raise Conflict(_("It waits to be sent already."))
    take(f"hook-test:{dispatch.hook_id}", limit=60, seconds=3600)
    with transaction.atomic():
        made = Dispatch.objects.create(
            hook=dispatch.hook, key=dispatch.key, kind=dispatch.kind, action=dispatch.action, about=dispatch.about, is_aside=True
        )
        Hook.objects.filter(pk=dispatch.hook_id).update(next_at=timezone.now())
    return made


def enqueue(actor: Actor, repository_id: int, told: Iterable[Told], *, cause: str) -> int:
    """Put what happened in a repository into the queues of its hooks and its organization's; twice changes nothing. Only the system may.

    Two queries where nobody listens. Returns how many messages wait.
    """
    if not actor.is_system:
        HIDE.require()
    here = Q(repository_id=repository_id) | Q(organization__namespace__repositories=repository_id, organization__deleted_at=None)
    hooks = list(Hook.objects.filter(here, is_active=True).order_by("pk").values_list("pk", "events"))
    if not hooks:
        return 0
    told = list(told)
    with transaction.atomic():
        waiting = dict(
            Dispatch.objects.filter(hook__in=[pk for pk, _events in hooks], state=Dispatch.State.WAITING)
            .order_by().values_list("hook").annotate(n=Count("pk"))
        )  # fmt: skip
        rows = [
            Dispatch(hook_id=pk, cause=f"{cause}:{one.place}"[:60], kind=one.kind, action=one.action, about={"repository": repository_id, **one.about})
            for pk, wanted in hooks
            if waiting.get(pk, 0) < WAITING_MOST
            for one in told
            if not wanted or one.kind in wanted
        ]  # fmt: skip
        Dispatch.objects.bulk_create(rows, ignore_conflicts=True)
        wake(*{row.hook_id for row in rows})
    return len(rows)


def wake(*hooks: int) -> None:
    """They have something to send. Always writes their rows: whoever empties a queue meanwhile holds them and looks again."""
    Hook.objects.filter(pk__in=hooks).update(next_at=Coalesce(F("next_at"), Value(timezone.now())))


def _set_address(hook: Hook, address: str) -> None:
    """Raises Invalid for an address that may not be asked, or our own."""
    text = address.strip()
    try:
        target = check_url(text)
    except Invalid as error:
        if error.code != "address":
            raise
        raise Invalid(_("Give an address such as https://example.org/hook."), field="address", code="address") from error
    if is_ourselves(target):
        raise Invalid(_("The address leads back to us."), field="address", code="loop")
    hook.address_encrypted = encrypt(_whole(target), purpose="hook-address")
    hook.address_shown = chats.masked(target.url, is_chat=hook.format in CHATS)


def _whole(target: Target) -> str:
    """With user name and password, if there are."""
    pair = f"{quote(target.username, safe='')}:{quote(target.password, safe='')}@" if target.username else ""
    return target.url.replace("://", f"://{pair}", 1)


def _format(format: str) -> str:
    if format not in Format.values:
        raise Invalid(_("There is no such format."), field="format")
    return format


def _events(events: Sequence[str]) -> list[str]:
    strange = [one for one in events if one not in Happens.values]
    if strange:
        raise Invalid(_("There is no event “%s”.") % strange[0][:60], field="events")
    return [one for one in Happens.values if one in events]


def _keyword(keyword: str) -> str:
    text = " ".join(keyword.split())
    if len(text) > 60:
        raise Invalid(_("At most %d characters.") % 60, field="keyword")
    return text


def _sealed(secret: str) -> str:
    if len(secret) > 500:
        raise Invalid(_("At most %d characters.") % 500, field="secret")
    return encrypt(secret, purpose="hook") if secret else ""


def _log(actor: Actor, kind: str, hook: Hook) -> None:
    """One line for whoever did it: what happens goes out by it."""
    if actor.person is not None:
        name = f"{rules.place_of(hook)} → {hook.address_shown}"[:200]
        record_security_event(actor.person.pk, kind, detail={"name": name}, ip=actor.ip, user_agent=actor.user_agent)
