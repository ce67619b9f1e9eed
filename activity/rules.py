"""Who may do what here."""

from django.utils.translation import gettext as _

from accounts import rules as people
from accounts.models import Organization, User
from activity.models import Hook
from core.actors import Actor
from core.errors import Forbidden
from core.rules import HIDE, Decision
from projects import rules as projects
from projects.models import Repository


def can_administer_hooks(actor: Actor, place: Repository | Organization) -> Decision:
    """Webhooks send what happens to other servers: administrators of the repository, owners of the organization."""
    if isinstance(place, Repository):
        return projects.can_administer(actor, place)
    return people.can_administer_organization(actor, place)


def place_of(hook: Hook) -> Repository | Organization:
    """What a hook tells of. Raises NotFound for a row without one (there is none: a constraint says so)."""
    found = hook.repository or hook.organization
    if found is None:
        HIDE.require()
    assert found is not None  # noqa: S101 - for the type checker
    return found


def person_of(actor: Actor) -> User:
    """The person who asks. Raises Forbidden."""
    if actor.person is None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    return actor.person
