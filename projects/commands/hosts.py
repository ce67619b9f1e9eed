"""What administrators decide about other hosts: how many at once, the API, tokens, routes. All of it is audited, no secret is."""

import re
from ipaddress import ip_address
from time import monotonic
from typing import TypedDict, Unpack
from urllib.parse import urlsplit

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.commands import note_act
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from core.outgoing import allowed_schemes, check_url
from core.routes import Route, RouteFailed, connect
from core.secrets import decrypt, encrypt
from projects import hosts, rules
from projects.models import ApiKind, HostApi, HostToken, MirrorHost, OutgoingRoute
from projects.queries import hosts as reads

AT_ONCE_MAX = 50
TOKENS_MAX = 50
ROUTES_MAX = 50
PATTERNS_MAX = 50
TRY_SECONDS = 10.0
SECRET_MAX = 255  # bytes; RFC 1929 takes no longer ones
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,117}[a-z0-9])?(?::\d{1,5})?")
_PATTERN = re.compile(r"\*|(?:\*\.)?[a-z0-9](?:[a-z0-9.-]{0,180}[a-z0-9])?")


def require_host(host: str) -> str:
    """A host as mirrors name it. Raises NotFound."""
    if not _HOST.fullmatch(host) or not reads.is_known(host):
        raise NotFound(_("No mirror comes from this host."))
    return host


def change_host(actor: Actor, host: str, *, at_once: int) -> MirrorHost:
    """How many of its mirrors are worked on at a time; 0: none. Raises NotFound or Forbidden (rules.can_curate), Invalid."""
    rules.can_curate(actor).require()
    require_host(host)
    if not 0 <= at_once <= AT_ONCE_MAX:
        raise Invalid(_("A number from 0 to %d.") % AT_ONCE_MAX, field="at_once")
    with transaction.atomic():
        row, _made = MirrorHost.objects.update_or_create(host=host, defaults={"at_once": at_once})
        note_act(actor, "change_host", host, detail={"at_once": at_once})
    return row


def wake_host(actor: Actor, host: str) -> None:
    """Ask it again at once, its API too. Raises NotFound or Forbidden (rules.can_curate)."""
    rules.can_curate(actor).require()
    require_host(host)
    with transaction.atomic():
        MirrorHost.objects.filter(host=host).update(quiet_until=None, silences=0)
        HostApi.objects.filter(host=host).update(quiet_until=None, said="")
        HostToken.objects.filter(host=host, refused_at=None).update(quiet_until=None)
        note_act(actor, "wake_host", host)


def change_api(actor: Actor, host: str, *, kind: str, base: str, is_on: bool) -> HostApi:
    """Which API the host speaks and where. Raises NotFound or Forbidden (rules.can_curate), Invalid (kind, address)."""
    rules.can_curate(actor).require()
    require_host(host)
    if kind not in ApiKind.values:
        raise Invalid(_("Choose one of the list."), field="kind")
    base = base.strip().rstrip("/")
    if kind != ApiKind.NONE and not base:
        base = _usual_base(host, kind)
    if base:
        _require_base(base)
    with transaction.atomic():
        row, _made = HostApi.objects.update_or_create(
            host=host, defaults={"kind": kind, "base": base, "is_on": is_on, "quiet_until": None, "said": ""}
        )
        note_act(actor, "change_host_api", host, detail={"kind": kind, "base": base, "is_on": is_on})
    return row


def _usual_base(host: str, kind: str) -> str:
    usual = hosts.USUAL.get(host)
    if usual and usual[0] == kind:
        return usual[1]
    return f"https://{host}" + {"github": "/api/v3", "gitee": "/api/v5", "gitlab": "/api/v4"}[kind]


def _require_base(base: str) -> None:
    try:
        parts = urlsplit(base)
        bad = parts.scheme not in allowed_schemes() or not parts.hostname or parts.username or parts.query or parts.fragment
        _port = parts.port
    except ValueError:
        bad = True
    if bad or len(base) > 300 or any(ord(character) <= 32 for character in base):
        raise Invalid(_("An address such as https://gitlab.example.org/api/v4, without a password in it."), field="base")


def add_token(actor: Actor, host: str, *, name: str, secret: str) -> HostToken:
    """One more token for the host's API; it is kept encrypted. Raises NotFound or Forbidden (rules.can_curate), Invalid, Conflict (50 are there)."""
    rules.can_curate(actor).require()
    require_host(host)
    name, secret = " ".join(name.split())[:80], secret.strip()
    if not name:
        raise Invalid(_("Give it a name, so that it is known again."), field="name")
    if not 8 <= len(secret) <= SECRET_MAX or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise Invalid(_("This is not an access token."), field="secret")
    if HostToken.objects.filter(host=host).count() >= TOKENS_MAX:
        raise Conflict(_("At most %d tokens for one host.") % TOKENS_MAX, field="name")
    with transaction.atomic():
        row = HostToken.objects.create(
            host=host, name=name, secret_encrypted=encrypt(secret, purpose="host-token"), hint=secret[-4:] if len(secret) >= 20 else ""
        )
        HostApi.objects.filter(host=host).update(quiet_until=None)  # it waited because there was none
        note_act(actor, "add_host_token", host, detail={"name": name})
    return row


def remove_token(actor: Actor, token: HostToken) -> None:
    """Forget it. Raises NotFound or Forbidden (rules.can_curate)."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        token.delete()
        note_act(actor, "remove_host_token", token.host, detail={"name": token.name})


def retry_token(actor: Actor, token: HostToken) -> None:
    """Use one that was set aside again. Raises NotFound or Forbidden (rules.can_curate)."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        HostToken.objects.filter(pk=token.pk).update(refused_at=None, quiet_until=None, said="", remaining=None, reset_at=None)
        note_act(actor, "retry_host_token", token.host, detail={"name": token.name})


class RouteSettings(TypedDict):
    """What an administrator decides of a way out. `password` None: the one it has; hours are of the site's time zone."""

    name: str
    kind: str
    address: str
    port: int
    username: str
    password: str | None
    patterns: list[str]
    hour_from: int
    hour_to: int
    position: int
    is_on: bool


def save_route(actor: Actor, route: OutgoingRoute | None, **given: Unpack[RouteSettings]) -> OutgoingRoute:
    """Make or change a way out. The proxy may lie in a private network.

    Raises NotFound or Forbidden (rules.can_curate), Invalid, Conflict (name taken, 50 are there).
    """
    rules.can_curate(actor).require()
    row = route or OutgoingRoute()
    row.name = " ".join(given["name"].split())[:60]
    if not row.name:
        raise Invalid(_("Give it a name, so that it is known again."), field="name")
    _set_proxy(row, given)
    row.patterns = clean_patterns(given["patterns"])
    row.hour_from, row.hour_to = given["hour_from"] % 24, given["hour_to"] % 24
    row.position, row.is_on = min(max(given["position"], 0), 999), given["is_on"]
    if route is None and OutgoingRoute.objects.count() >= ROUTES_MAX:
        raise Conflict(_("At most %d routes.") % ROUTES_MAX, field="name")
    detail = {"kind": row.kind, "address": row.address, "port": row.port, "patterns": row.patterns, "is_on": row.is_on}
    try:
        with transaction.atomic():
            row.save()
            note_act(actor, "save_route", row.name, detail=detail)
    except IntegrityError as error:
        raise Conflict(_("There is a route of this name."), field="name") from error
    cache.delete(reads.ROUTES_KEY)
    return row


def _set_proxy(row: OutgoingRoute, given: RouteSettings) -> None:
    """Kind, address and sign-in. A password goes only to the proxy it was given for."""
    former, row.kind = (row.address, row.port), given["kind"]
    if row.kind not in OutgoingRoute.Kind.values:
        raise Invalid(_("Choose one of the list."), field="kind")
    if row.kind == OutgoingRoute.Kind.DIRECT:
        row.address, row.port, row.username, row.password_encrypted = "", 0, "", ""
        return
    row.address, row.port, row.username = _proxy(given["address"], given["port"], given["username"])
    if not row.username:
        row.password_encrypted = ""
    elif given["password"] is not None:
        row.password_encrypted = _password(given["password"])
    elif row.password_encrypted and former != (row.address, row.port):
        raise Invalid(_("Give the password again: it was given for another proxy."), field="password")


def _proxy(address: str, port: int, username: str) -> tuple[str, int, str]:
    address = address.strip().lower().strip("[]")
    try:
        ip_address(address)
    except ValueError:
        if not _HOST.fullmatch(address) or ":" in address:
            raise Invalid(_("The name or address of the proxy, without https:// and port."), field="address") from None
    if not 1 <= port <= 65535:
        raise Invalid(_("A number from 1 to 65535."), field="port")
    if len(username.encode()) > 120 or ":" in username or not username.isprintable():
        raise Invalid(_("This user name is too long or has a colon in it."), field="username")
    return address, port, username


def _password(password: str) -> str:
    if len(password.encode()) > SECRET_MAX or not password.isprintable():
        raise Invalid(_("This password is too long."), field="password")
    return encrypt(password, purpose="route") if password else ""


def clean_patterns(patterns: list[str]) -> list[str]:
    """Names of hosts, `*.` before them for all below. Raises Invalid."""
    kept = list(dict.fromkeys(pattern.strip().lower() for pattern in patterns if pattern.strip()))
    for pattern in kept:
        if not _PATTERN.fullmatch(pattern):
            raise Invalid(_("“%s” is not a pattern of hosts; write github.com or *.github.com.") % pattern[:100], field="patterns")
    if len(kept) > PATTERNS_MAX:
        raise Invalid(_("At most %d patterns.") % PATTERNS_MAX, field="patterns")
    return kept


def try_route(actor: Actor, route: OutgoingRoute, host: str) -> int:
    """Connect to `host` over this route alone; milliseconds. Raises NotFound or Forbidden (rules.can_curate), Invalid (unknown, private, no connection)."""
    rules.can_curate(actor).require()
    target = check_url(f"https://{host.strip()}/", schemes=("https",), field="host")
    secret = decrypt(route.password_encrypted, purpose="route") if route.password_encrypted else ""
    way = Route(route.pk, route.kind, route.address, route.port, route.username, secret)
    started = monotonic()
    try:
        connect(way, target.pinned, target.port, seconds=TRY_SECONDS).close()
    except RouteFailed as error:
        raise Invalid(_("No connection: %s") % error, field="host", code="route") from error
    return max(round((monotonic() - started) * 1000), 1)


def remove_route(actor: Actor, route: OutgoingRoute) -> None:
    """Take it away. Raises NotFound or Forbidden (rules.can_curate)."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        route.delete()
        note_act(actor, "remove_route", route.name)
    cache.delete(reads.ROUTES_KEY)
