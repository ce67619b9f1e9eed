"""Reads about people and organisations."""

from accounts.queries.people import (
    invitation,
    invitation_is_open,
    legal_document,
    memberships,
    namespace,
    open_invitations,
    organization,
    organizations_of,
    people_by_email,
    person,
    ssh_key,
    team,
    teams,
    token,
    writable_namespaces,
)

__all__ = [
    "invitation",
    "invitation_is_open",
    "legal_document",
    "memberships",
    "namespace",
    "open_invitations",
    "organization",
    "organizations_of",
    "people_by_email",
    "person",
    "ssh_key",
    "team",
    "teams",
    "token",
    "writable_namespaces",
]
