"""Tags of a repository."""

from datetime import datetime

import gitstore
from projects.logic import version_key
from projects.models import Repository


def tags(repository: Repository) -> list[gitstore.Ref]:
    """All tags, the highest version first."""
    if repository.is_empty:
        return []
    return sorted(gitstore.tags(repository.path), key=lambda tag: version_key(tag.short), reverse=True)


def commit_date(repository: Repository, oid: str) -> datetime | None:
    """When the commit was made, None if `oid` is none or its date is malformed."""
    try:
        return gitstore.commit(repository.path, oid).committer.when
    except gitstore.PathMissing:
        return None
