"""People and organizations. The id is the namespace's, which both share."""

from typing import Any

from accounts.models import Namespace, Organization, User
from githubapi.api.shapes.common import At, moment, node_id, paths


def owner(namespace: Namespace, at: At) -> dict[str, Any]:
    """The short form of whoever holds a name (its holder selected)."""
    holder = namespace.holder
    kind = "User" if namespace.kind == Namespace.Kind.PERSON else "Organization"
    base = at.api("users", namespace.segment)
    return {
        "login": namespace.segment, "id": namespace.pk, "node_id": node_id(kind, namespace.pk), "avatar_url": at.page(holder.avatar_url),
        "gravatar_id": "", "url": base, "html_url": at.page(namespace.get_absolute_url()),
        **paths(
            base, followers="/followers", following="/following{/other_user}", gists="/gists{/gist_id}", starred="/starred{/owner}{/repo}",
            subscriptions="/subscriptions", organizations="/orgs", repos="/repos", events="/events{/privacy}", received_events="/received_events",
        ),
        "type": kind, "user_view_type": "public", "site_admin": bool(getattr(holder, "is_staff", False)),
    }  # fmt: skip


def person(user: User | None, at: At) -> dict[str, Any] | None:
    """The short form of a person with their namespace; None for nobody."""
    if user is None:
        return None
    if user.namespace is None:  # the account is closed
        return None
    namespace = user.namespace
    namespace.user = user
    return owner(namespace, at)


def whole_person(user: User, at: At, *, repositories: int, is_self: bool = False) -> dict[str, Any]:
    """A person's profile; the address only where they show it."""
    short = person(user, at) or {}
    return {
        **short, "name": user.display_name or None, "company": user.affiliation or None, "blog": user.website, "location": user.location or None,
        "email": user.email if is_self or user.show_email else None, "hireable": None, "bio": user.bio or None, "twitter_username": None,
        "public_repos": repositories, "public_gists": 0, "followers": 0, "following": 0, "created_at": moment(user.date_joined),
        "updated_at": moment(user.date_joined),
    }  # fmt: skip


def organization_short(row: Organization, at: At) -> dict[str, Any]:
    """An organization in a list."""
    base = at.api("orgs", row.slug)
    return {
        "login": row.slug, "id": row.namespace_id, "node_id": node_id("Organization", row.namespace_id), "url": base,
        **paths(
            base, repos="/repos", events="/events", hooks="/hooks", issues="/issues", members="/members{/member}",
            public_members="/public_members{/member}",
        ),
        "avatar_url": at.page(row.avatar_url), "description": row.description or None,
    }  # fmt: skip


def organization(row: Organization, at: At, *, repositories: int) -> dict[str, Any]:
    """An organization's profile."""
    return {
        **organization_short(row, at), "name": row.display_name or None, "company": None, "blog": row.website, "location": row.location or None,
        "email": row.contact_email or None, "twitter_username": None, "is_verified": False, "has_organization_projects": False,
        "has_repository_projects": False, "public_repos": repositories, "public_gists": 0, "followers": 0, "following": 0,
        "html_url": at.page(row.get_absolute_url()), "created_at": moment(row.created_at), "updated_at": moment(row.created_at),
        "archived_at": None, "type": "Organization",
    }  # fmt: skip
