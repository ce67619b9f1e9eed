"""Commits of pull requests are brought into the base repository and kept there, whatever becomes of branch and fork."""

from django.utils.translation import gettext as _

import gitstore
from core.errors import LimitReached, Unavailable
from gitstore.families import new_bytes
from projects.models import Repository
from projects.queries.quota import quota_left
from pulls.logic.names import head_ref, version_ref
from pulls.models import Pull, Version


def bring_objects(repository: Repository, source: Repository, oid: str) -> None:
    """The base holds the commit with all it reaches; a copy of its own where the pool does not have it.

    Raises Unavailable, LimitReached (it does not fit into the quota of the base).
    """
    if source.pk == repository.pk:
        return
    try:
        if new_bytes(repository.path, source.path, oid) > quota_left(repository):
            raise LimitReached(_("The quota of “%s” is used up.") % repository.namespace.slug, code="quota")
        gitstore.fetch_objects(repository.path, source.path, [oid])
    except gitstore.GitError as error:
        raise Unavailable(_("Git could not answer in time. Try again."), retry_after=10) from error


def keep_versions(pull: Pull) -> None:
    """Make the hidden refs of every version and let `refs/pull/N/head` be at the newest; safe to repeat."""
    path, number = pull.repository.path, pull.thread.number
    present = gitstore.refs(path, "refs/keep/pull")
    wanted = [(version_ref(number, version.number), version.head_oid) for version in pull.versions.order_by("number")]
    updates = [(ref, gitstore.ZERO, oid) for ref, oid in wanted if ref not in present]
    head = gitstore.ref_oid(path, head_ref(number))
    if head != pull.head_oid:
        updates.append((head_ref(number), head or gitstore.ZERO, pull.head_oid))
    if updates:
        gitstore.update_refs(path, updates)


def newest(pull: Pull) -> Version:
    """The last version."""
    return pull.versions.order_by("-number")[0]
