"""Reads about people and organisations."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.logic import token_hash
from accounts.models import FormerName, LegalDocument, Namespace, Organization, SigningKey, SSHKey, Token, User
from core.actors import Actor
from core.errors import NotFound


def namespace(slug: str) -> Namespace:
    """The namespace of that name, whatever the case, or by a former name (then `.slug` differs). Raises NotFound."""
    rows = Namespace.objects.select_related("user", "organization")
    found = rows.filter(slug__lower=slug.lower()).first()
    if found is None:
        former = FormerName.objects.filter(slug__lower=slug.lower()).values_list("namespace_id", flat=True).first()
        found = rows.filter(pk=former).first() if former else None
    if found is None or (found.kind == Namespace.Kind.ORGANIZATION and found.organization.deleted_at):
        raise NotFound(_("There is nobody of this name."))
    return found


def person(login: str) -> User:
    """The active or suspended person of that login. Raises NotFound."""
    found = User.objects.select_related("namespace").filter(username__lower=login.lower()).first()
    if found is None:
        raise NotFound(_("There is nobody of this name."))
    return found


def person_signing_in(name: str) -> User | None:
    """Who a login or a confirmed address means on the sign-in page, None for nobody."""
    rows = User.objects.filter(is_active=True)
    found = rows.filter(username__lower=name.lower()).first() if name else None
    if found is None and "@" in name:
        found = rows.filter(emailaddress__email__iexact=name, emailaddress__verified=True).first()
    return found


def organization(slug: str) -> Organization:
    """The organisation of that name, present or former. Raises NotFound."""
    rows = Organization.objects.select_related("namespace").filter(deleted_at=None)
    found = rows.filter(namespace__slug__lower=slug.lower()).first()
    found = found or rows.filter(namespace__former_names__slug__lower=slug.lower()).first()
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


def signing_keys_named(names: Iterable[str]) -> dict[str, SigningKey]:
    """What signatures name → the key, with its person: `SHA256:…` of an SSH key, fingerprint or key id (16 digits) of a GPG (sub)key.

    Two queries; what nobody has is left out.
    """
    wanted = {name for name in names if name.startswith("SHA256:") or len(name) == 16 or len(name) >= 40}
    if not wanted:
        return {}
    asked = Q(fingerprint__in=wanted) | Q(subkeys__fingerprint__in=wanted)
    for name in wanted:
        if len(name) == 16:
            asked |= Q(subkeys__fingerprint__endswith=name)
    rows = SigningKey.objects.select_related("user", "user__namespace").prefetch_related("subkeys").filter(asked, user__is_active=True)
    found: dict[str, SigningKey] = {}
    for row in rows.order_by("-pk").distinct():
        names_of = {row.fingerprint, *(subkey.fingerprint for subkey in row.subkeys.all())}
        found |= dict.fromkeys(names_of | {name[-16:] for name in names_of if row.kind == SigningKey.Kind.GPG}, row)
    return {name: found[name] for name in wanted if name in found}


def legal_document(kind: str) -> LegalDocument | None:
    """The version in force, None if none was published."""
    return LegalDocument.objects.filter(kind=kind).order_by("-published_at").first()


def people_by_email(emails: Iterable[str]) -> dict[str, User]:
    """Lower-case address → person who confirmed it; one query."""
    wanted = {email.lower() for email in emails if email.isprintable()} - {""}  # bytes that are no text stand for nobody
    rows = EmailAddress.objects.filter(verified=True, email__in=wanted).select_related("user", "user__namespace") if wanted else ()
    return {row.email.lower(): row.user for row in rows}
