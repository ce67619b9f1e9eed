"""Routes with real proxies: our client and git take them, the guard holds on each, a dead one is passed over, its health is written."""

import http.server
import socket
import ssl
import subprocess
import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from django.utils import timezone

from core import outgoing, relay, routes
from core.actors import SYSTEM
from core.errors import Conflict, Invalid, NotFound, Unavailable
from projects import commands, fetching
from projects.commands import outbound, pushing
from projects.models import MirrorKey, OutgoingRoute
from projects.queries import hosts as reads
from tests.factories.accounts import actor, person
from tests.factories.projects import ENVIRONMENT, git, repository
from tests.mirrors.ssh_host import SshHost, git_daemon
from tests.mirrors.test_syncing import listed, refs, synced

pytestmark = pytest.mark.django_db
KINDS = ["http", "socks5"]


def row(pk: int) -> OutgoingRoute:
    commands.write_route_health(SYSTEM)
    return OutgoingRoute.objects.get(pk=pk)


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("user", ["", "out"])
def test_our_client_goes_through_the_proxy(api, proxies, route, kind, user) -> None:
    api.answers["/x"] = (200, {}, {"a": 1})
    proxy = proxies(kind, user=user, password="p w" if user else "")
    made = route(kind, proxy.port, username=user, password="p w" if user else None)
    answer = outgoing.get(f"{api.url}/x")
    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    assert proxy.asked == [("127.0.0.1", api.server.server_port)]
    after = row(made.pk)
    assert (after.connections, after.failures, after.bytes) == (1, 0, 8)
    assert after.ok_at is not None
    assert after.latency_ms is not None


@pytest.mark.parametrize("kind", KINDS)
def test_git_goes_through_the_proxy(upstream, proxies, route, kind) -> None:
    proxy = proxies(kind, user="out", password="secret")
    made = route(kind, proxy.port, username="out", password="secret", patterns=["127.0.0.1"])
    mirror = synced(listed(upstream))
    assert (mirror.state, mirror.cause) == ("fresh", "")
    assert refs(mirror) == {"refs/heads/trunk": upstream.tip()}
    port = upstream.server.server_address[1]
    assert len(proxy.asked) >= 3, "the look, then git's two requests"
    assert set(proxy.asked) == {("127.0.0.1", port)}
    after = row(made.pk)
    assert after.failures == 0
    assert after.bytes > 500


@pytest.mark.parametrize("kind", KINDS)
def test_git_passes_over_a_dead_route(upstream, proxies, route, kind) -> None:
    dead = route(kind, dead_port(), position=1)
    proxy = proxies(kind)
    alive = route(kind, proxy.port, position=2)
    mirror = synced(listed(upstream))
    assert (mirror.state, mirror.cause) == ("fresh", "")
    assert row(dead.pk).failures >= 2
    assert row(dead.pk).failures_in_a_row >= 2
    assert row(dead.pk).ok_at is None
    assert row(alive.pk).connections >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_password_falls_back_to_the_direct_way(api, proxies, route, kind) -> None:
    api.answers["/x"] = (200, {}, [])
    proxy = proxies(kind, user="out", password="right")
    wrong = route(kind, proxy.port, username="out", password="wrong", position=1)
    direct = route("direct", position=2)
    assert outgoing.get(f"{api.url}/x").status == 200
    assert proxy.asked == []
    after = row(wrong.pk)
    assert (after.failures, after.connections) == (1, 0)
    assert "wrong" not in after.said
    assert row(direct.pk).connections == 1


def test_without_another_route_the_failure_is_said(api, route) -> None:
    route("http", dead_port())
    with pytest.raises(Unavailable):
        outgoing.get(f"{api.url}/x")
    assert api.requests == []


@pytest.mark.parametrize(
    ("kind", "says"),
    [("http", b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), ("socks5", b"\x05\x05\x00\x01" + bytes(6)), ("http", b"nonsense\r\n\r\n")],
)
def test_a_target_that_refuses_is_not_the_proxys_fault(api, proxies, route, kind, says) -> None:
    proxy = proxies(kind)
    proxy.says = says
    route(kind, proxy.port, position=1)
    other = proxies(kind)
    second = route(kind, other.port, position=2)
    api.answers["/x"] = (200, {}, [])
    for _ in range(4):
        assert outgoing.get(f"{api.url}/x").status == 200
    blamed = says == b"nonsense\r\n\r\n"
    assert len(proxy.asked) == (3 if blamed else 4), "a proxy that fails three times in a row goes last"
    assert row(second.pk).connections == 4


def test_the_guard_holds_on_every_route(settings, proxies, route) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = False
    proxy = proxies("socks5")
    route("socks5", proxy.port)
    for url in ("https://127.0.0.1/x", "https://10.0.0.1/x", "https://localhost/x", "https://[::1]/x"):
        with pytest.raises(Invalid):
            outgoing.get(url)
    assert proxy.asked == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_proxy_is_asked_for_the_judged_address_never_for_the_name(api, proxies, route, kind, monkeypatch) -> None:
    """A resolver that changes its mind (and the proxy's own) has no say."""
    real, answers = socket.getaddrinfo, [["127.0.0.1"], ["10.9.9.9"]]

    def resolve(host, port, *args, **options):
        if host != "api.example.org":
            return real(host, port, *args, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    api.answers["/x"] = (200, {}, [])
    proxy = proxies(kind)
    route(kind, proxy.port)
    port = api.server.server_port
    assert outgoing.get(f"http://api.example.org:{port}/x").status == 200
    assert proxy.asked == [("127.0.0.1", port)]
    assert api.requests[0][1]["host"] == f"api.example.org:{port}"


def test_gits_door_leads_to_its_target_alone(api, proxies, route) -> None:
    proxy = proxies("socks5")
    route("socks5", proxy.port)
    target = outgoing.check_url(f"{api.url}/x")
    with relay.relayed(target) as door:
        port = int(door.rpartition(":")[2])
        for host, wanted in (("127.0.0.1", target.port + 1), ("127.0.0.2", target.port)):
            with pytest.raises(routes.RouteFailed, match="not allowed"):
                routes.connect(routes.Route(1, "socks5", "127.0.0.1", port), host, wanted, seconds=30)
        routes.connect(routes.Route(1, "socks5", "127.0.0.1", port), "127.0.0.1", target.port, seconds=30).close()
    assert proxy.asked == [("127.0.0.1", target.port)]
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def test_without_routes_git_is_not_relayed(api) -> None:
    with relay.relayed(outgoing.check_url(f"{api.url}/x")) as door:
        assert door == ""


def test_routes_are_chosen_by_host_and_hour(route) -> None:
    night = route("socks5", 1080, patterns=["*.github.com", "github.com"], hour_from=22, hour_to=6, position=2)
    day = route("http", 3128, patterns=["github.com"], hour_from=6, hour_to=22, position=3)
    every = route("direct", position=9)
    route("direct", position=1, is_on=False)
    zone = ZoneInfo(timezone.get_current_timezone_name())

    def at(hour: int, host: str) -> list[int]:
        return [way.id for way in reads.routes_to(host, datetime(2026, 5, 1, hour, 30, tzinfo=zone))]

    assert at(23, "github.com") == at(3, "github.com") == [night.pk, every.pk]
    assert at(6, "github.com") == at(21, "github.com") == [day.pk, every.pk]
    assert at(23, "api.github.com") == [night.pk, every.pk]
    assert at(23, "evilgithub.com") == at(12, "api.github.com") == [every.pk]


def test_who_may_and_what_is_a_route(route) -> None:
    values = {
        "name": "r", "kind": "http", "address": "proxy.lan", "port": 3128, "username": "u", "password": "geheim", "patterns": [], "hour_from": 0,
        "hour_to": 24, "position": 0, "is_on": True,
    }  # fmt: skip
    with pytest.raises(NotFound):
        commands.save_route(actor(person()), None, **values)
    admin = actor(person(is_admin=True))
    made = commands.save_route(admin, None, **values)
    assert "geheim" not in made.password_encrypted
    assert made.hour_to == 0
    with pytest.raises(Conflict):
        commands.save_route(admin, None, **values)
    bad = [
        ("kind", "ftp"),
        ("address", "http://x"),
        ("address", ""),
        ("port", 0),
        ("port", 70000),
        ("username", "a:b"),
        ("name", " "),
        ("patterns", ["a b"]),
    ]
    for name, value in bad:
        with pytest.raises(Invalid) as caught:
            commands.save_route(admin, None, **{**values, "name": "other", name: value})
        assert caught.value.field == name
    with pytest.raises(Invalid) as caught:
        commands.save_route(admin, made, **{**values, "address": "elsewhere.lan", "password": None})
    assert caught.value.field == "password", "a password never goes to another proxy than it was given for"
    made.refresh_from_db()
    kept = made.password_encrypted
    commands.save_route(admin, made, **{**values, "password": None, "position": 4})
    assert OutgoingRoute.objects.get().password_encrypted == kept
    commands.remove_route(admin, OutgoingRoute.objects.get())
    assert reads.routes_to("github.com", timezone.now()) == ()


def test_a_try_says_how_long_it_took_or_why_not(api, proxies, route, monkeypatch) -> None:
    admin, proxy = actor(person(is_admin=True)), proxies("socks5")
    made = route("socks5", proxy.port)
    host = f"127.0.0.1:{api.server.server_port}"
    assert commands.try_route(admin, made, host) >= 1
    proxy.says = b"\x05\x04\x00\x01" + bytes(6)
    with pytest.raises(Invalid, match="unreachable"):
        commands.try_route(admin, made, host)
    with pytest.raises(NotFound):
        commands.try_route(actor(person()), made, host)


@pytest.fixture
def secure(tmp_path, monkeypatch, settings):
    """`https://git.example.org` on loopback, with a certificate for that name alone; what was asked of it by path."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "git.example.org")])
    now = timezone.now()
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("git.example.org")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = tmp_path / "host.pem"
    whole = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + whole)
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = b"001e# service=git-upload-pack\n00000000"
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trusting = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr(outgoing, "_tls", lambda: trusting)
    real = socket.getaddrinfo

    def resolve(host, port, *args, **options):
        return real("127.0.0.1" if host.endswith(".example.org") else host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield server.server_port, pem, asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", KINDS)
def test_certificates_are_checked_by_name_through_a_proxy(secure, proxies, route, kind) -> None:
    port, _pem, asked = secure
    proxy = proxies(kind)
    route(kind, proxy.port, position=1)
    direct = route("direct", position=2)
    assert outgoing.get(f"https://git.example.org:{port}/x").status == 200
    with pytest.raises(Unavailable):
        outgoing.get(f"https://other.example.org:{port}/x")
    assert asked == ["/x"]
    assert proxy.asked == [("127.0.0.1", port)] * 2
    assert row(direct.pk).connections == 0, "a wrong certificate is no reason for another route"


@pytest.mark.parametrize("kind", KINDS)
def test_git_checks_certificates_by_name_through_a_proxy(secure, proxies, route, kind) -> None:
    port, pem, asked = secure
    proxy = proxies(kind)
    route(kind, proxy.port)
    for host, reached in (("git", True), ("other", False)):
        origin = fetching.origin_of(f"https://{host}.example.org:{port}/lab/x.git")
        environment = fetching.environment_of(origin, {"http.sslCAInfo": str(pem)})
        if reached:
            assert fetching.remote_head(origin, environment) == ""
        else:
            with pytest.raises(Unavailable):
                fetching.remote_head(origin, environment)
    assert asked == ["/lab/x.git/info/refs?service=git-upload-pack"]
    assert set(proxy.asked) == {("127.0.0.1", port)}


@pytest.fixture
def ssh_host(upstream):
    made = SshHost(upstream.root)
    yield made
    made.close()


@pytest.mark.parametrize("kind", KINDS)
def test_ssh_goes_through_the_proxy_both_ways(ssh_host, upstream, proxies, route, kind) -> None:
    """Mirrors and push mirrors; a dead route is passed over, and the host's key is known by the host's own name."""
    proxy, owner = proxies(kind, user="out", password="secret"), person()
    dead = route(kind, dead_port(), position=1)
    alive = route(kind, proxy.port, username="out", password="secret", position=2)
    mirror = commands.mirror_into(
        actor(owner), owner.namespace, address=f"ssh://git@127.0.0.1:{ssh_host.port}/lab/model.git", name="model", visibility="private"
    )
    ssh_host.allowed.append(mirror.ssh.public_key)
    made = synced(mirror)
    assert (made.state, made.cause) == ("fresh", ""), made.said
    assert refs(made) == {"refs/heads/trunk": upstream.tip()}
    assert set(proxy.asked) == {("127.0.0.1", ssh_host.port)}
    assert MirrorKey.objects.get().host_key.startswith(f"127.0.0.1-{ssh_host.port} ssh-ed25519 ")
    assert row(alive.pk).bytes > 500
    assert row(dead.pk).failures >= 2
    asked = len(proxy.asked)
    ours = repository(owner, files={"a": b"1"})
    subprocess.run(["git", "init", "-q", "--bare", str(upstream.root / "lab" / "copy.git")], env=ENVIRONMENT, check=True)
    push = pushing.add_push_mirror(actor(owner), ours, address=f"ssh://git@127.0.0.1:{ssh_host.port}/lab/copy.git")
    ssh_host.allowed.append(push.public_key)
    assert outbound.run_push(SYSTEM, push.pk).cause == ""
    assert git(upstream.root / "lab" / "copy.git", "rev-parse", "main") == git(ours.path, "rev-parse", "main")
    assert len(proxy.asked) > asked
    OutgoingRoute.objects.filter(pk=alive.pk).delete()
    cache.clear()
    assert synced(mirror).cause == "unreachable"


@pytest.mark.parametrize("kind", KINDS)
def test_git_protocol_goes_through_the_proxy_and_says_the_hosts_name(upstream, proxies, route, settings, monkeypatch, kind) -> None:
    settings.MIRROR_GIT_PROTOCOL = True
    monkeypatch.setattr("core.outgoing._resolve", lambda host, port: ["127.0.0.1"])
    (upstream.root / "git.example.org").symlink_to(upstream.root)
    owner = person()
    with git_daemon("--export-all", f"--interpolated-path={upstream.root}/%H%D", str(upstream.root)) as port:
        mirror = commands.mirror_into(actor(owner), owner.namespace, address=f"git://git.example.org:{port}/lab/model.git", name="model")
        assert synced(mirror).state == "fresh", "directly"
        proxy = proxies(kind)
        made = route(kind, proxy.port, patterns=["git.example.org"])
        new = upstream.commit()
        assert refs(synced(mirror)) == {"refs/heads/trunk": new}
        assert set(proxy.asked) == {("127.0.0.1", port)}
        assert row(made.pk).bytes > 200
        settings.ALLOW_PRIVATE_ADDRESSES = False
        asked = len(proxy.asked)
        assert synced(mirror).cause == "private_address"
        assert len(proxy.asked) == asked
