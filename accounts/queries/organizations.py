"""Reads about organisations: members, teams, invitations, closed ones."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rules
from accounts.logic import ROLES, token_hash
from accounts.models import Invitation, Membership, Organization, Team, User
from core.actors import Actor
from core.errors import NotFound

_RANK = Case(*(When(role=role, then=Value(-rank)) for rank, role in enumerate(ROLES)), output_field=IntegerField())


def is_member(organization: Organization, person: User) -> bool:
    """True if the person holds a role; one query."""
    return Membership.objects.filter(organization=organization, user=person).exists()


def memberships(actor: Actor, organization: Organization, *, query: str = "") -> QuerySet[Membership]:
    """Members the actor may see whose login or name contains `query`, owners first."""
    rows = organization.memberships.select_related("user", "user__namespace").order_by(_RANK, "user__username")
    if query:
        rows = rows.filter(Q(user__username__icontains=query) | Q(user__display_name__icontains=query))
    return rows if rules.can_see_members(actor, organization) else rows.filter(is_public=True)


def teams(organization: Organization) -> QuerySet[Team]:
    """Teams with `members_total` and `repositories_total`."""
    counted = organization.teams.annotate(members_total=Count("members", distinct=True))
    return counted.annotate(repositories_total=Count("repository_access", distinct=True)).order_by("name")


def team(organization: Organization, slug: str) -> Team:
    """One team with its members. Raises NotFound."""
    found = organization.teams.prefetch_related("members").filter(slug__iexact=slug).first()
    if found is None:
        raise NotFound(_("There is no team of this name."))
    found.organization = organization
    return found


def open_invitations(organization: Organization) -> QuerySet[Invitation]:
    """Invitations that nobody accepted, newest first; declined and expired ones too, so that owners see them."""
    return organization.invitations.filter(accepted_at=None).select_related("user").order_by("-created_at")[:100]


def invitation(secret: str) -> Invitation:
    """The invitation behind a link; without an organisation it is one to the site. Raises NotFound."""
    rows = Invitation.objects.select_related("organization__namespace", "invited_by").filter(organization__deleted_at=None)
    found = rows.filter(token_hash=token_hash(secret)).first()
    if found is None:
        raise NotFound(_("This invitation does not exist or was withdrawn."))
    return found


def invitation_is_open(secret: str) -> bool:
    """True for the secret of an invitation that is neither accepted, declined, withdrawn nor expired."""
    return _unanswered().filter(token_hash=token_hash(secret)).exists()


def _unanswered() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, declined_at=None, expires_at__gt=timezone.now(), organization__deleted_at=None)


def invitations_for(actor: Actor) -> QuerySet[Invitation]:
    """Open invitations of the person, by login or at an address they confirmed; newest first."""
    if actor.person is None:
        return Invitation.objects.none()
    emails = EmailAddress.objects.filter(user=actor.person, verified=True).values(lower=Lower("email"))
    mine = _unanswered().exclude(organization=None).filter(Q(user=actor.person) | Q(user=None, email__in=emails))
    return mine.select_related("organization__namespace", "invited_by").order_by("-created_at")


def deleted_organizations(actor: Actor) -> QuerySet[Organization]:
    """Closed organisations that the person owns and can still restore, latest first."""
    rows = Organization.objects.exclude(deleted_at=None).filter(memberships__user=actor.person, memberships__role="owner")
    return rows.select_related("namespace").order_by("-deleted_at")


def deleted_organization(actor: Actor, pk: int) -> Organization:
    """One of them. Raises NotFound."""
    found = Organization.objects.exclude(deleted_at=None).select_related("namespace").filter(pk=pk).first()
    if found is None or not rules.can_restore_organization(actor, found):
        raise NotFound(_("There is nothing to restore."))
    return found


def overdue_organizations() -> QuerySet[Organization]:
    """Whose days of undo are over: the sweep purges them."""
    rows = Organization.objects.filter(deleted_at__lte=timezone.now() - timedelta(days=7))
    return rows.select_related("namespace").order_by("pk")


def organizations_of(actor: Actor) -> QuerySet[Organization]:
    """Organisations the actor is a member of."""
    return (
        Organization.objects.filter(memberships__user=actor.person, deleted_at=None).select_related("namespace").order_by("namespace__slug")
    )
