"""Reads about repositories."""

from accounts.queries import people_by_email
from projects.queries.access import site_figures, team_repositories
from projects.queries.browsing import (
    Switch,
    authors,
    begun,
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
from projects.queries.choices import reason_to_keep_account, repository_choices
from projects.queries.commits import Shown as ShownCommit
from projects.queries.commits import message_parts, shown
from projects.queries.contribution import Contributor, contributors
from projects.queries.deleted import deleted_repositories, deleted_repository, overdue_deletions
from projects.queries.header import Header, header
from projects.queries.imports import import_snapshot, open_import
from projects.queries.listings import Listing, last_commit_of_file, last_commits_ready, listing
from projects.queries.mirrors import with_lost_history as mirrors_with_lost_history
from projects.queries.network import Upstream, network, upstream
from projects.queries.positions import Position
from projects.queries.public import public_addresses, public_addresses_total
from projects.queries.purges import purge_phase, purge_run, purge_snapshot
from projects.queries.refs import ref_state, refs
from projects.queries.releases import asset, latest_release, release, releases
from projects.queries.repositories import former_repository, repositories, repository, repository_for_git
from projects.queries.signing import Mark, signature_mark, tag_marks
from projects.queries.tags import commit_date, tags
from projects.queries.wire import repository_for_wire

__all__ = [
    "Contributor",
    "Header",
    "Listing",
    "Mark",
    "Position",
    "ShownCommit",
    "Switch",
    "Upstream",
    "asset",
    "authors",
    "begun",
    "blob_pieces",
    "clone_addresses",
    "commit_date",
    "commit_position",
    "containing",
    "contributors",
    "default_position",
    "deleted_repositories",
    "deleted_repository",
    "former_repository",
    "header",
    "import_snapshot",
    "last_commit_of_file",
    "last_commits_ready",
    "latest_release",
    "listing",
    "message_parts",
    "mirrors_with_lost_history",
    "network",
    "open_import",
    "opened_cursor",
    "overdue_deletions",
    "people_by_email",
    "position",
    "public_addresses",
    "public_addresses_total",
    "purge_phase",
    "purge_run",
    "purge_snapshot",
    "reading",
    "reason_to_keep_account",
    "ref_state",
    "refs",
    "release",
    "releases",
    "repositories",
    "repository",
    "repository_choices",
    "repository_for_git",
    "repository_for_wire",
    "require_reached",
    "sealed",
    "shown",
    "signature_mark",
    "site_figures",
    "switch",
    "tag_marks",
    "tags",
    "team_repositories",
    "upstream",
]
