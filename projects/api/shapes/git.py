"""Refs, trees, blobs, commits, comparisons, edits."""

import base64
from typing import Any

from rest_framework import serializers

import gitstore
from projects.queries import Contributor, Mark

CHANGES_MAX = 200


def shown_text(text: str) -> str:
    """Names that are not UTF-8 with replacement characters, so that JSON can carry them."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class OidField(serializers.RegexField):
    """A full object id."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^(?:[0-9a-f]{40})?$" if options.get("allow_blank") else r"^[0-9a-f]{40}$", **options)


class BranchOut(serializers.Serializer[Any]):
    """A branch."""

    name = serializers.CharField()
    commit = serializers.CharField()
    default = serializers.BooleanField()


class TagOut(serializers.Serializer[Any]):
    """A tag: `oid` is what the ref holds (a tag object, or the commit), `commit` what it leads to."""

    name = serializers.CharField()
    oid = serializers.CharField()
    commit = serializers.CharField(allow_blank=True)


def tag_out(ref: gitstore.Ref) -> dict[str, Any]:
    """JSON values of a tag."""
    return {"name": shown_text(ref.short), "oid": ref.oid, "commit": ref.commit}


class VerificationOut(serializers.Serializer[Any]):
    """What the signature of a commit or tag is worth."""

    state = serializers.ChoiceField(choices=["unsigned", "unknown", "verified", "unverified"])
    reason = serializers.CharField(allow_blank=True)


def verification_out(mark: Mark | None) -> dict[str, str]:
    """JSON values of a mark."""
    if mark is None:
        return {"state": "unsigned", "reason": ""}
    states = {"tag-ok": "verified", "tag-warn": "unverified"}
    return {"state": states.get(mark.tag, "unknown"), "reason": str(mark.reason)}


class OneTagOut(TagOut):
    """A tag with its message and its signature."""

    message = serializers.CharField(allow_blank=True)
    tagger = serializers.CharField(allow_blank=True)
    verification = VerificationOut()


class BranchIn(serializers.Serializer[Any]):
    """A new branch from a branch, tag or commit; the default branch unless told."""

    name = serializers.CharField(max_length=200)
    start = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class BranchPatch(serializers.Serializer[Any]):
    """Rename a branch, or move it to another commit of this repository.

    `expected` is the commit it must still be at; `force` allows moves that are no fast-forward.
    """

    name = serializers.CharField(max_length=200, required=False)
    commit = serializers.CharField(max_length=200, required=False)
    expected = OidField(required=False)
    force = serializers.BooleanField(required=False, default=False)


class TagIn(serializers.Serializer[Any]):
    """A new tag; with a message it is an annotated one."""

    name = serializers.CharField(max_length=200)
    target = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    message = serializers.CharField(max_length=10_000, required=False, default="", allow_blank=True)


class EntryOut(serializers.Serializer[Any]):
    """An entry of a directory."""

    name = serializers.CharField()
    path = serializers.CharField()
    kind = serializers.ChoiceField(choices=["tree", "blob", "executable", "symlink", "submodule"])
    mode = serializers.CharField()
    oid = serializers.CharField()


def entry_out(entry: gitstore.Entry) -> dict[str, Any]:
    """JSON values of an entry."""
    return {
        "name": shown_text(entry.name), "path": shown_text(entry.path), "kind": entry.kind, "mode": f"{entry.mode:06o}", "oid": entry.oid
    }  # fmt: skip


class TreePage(serializers.Serializer[Any]):
    """A page of a directory at one commit; the cursor keeps to that commit."""

    commit = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    total = serializers.IntegerField()
    items = EntryOut(many=True)
    next = serializers.CharField(allow_blank=True)


class BlobOut(serializers.Serializer[Any]):
    """A blob: base64 content, cut after 1 MiB (`truncated`); `raw` has all of it."""

    oid = serializers.CharField()
    size = serializers.IntegerField()
    encoding = serializers.ChoiceField(choices=["base64"])
    content = serializers.CharField(allow_blank=True)
    truncated = serializers.BooleanField()


def blob_out(blob: gitstore.Blob) -> dict[str, Any]:
    """JSON values of a blob."""
    content = base64.b64encode(blob.data).decode()
    return {"oid": blob.oid, "size": blob.size, "encoding": "base64", "content": content, "truncated": blob.truncated}


class ContentOut(BlobOut):
    """A file at a ref."""

    path = serializers.CharField()
    commit = serializers.CharField()


class ReadmeOut(ContentOut):
    """The README of a directory, also as safe HTML."""

    html = serializers.CharField(allow_blank=True)


class SignatureOut(serializers.Serializer[Any]):
    """Who and when; `date` is null where it is malformed."""

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


def who_out(signature: gitstore.Signature) -> dict[str, Any]:
    """JSON values of a signature."""
    date = signature.when.isoformat() if signature.when else None
    return {"name": shown_text(signature.name), "email": shown_text(signature.email), "date": date}


def commit_out(commit: gitstore.Commit) -> dict[str, Any]:
    """JSON values of a commit."""
    return {
        "oid": commit.oid, "tree": commit.tree, "parents": list(commit.parents), "author": who_out(commit.author),
        "committer": who_out(commit.committer), "message": shown_text(commit.message),
    }  # fmt: skip


class FileOut(serializers.Serializer[Any]):
    """A changed file."""

    path = serializers.CharField()
    old_path = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=["added", "deleted", "modified", "renamed", "copied", "type"])
    oid = serializers.CharField(allow_blank=True)
    additions = serializers.IntegerField()
    deletions = serializers.IntegerField()
    binary = serializers.BooleanField()


def files_out(diff: gitstore.Diff) -> list[dict[str, Any]]:
    """JSON values of changed files."""
    return [
        {
            "path": shown_text(file.path), "old_path": shown_text(file.old_path), "status": file.status,
            "oid": file.new_oid if file.status != "deleted" else "", "additions": file.additions, "deletions": file.deletions,
            "binary": file.binary,
        }
        for file in diff.files
    ]  # fmt: skip


class OneCommitOut(CommitOut):
    """A commit with its first 300 changed files and its signature."""

    files = FileOut(many=True)
    files_total = serializers.IntegerField()
    verification = VerificationOut()


class CompareOut(serializers.Serializer[Any]):
    """Commits and files between a base and a head: at most 250 and 300 are listed."""

    base = serializers.CharField()
    head = serializers.CharField()
    merge_base = serializers.CharField(allow_blank=True)
    ahead = serializers.IntegerField()
    behind = serializers.IntegerField()
    commits = CommitOut(many=True)
    files = FileOut(many=True)
    files_total = serializers.IntegerField()


class BlameOut(serializers.Serializer[Any]):
    """Lines `start` to `start`+`count`-1 (from 1) that one commit touched last."""

    start = serializers.IntegerField()
    count = serializers.IntegerField()
    commit = serializers.CharField()
    path = serializers.CharField()
    author = SignatureOut()
    summary = serializers.CharField(allow_blank=True)


def blame_out(one: gitstore.BlameRange) -> dict[str, Any]:
    """JSON values of a range of lines."""
    return {
        "start": one.start, "count": one.count, "commit": one.oid, "path": shown_text(one.path), "author": who_out(one.author),
        "summary": shown_text(one.summary),
    }  # fmt: skip


class ContributorOut(serializers.Serializer[Any]):
    """Who committed to the default branch; `login` is empty where nobody here confirmed the address."""

    login = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    commits = serializers.IntegerField()
    first = serializers.DateField()
    last = serializers.DateField()


def contributor_out(one: Contributor) -> dict[str, Any]:
    """JSON values of a contributor."""
    login = one.user.username if one.user else ""
    return {
        "login": login, "name": shown_text(one.shown_name), "commits": one.commits, "first": one.first.isoformat(), "last": one.last.isoformat()
    }  # fmt: skip


class ContentIn(serializers.Serializer[Any]):
    """Create or replace a file. `oid` is the blob it must replace, "" for a new file."""

    content = serializers.CharField(max_length=14_000_000, allow_blank=True, trim_whitespace=False, help_text="in `encoding`")
    encoding = serializers.ChoiceField(choices=["base64", "utf-8"], required=False, default="base64")
    message = serializers.CharField(max_length=10_000, required=False, default="", allow_blank=True)
    branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    new_branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    oid = OidField(required=False, default="", allow_blank=True)


class ChangeIn(serializers.Serializer[Any]):
    """One change of a commit. `oid` is the blob that `path` must still hold: "" for a new file."""

    action = serializers.ChoiceField(choices=["write", "delete", "move"])
    path = serializers.CharField(max_length=4096)
    to = serializers.CharField(max_length=4096, required=False, default="", allow_blank=True, help_text="of a move")
    content = serializers.CharField(
        max_length=14_000_000, required=False, allow_null=True, default=None, allow_blank=True, trim_whitespace=False
    )
    encoding = serializers.ChoiceField(choices=["base64", "utf-8"], required=False, default="base64")
    oid = OidField(required=False, default="", allow_blank=True)


class CommitIn(serializers.Serializer[Any]):
    """Several changes in one commit, onto `branch` or onto a `new_branch` that starts there."""

    message = serializers.CharField(max_length=10_000)
    branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    new_branch = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    changes = serializers.ListField(child=ChangeIn(), max_length=CHANGES_MAX)


class CommittedOut(serializers.Serializer[Any]):
    """The commit that was made, or moved to."""

    commit = serializers.CharField()
