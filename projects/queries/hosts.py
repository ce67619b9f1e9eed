"""Reading hosts: what the desk shows of each, tokens, routes, what upstream says, webhooks and their deliveries."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.routes import Route
from core.secrets import decrypt
from projects import hosts
from projects.mirrors import states
from projects.models import ApiKind, HookDelivery, HostApi, HostToken, Mirror, MirrorHook, MirrorHost, OutgoingRoute, UpstreamFacts
from projects.queries.filling import in_hours

WANTED_AFTER = timedelta(minutes=10)  # “sync now” asks the API too, but no more often
DELIVERIES_SHOWN = 20
ROUTES_KEY = "outgoing-routes"
ROUTES_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Api:
    """Whose API a host speaks and where; `base` without a slash at the end."""

    host: str
    kind: str
    base: str
    is_on: bool

    @property
    def label(self) -> str:
        """Its name for people."""
        return str(ApiKind(self.kind).label)


def api_of(host: str) -> Api | None:
    """From its row, or the usual one; None where no API is known."""
    return _api(host, HostApi.objects.filter(host=host).first())


def _api(host: str, row: HostApi | None) -> Api | None:
    if row is not None:
        return Api(host, row.kind, row.base, row.is_on) if row.kind in hosts.PORTS else None
    usual = hosts.USUAL.get(host)
    return Api(host, usual[0], usual[1], True) if usual else None


def apis() -> list[Api]:
    """Those that are asked, by host. One query."""
    rows = {row.host: row for row in HostApi.objects.all()}
    found = [_api(host, rows.get(host)) for host in {*rows, *hosts.USUAL}]
    return sorted((api for api in found if api is not None and api.is_on), key=lambda api: api.host)


def best_token(host: str, now: datetime) -> HostToken | None:
    """The one with most requests left, of those that are not set aside, told to wait or used up; one that was never asked counts as full."""
    ready = HostToken.objects.filter(Q(quiet_until=None) | Q(quiet_until__lte=now), host=host, refused_at=None).order_by("pk")
    return max((token for token in ready if left(token, now) > 0), key=lambda token: left(token, now), default=None)


def left(row: HostToken | HostApi, now: datetime) -> float:
    """Requests left in the window; infinite where nobody knows or the window is over."""
    if row.remaining is None or (row.reset_at is not None and row.reset_at <= now):
        return float("inf")
    return row.remaining


def due_for_facts(host: str, now: datetime) -> QuerySet[Mirror]:
    """The catalogue's mirrors of `host` that are to be asked about: those somebody waits for, then never asked ones, then the oldest."""
    watched = Q(state__in=[*states.WATCHED, states.State.PAUSED])
    rows = Mirror.objects.filter(watched, host=host, is_public_mirror=True, repository__deleted_at=None)
    asked_for = Q(is_urgent=True, facts__checked_at__lte=now - WANTED_AFTER)
    rows = rows.filter(Q(facts=None) | Q(facts__next_at__lte=now) | asked_for).select_related("repository", "facts")
    return rows.order_by("-is_urgent", F("facts__checked_at").asc(nulls_first=True), "-upstream_stars", "pk")


def facts_of(mirror: Mirror) -> UpstreamFacts | None:
    """What upstream's API said, None if it was not asked."""
    return UpstreamFacts.objects.filter(mirror=mirror).first()


def said_of(host: str) -> list[tuple[str, str, int]]:
    """What the API says of the host's mirrors beside “known”: (code, name, how many), none left out but empty ones. One query."""
    rows = UpstreamFacts.objects.filter(mirror__host=host, mirror__repository__deleted_at=None)
    words = [(code, label) for code, label in UpstreamFacts.State.choices if code != UpstreamFacts.State.OK]
    counted = rows.aggregate(
        **{code: Count("pk", filter=Q(state=code)) for code, _label in words}, archived=Count("pk", filter=Q(is_archived=True))
    )
    return [(code, str(label), counted[code]) for code, label in [*words, ("archived", _("Archived"))] if counted[code]]


def facts_in(host: str, said: str) -> QuerySet[UpstreamFacts]:
    """Those of which the API says so, most stars first."""
    rows = UpstreamFacts.objects.filter(mirror__host=host, mirror__repository__deleted_at=None)
    rows = rows.filter(is_archived=True) if said == "archived" else rows.filter(state=said)
    return rows.select_related("mirror__repository__namespace").order_by("-stars", "pk")


@dataclass(slots=True)
class HostRow:
    """One line of the page of hosts."""

    host: str
    mirrors: int
    failing: int
    asked: int  # mirrors whose facts are known
    row: MirrorHost | None
    api: Api | None
    api_row: HostApi | None
    tokens: list[HostToken]

    @property
    def at_once(self) -> int:
        """How many of its mirrors are worked on at a time."""
        return self.row.at_once if self.row else int(MirrorHost._meta.get_field("at_once").get_default())

    @property
    def quiet_until(self) -> datetime | None:
        """Until when it is left alone, None if it is not."""
        until = self.row.quiet_until if self.row else None
        return until if until is not None and until > timezone.now() else None

    @property
    def refused(self) -> int:
        """Tokens that were set aside."""
        return sum(token.refused_at is not None for token in self.tokens)

    @property
    def remaining(self) -> int | None:
        """Requests left over all tokens, or without one; None if nobody knows."""
        known = [token.remaining for token in self.tokens if token.refused_at is None and token.remaining is not None]
        if known:
            return sum(known)
        return self.api_row.remaining if self.api_row else None


def host_rows(only: str = "") -> list[HostRow]:
    """Every host of a mirror, of the settings or of a row, most mirrors first; four queries."""
    mirrors = Mirror.objects.filter(repository__deleted_at=None)
    mirrors = mirrors.filter(host=only) if only else mirrors
    counted = mirrors.order_by().values("host").annotate(n=Count("pk"), failing=Count("pk", filter=~Q(cause="")), asked=Count("facts"))
    counts = {host: (n, failing, asked) for host, n, failing, asked in counted.values_list("host", "n", "failing", "asked")}
    rows = {row.host: row for row in MirrorHost.objects.all()}
    apis_ = {row.host: row for row in HostApi.objects.all()}
    tokens: dict[str, list[HostToken]] = {}
    for token in HostToken.objects.order_by("refused_at", "pk"):
        tokens.setdefault(token.host, []).append(token)
    names = {only} if only else {*counts, *rows, *apis_, *tokens, *settings.MIRROR_HOSTS}
    found = [
        HostRow(
            name,
            *counts.get(name, (0, 0, 0)),
            rows.get(name),
            _api(name, apis_.get(name)),
            apis_.get(name),
            tokens.get(name, []),
        )
        for name in names
    ]
    return sorted(found, key=lambda one: (-one.mirrors, one.host))


def is_known(host: str) -> bool:
    """True for a host that has a page: mirrored, configured, or with a row."""
    if host in settings.MIRROR_HOSTS or host in hosts.USUAL:
        return True
    return any(model.objects.filter(host=host).exists() for model in (Mirror, MirrorHost, HostApi, HostToken))


def outgoing_routes() -> QuerySet[OutgoingRoute]:
    """In the order in which they are tried."""
    return OutgoingRoute.objects.order_by("position", "pk")


def routes_to(host: str, now: datetime) -> tuple[Route, ...]:
    """For a host at this hour. The rows come from the cache (at most 60 s old elsewhere), their passwords still encrypted."""
    rows = cache.get(ROUTES_KEY)
    if rows is None:
        columns = ("pk", "kind", "address", "port", "username", "password_encrypted", "patterns", "hour_from", "hour_to")
        rows = list(OutgoingRoute.objects.filter(is_on=True).order_by("position", "pk").values_list(*columns))
        cache.set(ROUTES_KEY, rows, ROUTES_SECONDS)
    hour = timezone.localtime(now).hour
    return tuple(
        Route(pk, kind, address, port, username, decrypt(secret, purpose="route") if secret else "")
        for pk, kind, address, port, username, secret, patterns, start, end in rows
        if in_hours(start, end, hour) and matches(patterns, host)
    )


def serves(way: OutgoingRoute, host: str) -> bool:
    """True if the route is for this host, at some hour."""
    return way.is_on and matches(way.patterns, host)


def matches(patterns: list[str], host: str) -> bool:
    """`github.com` means that name, `*.github.com` what lies below it; no pattern means every host."""
    host = host.lower()
    return not patterns or any(host == one or (one.startswith("*.") and host.endswith(one[1:])) or one == "*" for one in patterns)


def hook_of(mirror: Mirror) -> MirrorHook | None:
    """Its webhook, None if nobody made one."""
    return MirrorHook.objects.filter(mirror=mirror).first()


def hook_at(key: str) -> MirrorHook | None:
    """The webhook at an address, None if there is none."""
    try:
        uuid.UUID(key)
    except ValueError:
        return None
    return MirrorHook.objects.select_related("mirror__repository").filter(key=key, mirror__repository__deleted_at=None).first()


def deliveries(hook: MirrorHook) -> QuerySet[HookDelivery]:
    """The last ones, newest first."""
    return HookDelivery.objects.filter(hook=hook).order_by("-at", "-pk")[:DELIVERIES_SHOWN]
