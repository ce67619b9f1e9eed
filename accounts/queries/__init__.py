"""Reads about people and organisations."""

from accounts.queries.people import (
    invitation,
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
