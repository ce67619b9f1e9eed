"""Mirrors that may share objects: public ones of the catalogue that grew from the same first commits."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from projects.mirrors.states import State
from projects.models import Mirror, MirrorStore, Repository, RootCommit, Visibility


def lenders() -> QuerySet[Repository]:
    """Mirrors whose objects everyone may read and whose upstream asked for no password."""
    return Repository.objects.filter(
        visibility=Visibility.PUBLIC, deleted_at=None, taken_down_at=None, is_empty=False,
        mirror__is_public_mirror=True, mirror__credentials_encrypted="", mirror__filled_at__isnull=False,
    ).exclude(mirror__state=State.PROMOTED)  # fmt: skip


def namesakes(mirror: Mirror, limit: int = 3) -> list[Repository]:
    """Filled mirrors of the same name, those with most stars first: what a fork not fetched yet most likely grew from."""
    rows = lenders().filter(name__iexact=mirror.repository.name).exclude(pk=mirror.repository_id)
    return list(rows.order_by("-mirror__upstream_stars", "pk")[:limit])


def relatives(repository: Repository, roots: Collection[str]) -> list[Repository]:
    """Mirrors that grew from one of the first commits: those in a pool first, then by stars."""
    rows = lenders().filter(roots__oid__in=roots).exclude(pk=repository.pk).distinct()
    found = sorted(rows.select_related("mirror")[:50], key=lambda row: (row.pool_id is None, -row.mirror.upstream_stars, row.pk))
    return found[:5]


def lends(repository: Repository) -> bool:
    """True if other mirrors share the objects of this one."""
    return MirrorStore.objects.filter(lender=repository, mirror__repository__pool_id=repository.pool_id).exists()


def saved() -> dict[str, int]:
    """`bytes` that need not lie on the disk twice, and the `mirrors` that share; one query."""
    shared = Q(lender__isnull=False, mirror__repository__pool_id__isnull=False, mirror__repository__deleted_at=None)
    counted = MirrorStore.objects.filter(shared).aggregate(bytes=Sum("saved_bytes"), mirrors=Count("pk"))
    return {"bytes": int(counted["bytes"] or 0), "mirrors": counted["mirrors"]}


def apart(limit: int) -> list[Repository]:
    """Mirrors that stand alone though another one has a first commit of theirs: two that were filled at the same time, or adopted."""
    counted = RootCommit.objects.filter(repository__in=lenders()).order_by().values("oid").annotate(n=Count("repository", distinct=True))
    rows = lenders().filter(pool_id=None, roots__oid__in=counted.filter(n__gt=1).values("oid"))
    return list(rows.select_related("mirror").order_by("mirror__upstream_stars", "-pk").distinct()[:limit])


def split(limit: int) -> list[set[UUID]]:
    """Pools whose mirrors grew from one first commit and that are still several: families that were found to be one later."""
    pooled = RootCommit.objects.filter(repository__in=lenders().exclude(pool_id=None)).order_by()
    counted = pooled.values("oid").annotate(n=Count("repository__pool_id", distinct=True)).filter(n__gt=1)
    found: list[set[UUID]] = []
    for oid in list(counted.values_list("oid", flat=True)[:limit]):
        pools = {pool for pool in pooled.filter(oid=oid).values_list("repository__pool_id", flat=True) if pool is not None}
        for known in [one for one in found if one & pools]:  # two first commits of one history
            found.remove(known)
            pools |= known
        found.append(pools)
    return found


def of_pool(pool: UUID) -> list[Repository]:
    """The mirrors that share it."""
    return list(lenders().filter(pool_id=pool))


def still_lending(ids: Collection[int]) -> list[Repository]:
    """Of these mirrors, those with most stars first."""
    return list(lenders().filter(pk__in=ids).select_related("mirror").order_by("-mirror__upstream_stars", "pk"))
