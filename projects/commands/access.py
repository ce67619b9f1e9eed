"""Who else may work in a repository: collaborators and teams."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Namespace, Team, User
from core.actors import Actor
from core.errors import Invalid, NotFound
from projects import rules
from projects.models import Access, Collaborator, Repository, TeamAccess


def _require_level(access: str) -> None:
    if access not in Access.values:
        raise Invalid(_("Choose what they may do."), field="access")


def set_collaborator(actor: Actor, repository: Repository, user: User, *, access: str) -> Collaborator:
    """Give a person access or change it. Raises NotFound or Forbidden (rules.can_administer), Invalid (level, the owner themselves)."""
    rules.can_administer(actor, repository).require()
    _require_level(access)
    if user.namespace_id == repository.namespace_id:
        raise Invalid(_("The owner has every right already."), field="login")
    with transaction.atomic():
        collaborator, _made = Collaborator.objects.update_or_create(repository=repository, user=user, defaults={"access": access})
    return collaborator


def remove_collaborator(actor: Actor, repository: Repository, user: User) -> None:
    """Administrators remove people; everyone may leave. Raises NotFound, Forbidden (rules.can_administer)."""
    if actor.person != user:
        rules.can_administer(actor, repository).require()
    deleted, _rows = Collaborator.objects.filter(repository=repository, user=user).delete()
    if not deleted:
        raise NotFound(_("This person is not a collaborator."))


def set_team_access(actor: Actor, repository: Repository, team: Team, *, access: str) -> TeamAccess:
    """Give a team of the owning organisation access.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (level, another organisation).
    """
    rules.can_administer(actor, repository).require()
    _require_level(access)
    if repository.namespace.kind != Namespace.Kind.ORGANIZATION or team.organization.namespace_id != repository.namespace_id:
        raise Invalid(_("Only teams of the owning organization can have access."), field="team")
    with transaction.atomic():
        given, _made = TeamAccess.objects.update_or_create(repository=repository, team=team, defaults={"access": access})
    return given


def remove_team_access(actor: Actor, repository: Repository, team: Team) -> None:
    """Take a team's access away. Raises NotFound or Forbidden (rules.can_administer)."""
    rules.can_administer(actor, repository).require()
    TeamAccess.objects.filter(repository=repository, team=team).delete()
