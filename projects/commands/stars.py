"""Stars and watch levels."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import events
from core.actors import Actor
from core.errors import Forbidden, Invalid
from projects import rules
from projects.events import RepositoryChanged, RepositoryStarred
from projects.models import Repository, Star, Watch


def _person(actor: Actor) -> User:
    if actor.person is None:
        raise Forbidden(_("Only people can do this."))
    return actor.person


def star_repository(actor: Actor, repository: Repository) -> None:
    """Star it; doing so twice changes nothing. Raises NotFound or Forbidden (rules.can_star). Publishes RepositoryStarred."""
    rules.can_star(actor, repository).require()
    person = _person(actor)
    try:
        with transaction.atomic():
            _star, made = Star.objects.get_or_create(repository=repository, user=person)
            if made:
                events.publish(RepositoryStarred(repository_id=repository.pk, by_id=person.pk))
    except IntegrityError:  # the other of two clicks won
        return


def unstar_repository(actor: Actor, repository: Repository) -> None:
    """Take the star back; without one nothing happens. Raises NotFound or Forbidden (rules.can_star). Publishes RepositoryChanged."""
    rules.can_star(actor, repository).require()
    with transaction.atomic():
        gone, _by_model = Star.objects.filter(repository=repository, user=_person(actor)).delete()
        if gone:
            events.publish(RepositoryChanged(repository_id=repository.pk))


def watch_repository(actor: Actor, repository: Repository, *, level: str) -> None:
    """Choose how much to hear of it; "" goes back to the default. Raises NotFound, Forbidden (rules.can_star), Invalid (level)."""
    rules.can_star(actor, repository).require()
    person = _person(actor)
    if not level:
        Watch.objects.filter(repository=repository, user=person).delete()
        return
    if level not in Watch.Level.values:
        raise Invalid(_("There is no such watch level."), field="level")
    with transaction.atomic():
        Watch.objects.update_or_create(repository=repository, user=person, defaults={"level": level})
