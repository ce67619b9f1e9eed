"""Repositories, who may work in them, stars and activity."""

from typing import Any

from rest_framework import serializers

from projects.commands.protections import REQUIREMENTS
from projects.models import Access, Collaborator, DeployKey, Protection, Push, Repository, Star, TeamAccess, Visibility, Watch

LEVELS = [*Access.values, "nobody"]


class RepositoryOut(serializers.Serializer[Any]):
    """A repository."""

    id = serializers.IntegerField()
    full_name = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    website = serializers.CharField(allow_blank=True)
    visibility = serializers.ChoiceField(choices=Visibility.values)
    topics = serializers.ListField(child=serializers.CharField())
    default_branch = serializers.CharField()
    archived = serializers.BooleanField()
    empty = serializers.BooleanField()
    fork_of = serializers.CharField(allow_null=True)
    licence = serializers.CharField(allow_blank=True, help_text="SPDX id found in the tree")
    language = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField(help_text="bytes on disk")
    commits = serializers.IntegerField(help_text="on the default branch")
    stars = serializers.IntegerField()
    forks = serializers.IntegerField()
    html_url = serializers.CharField()
    clone_url = serializers.CharField()
    created = serializers.DateTimeField()
    updated = serializers.DateTimeField()
    pushed = serializers.DateTimeField(allow_null=True)


class OneRepositoryOut(RepositoryOut):
    """A repository, with what the caller may do in it."""

    access = serializers.ChoiceField(choices=["", *Access.values], help_text="what you may do here")
    shared_size = serializers.IntegerField(help_text="bytes of a store shared with its forks or parent, besides `size`")


def repository_out(row: Repository, origin: str, *, parent: str | None = None) -> dict[str, Any]:
    """JSON values of an annotated row; `parent` is the fork's source if the caller may read it."""
    address = f"{origin}{row.get_absolute_url()}"
    return {
        "id": row.pk, "full_name": str(row), "namespace": row.namespace.slug, "name": row.name, "description": row.description,
        "website": row.website, "visibility": row.visibility, "topics": row.topics, "default_branch": row.default_branch,
        "archived": row.is_archived, "empty": row.is_empty, "fork_of": parent, "licence": row.licence, "language": row.main_language,
        "size": row.size_bytes, "commits": row.commits, "stars": getattr(row, "stars_total", 0), "forks": getattr(row, "forks_total", 0),
        "html_url": address, "clone_url": f"{address}.git", "created": row.created_at.isoformat(), "updated": row.updated_at.isoformat(),
        "pushed": row.pushed_at.isoformat() if row.pushed_at else None,
    }  # fmt: skip


class RepositoryIn(serializers.Serializer[Any]):
    """Create a repository in one's own namespace, or in `namespace`."""

    name = serializers.CharField(max_length=96)
    namespace = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    visibility = serializers.ChoiceField(choices=Visibility.values, required=False, default="public")
    description = serializers.CharField(max_length=350, required=False, default="", allow_blank=True)
    default_branch = serializers.CharField(max_length=200, required=False, default="main")
    readme = serializers.BooleanField(required=False, default=False)
    gitignore = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    licence = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class RepositoryPatch(serializers.Serializer[Any]):
    """What can be changed; each field alone is enough."""

    name = serializers.CharField(max_length=96, required=False)
    description = serializers.CharField(max_length=350, required=False, allow_blank=True)
    website = serializers.URLField(max_length=200, required=False, allow_blank=True)
    topics = serializers.ListField(child=serializers.CharField(max_length=50), required=False, max_length=20)
    default_branch = serializers.CharField(max_length=200, required=False)
    visibility = serializers.ChoiceField(choices=Visibility.values, required=False)
    archived = serializers.BooleanField(required=False)


class TransferIn(serializers.Serializer[Any]):
    """Where it goes; `confirm` repeats the full name."""

    namespace = serializers.CharField(max_length=200)
    confirm = serializers.CharField(max_length=300)


class TopicsIn(serializers.Serializer[Any]):
    """All topics, in order."""

    topics = serializers.ListField(child=serializers.CharField(max_length=50), max_length=20, allow_empty=True)


class ForkIn(serializers.Serializer[Any]):
    """Where the fork goes: your own namespace and the same name unless told."""

    namespace = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    name = serializers.CharField(max_length=96, required=False, default="", allow_blank=True)


class UpstreamOut(serializers.Serializer[Any]):
    """The parent, and commits on the default branches: `ahead` only here, `behind` only there; null while unknown."""

    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment] # the word is free: DRF takes declared fields away
    ahead = serializers.IntegerField(allow_null=True)
    behind = serializers.IntegerField(allow_null=True)


class DeletedOut(serializers.Serializer[Any]):
    """A deleted repository that can still be restored."""

    id = serializers.IntegerField()
    full_name = serializers.CharField()
    deleted = serializers.DateTimeField()


def deleted_out(row: Repository) -> dict[str, Any]:
    """JSON values of a deleted repository."""
    deleted = row.deleted_at.isoformat() if row.deleted_at else ""
    return {"id": row.pk, "full_name": f"{row.namespace.slug}/{row.deleted_name}", "deleted": deleted}


class RestoreIn(serializers.Serializer[Any]):
    """Another name, if the old one was taken meanwhile."""

    name = serializers.CharField(max_length=96, required=False, default="", allow_blank=True)


class PushRulesIn(serializers.Serializer[Any]):
    """What every push is checked against. `max_blob_bytes` null: the site's limit."""

    forbidden_paths = serializers.ListField(child=serializers.CharField(max_length=200), max_length=50, allow_empty=True)
    check_emails = serializers.BooleanField()
    max_blob_bytes = serializers.IntegerField(min_value=1, max_value=2**60, allow_null=True)


def push_rules_out(row: Repository) -> dict[str, Any]:
    """JSON values of the push rules."""
    return {"forbidden_paths": row.forbidden_paths, "check_emails": row.check_emails, "max_blob_bytes": row.max_blob_bytes}


class AccessIn(serializers.Serializer[Any]):
    """What they may do."""

    access = serializers.ChoiceField(choices=Access.values)


class CollaboratorOut(serializers.Serializer[Any]):
    """A person with access to one repository."""

    login = serializers.CharField()
    name = serializers.CharField()
    avatar_url = serializers.CharField(allow_blank=True)
    access = serializers.ChoiceField(choices=Access.values)


def collaborator_out(row: Collaborator) -> dict[str, Any]:
    """JSON values of a collaborator."""
    person = row.user
    return {"login": person.username, "name": person.shown_name, "avatar_url": person.avatar_url, "access": row.access}


class TeamAccessOut(serializers.Serializer[Any]):
    """A team with access to one repository."""

    team = serializers.CharField()
    name = serializers.CharField()
    access = serializers.ChoiceField(choices=Access.values)


def team_access_out(row: TeamAccess) -> dict[str, Any]:
    """JSON values of a team's access."""
    return {"team": row.team.slug, "name": row.team.name, "access": row.access}


class TeamRepositoryOut(serializers.Serializer[Any]):
    """A repository that a team may work in."""

    full_name = serializers.CharField()
    access = serializers.ChoiceField(choices=Access.values)


def team_repository_out(row: TeamAccess) -> dict[str, Any]:
    """JSON values of a repository of a team."""
    return {"full_name": str(row.repository), "access": row.access}


class DeployKeyIn(serializers.Serializer[Any]):
    """A public key that opens this repository."""

    key = serializers.CharField(max_length=20000)
    title = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    can_write = serializers.BooleanField(required=False, default=False)


class DeployKeyOut(serializers.Serializer[Any]):
    """A stored deploy key."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    fingerprint = serializers.CharField()
    key = serializers.CharField()
    can_write = serializers.BooleanField()
    created = serializers.DateTimeField()
    used = serializers.DateTimeField(allow_null=True)


def deploy_key_out(row: DeployKey) -> dict[str, Any]:
    """JSON values of a deploy key."""
    key = row.key
    return {
        "id": row.pk, "title": key.title, "fingerprint": key.fingerprint, "key": key.public_key, "can_write": row.can_write,
        "created": key.created_at.isoformat(), "used": key.used_at.isoformat() if key.used_at else None,
    }  # fmt: skip


class ProtectionIn(serializers.Serializer[Any]):
    """A rule for matching branches or tags; the longest matching pattern decides."""

    kind = serializers.ChoiceField(choices=Protection.Kind.values, required=False, default="branch")
    pattern = serializers.CharField(max_length=200)
    push_access = serializers.ChoiceField(choices=LEVELS, required=False, default="maintain")
    merge_access = serializers.ChoiceField(choices=LEVELS, required=False, default="write")
    allow_force = serializers.BooleanField(required=False, default=False)
    allow_delete = serializers.BooleanField(required=False, default=False)
    push_users = serializers.ListField(
        child=serializers.CharField(max_length=39), required=False, default=list, max_length=100, help_text="logins who may push besides"
    )
    required_approvals = serializers.IntegerField(min_value=0, max_value=10, required=False, default=0)
    require_owners = serializers.BooleanField(required=False, default=False)
    dismiss_stale = serializers.BooleanField(required=False, default=False)
    require_resolved = serializers.BooleanField(required=False, default=False)
    required_checks = serializers.ListField(child=serializers.CharField(max_length=200), required=False, default=list, max_length=20)
    linear_history = serializers.BooleanField(required=False, default=False)
    signed_commits = serializers.BooleanField(required=False, default=False)


class ProtectionPatch(serializers.Serializer[Any]):
    """What can be changed of a rule; each field alone is enough."""

    kind = serializers.ChoiceField(choices=Protection.Kind.values, required=False)
    pattern = serializers.CharField(max_length=200, required=False)
    push_access = serializers.ChoiceField(choices=LEVELS, required=False)
    merge_access = serializers.ChoiceField(choices=LEVELS, required=False)
    allow_force = serializers.BooleanField(required=False)
    allow_delete = serializers.BooleanField(required=False)
    push_users = serializers.ListField(child=serializers.CharField(max_length=39), required=False, max_length=100)
    required_approvals = serializers.IntegerField(min_value=0, max_value=10, required=False)
    require_owners = serializers.BooleanField(required=False)
    dismiss_stale = serializers.BooleanField(required=False)
    require_resolved = serializers.BooleanField(required=False)
    required_checks = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=20)
    linear_history = serializers.BooleanField(required=False)
    signed_commits = serializers.BooleanField(required=False)


class ProtectionOut(serializers.Serializer[Any]):
    """A stored rule."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Protection.Kind.values)
    pattern = serializers.CharField()
    push_access = serializers.ChoiceField(choices=LEVELS)
    merge_access = serializers.ChoiceField(choices=LEVELS)
    allow_force = serializers.BooleanField()
    allow_delete = serializers.BooleanField()
    push_users = serializers.ListField(child=serializers.CharField())
    required_approvals = serializers.IntegerField()
    require_owners = serializers.BooleanField()
    dismiss_stale = serializers.BooleanField()
    require_resolved = serializers.BooleanField()
    required_checks = serializers.ListField(child=serializers.CharField())
    linear_history = serializers.BooleanField()
    signed_commits = serializers.BooleanField()


def protection_out(row: Protection) -> dict[str, Any]:
    """JSON values of a rule, its people prefetched."""
    return {
        "id": row.pk, "kind": row.kind, "pattern": row.pattern, "push_access": row.push_access, "merge_access": row.merge_access,
        "allow_force": row.allow_force, "allow_delete": row.allow_delete, "push_users": sorted(one.username for one in row.push_users.all()),
        **{name: getattr(row, name) for name in REQUIREMENTS},
    }  # fmt: skip


class StargazerOut(serializers.Serializer[Any]):
    """Who starred a repository, and when."""

    login = serializers.CharField()
    name = serializers.CharField()
    avatar_url = serializers.CharField(allow_blank=True)
    starred = serializers.DateTimeField()


def stargazer_out(row: Star) -> dict[str, Any]:
    """JSON values of a star."""
    person = row.user
    return {"login": person.username, "name": person.shown_name, "avatar_url": person.avatar_url, "starred": row.at.isoformat()}


class WatchIn(serializers.Serializer[Any]):
    """How much to hear of it."""

    level = serializers.ChoiceField(choices=Watch.Level.values)


class WatchOut(serializers.Serializer[Any]):
    """How much you hear of it; empty: the default."""

    level = serializers.ChoiceField(choices=["", *Watch.Level.values])


class RefUpdateOut(serializers.Serializer[Any]):
    """One ref that a push moved; 40 zeros stand for none."""

    ref = serializers.CharField()
    old = serializers.CharField()
    new = serializers.CharField()


class PushOut(serializers.Serializer[Any]):
    """One push: at most 50 refs are listed, `total` counts all."""

    repository = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    refs = RefUpdateOut(many=True)
    total = serializers.IntegerField()


def push_out(row: Push) -> dict[str, Any]:
    """JSON values of a push."""
    refs = [{"ref": ref.encode("utf-8", "replace").decode(), "old": old, "new": new} for ref, old, new in row.updates]
    by = row.user.username if row.user else None
    return {"repository": str(row.repository), "by": by, "at": row.at.isoformat(), "refs": refs, "total": row.updates_total}
