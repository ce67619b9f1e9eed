"""What the repository API parses and prints."""

from typing import Any

from rest_framework import serializers

import gitstore
from projects.models import Protection, Release, Repository


class RepositoryOut(serializers.Serializer[Any]):
    """A repository."""

    id = serializers.IntegerField()
    full_name = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    website = serializers.CharField()
    visibility = serializers.ChoiceField(choices=["public", "internal", "private"])
    topics = serializers.ListField(child=serializers.CharField())
    default_branch = serializers.CharField()
    archived = serializers.BooleanField()
    empty = serializers.BooleanField()
    fork_of = serializers.CharField(allow_null=True)
    licence = serializers.CharField()
    language = serializers.CharField()
    size = serializers.IntegerField()
    stars = serializers.IntegerField(required=False)
    forks = serializers.IntegerField(required=False)
    clone_url = serializers.CharField()
    created = serializers.DateTimeField()
    updated = serializers.DateTimeField()


class RepositoryPage(serializers.Serializer[Any]):
    """A keyset page."""

    items = RepositoryOut(many=True)
    next = serializers.CharField(allow_blank=True)


def repository_out(row: Repository, origin: str, *, parent: str | None = None) -> dict[str, Any]:
    """JSON values; `parent` is the fork's source if the caller may read it."""
    shown: dict[str, Any] = {
        "id": row.pk, "full_name": str(row), "namespace": row.namespace.slug, "name": row.name, "description": row.description, "website": row.website,
        "visibility": row.visibility, "topics": row.topics, "default_branch": row.default_branch, "archived": row.is_archived, "empty": row.is_empty,
        "fork_of": parent, "licence": row.licence, "language": row.main_language, "size": row.size_bytes, "clone_url": f"{origin}{row.get_absolute_url()}.git",
        "created": row.created_at.isoformat(), "updated": row.updated_at.isoformat(),
    }  # fmt: skip
    if hasattr(row, "stars_total"):  # annotated by queries.repositories
        shown["stars"], shown["forks"] = row.stars_total, getattr(row, "forks_total", 0)
    return shown


class RepositoryIn(serializers.Serializer[Any]):
    """Create a repository in one's own namespace, or in `namespace`."""

    name = serializers.CharField(max_length=96)
    namespace = serializers.CharField(max_length=39, required=False, default="", allow_blank=True)
    visibility = serializers.ChoiceField(choices=["public", "internal", "private"], required=False, default="public")
    description = serializers.CharField(max_length=350, required=False, default="", allow_blank=True)
    default_branch = serializers.CharField(max_length=200, required=False, default="main")
    readme = serializers.BooleanField(required=False, default=False)
    gitignore = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    licence = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class RepositoryPatch(serializers.Serializer[Any]):
    """What can be changed; each field alone is enough."""

    name = serializers.CharField(max_length=96, required=False)
    description = serializers.CharField(max_length=350, required=False, allow_blank=True)
    website = serializers.URLField(required=False, allow_blank=True)
    topics = serializers.ListField(child=serializers.CharField(max_length=50), required=False, max_length=20)
    default_branch = serializers.CharField(max_length=200, required=False)
    visibility = serializers.ChoiceField(choices=["public", "internal", "private"], required=False)
    archived = serializers.BooleanField(required=False)


class ForkIn(serializers.Serializer[Any]):
    """Where the fork goes."""

    namespace = serializers.CharField(max_length=39, required=False, default="", allow_blank=True)
    name = serializers.CharField(max_length=96, required=False, default="", allow_blank=True)


class RefOut(serializers.Serializer[Any]):
    """A branch or tag."""

    name = serializers.CharField()
    oid = serializers.CharField()
    commit = serializers.CharField()


class RefPage(serializers.Serializer[Any]):
    """Refs by name; `next` is the last name shown."""

    items = RefOut(many=True)
    next = serializers.CharField(allow_blank=True)


class BranchIn(serializers.Serializer[Any]):
    """A new branch from a branch, tag or commit."""

    name = serializers.CharField(max_length=200)
    start = serializers.CharField(max_length=200)


class EntryOut(serializers.Serializer[Any]):
    """An entry of a directory."""

    name = serializers.CharField()
    path = serializers.CharField()
    kind = serializers.CharField()
    mode = serializers.CharField()
    oid = serializers.CharField()


def shown_text(text: str) -> str:
    """Names that are not UTF-8 with replacement characters, so that JSON can carry them."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def entry_out(entry: gitstore.Entry) -> dict[str, Any]:
    """JSON values of an entry."""
    return {
        "name": shown_text(entry.name),
        "path": shown_text(entry.path),
        "kind": entry.kind,
        "mode": f"{entry.mode:06o}",
        "oid": entry.oid,
    }


class TreeOut(serializers.Serializer[Any]):
    """A directory at a commit; at most 1,000 entries from `offset`."""

    commit = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    total = serializers.IntegerField()
    entries = EntryOut(many=True)


class BlobOut(serializers.Serializer[Any]):
    """A blob: base64 content up to 1 MiB, else cut."""

    oid = serializers.CharField()
    size = serializers.IntegerField()
    encoding = serializers.CharField()
    content = serializers.CharField()
    truncated = serializers.BooleanField()


class SignatureOut(serializers.Serializer[Any]):
    """Who and when."""

    name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    date = serializers.DateTimeField(allow_null=True)


class CommitOut(serializers.Serializer[Any]):
    """A commit."""

    oid = serializers.CharField()
    tree = serializers.CharField()
    parents = serializers.ListField(child=serializers.CharField())
    author = SignatureOut()
    committer = SignatureOut()
    message = serializers.CharField(allow_blank=True)


def commit_out(commit: gitstore.Commit) -> dict[str, Any]:
    """JSON values of a commit."""

    def who(signature: gitstore.Signature) -> dict[str, Any]:
        return {
            "name": shown_text(signature.name),
            "email": shown_text(signature.email),
            "date": signature.when.isoformat() if signature.when else None,
        }

    return {
        "oid": commit.oid, "tree": commit.tree, "parents": list(commit.parents), "author": who(commit.author), "committer": who(commit.committer),
        "message": shown_text(commit.message),
    }  # fmt: skip


class CommitPage(serializers.Serializer[Any]):
    """Commits, newest first."""

    items = CommitOut(many=True)
    next = serializers.CharField(allow_blank=True)


class FileOut(serializers.Serializer[Any]):
    """A changed file."""

    path = serializers.CharField()
    old_path = serializers.CharField(allow_blank=True)
    status = serializers.CharField()
    additions = serializers.IntegerField()
    deletions = serializers.IntegerField()
    binary = serializers.BooleanField()


class CompareOut(serializers.Serializer[Any]):
    """Commits and files between a base and a head, at most 250 and 300."""

    base = serializers.CharField()
    head = serializers.CharField()
    merge_base = serializers.CharField(allow_blank=True)
    ahead = serializers.IntegerField()
    behind = serializers.IntegerField()
    commits = CommitOut(many=True)
    files = FileOut(many=True)
    files_total = serializers.IntegerField()


def files_out(diff: gitstore.Diff) -> list[dict[str, Any]]:
    """JSON values of changed files."""
    return [
        {
            "path": shown_text(file.path), "old_path": shown_text(file.old_path), "status": file.status, "additions": file.additions,
            "deletions": file.deletions, "binary": file.binary,
        }
        for file in diff.files
    ]  # fmt: skip


class ContentIn(serializers.Serializer[Any]):
    """Create or replace a file. `oid` is the blob it must replace, "" for a new file."""

    content = serializers.CharField(max_length=14_000_000, allow_blank=True, trim_whitespace=False, help_text="base64")
    message = serializers.CharField(max_length=10_000, required=False, default="", allow_blank=True)
    branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    new_branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    oid = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)


class ContentDelete(serializers.Serializer[Any]):
    """Delete a file; `oid` is the blob it must still be."""

    oid = serializers.CharField(max_length=40)
    message = serializers.CharField(max_length=10_000, required=False, default="", allow_blank=True)
    branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class ContentOut(serializers.Serializer[Any]):
    """A file at a ref."""

    path = serializers.CharField()
    oid = serializers.CharField()
    size = serializers.IntegerField()
    encoding = serializers.CharField()
    content = serializers.CharField(allow_blank=True)
    truncated = serializers.BooleanField()


class CommittedOut(serializers.Serializer[Any]):
    """The commit that was made."""

    commit = serializers.CharField()


class ProtectionIn(serializers.Serializer[Any]):
    """A rule for matching branches or tags."""

    kind = serializers.ChoiceField(choices=Protection.Kind.values, required=False, default="branch")
    pattern = serializers.CharField(max_length=200)
    push_access = serializers.ChoiceField(choices=["read", "write", "maintain", "admin", "nobody"], required=False, default="maintain")
    merge_access = serializers.ChoiceField(choices=["read", "write", "maintain", "admin", "nobody"], required=False, default="write")
    allow_force = serializers.BooleanField(required=False, default=False)
    allow_delete = serializers.BooleanField(required=False, default=False)


class ProtectionOut(ProtectionIn):
    """A stored rule."""

    id = serializers.IntegerField()


def protection_out(row: Protection) -> dict[str, Any]:
    """JSON values of a rule."""
    return {
        "id": row.pk, "kind": row.kind, "pattern": row.pattern, "push_access": row.push_access, "merge_access": row.merge_access,
        "allow_force": row.allow_force, "allow_delete": row.allow_delete,
    }  # fmt: skip


class ReleaseIn(serializers.Serializer[Any]):
    """A release; `target` makes a missing tag when it is published."""

    tag = serializers.CharField(max_length=200)
    target = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    title = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    notes = serializers.CharField(max_length=200_000, required=False, default="", allow_blank=True)
    is_draft = serializers.BooleanField(required=False, default=False)
    is_prerelease = serializers.BooleanField(required=False, default=False)


class AssetOut(serializers.Serializer[Any]):
    """A file of a release."""

    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.CharField()


class ReleaseOut(serializers.Serializer[Any]):
    """A release."""

    tag = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    notes = serializers.CharField(allow_blank=True)
    draft = serializers.BooleanField()
    prerelease = serializers.BooleanField()
    published = serializers.DateTimeField(allow_null=True)
    assets = AssetOut(many=True)


class ReleasePage(serializers.Serializer[Any]):
    """A keyset page."""

    items = ReleaseOut(many=True)
    next = serializers.CharField(allow_blank=True)


def release_out(row: Release, base: str) -> dict[str, Any]:
    """JSON values of a release; `base` is the repository's address."""
    return {
        "tag": row.tag, "title": row.title, "notes": row.notes, "draft": row.is_draft, "prerelease": row.is_prerelease,
        "published": row.published_at.isoformat() if row.published_at else None,
        "assets": [
            {"name": asset.name, "size": asset.size, "sha256": asset.sha256, "url": f"{base}/releases/download/{row.tag}/{asset.name}"}
            for asset in row.assets.all()
        ],
    }  # fmt: skip
