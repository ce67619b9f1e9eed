"""Mirrors over SSH: a deploy key of their own, and the other side's key pinned until a person trusts another."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import events, sshclient
from core.actors import Actor
from core.errors import Conflict, Invalid
from core.outgoing import Target
from core.secrets import encrypt
from projects import rules
from projects.commands.looking import schemes
from projects.events import MirrorAsked
from projects.mirrors import addresses
from projects.models import Mirror, MirrorKey


def cloneable(text: str) -> str:
    """The address as git clones it: `git@host:owner/name.git` becomes `ssh://…`. Raises Invalid (a scheme that is not allowed)."""
    found = addresses.parse(text) if "://" not in text else None
    if found is not None and found.scheme == "ssh":
        text = found.url
    scheme = text.partition("://")[0].lower()
    if scheme == "git" and "git" not in schemes():
        raise Invalid(_("git:// addresses are not allowed here: nothing is encrypted and nobody is authenticated."), field="address")
    return text


def kept_address(target: Target) -> str:
    """What the row keeps: the address without credentials; the user of SSH is none. Raises Invalid."""
    if target.scheme != "ssh":
        return target.url
    try:
        sshclient.address_of(target)
    except ValueError as error:
        raise Invalid(_("This is no user name for SSH."), field="address") from error
    return target.url.replace("://", f"://{target.username or 'git'}@", 1)


def give_key(mirror: Mirror) -> MirrorKey:
    """A fresh deploy key instead of the one before, if there was one."""
    private, public = sshclient.new_key(f"openi-mirror-{mirror.pk}")
    values = {"public_key": public, "private_key_encrypted": encrypt(private, purpose="mirror-key"), "created_at": timezone.now()}
    key, _made = MirrorKey.objects.update_or_create(mirror=mirror, defaults=values)
    return key


def renew_mirror_key(actor: Actor, mirror: Mirror) -> None:
    """A new deploy key; the old one opens nothing any more. Raises NotFound or Forbidden (rules.can_administer), Conflict (not over SSH)."""
    rules.can_administer(actor, mirror.repository).require()
    _require_ssh(mirror)
    give_key(mirror)


def trust_host_key(actor: Actor, mirror: Mirror) -> None:
    """Forget the other side's key; the next connection pins what it shows then.

    Raises NotFound or Forbidden (rules.can_administer), Conflict (not over SSH). Publishes MirrorAsked.
    """
    rules.can_administer(actor, mirror.repository).require()
    _require_ssh(mirror)
    with transaction.atomic():
        MirrorKey.objects.filter(mirror=mirror).update(host_key="", host_key_at=None)
        Mirror.objects.filter(pk=mirror.pk).update(is_urgent=True, next_at=timezone.now())
        events.publish(MirrorAsked(mirror_id=mirror.pk))


def _require_ssh(mirror: Mirror) -> None:
    if not MirrorKey.objects.filter(mirror=mirror).exists():
        raise Conflict(_("This mirror is not reached over SSH."))
