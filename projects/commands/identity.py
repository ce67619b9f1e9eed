"""Under which name web edits are committed."""

from datetime import UTC, datetime

from django.conf import settings

from core.actors import Actor
from gitstore import Signature


def signature_of(actor: Actor) -> Signature:
    """Author and committer of what the actor does in the browser: shown name and e-mail address; the site for the system.

    Time is now, UTC.
    """
    if actor.person is None:
        return Signature(name="OpenI", email=settings.DEFAULT_FROM_EMAIL.split("<")[-1].rstrip(">"), when=datetime.now(UTC))
    person = actor.person
    return Signature(name=person.shown_name, email=person.email or f"{person.slug}@localhost", when=datetime.now(UTC))
