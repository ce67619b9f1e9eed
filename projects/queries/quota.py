"""What a namespace may still use."""

from projects import policies
from projects.models import Repository


def quota_left(repository: Repository) -> int:
    """Bytes the repository's namespace may still use; negative if it is over."""
    return policies.quota_left(repository)
