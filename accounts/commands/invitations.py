"""Invitations into organisations: by login or by mail, accepted, declined, sent again, withdrawn."""

import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rules
from accounts.commands.administration import note_act
from accounts.events import InvitationSent, MembershipChanged
from accounts.logic import ROLES, token_hash
from accounts.models import Invitation, Membership, Organization, User
from core import events, limits
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from core.rules import needs_sign_in
from core.secrets import encrypt

INVITATION_DAYS = 14
INVITATIONS_A_DAY = 100  # of one organisation


def invite(actor: Actor, organization: Organization, *, role: str, email: str = "", login: str = "") -> tuple[Invitation, str]:
    """Invite a person by login, or an address; an earlier open invitation of the same is replaced.

    Returns the invitation and the secret of its link, which is stored hashed. Raises Forbidden, Invalid (role, login, address), Conflict
    (already a member), LimitReached. Publishes InvitationSent (a mail follows).
    """
    rules.can_administer_organization(actor, organization).require()
    if role not in ROLES:
        raise Invalid(_("Choose a role."), field="role")
    invited = _invited(login) if login else None
    email = "" if login else _address(email)
    member = invited or User.objects.filter(emailaddress__email__iexact=email, emailaddress__verified=True).first()
    if member and Membership.objects.filter(organization=organization, user=member).exists():
        raise Conflict(_("This person is a member already."), field="who", code="member")
    limits.take(f"invitations:{organization.pk}", limit=INVITATIONS_A_DAY, seconds=86400)
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        same = Invitation.objects.filter(organization=organization, accepted_at=None)
        (same.filter(user=invited) if invited else same.filter(email__iexact=email, user=None)).delete()
        invitation = Invitation.objects.create(
            organization=organization, email=email, user=invited, role=role, token_hash=token_hash(secret), invited_by=actor.person,
            expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
        )  # fmt: skip
        events.publish(InvitationSent(invitation_id=invitation.pk, secret=encrypt(secret, purpose="invitation")))
    return invitation, secret


def invite_to_site(actor: Actor, *, email: str) -> tuple[Invitation, str]:
    """Open sign-up once for an address, where people sign up by invitation. Raises NotFound (not staff), Invalid, Conflict (has an account).

    Publishes InvitationSent.
    """
    rules.can_administer_site(actor).require()
    email = _address(email)
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(_("This e-mail address is in use."), field="email")
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        Invitation.objects.filter(organization=None, email__iexact=email, accepted_at=None).delete()
        invitation = Invitation.objects.create(
            email=email, token_hash=token_hash(secret), invited_by=actor.person, expires_at=timezone.now() + timedelta(days=INVITATION_DAYS)
        )
        note_act(actor, "invite_to_site", email)
        events.publish(InvitationSent(invitation_id=invitation.pk, secret=encrypt(secret, purpose="invitation")))
    return invitation, secret


def use_site_invitation(user: User, *, secret: str) -> None:
    """Who signed up by a site's invitation has used it up (one of an organisation is answered on its page). Raises Conflict (used before)."""
    found = Invitation.objects.filter(token_hash=token_hash(secret), organization=None) if secret else None
    if found is None or not found.exists():
        return
    if not found.filter(accepted_at=None, expires_at__gt=timezone.now()).update(accepted_at=timezone.now(), user=user):
        raise Conflict(_("This invitation was used or has expired."), code="invitation_over")


def _invited(login: str) -> User:
    found = User.objects.filter(username__iexact=login, is_active=True).first()
    if found is None:
        raise Invalid(_("There is nobody with the login “%s”.") % login, field="who")
    return found


def _address(email: str) -> str:
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(_("Give a login or an e-mail address."), field="who") from error
    return email.lower()


def resend_invitation(actor: Actor, invitation: Invitation) -> tuple[Invitation, str]:
    """A new link and new days for the same person, in place of the old link. Raises as `invite`."""
    if invitation.organization is None:
        raise NotFound(_("There is no such invitation."))
    login = invitation.user.username if invitation.user else ""
    return invite(actor, invitation.organization, role=invitation.role, email=invitation.email, login=login)


def accept_invitation(actor: Actor, invitation: Invitation) -> Membership:
    """Join by an open invitation. Raises Forbidden (anonymous, someone else's), Conflict (used, declined or expired).

    Publishes MembershipChanged.
    """
    with transaction.atomic():
        fresh, person = _open(actor, invitation)
        Invitation.objects.filter(pk=fresh.pk).update(accepted_at=timezone.now(), user=person)
        membership, made = Membership.objects.get_or_create(organization=fresh.organization, user=person, defaults={"role": fresh.role})
        if made:
            events.publish(MembershipChanged(organization_id=membership.organization_id, user_id=person.pk, role=fresh.role))
    return membership


def decline_invitation(actor: Actor, invitation: Invitation) -> None:
    """Say no: the link stops working, the owners see it. Raises as `accept_invitation`."""
    with transaction.atomic():
        fresh, _person = _open(actor, invitation)
        Invitation.objects.filter(pk=fresh.pk).update(declined_at=timezone.now())


def _open(actor: Actor, invitation: Invitation) -> tuple[Invitation, User]:
    """The row, locked, and who answers it."""
    if (refusal := needs_sign_in(actor)) is not None:
        refusal.require()
    rules.can_change_oneself(actor).require()
    fresh = Invitation.objects.select_for_update(of=("self",)).select_related("organization__namespace").filter(pk=invitation.pk).first()
    over = fresh is None or fresh.accepted_at or fresh.declined_at or fresh.expires_at <= timezone.now()
    if fresh is None or over or fresh.organization is None or fresh.organization.deleted_at or actor.person is None:
        raise Conflict(_("This invitation was used or has expired."), code="invitation_over")
    rules.can_answer(actor, fresh).require()
    return fresh, actor.person


def withdraw_invitation(actor: Actor, invitation: Invitation) -> None:
    """The link stops working."""
    if invitation.organization is None:
        raise NotFound(_("There is no such invitation."))
    rules.can_administer_organization(actor, invitation.organization).require()
    invitation.delete()
