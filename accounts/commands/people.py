"""Accounts come and change."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import rules
from accounts.commands.names import require_free_slug, require_name, take_slug
from accounts.events import PersonRegistered
from accounts.logic import clean_display_name, name_fault
from accounts.models import Acceptance, LegalDocument, Namespace, User
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid


def create_user(actor: Actor, login: str, *, email: str, password: str, is_admin: bool = False, **profile: str) -> User:
    """An account with a confirmed address, made by the operator; `profile` may give display_name, bio, affiliation, location.

    Raises NotFound (rules.can_administer_site), Invalid (login, email, password), Conflict (login or e-mail taken).
    Publishes PersonRegistered.
    """
    rules.can_administer_site(actor).require()
    require_name(login, kind="namespace", field="login")
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(_("This is not an e-mail address."), field="email") from error
    candidate = User(username=login, email=email, display_name=clean_display_name(profile.get("display_name", "")))
    try:
        validate_password(password, candidate)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    candidate.set_password(password)  # slow by design: before the transaction
    candidate.is_staff = is_admin
    candidate.bio, candidate.affiliation = profile.get("bio", ""), profile.get("affiliation", "")
    candidate.location = profile.get("location", "")
    with transaction.atomic():
        require_free_slug(login, field="login")
        if User.objects.filter(email__iexact=email).exists():
            raise Conflict(_("This e-mail address is in use."), field="email")
        candidate.namespace = take_slug(login, Namespace.Kind.PERSON)
        candidate.save()
        EmailAddress.objects.create(user=candidate, email=email, verified=True, primary=True)
        events.publish(PersonRegistered(user_id=candidate.pk))
    return candidate


def slug_taken(slug: str) -> bool:
    """True if a person or organisation holds the name."""
    return Namespace.objects.filter(slug__iexact=slug).exists()


def register_person(candidate: User, *, needs_approval: bool = False) -> User:
    """Save an account that signed up, with its namespace, and accept the legal pages in force.

    Raises Invalid or Conflict (name). Publishes PersonRegistered.
    """
    require_name(candidate.username, kind="namespace", field="username")
    candidate.state = User.State.PENDING if needs_approval else User.State.ACTIVE
    with transaction.atomic():
        require_free_slug(candidate.username, field="username")
        candidate.namespace = take_slug(candidate.username, Namespace.Kind.PERSON)
        candidate.save()
        for kind in LegalDocument.Kind.values:
            document = LegalDocument.objects.filter(kind=kind).order_by("-published_at").first()
            if document is not None:
                Acceptance.objects.create(user=candidate, document=document)
        events.publish(PersonRegistered(user_id=candidate.pk))
    return candidate


def prepare_social(candidate: User, *, wish: str = "", needs_approval: bool = False) -> None:
    """Give an account that comes from another site a free login, `wish` or like it, and its namespace."""
    candidate.state = User.State.PENDING if needs_approval else User.State.ACTIVE
    wish = candidate.username or wish
    base = (
        "".join(character for character in wish if character.isascii() and (character.isalnum() or character in "._-")).strip("-._")[:32]
        or "user"
    )
    name, number = base, 1
    while slug_taken(name) or name_fault(name, kind="namespace"):
        number += 1
        name = f"{base}{number}"
    candidate.username = name
    candidate.namespace = take_slug(name, Namespace.Kind.PERSON)
