"""The guarded client: what it refuses, where it connects."""

import http.server
import socket
import threading

import pytest

from core import outgoing
from core.errors import Invalid, Unavailable

pytestmark = pytest.mark.django_db  # the way to a host is an administrator's choice


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ext::sh -c id",
        "ext::sh",
        "git://example.org/x",
        "ssh://git@example.org/x",
        "http://example.org/x",
        "/etc",
        "https://",
        "https://-oProxy/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0177.0.0.1/x",
        "https://127.1/x",
        "https://0.0.0.0/x",
        "https://10.1.2.3/x",
        "https://172.16.0.1/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/x",
        "https://224.0.0.1/x",
        "https://[::1]/x",
        "https://[::]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[::ffff:a00:1]/x",
        "https://[64:ff9b::a00:1]/x",
        "https://[64:ff9b:1::a00:1]/x",
        "https://[2002:a00:1::]/x",
        "https://[fe80::1]/x",
        "https://[fd00::1]/x",
        "https://[::10.0.0.1]/x",
        "https://user@127.0.0.1/x",
        "https://example.org\\@127.0.0.1/x",
        "https://example.org/a\r\nHost: x",
        "https://example.org/a b",
        "https://example.org:99999/x",
        "https://localhost/x",
        "https://localhost./x",
    ],
)
def test_refused(url):
    with pytest.raises(Invalid):
        outgoing.check_url(url)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public(address):
    assert outgoing.is_public(address)


def _resolver(monkeypatch, table):
    """DNS answers by name: a list is consumed one answer per question (a rebinding server)."""
    real = socket.getaddrinfo
    asked = []

    def answer(host, port, *args, **options):
        if host not in table:
            return real(host, port, *args, **options)
        asked.append(host)
        addresses = table[host].pop(0) if isinstance(table[host][0], list) else table[host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_one_private_address_among_public_ones_is_enough(monkeypatch):
    _resolver(monkeypatch, {"two.example": ["8.8.8.8", "10.0.0.1"]})
    with pytest.raises(Invalid, match="."):
        outgoing.check_url("https://two.example/x")


def test_credentials_leave_the_address(monkeypatch):
    _resolver(monkeypatch, {"one.example": ["8.8.8.8"]})
    target = outgoing.check_url("https://me:s%40crt@one.example:8443/a.git?x=1#frag")
    assert target.url == "https://one.example:8443/a.git?x=1"
    assert (target.username, target.password) == ("me", "s@crt")
    assert target.curl_resolve == "one.example:8443:8.8.8.8"
    assert outgoing.shown("https://me:s@one.example/a.git") == "https://one.example/a.git"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Host"], self.headers.get("Authorization")))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 5000)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.seen = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def loopback_counts_as_public(monkeypatch):
    """Only the test's own server: everything else private stays refused."""
    real = outgoing.is_public
    monkeypatch.setattr(outgoing, "is_public", lambda address: address == "127.0.0.1" or real(address))


def test_pinned_even_if_the_name_changes(monkeypatch, server, loopback_counts_as_public):
    port = server.server_address[1]
    asked = _resolver(monkeypatch, {"rebind.example": [["127.0.0.1"], ["10.0.0.1"]]})
    answer = outgoing.get(f"http://rebind.example:{port}/a", schemes=("http",), max_bytes=100)
    assert (answer.status, len(answer.body)) == (200, 100)
    assert asked == ["rebind.example"]
    assert server.seen == [("/a", f"rebind.example:{port}", None)]


@pytest.mark.parametrize("to", ["http://10.0.0.1/x", "http://[::1]/x", "file:///etc/passwd", "http://169.254.169.254/x", "gopher://x/"])
def test_redirect_into_private_networks_is_refused(server, loopback_counts_as_public, to):
    with pytest.raises(Invalid):
        outgoing.get(f"http://127.0.0.1:{server.server_address[1]}/to/{to}", schemes=("http",))


def test_redirects_end(server, loopback_counts_as_public):
    with pytest.raises(Unavailable):
        outgoing.get(f"http://127.0.0.1:{server.server_address[1]}/to//to//to//to//to//to//x", schemes=("http",), redirects=2)


def test_credentials_do_not_cross_hosts(monkeypatch, server, loopback_counts_as_public):
    port = server.server_address[1]
    _resolver(monkeypatch, {"other.example": ["127.0.0.1"]})
    outgoing.get(f"http://127.0.0.1:{port}/to/http://other.example:{port}/b", schemes=("http",), headers={"Authorization": "Basic x"})
    assert [seen[2] for seen in server.seen] == ["Basic x", None]


def test_no_answer(monkeypatch, loopback_counts_as_public):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable):
        outgoing.get(f"http://127.0.0.1:{port}/", schemes=("http",))
