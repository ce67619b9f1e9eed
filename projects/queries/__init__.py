"""Reads about repositories."""

from accounts.queries import people_by_email
from projects.queries.browsing import (
    Switch,
    authors,
    blob_pieces,
    clone_addresses,
    commit_position,
    containing,
    default_position,
    opened_cursor,
    position,
    reading,
    require_reached,
    sealed,
    switch,
)
from projects.queries.commits import Shown as ShownCommit
from projects.queries.commits import message_parts, shown
from projects.queries.contribution import Contributor, contributors
from projects.queries.header import Header, header
from projects.queries.listings import Listing, last_commit_of_file, last_commits_ready, listing
from projects.queries.positions import Position
from projects.queries.public import public_addresses, public_addresses_total
from projects.queries.refs import ref_state, refs
from projects.queries.repositories import former_repository, repositories, repository, repository_for_git
from projects.queries.deleted import deleted_repositories, deleted_repository, overdue_deletions
from projects.queries.network import Upstream, network, upstream
from projects.queries.releases import asset, latest_release, release, releases
from projects.queries.tags import commit_date, tags
from projects.queries.choices import reason_to_keep_account, repository_choices
from projects.queries.imports import import_snapshot, open_import
from projects.queries.signing import Mark, signature_mark
from projects.queries.wire import repository_for_wire

__all__ = [
    "Contributor",
    "Header",
    "Listing",
    "Mark",
    "Position",
    "ShownCommit",
    "Switch",
    "authors",
    "blob_pieces",
    "clone_addresses",
    "commit_position",
    "containing",
    "contributors",
    "default_position",
    "former_repository",
    "header",
    "last_commit_of_file",
    "last_commits_ready",
    "listing",
    "message_parts",
    "opened_cursor",
    "people_by_email",
    "position",
    "public_addresses",
    "public_addresses_total",
    "reading",
    "ref_state",
    "refs",
    "repositories",
    "repository",
    "repository_for_git",
    "repository_for_wire",
    "require_reached",
    "sealed",
    "shown",
    "signature_mark",
    "switch",
    "deleted_repositories",
    "deleted_repository",
    "overdue_deletions",
    "Upstream",
    "network",
    "upstream",
    "asset",
    "latest_release",
    "release",
    "releases",
    "commit_date",
    "tags",
    "import_snapshot",
    "reason_to_keep_account",
    "repository_choices",
    "open_import",
]
