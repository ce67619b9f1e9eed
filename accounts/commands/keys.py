"""SSH keys that sign in, and keys whose signatures count."""

import re
import subprocess
import tempfile

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.commands.security import record_security_event
from accounts.models import SigningKey, SigningSubkey, SSHKey, User
from core import sshkeys
from core.actors import Actor, Scope
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.rules import needs, needs_whole


def _require_oneself(actor: Actor) -> User:
    if (missing := needs(actor, Scope.ADMIN)) is not None:
        missing.require()
    if actor.person is None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    if (refusal := needs_whole(actor)) is not None:
        refusal.require()
    return actor.person


def add_ssh_key(actor: Actor, *, key: str, title: str = "") -> SSHKey:
    """Add a public key to oneself. Raises Forbidden, Invalid (form, kind, size), Conflict (known, whoever's)."""
    _require_oneself(actor)
    parsed = sshkeys.parse(key, field="key")
    try:
        with transaction.atomic():
            made = SSHKey.objects.create(
                user=actor.person, title=(title.strip() or parsed.comment or parsed.fingerprint)[:80], algorithm=parsed.algorithm,
                public_key=parsed.text, fingerprint=parsed.fingerprint,
            )  # fmt: skip
            _log(actor, "ssh_key_added", made.title)
    except IntegrityError as error:
        raise Conflict(_("This key is in use already."), field="key", code="key_taken") from error
    return made


def remove_ssh_key(actor: Actor, key_id: int) -> None:
    """It stops working at once. Raises NotFound."""
    _require_oneself(actor)
    with transaction.atomic():
        found = SSHKey.objects.filter(pk=key_id, user=actor.person).first()
        if found is None:
            raise NotFound(_("There is no such key."))
        found.delete()
        _log(actor, "ssh_key_removed", found.title)


def _log(actor: Actor, kind: str, name: str) -> None:
    if actor.person is not None:
        record_security_event(actor.person.pk, kind, detail={"name": name}, ip=actor.ip, user_agent=actor.user_agent)


def _gpg(key: str) -> tuple[list[str], str]:
    """(fingerprints, the primary key's first; user id) by `gpg --show-keys` in an empty home. Raises Invalid."""
    with tempfile.TemporaryDirectory(prefix="openi-gpg-") as home:
        try:
            found = subprocess.run(
                ["gpg", "--batch", "--homedir", home, "--show-keys", "--with-colons"], input=key.encode(), capture_output=True, timeout=10,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, check=False,
            )  # fmt: skip
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            raise Invalid(_("GPG keys cannot be read on this server."), field="key") from error
    text = found.stdout.decode("utf-8", "replace")
    fingerprints = re.findall(r"^fpr:::::::::([0-9A-F]{40,64}):", text, re.MULTILINE)
    if (
        "PRIVATE KEY" in key
        or not fingerprints
        or len(re.findall(r"^pub:", text, re.MULTILINE)) > 1
        or not re.search(r"^pub:", text, re.MULTILINE)
    ):
        raise Invalid(_("This is not an ASCII-armored public GPG key."), field="key")
    user = re.search(r"^uid:(?:[^:]*:){8}([^:]*):", text, re.MULTILINE)
    return fingerprints, user[1] if user else ""


def add_signing_key(actor: Actor, *, key: str, title: str = "") -> SigningKey:
    """An SSH or GPG public key whose signatures count as one's own.

    One's own GPG key given again takes the place of the old copy: new subkeys, a later expiry, a revocation.
    Raises Forbidden, Invalid, Conflict (known).
    """
    person = _require_oneself(actor)
    if "BEGIN PGP" in key:
        kind, text = SigningKey.Kind.GPG, key.strip()
        fingerprints, comment = _gpg(text)
    else:
        parsed = sshkeys.parse(key, field="key")
        kind, text, fingerprints, comment = SigningKey.Kind.SSH, parsed.text, [parsed.fingerprint], parsed.comment
    shown = (title.strip() or comment or fingerprints[0])[:80]
    try:
        with transaction.atomic():
            made = SigningKey.objects.filter(user=person, kind=SigningKey.Kind.GPG, fingerprint=fingerprints[0]).first()
            if made is None or kind == SigningKey.Kind.SSH:
                made = SigningKey.objects.create(user=person, kind=kind, title=shown, public_key=text, fingerprint=fingerprints[0])
            else:
                made.public_key = text
                made.save(update_fields=["public_key"])
                made.subkeys.all().delete()
            if kind == SigningKey.Kind.GPG:
                SigningSubkey.objects.bulk_create(SigningSubkey(key=made, fingerprint=one) for one in fingerprints)
            _log(actor, "signing_key_added", made.title)
    except IntegrityError as error:
        raise Conflict(_("This key is in use already."), field="key", code="key_taken") from error
    return made


def remove_signing_key(actor: Actor, key_id: int) -> None:
    """Signatures made with it no longer count. Raises NotFound."""
    _require_oneself(actor)
    with transaction.atomic():
        found = SigningKey.objects.filter(pk=key_id, user=actor.person).first()
        if found is None:
            raise NotFound(_("There is no such key."))
        found.delete()
        _log(actor, "signing_key_removed", found.title)
