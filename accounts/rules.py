"""Who may do what to people and organisations."""

from django.utils.translation import gettext as _

from accounts.logic import ROLES
from accounts.models import Invitation, Membership, Organization, User
from core.actors import Actor, Scope
from core.rules import ALLOW, HIDE, Decision, needs, needs_whole, refuse


def role_in(actor: Actor, organization: Organization) -> str:
    """The actor's role, "" for none; one query per request."""
    if actor.person is None:
        return ""
    key = ("org-roles", actor.person.pk)
    if key not in actor.memo:
        actor.memo[key] = dict(Membership.objects.filter(user=actor.person).values_list("organization_id", "role"))
    return str(actor.memo[key].get(organization.pk, ""))


def _at_least(actor: Actor, organization: Organization, role: str) -> bool:
    held = role_in(actor, organization)
    return bool(held) and ROLES.index(held) >= ROLES.index(role)


def can_change_oneself(actor: Actor) -> Decision:
    """Keys, tokens, phone, login: the person, by a session or an admin token for everything."""
    if (refusal := needs(actor, Scope.ADMIN)) is not None or (refusal := needs_whole(actor)) is not None:
        return refusal
    return refuse(_("Only people may do this.")) if actor.person is None else ALLOW


def can_administer_organization(actor: Actor, organization: Organization) -> Decision:
    """Owners change the profile, members, teams and delete; staff may too."""
    if (refusal := needs(actor, Scope.ADMIN)) is not None or (refusal := needs_whole(actor)) is not None:
        return refusal
    if actor.is_staff or _at_least(actor, organization, "owner"):
        return ALLOW
    return refuse(_("Only owners of the organization may do this."))


def can_create_in_organization(actor: Actor, organization: Organization) -> Decision:
    """Maintainers and owners create repositories in the organisation's name."""
    if (refusal := needs(actor, Scope.WRITE)) is not None or (refusal := needs_whole(actor)) is not None:
        return refusal
    if organization.deleted_at is not None:
        return refuse(_("This organization is closed. Restore it first."), "closed")
    if actor.is_staff or _at_least(actor, organization, "maintainer"):
        return ALLOW
    return refuse(_("Only maintainers and owners of the organization may do this."))


def can_restore_organization(actor: Actor, organization: Organization) -> Decision:
    """Its owners, while it is closed and not purged. Others learn nothing."""
    return ALLOW if organization.deleted_at and can_administer_organization(actor, organization) else HIDE


def can_answer(actor: Actor, invitation: Invitation) -> Decision:
    """An invitation of one person is theirs alone; one by mail is of whoever holds the link."""
    if invitation.user_id is not None and (actor.person is None or actor.person.pk != invitation.user_id):
        return refuse(_("This invitation is for someone else."))
    return ALLOW


def can_see_members(actor: Actor, organization: Organization) -> Decision:
    """Members see everybody, others only public memberships."""
    return ALLOW if actor.is_staff or role_in(actor, organization) else refuse(_("Only members see this."))


def can_administer_site(actor: Actor) -> Decision:
    """Staff, with a credential that carries the admin scope."""
    return ALLOW if actor.is_staff and actor.repositories is None else HIDE


def can_act(person: User) -> Decision:
    """Suspended and pending people can do nothing."""
    if person.state == User.State.SUSPENDED:
        return refuse(_("This account is suspended: %s") % person.suspended_reason, "suspended")
    if person.state == User.State.PENDING:
        return refuse(_("This account waits for an administrator's approval."), "pending")
    return ALLOW
