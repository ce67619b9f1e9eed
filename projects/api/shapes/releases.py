"""Releases and their files."""

from typing import Any
from urllib.parse import quote

from rest_framework import serializers

from core import filenames
from projects.models import Release, ReleaseAsset


class ReleaseIn(serializers.Serializer[Any]):
    """A release; `target` (branch or commit) makes a missing tag when it is published."""

    tag = serializers.CharField(max_length=200)
    target = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    title = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    notes = serializers.CharField(max_length=200_000, required=False, default="", allow_blank=True, trim_whitespace=False)
    draft = serializers.BooleanField(required=False, default=False)
    prerelease = serializers.BooleanField(required=False, default=False)


class ReleasePatch(serializers.Serializer[Any]):
    """What can be changed; `draft` false publishes it."""

    tag = serializers.CharField(max_length=200, required=False)
    target = serializers.CharField(max_length=200, required=False, allow_blank=True)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    notes = serializers.CharField(max_length=200_000, required=False, allow_blank=True, trim_whitespace=False)
    draft = serializers.BooleanField(required=False)
    prerelease = serializers.BooleanField(required=False)


class AssetOut(serializers.Serializer[Any]):
    """A file of a release."""

    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    content_type = serializers.CharField()
    downloads = serializers.IntegerField()
    created = serializers.DateTimeField()
    url = serializers.CharField()


def asset_out(row: ReleaseAsset, base: str, tag: str) -> dict[str, Any]:
    """JSON values of a file; `base` is the repository's address."""
    url = f"{base}/releases/download/{filenames.quoted(tag)}/{quote(row.name)}"
    return {
        "name": row.name, "size": row.size, "sha256": row.sha256, "content_type": row.content_type, "downloads": row.downloads,
        "created": row.created_at.isoformat(), "url": url,
    }  # fmt: skip


class ReleaseOut(serializers.Serializer[Any]):
    """A release."""

    tag = serializers.CharField()
    target = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    notes = serializers.CharField(allow_blank=True)
    draft = serializers.BooleanField()
    prerelease = serializers.BooleanField()
    author = serializers.CharField(allow_null=True)
    created = serializers.DateTimeField()
    published = serializers.DateTimeField(allow_null=True)
    html_url = serializers.CharField()
    assets = AssetOut(many=True)


def release_out(row: Release, base: str) -> dict[str, Any]:
    """JSON values of a release; `base` is the repository's address."""
    return {
        "tag": row.tag, "target": row.target, "title": row.title, "notes": row.notes, "draft": row.is_draft, "prerelease": row.is_prerelease,
        "author": row.author.username if row.author else None, "created": row.created_at.isoformat(),
        "published": row.published_at.isoformat() if row.published_at else None,
        "html_url": f"{base}/releases/tag/{filenames.quoted(row.tag)}", "assets": [asset_out(one, base, row.tag) for one in row.assets.all()],
    }  # fmt: skip
