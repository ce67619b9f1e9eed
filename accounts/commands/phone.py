"""Phone numbers: proved by a code, kept encrypted, good for signing in."""

import re
import secrets
import time

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.commands.security import record_security_event
from accounts.events import MessageWritten
from accounts.models import Phone, User
from accounts.ports.sms import gateway
from core import events, limits
from core.actors import Actor, Scope
from core.errors import Conflict, Forbidden, Invalid
from core.secrets import decrypt, encrypt, keyed_hash

CODE_SECONDS = 600
TRIES = 5


def phone_number(text: str) -> str:
    """International form (ITU-T E.164) of what was typed; eleven digits beginning with 1 are a Chinese mobile number. Raises Invalid."""
    bare = re.sub(r"[\s().-]", "", text)
    if re.fullmatch(r"1[3-9][0-9]{9}", bare):
        bare = "+86" + bare
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", bare):
        raise Invalid(_("This is not a phone number."), field="number")
    return bare


def _hash(number: str) -> str:
    return keyed_hash(number, purpose="phone")


def _code(number: str, *, purpose: str) -> str:
    """The text with a fresh six-digit code, which replaces an earlier one."""
    code = f"{secrets.randbelow(10**6):06d}"
    entry = {"hash": keyed_hash(code + number, purpose="phone-code"), "id": secrets.token_hex(8)}
    cache.set(f"phone-code:{purpose}:{_hash(number)}", entry, CODE_SECONDS)
    return _("OpenI: your code is %s. It is good for 10 minutes.") % code


def _send(number: str, *, purpose: str) -> None:
    """Now, so that the page can say that it did not work. Raises Unavailable."""
    gateway().send(number, _code(number, purpose=purpose))


def deliver_message(number: str, text: str, *, written_at: float) -> None:
    """Send a message of the outbox, unless its code is too old by now. Raises Unavailable."""
    if time.time() - written_at < CODE_SECONDS:
        gateway().send(number, text)


def _limit(number: str, ip: str) -> None:
    """What one number and one address may cost in an hour and a day, and the whole site in a day (OPENI_SMS_PER_DAY)."""
    for key, hour, day in ((f"phone-number:{_hash(number)}", 5, 10), (f"phone-ip:{ip}", 20, 60)):
        limits.take(key, limit=hour, seconds=3600)
        limits.take(key, limit=day, seconds=86400)
    limits.take("phone-site", limit=settings.SMS_PER_DAY, seconds=86400)


def _check(number: str, code: str, *, purpose: str) -> None:
    """Use up the code. Raises Invalid: wrong, too old, or tried five times."""
    name = f"phone-code:{purpose}:{_hash(number)}"
    entry = cache.get(name)
    wrong = Invalid(_("The code is wrong or too old."), field="code")
    if entry is None:
        raise wrong
    # Counted over the code's whole life, by an atomic counter: parallel guesses get no more tries.
    tries = f"phone-tries:{entry['id']}"
    cache.add(tries, 0, CODE_SECONDS)
    if cache.incr(tries) > TRIES:
        cache.delete(name)
        raise wrong
    if not secrets.compare_digest(entry["hash"], keyed_hash(code.strip() + number, purpose="phone-code")):
        raise wrong
    cache.delete(name)


def send_phone_code(actor: Actor, *, number: str) -> str:
    """Send a code that proves the number is one's own; returns its international form. Raises Forbidden, Invalid, LimitReached, Unavailable."""
    if actor.person is None or not actor.may(Scope.ADMIN) or actor.repositories is not None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    number = phone_number(number)
    _limit(number, actor.ip)
    _send(number, purpose=f"add-{actor.person.pk}")
    return number


def confirm_phone(actor: Actor, *, number: str, code: str) -> Phone:
    """Keep the number, in place of an earlier one. Raises Forbidden, Invalid (code), Conflict (another account has it)."""
    if actor.person is None or not actor.may(Scope.ADMIN) or actor.repositories is not None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    number = phone_number(number)
    _check(number, code, purpose=f"add-{actor.person.pk}")
    try:
        with transaction.atomic():
            Phone.objects.filter(user=actor.person).delete()
            made = Phone.objects.create(
                user=actor.person, number_encrypted=encrypt(number, purpose="phone"), number_hash=_hash(number), verified_at=timezone.now()
            )
            record_security_event(actor.person.pk, "phone_added", ip=actor.ip, user_agent=actor.user_agent)
    except IntegrityError as error:
        raise Conflict(_("This number belongs to another account."), field="code", code="phone_taken") from error
    return made


def remove_phone(actor: Actor) -> None:
    """It signs in no longer. Raises Forbidden."""
    if actor.person is None or not actor.may(Scope.ADMIN) or actor.repositories is not None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    with transaction.atomic():
        deleted, _rows = Phone.objects.filter(user=actor.person).delete()
        if deleted:
            record_security_event(actor.person.pk, "phone_removed", ip=actor.ip, user_agent=actor.user_agent)


def send_sign_in_code(actor: Actor, *, number: str) -> str:
    """Send a code to a number that an account has; any other number gets the same answer and no message. Raises Invalid, LimitReached.

    Publishes MessageWritten.
    """
    number = phone_number(number)
    _limit(number, actor.ip)
    with transaction.atomic():
        if Phone.objects.filter(number_hash=_hash(number), user__is_active=True).exists():
            text = _code(number, purpose="sign-in")
            secret = encrypt(f"{number}\n{text}", purpose="message")
            events.publish(MessageWritten(secret=secret, written_at=time.time()))  # sent by the worker: no answer takes longer than another
    return number


def person_by_code(number: str, code: str) -> User:
    """Whose number it is, if the code is right. Raises Invalid."""
    number = phone_number(number)
    _check(number, code, purpose="sign-in")
    phone = Phone.objects.select_related("user").filter(number_hash=_hash(number)).first()
    if phone is None:
        raise Invalid(_("The code is wrong or too old."), field="code")
    return phone.user


def _own_number(actor: Actor) -> str:
    row = Phone.objects.filter(user=actor.person).first() if actor.person else None
    if row is None:
        raise Forbidden(_("Your account has no phone number."), code="no_phone")
    return decrypt(row.number_encrypted, purpose="phone")


def send_own_code(actor: Actor) -> None:
    """A code to one's own number, to prove before a dangerous act that it is still oneself. Raises Forbidden, LimitReached, Unavailable."""
    number = _own_number(actor)
    _limit(number, actor.ip)
    _send(number, purpose="proof")


def prove_by_phone(actor: Actor, *, code: str) -> None:
    """Use up that code. Raises Forbidden, Invalid."""
    _check(_own_number(actor), code, purpose="proof")
