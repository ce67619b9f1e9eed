"""People, repositories and commits as webhooks tell of them: in GitHub's words, and in ours."""

from typing import Any

from django.conf import settings

import gitstore
from accounts.models import Namespace, Organization, User
from core.filenames import quoted
from projects import queries as projects
from projects.models import Release, Repository

GHOST = {"login": "ghost", "id": 0, "type": "User", "html_url": "", "avatar_url": ""}
TEXT_MOST = 4000  # characters of one commit's message


def base() -> str:
    """Scheme and host of the site."""
    return str(settings.BASE_URL)


def address(thing: Any) -> str:
    """The page of a thing, with the host."""
    return f"{base()}{thing.get_absolute_url()}"


def _picture(holder: User | Organization | Namespace) -> str:
    return f"{base()}{holder.avatar_url}" if holder.avatar_url else ""


def github_user(person: User | None) -> dict[str, Any]:
    """A `user` of GitHub's API."""
    if person is None:
        return GHOST
    return {
        "login": person.username, "id": person.pk, "type": "User", "site_admin": False, "html_url": address(person), "avatar_url": _picture(person),
        "url": f"{base()}/api/v3/users/{person.username}",
    }  # fmt: skip


def github_owner(namespace: Namespace) -> dict[str, Any]:
    """Who owns a repository."""
    holder = namespace.holder
    if isinstance(holder, User):
        return github_user(holder)
    return {
        "login": namespace.slug, "id": holder.pk, "type": "Organization", "html_url": address(namespace), "avatar_url": _picture(holder),
        "url": f"{base()}/api/v3/orgs/{namespace.slug}",
    }  # fmt: skip


def github_repository(row: Repository) -> dict[str, Any]:
    """A `repository` of GitHub's API. `row` comes with namespace and holder; stars and forks only if it was annotated with them."""
    clone = projects.clone_addresses(row, base())
    stars, forks = getattr(row, "stars_total", 0), getattr(row, "forks_total", 0)
    return {
        "id": row.pk, "name": row.name, "full_name": str(row), "private": row.visibility != "public", "visibility": row.visibility,
        "owner": github_owner(row.namespace), "html_url": address(row), "description": row.description or None, "fork": row.forked_from_id is not None,
        "url": f"{base()}/api/v3/repos/{row}", "clone_url": clone["http"], "ssh_url": clone["ssh"], "homepage": row.website or None,
        "size": row.size_bytes // 1024, "stargazers_count": stars, "watchers_count": stars, "forks_count": forks,
        "language": row.main_language or None, "license": {"spdx_id": row.licence, "key": row.licence.lower()} if row.licence else None,
        "archived": row.is_archived, "topics": row.topics, "default_branch": row.default_branch, "master_branch": row.default_branch,
        "created_at": row.created_at.isoformat(), "updated_at": row.updated_at.isoformat(),
        "pushed_at": row.pushed_at.isoformat() if row.pushed_at else None,
    }  # fmt: skip


def github_commit(
    row: Repository, commit: gitstore.Commit, people: dict[str, User], files: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """A commit of a push."""
    made, entered = people.get(commit.author.email.lower()), people.get(commit.committer.email.lower())
    return {
        "id": commit.oid, "tree_id": commit.tree, "distinct": True, "message": commit.message.strip()[:TEXT_MOST],
        "timestamp": commit.committer.when.isoformat() if commit.committer.when else None, "url": f"{address(row)}/commit/{commit.oid}",
        "author": {"name": commit.author.name, "email": commit.author.email, **({"username": made.username} if made else {})},
        "committer": {"name": commit.committer.name, "email": commit.committer.email, **({"username": entered.username} if entered else {})},
        **(files or {"added": [], "removed": [], "modified": []}),
    }  # fmt: skip


def github_release(row: Repository, release: Release) -> dict[str, Any]:
    """A `release` of GitHub's API, with its files."""
    page = f"{address(row)}/releases/tag/{quoted(release.tag)}"
    return {
        "id": release.pk, "tag_name": release.tag, "target_commitish": release.target or row.default_branch, "name": release.title or release.tag,
        "body": release.notes[:65536], "draft": release.is_draft, "prerelease": release.is_prerelease, "html_url": page,
        "author": github_user(release.author), "created_at": release.created_at.isoformat(),
        "published_at": release.published_at.isoformat() if release.published_at else None,
        "assets": [
            {
                "id": one.pk, "name": one.name, "size": one.size, "content_type": one.content_type, "download_count": one.downloads,
                "browser_download_url": f"{address(row)}/releases/download/{quoted(release.tag)}/{quoted(one.name)}",
            }
            for one in release.assets.all()
        ],
    }  # fmt: skip


def our_person(person: User | None) -> dict[str, Any] | None:
    """A person in our own format."""
    return {"login": person.username, "name": person.shown_name, "url": address(person)} if person else None


def our_repository(row: Repository) -> dict[str, Any]:
    """A repository in our own format."""
    clone = projects.clone_addresses(row, base())
    return {
        "id": row.pk, "full_name": str(row), "name": row.name, "namespace": row.namespace.slug, "kind": row.kind, "visibility": row.visibility,
        "description": row.description, "default_branch": row.default_branch, "url": address(row), "http_url": clone["http"], "ssh_url": clone["ssh"],
    }  # fmt: skip
