"""Teams of organisations."""

import re

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import rules
from accounts.logic import clean_display_name
from accounts.models import Membership, Organization, Team, User
from core.actors import Actor
from core.errors import Conflict, Invalid


def team_slug(name: str) -> str:
    """The address of a team from its first name: letters and digits of any script, the rest becomes “-”."""
    return re.sub(r"[\W_]+", "-", name.lower()).strip("-")[:60] or "team"


def save_team(actor: Actor, organization: Organization, *, name: str, description: str = "", team: Team | None = None) -> Team:
    """Make or rename a team; the slug comes from the first name. Raises Forbidden, Invalid, Conflict."""
    rules.can_administer_organization(actor, organization).require()
    name = clean_display_name(name)
    if not name:
        raise Invalid(_("Give the team a name."), field="name")
    slug = team.slug if team else team_slug(name)
    try:
        with transaction.atomic():
            if team is None:
                return Team.objects.create(organization=organization, slug=slug, name=name, description=description.strip()[:300])
            team.name, team.description = name, description.strip()[:300]
            team.save(update_fields=["name", "description"])
            return team
    except IntegrityError as error:
        raise Conflict(_("There is a team of this name."), field="name") from error


def delete_team(actor: Actor, team: Team) -> None:
    """Remove a team and the access it gave."""
    rules.can_administer_organization(actor, team.organization).require()
    team.delete()


def set_team_member(actor: Actor, team: Team, user: User, *, present: bool) -> None:
    """Put a member of the organisation into a team or take them out. Raises Forbidden, Invalid (no member)."""
    rules.can_administer_organization(actor, team.organization).require()
    if not present:
        team.members.remove(user)
        return
    if not Membership.objects.filter(organization=team.organization, user=user).exists():
        raise Invalid(_("Only members of the organization can join a team."), field="login")
    team.members.add(user)
