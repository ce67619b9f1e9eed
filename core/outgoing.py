"""Reaching other hosts: every address is checked, pinned, and checked again at each redirect.

A name is resolved once and the connection goes to that very address, so a second answer of a hostile DNS server
(rebinding) is never used. Git gets the same pin through `http.curloptResolve`. Which way the connection takes is chosen by `core.routes`.
"""

import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from core import routes
from core.errors import Invalid, Unavailable
from core.routes import Route

NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))  # RFC 6052, RFC 8215: the last 32 bits are an IPv4 address
DEFAULT_PORTS = {"http": 80, "https": 443, "ssh": 22, "git": 9418}
REDIRECTS = (301, 302, 303, 307, 308)
CREDENTIALS = frozenset({"authorization", "cookie", "private-token"})  # headers that stay with the host they were given for


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address. `url` carries no user name and no password; `addresses` are the only ones to connect to."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    username: str = ""
    password: str = ""

    @property
    def pinned(self) -> str:
        """The address to connect to."""
        return self.addresses[0]

    @property
    def curl_resolve(self) -> str:
        """Value of Git's `http.curloptResolve` (`HOST:PORT:ADDRESS`), curl's CURLOPT_RESOLVE."""
        return f"{self.host}:{self.port}:{','.join(self.addresses)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said; `body` holds at most `max_bytes`."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str


def allowed_schemes() -> tuple[str, ...]:
    """https; http too where an administrator allowed private addresses (a closed network)."""
    return ("https", "http") if settings.ALLOW_PRIVATE_ADDRESSES else ("https",)


def is_public(address: str) -> bool:
    """True for a globally reachable unicast address.

    An IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64) must be public itself.
    """
    parsed = ip_address(address.split("%")[0])
    if isinstance(parsed, IPv6Address) and (inner := _embedded(parsed)):
        return all(one.is_global and not one.is_multicast for one in inner)
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _embedded(address: IPv6Address) -> list[IPv4Address]:
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return list(address.teredo)
    if any(address in network for network in NAT64) or int(address) >> 32 == 0:  # the last: IPv4-compatible, deprecated
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return []


def _ascii(host: str) -> str:
    """The name as DNS knows it, "" if it is none. Spelled out here, or curl would translate it by newer rules into another, unjudged name."""
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _resolve(host: str, port: int) -> list[str]:
    """All addresses of `host`, in the resolver's order. Raises Invalid."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Invalid(_("The host “%s” is not known.") % host, field="address", code="unknown_host") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def shown(url: str) -> str:
    """The address without user name and password, for pages and logs."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def check_url(url: str, *, schemes: tuple[str, ...] | None = None, field: str = "address") -> Target:
    """Parse, resolve and judge an address given by a user.

    `schemes` defaults to `allowed_schemes()`. Raises Invalid on `field` for another scheme, control characters, an unknown host,
    or a host with any address in a private, loopback, link-local or otherwise special range.
    """
    schemes = schemes or allowed_schemes()
    malformed = Invalid(
        _("This is not an address that can be fetched. Give one such as https://example.org/name.git."), field=field, code="address"
    )
    if len(url) > 2000 or any(ord(character) <= 32 or ord(character) == 127 for character in url) or "\\" in url:
        raise malformed
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise malformed from error
    if parts.scheme.lower() not in schemes:
        raise Invalid(_("Only %s addresses can be fetched.") % ", ".join(f"{scheme}://" for scheme in schemes), field=field, code="scheme")
    host = _ascii(host.rstrip("."))
    if not host or host.startswith("-") or "%" in host:
        raise malformed
    port = port or DEFAULT_PORTS[parts.scheme.lower()]
    addresses = _resolve(host, port)
    if not settings.ALLOW_PRIVATE_ADDRESSES and not all(is_public(address) for address in addresses):
        raise Invalid(_("This host lies in a private network; it cannot be reached from here."), field=field, code="private_address")
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port != DEFAULT_PORTS[parts.scheme.lower()] else "")
    clean = urlunsplit((parts.scheme.lower(), netloc, parts.path, parts.query, ""))
    return Target(clean, parts.scheme.lower(), host, port, tuple(addresses), unquote(parts.username or ""), unquote(parts.password or ""))


@cache
def _tls() -> ssl.SSLContext:
    """The certificates of certifi, loaded once (some 20 ms)."""
    return httpx.create_ssl_context(trust_env=False)


class _Through(httpx.HTTPTransport):
    """Over one proxy."""

    def __init__(self, route: Route) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._pool = httpcore.ConnectionPool(ssl_context=_tls(), network_backend=routes.Backend(route))


def _client(seconds: float, route: Route) -> httpx.Client:
    transport = None if route.kind == "direct" else _Through(route)
    return httpx.Client(trust_env=False, follow_redirects=False, timeout=seconds, verify=_tls(), transport=transport)


@contextmanager
def _sent(
    target: Target, headers: dict[str, str], *, method: str = "GET", content: bytes = b"", seconds: float
) -> Iterator[httpx.Response]:
    """The answer, its body not read yet, over the first route that connects. Raises httpx.HTTPError."""
    ways = routes.choose(target.host)
    for route in ways:
        started = time.monotonic()
        with _client(seconds, route) as client:
            try:
                response = client.send(_request(client, target, headers, method=method, content=content), stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                if _is_certificate(error):
                    raise
                routes.note(route, failure=str(error), is_proxy=isinstance(error, httpx.ProxyError))
                if route is ways[-1]:
                    raise
                continue
            took = time.monotonic() - started
            try:
                yield response
            finally:
                response.close()
                routes.note(route, seconds=took, received=response.num_bytes_downloaded)
        return


def _is_certificate(error: Exception) -> bool:
    return "certificate" in str(error).lower() or "ssl" in str(error).lower()


def get(
    url: str,
    *,
    headers: dict[str, str] | None = None,
    schemes: tuple[str, ...] | None = None,
    max_bytes: int = 1024**2,
    seconds: float = 20,
    redirects: int = 3,
) -> Answer:
    """GET over the pinned connection, following at most `redirects`, each target checked anew; credentials never cross hosts.

    Raises Invalid (an address that may not be fetched), Unavailable (no answer, too many redirects).
    """
    target = check_url(url, schemes=schemes)
    for _hop in range(redirects + 1):
        answer = _one(target, headers or {}, max_bytes, seconds)
        location = answer.headers.get("location", "")
        if answer.status not in REDIRECTS or not location or not redirects:
            return answer
        following = check_url(urljoin(target.url, location), schemes=schemes)
        if (following.host, following.port) != (target.host, target.port):
            headers = {name: value for name, value in (headers or {}).items() if name.lower() not in CREDENTIALS}
        target = following
    raise Unavailable(_("The other side redirects too often."), code="redirects")


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body comes in pieces."""

    status: int
    headers: dict[str, str]
    chunks: Iterator[bytes]


@contextmanager
def streamed(
    target: Target,
    *,
    method: str = "GET",
    content: bytes = b"",
    headers: dict[str, str] | None = None,
    seconds: float = 20,
    total_seconds: float = 120,
    max_bytes: int = 128 * 1024**2,
) -> Iterator[Stream]:
    """One request to a checked address, its body read piece by piece; no redirect is followed.

    `seconds` bounds each silence, `total_seconds` the whole body. Raises Unavailable (code unreachable, slow, too_large, certificate).
    """
    try:
        with _sent(target, headers or {}, method=method, content=content, seconds=seconds) as response:
            yield Stream(response.status_code, dict(response.headers), _bounded(response, max_bytes, total_seconds))
    except httpx.TimeoutException as error:
        raise Unavailable(_("%s does not answer.") % target.host, code="slow") from error
    except httpx.HTTPError as error:
        code = "certificate" if _is_certificate(error) else "unreachable"
        raise Unavailable(_("%s does not answer.") % target.host, code=code) from error


def _bounded(response: httpx.Response, max_bytes: int, total_seconds: float) -> Iterator[bytes]:
    size, end = 0, time.monotonic() + total_seconds
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > max_bytes:
            raise Unavailable(_("The other side sends more than we read."), code="too_large")
        if time.monotonic() > end:
            raise Unavailable(_("The other side is too slow."), code="slow")
        yield chunk


def _request(client: httpx.Client, target: Target, headers: dict[str, str], *, method: str = "GET", content: bytes = b"") -> httpx.Request:
    """To the pinned address; the name goes into Host and into TLS (SNI and certificate check)."""
    pinned = httpx.URL(target.url).copy_with(host=target.pinned)
    host = httpx.URL(target.url).netloc.decode()
    request = client.build_request(
        method, pinned, content=content or None, headers={**headers, "Host": host}, extensions={"sni_hostname": target.host}
    )
    if target.username and "Authorization" not in headers:
        pair = b64encode(f"{target.username}:{target.password}".encode()).decode()
        request.headers["Authorization"] = f"Basic {pair}"
    return request


def _one(target: Target, headers: dict[str, str], max_bytes: int, seconds: float) -> Answer:
    """One request; at most `max_bytes` of its answer."""
    try:
        with _sent(target, headers, seconds=seconds) as response:
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) >= max_bytes:
                    break
            return Answer(response.status_code, dict(response.headers), body[:max_bytes], target.url)
    except httpx.HTTPError as error:
        raise Unavailable(_("%s does not answer.") % target.host, code="unreachable") from error
