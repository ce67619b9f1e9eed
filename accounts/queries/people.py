"""Reads about people and organisations."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rules
from accounts.logic import token_hash
from accounts.models import FormerName, Invitation, LegalDocument, Membership, Namespace, Organization, SSHKey, Team, Token, User
from core.actors import Actor
from core.errors import NotFound


def namespace(slug: str) -> Namespace:
    """The namespace of that name, whatever the case, or by a former name (then `.slug` differs). Raises NotFound."""
    rows = Namespace.objects.select_related("user", "organization")
    found = rows.filter(slug__iexact=slug).first()
    if found is None:
        former = FormerName.objects.filter(slug__iexact=slug).values_list("namespace_id", flat=True).first()
        found = rows.filter(pk=former).first() if former else None
    if found is None or (found.kind == Namespace.Kind.ORGANIZATION and found.organization.deleted_at):
        raise NotFound(_("There is nobody of this name."))
    return found


def person(login: str) -> User:
    """The active or suspended person of that login. Raises NotFound."""
    found = User.objects.select_related("namespace").filter(username__iexact=login).first()
    if found is None:
        raise NotFound(_("There is nobody of this name."))
    return found


def organization(slug: str) -> Organization:
    """The organisation of that name. Raises NotFound."""
    found = Organization.objects.select_related("namespace").filter(namespace__slug__iexact=slug, deleted_at=None).first()
    if found is None:
        raise NotFound(_("There is no organization of this name."))
    return found


def writable_namespaces(actor: Actor) -> QuerySet[Namespace]:
    """Names under which the actor may create repositories: one's own first, then organisations as maintainer or owner."""
    if actor.person is None:
        return Namespace.objects.none()
    own = Namespace.objects.filter(user=actor.person)
    organizations = Namespace.objects.filter(
        organization__memberships__user=actor.person,
        organization__memberships__role__in=("owner", "maintainer"),
        organization__deleted_at=None,
    )
    return (own | organizations).distinct().select_related("user", "organization").order_by("kind", "slug")


def token(text: str) -> Token | None:
    """The live token behind `text`, with its person; None if unknown or expired."""
    found = Token.objects.select_related("user", "user__namespace").filter(hash=token_hash(text)).first()
    if found is None or (found.expires_at and found.expires_at <= timezone.now()):
        return None
    return found


def ssh_key(fingerprint: str) -> SSHKey | None:
    """The key of that SHA256 fingerprint with its person."""
    return SSHKey.objects.select_related("user", "user__namespace").filter(fingerprint=fingerprint).first()


def memberships(actor: Actor, organization: Organization) -> QuerySet[Membership]:
    """Members the actor may see, owners first."""
    rows = organization.memberships.select_related("user", "user__namespace").order_by("-role", "user__username")
    return rows if rules.can_see_members(actor, organization) else rows.filter(is_public=True)


def teams(organization: Organization) -> QuerySet[Team]:
    """Teams with `members_total`."""
    return organization.teams.annotate(members_total=Count("members")).order_by("name")


def team(organization: Organization, slug: str) -> Team:
    """One team with its members. Raises NotFound."""
    found = organization.teams.prefetch_related("members").filter(slug__iexact=slug).first()
    if found is None:
        raise NotFound(_("There is no team of this name."))
    found.organization = organization
    return found


def open_invitations(organization: Organization) -> QuerySet[Invitation]:
    """Invitations that can still be accepted, newest first."""
    return organization.invitations.filter(accepted_at=None, expires_at__gt=timezone.now()).order_by("-created_at")


def invitation(secret: str) -> Invitation:
    """The invitation behind a link. Raises NotFound."""
    rows = Invitation.objects.select_related("organization__namespace", "invited_by")
    found = rows.filter(token_hash=token_hash(secret)).first()
    if found is None or found.organization is None:
        raise NotFound(_("This invitation does not exist or was withdrawn."))
    return found


def invitation_is_open(secret: str) -> bool:
    """True for the secret of an invitation that is neither accepted, withdrawn nor expired."""
    return Invitation.objects.filter(token_hash=token_hash(secret), accepted_at=None, expires_at__gt=timezone.now()).exists()


def organizations_of(actor: Actor) -> QuerySet[Organization]:
    """Organisations the actor is a member of."""
    return (
        Organization.objects.filter(memberships__user=actor.person, deleted_at=None).select_related("namespace").order_by("namespace__slug")
    )


def legal_document(kind: str) -> LegalDocument | None:
    """The version in force, None if none was published."""
    return LegalDocument.objects.filter(kind=kind).order_by("-published_at").first()


def people_by_email(emails: Iterable[str]) -> dict[str, User]:
    """Lower-case address → person who confirmed it; one query."""
    wanted = {email.lower() for email in emails if email}
    rows = EmailAddress.objects.filter(verified=True, email__in=wanted).select_related("user", "user__namespace") if wanted else ()
    return {row.email.lower(): row.user for row in rows}
