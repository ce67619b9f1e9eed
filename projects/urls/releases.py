"""Releases, their files, tags, feeds. Tags may contain slashes."""

from django.urls import path

from projects.views import feeds, releases

REPOSITORY = "<str:namespace>/<str:name>"

urlpatterns = [
    path(f"{REPOSITORY}/releases", releases.repository_releases, name="repository_releases"),
    path(f"{REPOSITORY}/releases.atom", feeds.releases_feed, name="releases_feed"),
    path(f"{REPOSITORY}/tags.atom", feeds.tags_feed, name="tags_feed"),
    path(f"{REPOSITORY}/commits.atom", feeds.commits_feed, name="commits_feed"),
    path(f"{REPOSITORY}/releases/new", releases.release_new, name="release_new"),
    path(f"{REPOSITORY}/releases/latest", releases.release_latest, name="release_latest"),
    path(f"{REPOSITORY}/releases/latest/download/<str:file>", releases.release_latest, name="release_latest_download"),
    path(f"{REPOSITORY}/releases/tag/<path:tag>", releases.release_page, name="release_page"),
    path(f"{REPOSITORY}/releases/edit/<path:tag>", releases.release_edit, name="release_edit"),
    path(f"{REPOSITORY}/releases/delete/<path:tag>", releases.release_delete, name="release_delete"),
    path(f"{REPOSITORY}/releases/download/<path:tag>/<str:file>", releases.asset_download, name="asset_download"),
    path(f"{REPOSITORY}/tags", releases.repository_tags, name="repository_tags"),
    path(f"{REPOSITORY}/tags/delete", releases.tag_delete, name="tag_delete"),
]
