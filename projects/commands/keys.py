"""Deploy keys: public keys that open one repository, without a person."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.commands import record_security_event
from accounts.models import SSHKey
from core import sshkeys
from core.actors import Actor
from core.errors import Conflict, NotFound
from projects import rules
from projects.models import DeployKey, Repository


def add_deploy_key(actor: Actor, repository: Repository, *, title: str, key: str, can_write: bool = False) -> DeployKey:
    """Let the holder of `key` (one line in OpenSSH form) read, or push too.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (key), Conflict (the key is in use, without telling whose).
    """
    rules.can_administer(actor, repository).require()
    parsed = sshkeys.parse(key, field="key")
    try:
        with transaction.atomic():
            row = SSHKey.objects.create(
                title=title.strip()[:80] or parsed.comment[:80] or parsed.fingerprint[:20],
                algorithm=parsed.algorithm, public_key=parsed.text, fingerprint=parsed.fingerprint,
            )  # fmt: skip
            made = DeployKey.objects.create(repository=repository, key=row, can_write=can_write)
            _log(actor, "deploy_key_added", f"{repository}: {row.title}")
            return made
    except IntegrityError as error:
        raise Conflict(_("This key is in use already."), field="key", code="key_taken") from error


def remove_deploy_key(actor: Actor, repository: Repository, *, key: int) -> None:
    """Take the key away. Raises NotFound (rules.can_administer, no such key), Forbidden."""
    rules.can_administer(actor, repository).require()
    found = DeployKey.objects.filter(repository=repository, pk=key).first()
    if found is None:
        raise NotFound(_("There is no such key."))
    with transaction.atomic():
        title = found.key.title
        SSHKey.objects.filter(pk=found.key_id).delete()
        _log(actor, "deploy_key_removed", f"{repository}: {title}")


def _log(actor: Actor, kind: str, name: str) -> None:
    """One line for whoever did it: the key lets others in."""
    if actor.person is not None:
        record_security_event(actor.person.pk, kind, detail={"name": name[:200]}, ip=actor.ip, user_agent=actor.user_agent)
