"""Releases and their files."""

from typing import Any
from urllib.parse import quote

from githubapi.api.shapes.common import At, moment, node_id
from githubapi.api.shapes.people import person
from githubapi.api.shapes.repositories import base
from projects.models import Release, ReleaseAsset, Repository


def release(row: Repository, one: Release, at: At) -> dict[str, Any]:
    """A release with its author and files."""
    here, page = base(row, at), at.page(row.get_absolute_url())
    url, tag = f"{here}/releases/{one.pk}", quote(one.tag, safe="/")
    files = [asset(row, file, at, tag=one.tag, author=one) for file in one.assets.all()]
    return {
        "url": url, "html_url": f"{page}/releases/tag/{tag}", "assets_url": f"{url}/assets", "upload_url": f"{url}/assets{{?name,label}}",
        "tarball_url": f"{here}/tarball/{tag}", "zipball_url": f"{here}/zipball/{tag}", "id": one.pk, "node_id": node_id("Release", one.pk),
        "tag_name": one.tag, "target_commitish": one.target or row.default_branch, "name": one.title, "body": one.notes, "draft": one.is_draft,
        "prerelease": one.is_prerelease, "immutable": False, "created_at": moment(one.created_at), "published_at": moment(one.published_at),
        "author": person(one.author, at), "assets": files,
    }  # fmt: skip


def asset(row: Repository, one: ReleaseAsset, at: At, *, tag: str, author: Release | None = None) -> dict[str, Any]:
    """A file of a release."""
    page = at.page(row.get_absolute_url())
    return {
        "url": f"{base(row, at)}/releases/assets/{one.pk}", "id": one.pk, "node_id": node_id("ReleaseAsset", one.pk), "name": one.name, "label": "",
        "state": "uploaded", "content_type": one.content_type or "application/octet-stream", "size": one.size, "digest": f"sha256:{one.sha256}",
        "download_count": one.downloads, "created_at": moment(one.created_at), "updated_at": moment(one.created_at),
        "browser_download_url": f"{page}/releases/download/{quote(tag, safe='/')}/{quote(one.name, safe='')}",
        "uploader": person(author.author, at) if author else None,
    }  # fmt: skip
