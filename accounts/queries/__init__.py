"""Reads about people and organisations."""

from accounts.queries.organizations import (
    deleted_organization,
    deleted_organizations,
    invitation,
    invitation_is_open,
    invitations_for,
    memberships,
    open_invitations,
    organizations_of,
    overdue_organizations,
    team,
    teams,
)
from accounts.queries.people import (
    legal_document,
    namespace,
    organization,
    people_by_email,
    person,
    person_signing_in,
    ssh_key,
    token,
    writable_namespaces,
)

__all__ = [
    "deleted_organization",
    "deleted_organizations",
    "invitation",
    "invitation_is_open",
    "invitations_for",
    "legal_document",
    "memberships",
    "namespace",
    "open_invitations",
    "organization",
    "organizations_of",
    "overdue_organizations",
    "people_by_email",
    "person",
    "person_signing_in",
    "ssh_key",
    "team",
    "teams",
    "token",
    "writable_namespaces",
]
