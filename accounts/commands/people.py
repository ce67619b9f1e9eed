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
from accounts.logic import clean_display_name
from accounts.models import Namespace, User
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
