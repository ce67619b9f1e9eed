"""What a mirror names and does not hold: the objects of its LFS pointers."""

from collections.abc import Sequence

import structlog

import gitstore
from gitstore.pointers import lfs_objects, names_lfs
from projects.models import Mirror, MirrorStore
from projects.places import ZERO, Update

log = structlog.get_logger(__name__)


def count_pointers(mirror: Mirror, updates: Sequence[Update]) -> None:
    """After a fetch that moved the default branch: how many large files stayed on the other side.

    A tree whose attributes do not speak of LFS costs a search for them; others are listed once for each commit.
    """
    branch = f"refs/heads/{mirror.repository.default_branch}"
    tip = next((new for ref, _old, new in updates if ref == branch and new != ZERO), "")
    if not tip:
        return
    path = mirror.repository.path
    try:
        found = lfs_objects(path, tip) if names_lfs(path, tip) else {}
    except gitstore.GitError as error:  # the mirror is served all the same
        log.warning("lfs_not_counted", mirror=mirror.pk, error=str(error))
        return
    values = {"lfs_oid": tip, "lfs_count": len(found), "lfs_bytes": sum(found.values())}
    if found:
        MirrorStore.objects.update_or_create(mirror=mirror, defaults=values)
    else:
        MirrorStore.objects.filter(mirror=mirror, lfs_count__gt=0).update(**values)
