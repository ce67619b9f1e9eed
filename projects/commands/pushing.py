"""Push mirrors: set up, changed and asked for by people; due after each push. `outbound` does the work."""

from dataclasses import replace

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands import record_security_event
from core import sshclient
from core.actors import Actor
from core.errors import Conflict, Invalid
from core.limits import take
from core.outgoing import Target, check_url
from core.rules import HIDE
from core.secrets import encrypt
from projects import rules
from projects.commands.mirror_keys import kept_address
from projects.commands.mirrors import clean_filters
from projects.mirrors import addresses
from projects.models import PushMirror, Repository, Visibility
from projects.queries import pushing as reads

MOST = 10  # of one repository


def add_push_mirror(
    actor: Actor,
    repository: Repository,
    *,
    address: str,
    username: str = "",
    password: str = "",
    branches: list[str] | None = None,
    tags: list[str] | None = None,
    only_protected: bool = False,
    prunes: bool = False,
    overwrites: bool = False,
    may_publish: bool = False,
) -> PushMirror:
    """Push the repository to another host from now on; over HTTPS with a token at once, over SSH once the key made here is known there.

    Raises NotFound or Forbidden (rules.can_push_elsewhere), Invalid (address, ourselves, filters, not public and not ticked), Conflict
    (a mirror, archived, there already, too many).
    """
    rules.can_push_elsewhere(actor, repository).require()
    _require_hosted(repository)
    target = check_url(_as_url(address), schemes=reads.schemes())
    if reads.is_ourselves(target):
        raise Invalid(_("The address leads back to us."), field="address", code="loop")
    _require_consent(repository, target.host, may_publish=may_publish)
    mirror = _made(target, username=username, password=password)
    mirror.repository, mirror.created_by = repository, actor.person
    mirror.branches, mirror.tags = clean_filters(branches or [], field="branches"), clean_filters(tags or [], field="tags")
    mirror.only_protected, mirror.prunes, mirror.overwrites, mirror.may_publish = only_protected, prunes, overwrites, may_publish
    try:
        with transaction.atomic():
            if PushMirror.objects.filter(repository=repository).count() >= MOST:
                raise Conflict(_("At most %d push mirrors for a repository.") % MOST, field="address")
            mirror.save()
            _log(actor, "push_mirror_added", mirror)
    except IntegrityError as error:
        raise Conflict(_("The repository is pushed there already."), field="address", code="name_taken") from error
    return mirror


def _require_hosted(repository: Repository) -> None:
    if rules.is_mirror(repository):
        raise Conflict(_("This is a mirror; it follows another host. Only what is hosted here is pushed to others."), code="mirror")
    if repository.is_archived:
        raise Conflict(_("This repository is archived; it can only be read."), code="archived")


def _require_consent(repository: Repository, host: str, *, may_publish: bool) -> None:
    """What is not public leaves only by a tick of its own. Raises Invalid."""
    if repository.visibility != Visibility.PUBLIC and not may_publish:
        raise Invalid(
            _("This gives a repository that is not public to %s, whose settings then say who may read it. Tick this to confirm.") % host,
            field="may_publish",
            code="not_public",
        )


def _as_url(address: str) -> str:
    """`git@host:owner/name.git` as an ssh:// address; others as they are."""
    text = address.strip()
    found = addresses.parse(text) if "://" not in text else None
    if found is None:
        return text
    return found.url if found.scheme == "ssh" else f"https://{text}"


def _made(target: Target, *, username: str, password: str) -> PushMirror:
    """A row, not saved yet, for a checked address. Raises Invalid (SSH with a password)."""
    found = addresses.parse(target.url)
    mirror = PushMirror(
        address=target.url, key=(found.key if found else target.url.partition("://")[2])[:600], host=found.host if found else target.host
    )
    user, secret = username.strip() or target.username, password or target.password
    if target.scheme == "ssh":
        if secret:
            raise Invalid(_("Over SSH a key is used, not a password. It is made when you save."), field="password")
        mirror.address = kept_address(replace(target, username=user))
        private, mirror.public_key = sshclient.new_key(f"push-mirror-{target.host}"[:60])
        mirror.private_key_encrypted = encrypt(private, purpose="push-mirror-key")
    else:
        mirror.credentials_encrypted = _encrypted(user, secret)
        mirror.next_at = timezone.now()
    return mirror


def _encrypted(user: str, secret: str) -> str:
    return encrypt(f"{user or 'git'}:{secret}", purpose="push-mirror") if user or secret else ""


def change_push_mirror(
    actor: Actor,
    mirror: PushMirror,
    *,
    branches: list[str],
    tags: list[str],
    only_protected: bool,
    prunes: bool,
    overwrites: bool,
    may_publish: bool,
    username: str = "",
    password: str = "",
) -> PushMirror:
    """Other choices, and another token if one is given. It is pushed at once. Raises NotFound or Forbidden, Invalid."""
    rules.can_push_elsewhere(actor, mirror.repository).require()
    _require_consent(mirror.repository, mirror.host, may_publish=may_publish)
    changes: dict[str, object] = {
        "branches": clean_filters(branches, field="branches"), "tags": clean_filters(tags, field="tags"), "only_protected": only_protected,
        "prunes": prunes, "overwrites": overwrites, "may_publish": may_publish, "failures": 0, "next_at": timezone.now(),
    }  # fmt: skip
    if password:
        if mirror.public_key:
            raise Invalid(_("Over SSH a key is used, not a password. It is made when you save."), field="password")
        changes["credentials_encrypted"] = _encrypted(username.strip(), password)
    PushMirror.objects.filter(pk=mirror.pk).update(**changes)
    mirror.refresh_from_db()
    return mirror


def remove_push_mirror(actor: Actor, mirror: PushMirror) -> None:
    """Forget it, with its token or key; what was pushed stays there. Raises NotFound or Forbidden (rules.can_push_elsewhere)."""
    rules.can_push_elsewhere(actor, mirror.repository).require()
    with transaction.atomic():
        PushMirror.objects.filter(pk=mirror.pk).delete()
        _log(actor, "push_mirror_removed", mirror)


def ask_for_push(actor: Actor, mirror: PushMirror) -> None:
    """“Push now”. Raises NotFound or Forbidden, LimitReached (30 an hour and person), Conflict (something stops it)."""
    rules.can_push_elsewhere(actor, mirror.repository).require()
    if reason := reads.stop_reason(mirror):
        raise Conflict(reason)
    if actor.person is not None and not actor.is_staff:
        take(f"push-mirror:{actor.person.pk}", limit=30, seconds=3600)
    PushMirror.objects.filter(pk=mirror.pk).update(next_at=timezone.now(), failures=0)


def pause_push_mirror(actor: Actor, mirror: PushMirror, *, paused: bool) -> None:
    """Stop pushing, or push again (at once). Raises NotFound or Forbidden (rules.can_push_elsewhere)."""
    rules.can_push_elsewhere(actor, mirror.repository).require()
    PushMirror.objects.filter(pk=mirror.pk).update(is_paused=paused, failures=0, next_at=None if paused else timezone.now())


def forget_host_key(actor: Actor, mirror: PushMirror) -> None:
    """The next push takes the key that the host shows then. Raises NotFound or Forbidden (rules.can_push_elsewhere)."""
    rules.can_push_elsewhere(actor, mirror.repository).require()
    PushMirror.objects.filter(pk=mirror.pk).update(host_key="", failures=0, next_at=timezone.now())


def note_push(actor: Actor, repository_id: int, *, push_id: int) -> int:
    """A push was accepted here: what goes elsewhere is due. One that fails keeps its back-off. Twice changes nothing. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    behind = PushMirror.objects.filter(repository_id=repository_id, wanted__lt=push_id)
    with transaction.atomic():
        behind.filter(failures=0).update(next_at=timezone.now())
        return behind.update(wanted=push_id)


def _log(actor: Actor, kind: str, mirror: PushMirror) -> None:
    """One line for whoever did it: code goes out by it."""
    if actor.person is not None:
        name = f"{mirror.repository} → {mirror.address}"[:200]
        record_security_event(actor.person.pk, kind, detail={"name": name}, ip=actor.ip, user_agent=actor.user_agent)
