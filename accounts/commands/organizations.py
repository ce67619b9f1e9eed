"""Organisations: founding, profile, members, teams, invitations."""

import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rules
from accounts.commands.names import require_free_slug, require_name, take_slug
from accounts.events import InvitationSent, MembershipChanged, OrganizationCreated
from accounts.logic import ROLES, clean_display_name, token_hash
from accounts.models import Invitation, Membership, Namespace, Organization, Team, User
from core import events
from core.actors import Actor, Scope
from core.errors import Conflict, Invalid, NotFound
from core.rules import needs, needs_sign_in, refuse
from core.secrets import encrypt

INVITATION_DAYS = 14


def create_organization(actor: Actor, slug: str, *, display_name: str = "", description: str = "") -> Organization:
    """Found an organisation; the founder owns it.

    Raises Forbidden (not signed in, scope), Invalid (name), Conflict (taken). Publishes OrganizationCreated.
    """
    if (refusal := needs(actor, Scope.ADMIN)) is not None:
        refusal.require()
    if actor.person is None:
        refuse(_("Only people can found organizations.")).require()
    founder: User = actor.person  # type: ignore[assignment]
    require_name(slug, kind="namespace", field="slug")
    try:
        with transaction.atomic():
            require_free_slug(slug, field="slug")
            organization = Organization.objects.create(
                namespace=take_slug(slug, Namespace.Kind.ORGANIZATION),
                display_name=clean_display_name(display_name),
                description=description.strip()[:1000],
            )
            Membership.objects.create(organization=organization, user=founder, role="owner")
            events.publish(OrganizationCreated(organization_id=organization.pk, by_id=founder.pk))
    except IntegrityError as error:
        raise Conflict(_("The name “%s” is taken.") % slug, field="slug", code="name_taken") from error
    return organization


def change_organization(
    actor: Actor, organization: Organization, *, display_name: str, description: str, location: str, website: str, contact_email: str
) -> Organization:
    """Write the profile. Raises Forbidden (rules.can_administer_organization)."""
    rules.can_administer_organization(actor, organization).require()
    organization.display_name = clean_display_name(display_name)
    organization.description, organization.location = description.strip(), location.strip()
    organization.website, organization.contact_email = website, contact_email
    organization.save(update_fields=["display_name", "description", "location", "website", "contact_email"])
    return organization


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
    if actor.person != user:
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


def save_team(actor: Actor, organization: Organization, *, name: str, description: str = "", team: Team | None = None) -> Team:
    """Make or rename a team; the slug comes from the first name. Raises Forbidden, Invalid, Conflict."""
    rules.can_administer_organization(actor, organization).require()
    name = clean_display_name(name)
    if not name:
        raise Invalid(_("Give the team a name."), field="name")
    slug = team.slug if team else "-".join(name.lower().split())[:60]
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


def invite(actor: Actor, organization: Organization, *, email: str, role: str) -> tuple[Invitation, str]:
    """Invite an address; returns the invitation and the secret of its link, which is stored hashed.

    Raises Forbidden, Invalid, Conflict (already a member). Publishes InvitationSent (a mail follows).
    """
    rules.can_administer_organization(actor, organization).require()
    if role not in ROLES:
        raise Invalid(_("Choose a role."), field="role")
    invited = User.objects.filter(email__iexact=email).first()
    if invited and Membership.objects.filter(organization=organization, user=invited).exists():
        raise Conflict(_("This person is a member already."), field="email")
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            organization=organization,
            email=email,
            user=invited,
            role=role,
            token_hash=token_hash(secret),
            invited_by=actor.person,
            expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
        )
        events.publish(InvitationSent(invitation_id=invitation.pk, secret=encrypt(secret, purpose="invitation")))
    return invitation, secret


def accept_invitation(actor: Actor, invitation: Invitation) -> Membership:
    """Join by an open invitation. Raises Forbidden (anonymous), Conflict (used or expired). Publishes MembershipChanged."""
    if (refusal := needs_sign_in(actor)) is not None:
        refusal.require()
    with transaction.atomic():
        fresh = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if fresh.accepted_at or fresh.expires_at <= timezone.now() or fresh.organization is None or actor.person is None:
            raise Conflict(_("This invitation was used or has expired."))
        Invitation.objects.filter(pk=fresh.pk).update(accepted_at=timezone.now(), user=actor.person)
        membership, made = Membership.objects.get_or_create(
            organization=fresh.organization, user=actor.person, defaults={"role": fresh.role}
        )
        if made:
            events.publish(MembershipChanged(organization_id=fresh.organization.pk, user_id=actor.person.pk, role=fresh.role))
    return membership


def withdraw_invitation(actor: Actor, invitation: Invitation) -> None:
    """The link stops working."""
    if invitation.organization is None:
        raise NotFound(_("There is no such invitation."))
    rules.can_administer_organization(actor, invitation.organization).require()
    invitation.delete()


def delete_organization(actor: Actor, organization: Organization, *, confirmation: str) -> None:
    """Close an organisation that owns nothing any more; its name becomes free.

    Raises Forbidden, Invalid (typed confirmation), Conflict (it still has repositories).
    """
    rules.can_administer_organization(actor, organization).require()
    if confirmation != organization.slug:
        raise Invalid(_("Type “%s” to confirm.") % organization.slug, field="confirmation")
    with transaction.atomic():
        if organization.namespace.repositories.filter(deleted_at=None).exists():
            raise Conflict(_("Move or delete its repositories first."), code="not_empty")
        Organization.objects.filter(pk=organization.pk).update(deleted_at=timezone.now())
        Membership.objects.filter(organization=organization).delete()
        Namespace.objects.filter(pk=organization.namespace_id).update(slug=f"deleted-{organization.pk}-{secrets.token_hex(4)}")
