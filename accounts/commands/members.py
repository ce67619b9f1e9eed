"""Members of organisations: roles, leaving, ownership."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import rules
from accounts.events import MembershipChanged
from accounts.logic import ROLES
from accounts.models import Membership, Organization, Team, User
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound


def _require_another_owner(organization: Organization, user: User) -> None:
    """The last owner neither leaves nor steps down. Call inside the transaction: the rows are locked where the database can."""
    owners = Membership.objects.select_for_update().filter(organization=organization, role="owner")
    if {membership.user_id for membership in owners} == {user.pk}:
        raise Conflict(_("The last owner cannot leave. Make someone else owner first."), code="last_owner")


def set_member(actor: Actor, organization: Organization, user: User, *, role: str) -> Membership:
    """Add a member or change the role. Raises Forbidden, Invalid (role), Conflict (last owner). Publishes MembershipChanged."""
    rules.can_administer_organization(actor, organization).require()
    if role not in ROLES:
        raise Invalid(_("Choose a role."), field="role")
    with transaction.atomic():
        if role != "owner":
            _require_another_owner(organization, user)
        membership, _made = Membership.objects.update_or_create(organization=organization, user=user, defaults={"role": role})
        events.publish(MembershipChanged(organization_id=organization.pk, user_id=user.pk, role=role))
    return membership


def remove_member(actor: Actor, organization: Organization, user: User) -> None:
    """Owners remove members; everyone may leave. Raises Forbidden, NotFound, Conflict (last owner). Publishes MembershipChanged."""
    if actor.person != user or actor.repositories is not None:
        rules.can_administer_organization(actor, organization).require()
    with transaction.atomic():
        _require_another_owner(organization, user)
        deleted, _rows = Membership.objects.filter(organization=organization, user=user).delete()
        if not deleted:
            raise NotFound(_("This person is not a member."))
        for team in Team.objects.filter(organization=organization, members=user):
            team.members.remove(user)
        events.publish(MembershipChanged(organization_id=organization.pk, user_id=user.pk, role=""))


def set_membership_visibility(actor: Actor, organization: Organization, *, is_public: bool) -> None:
    """A member decides whether others see the membership. Raises NotFound if the actor is no member."""
    changed = Membership.objects.filter(organization=organization, user=actor.person).update(is_public=is_public)
    if not changed:
        raise NotFound(_("This person is not a member."))


def transfer_ownership(actor: Actor, organization: Organization, user: User, *, confirmation: str) -> Membership:
    """Make another member owner; whoever hands it over becomes maintainer. Raises Forbidden, Invalid. Publishes MembershipChanged, twice."""
    rules.can_administer_organization(actor, organization).require()
    if confirmation != organization.slug:
        raise Invalid(_("Type “%s” to confirm.") % organization.slug, field="confirmation")
    with transaction.atomic():
        heir = Membership.objects.select_for_update().filter(organization=organization, user=user).first()
        if heir is None or user == actor.person:
            raise Invalid(_("Choose another member of the organization."), field="login")
        Membership.objects.filter(pk=heir.pk).update(role="owner")
        events.publish(MembershipChanged(organization_id=organization.pk, user_id=user.pk, role="owner"))
        if actor.person is not None:
            stepped_down = Membership.objects.filter(organization=organization, user=actor.person, role="owner").update(role="maintainer")
            if stepped_down:
                events.publish(MembershipChanged(organization_id=organization.pk, user_id=actor.person.pk, role="maintainer"))
    heir.role = "owner"
    return heir
