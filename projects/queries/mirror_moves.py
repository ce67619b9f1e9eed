"""Reading upstreams that say they have moved."""

from django.conf import settings
from django.db.models import Count, QuerySet

from projects.mirrors import addresses
from projects.mirrors.states import State
from projects.models import Mirror, MirrorMove

READY = (MirrorMove.Verdict.SAME, MirrorMove.Verdict.NEW)  # may be taken over


def moves() -> QuerySet[MirrorMove]:
    """Those that wait, of mirrors that are followed."""
    rows = MirrorMove.objects.filter(taken_at=None, mirror__repository__deleted_at=None)
    return rows.exclude(mirror__state__in=(State.PAUSED, State.PROMOTED)).select_related("mirror__repository__namespace")


def in_catalogue(verdict: str = "") -> QuerySet[MirrorMove]:
    """The curators' list: what can be taken over first, by stars; `verdict` alone if it is one."""
    rows = moves().filter(mirror__is_public_mirror=True)
    rows = rows.filter(verdict=verdict) if verdict in MirrorMove.Verdict.values else rows
    return rows.order_by("-mirror__upstream_stars", "pk")


def counts() -> list[tuple[str, str, int]]:
    """(verdict, its name, how many wait), none left out but empty ones. One query."""
    found = dict(in_catalogue().order_by().values("verdict").annotate(n=Count("pk")).values_list("verdict", "n"))
    return [(code, str(label), found[code]) for code, label in MirrorMove.Verdict.choices if code in found]


def taken(limit: int = 20) -> list[MirrorMove]:
    """The last that were taken over."""
    rows = MirrorMove.objects.filter(taken_at__isnull=False, mirror__is_public_mirror=True, mirror__repository__deleted_at=None)
    return list(rows.select_related("mirror__repository__namespace").order_by("-taken_at", "pk")[:limit])


def move_of(mirror: Mirror) -> MirrorMove | None:
    """What upstream says, None if it says nothing or it was taken over."""
    found = moves().filter(mirror=mirror).first()
    if found is not None:
        found.mirror = mirror
    return found


def obstacle(move: MirrorMove) -> str | None:
    """Why it cannot be taken over whatever is found there, None if nothing stands against it."""
    found = addresses.parse(move.address)
    if found is None or found.scheme not in ("https", "http"):
        return MirrorMove.Verdict.FAILED
    if not move.mirror.is_public_mirror:
        return None
    if found.host not in settings.MIRROR_HOSTS and found.host != move.mirror.host:
        return MirrorMove.Verdict.HOST
    if Mirror.objects.filter(key=move.key, is_public_mirror=True).exclude(pk=move.mirror_id).exists():
        return MirrorMove.Verdict.TAKEN
    return None


def followed(key: str) -> Mirror | None:
    """The catalogue's mirror that was at this address before it moved."""
    rows = Mirror.objects.filter(is_public_mirror=True, repository__deleted_at=None, move__old_key=key, move__taken_at__isnull=False)
    return rows.select_related("repository__namespace").first()


def followed_keys(keys: list[str]) -> set[str]:
    """Those that are addresses from which a mirror of the catalogue moved away. One query."""
    rows = MirrorMove.objects.filter(old_key__in=keys, taken_at__isnull=False, mirror__is_public_mirror=True)
    return set(rows.values_list("old_key", flat=True))
