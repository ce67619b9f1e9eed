"""What the API of people and organisations parses and prints."""

from typing import Any

from rest_framework import serializers

from accounts.models import Invitation, Membership, Organization, Role, SigningKey, SSHKey, Team, Token, User
from core.actors import Scope


class PersonOut(serializers.Serializer[Any]):
    """A person in a list."""

    login = serializers.CharField()
    name = serializers.CharField()
    avatar_url = serializers.CharField(allow_blank=True)


def person_out(person: User) -> dict[str, Any]:
    """JSON values of a person in a list."""
    return {"login": person.username, "name": person.shown_name, "avatar_url": person.avatar_url}


class UserOut(PersonOut):
    """A person as others see them; `email` only where they show it."""

    bio = serializers.CharField(allow_blank=True)
    affiliation = serializers.CharField(allow_blank=True)
    location = serializers.CharField(allow_blank=True)
    website = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    joined = serializers.DateTimeField()


def user_out(person: User) -> dict[str, Any]:
    """JSON values of a person."""
    return {
        **person_out(person), "bio": person.bio, "affiliation": person.affiliation, "location": person.location, "website": person.website,
        "email": person.email if person.show_email else "", "joined": person.date_joined.isoformat(),
    }  # fmt: skip


class CurrentUserOut(UserOut):
    """Oneself, with settings and what the credential may do."""

    display_name = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True)
    show_email = serializers.BooleanField()
    site_admin = serializers.BooleanField()
    scopes = serializers.ListField(child=serializers.CharField(), help_text="what this credential may do")


def current_user_out(person: User, scopes: list[str]) -> dict[str, Any]:
    """JSON values of oneself."""
    return {
        **user_out(person), "email": person.email, "display_name": person.display_name, "language": person.language,
        "time_zone": person.time_zone, "show_email": person.show_email, "site_admin": person.is_staff, "scopes": scopes,
    }  # fmt: skip


class CurrentUserIn(serializers.Serializer[Any]):
    """What can be changed of oneself; each field alone is enough."""

    display_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    bio = serializers.CharField(max_length=500, required=False, allow_blank=True)
    affiliation = serializers.CharField(max_length=120, required=False, allow_blank=True)
    location = serializers.CharField(max_length=80, required=False, allow_blank=True)
    website = serializers.URLField(max_length=200, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=["", "zh-hans", "en"], required=False)
    time_zone = serializers.CharField(max_length=60, required=False, allow_blank=True)
    show_email = serializers.BooleanField(required=False)


class OrganizationOut(serializers.Serializer[Any]):
    """An organisation."""

    slug = serializers.CharField()
    name = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    website = serializers.CharField(allow_blank=True)
    location = serializers.CharField(allow_blank=True)
    contact_email = serializers.CharField(allow_blank=True)
    avatar_url = serializers.CharField(allow_blank=True)
    created = serializers.DateTimeField()


def organization_out(row: Organization) -> dict[str, Any]:
    """JSON values of an organisation."""
    return {
        "slug": row.slug, "name": row.shown_name, "display_name": row.display_name, "description": row.description, "website": row.website,
        "location": row.location, "contact_email": row.contact_email, "avatar_url": row.avatar_url, "created": row.created_at.isoformat(),
    }  # fmt: skip


class OrganizationIn(serializers.Serializer[Any]):
    """A new organisation."""

    slug = serializers.CharField(max_length=39)
    display_name = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    description = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class OrganizationPatch(serializers.Serializer[Any]):
    """What can be changed of an organisation; `slug` renames it and the old name keeps leading to it."""

    slug = serializers.CharField(max_length=39, required=False)
    display_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    description = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    location = serializers.CharField(max_length=80, required=False, allow_blank=True)
    website = serializers.URLField(max_length=200, required=False, allow_blank=True)
    contact_email = serializers.EmailField(max_length=254, required=False, allow_blank=True)


class MemberOut(PersonOut):
    """A member with a role."""

    role = serializers.ChoiceField(choices=Role.values)
    public = serializers.BooleanField()
    since = serializers.DateTimeField()


def member_out(row: Membership) -> dict[str, Any]:
    """JSON values of a membership."""
    return {**person_out(row.user), "role": row.role, "public": row.is_public, "since": row.since.isoformat()}


class RoleIn(serializers.Serializer[Any]):
    """A role."""

    role = serializers.ChoiceField(choices=Role.values)


class MembershipPatch(serializers.Serializer[Any]):
    """Whether others see one's own membership."""

    public = serializers.BooleanField()


class InvitationIn(serializers.Serializer[Any]):
    """Whom to invite: a login, or an e-mail address."""

    login = serializers.CharField(max_length=39, required=False, default="", allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, default="", allow_blank=True)
    role = serializers.ChoiceField(choices=Role.values, required=False, default="developer")


class InvitationOut(serializers.Serializer[Any]):
    """An invitation that was not accepted yet."""

    id = serializers.IntegerField()
    login = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(choices=Role.values)
    created = serializers.DateTimeField()
    expires = serializers.DateTimeField()
    declined = serializers.BooleanField()


def invitation_out(row: Invitation) -> dict[str, Any]:
    """JSON values of an invitation."""
    return {
        "id": row.pk, "login": row.user.username if row.user else "", "email": row.email, "role": row.role,
        "created": row.created_at.isoformat(), "expires": row.expires_at.isoformat(),
        "declined": row.declined_at is not None,
    }  # fmt: skip


class OwnInvitationOut(serializers.Serializer[Any]):
    """An invitation to you."""

    id = serializers.IntegerField()
    organization = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.values)
    by = serializers.CharField(allow_null=True)
    expires = serializers.DateTimeField()


def own_invitation_out(row: Invitation) -> dict[str, Any]:
    """JSON values of an invitation, for whoever is invited."""
    slug = row.organization.slug if row.organization else ""
    by = row.invited_by.username if row.invited_by else None
    return {"id": row.pk, "organization": slug, "role": row.role, "by": by, "expires": row.expires_at.isoformat()}


class ClosedOut(serializers.Serializer[Any]):
    """A closed organisation that can still be restored."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    closed = serializers.DateTimeField()


def closed_out(row: Organization) -> dict[str, Any]:
    """JSON values of a closed organisation."""
    return {"id": row.pk, "slug": row.deleted_slug, "closed": row.deleted_at.isoformat() if row.deleted_at else ""}


class RestoreOrganizationIn(serializers.Serializer[Any]):
    """Another name, if the old one was taken meanwhile."""

    slug = serializers.CharField(max_length=39, required=False, default="", allow_blank=True)


class TeamIn(serializers.Serializer[Any]):
    """A team; its name in addresses comes from its first name and stays."""

    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class TeamPatch(serializers.Serializer[Any]):
    """What can be changed of a team."""

    name = serializers.CharField(max_length=80, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)


class TeamOut(serializers.Serializer[Any]):
    """A team."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)


def team_out(row: Team) -> dict[str, Any]:
    """JSON values of a team."""
    return {"slug": row.slug, "name": row.name, "description": row.description}


class KeyIn(serializers.Serializer[Any]):
    """A public key: one line in OpenSSH form; for signatures also an armoured GPG key."""

    key = serializers.CharField(max_length=20000)
    title = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class KeyOut(serializers.Serializer[Any]):
    """A stored key."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=["ssh", "gpg"])
    fingerprint = serializers.CharField()
    key = serializers.CharField()
    created = serializers.DateTimeField()
    used = serializers.DateTimeField(allow_null=True)


def key_out(row: SSHKey | SigningKey) -> dict[str, Any]:
    """JSON values of a key; signing keys have no last use."""
    used = row.used_at if isinstance(row, SSHKey) else None
    return {
        "id": row.pk, "title": row.title, "kind": "ssh" if isinstance(row, SSHKey) else row.kind, "fingerprint": row.fingerprint,
        "key": row.public_key, "created": row.created_at.isoformat(), "used": used.isoformat() if used else None,
    }  # fmt: skip


class TokenIn(serializers.Serializer[Any]):
    """A new token; `repositories` (full names) limits it to these."""

    name = serializers.CharField(max_length=80)
    scope = serializers.ChoiceField(choices=[scope.value for scope in Scope])
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    repositories = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, allow_null=True, default=None, max_length=100
    )


class TokenOut(serializers.Serializer[Any]):
    """A token; its text stands only in the answer that made it."""

    name = serializers.CharField()
    hint = serializers.CharField(help_text="its first characters")
    scopes = serializers.ListField(child=serializers.CharField())
    repositories = serializers.ListField(child=serializers.IntegerField(), allow_null=True, help_text="ids it is limited to")
    created = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True)


class NewTokenOut(TokenOut):
    """A new token with its text, which is shown this once."""

    token = serializers.CharField()


def token_out(row: Token) -> dict[str, Any]:
    """JSON values of a token, without its text."""
    return {
        "name": row.name, "hint": row.hint, "scopes": row.scopes, "repositories": row.repositories, "created": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat() if row.expires_at else None, "used_at": row.used_at.isoformat() if row.used_at else None,
    }  # fmt: skip
