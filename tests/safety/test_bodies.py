"""Clients that send their bodies slowly, or never, hold a few threads and no more."""

import http.client
import io
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import bodies
from core.bodies import BodyLimit

ROOT = Path(__file__).resolve().parents[2]


def asked(application, *, method: str = "POST", path: str = "/api/v1/x", address: str = "203.0.113.5", length: str = "5"):
    """(status, answer) of one request; the answer is not closed."""
    said = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REMOTE_ADDR": address,
        "CONTENT_LENGTH": length,
        "wsgi.input": io.BytesIO(b"hello"),
    }
    answer = application(environ, lambda status, headers: said.append((int(status[:3]), dict(headers))))
    return said[0][0], said[0][1], answer


@pytest.fixture
def limited():
    def page(environ, start_response):
        start_response("200 OK", [])
        return [b"a", b"b"]

    return BodyLimit(page)


def test_one_network_holds_a_few_and_gives_them_back(limited):
    held = [asked(limited)[2] for _ in range(bodies.NETWORK_MAX)]
    status, headers, answer = asked(limited)
    assert status == 503
    assert headers["Retry-After"] == "5"
    assert headers["Content-Type"] == "application/problem+json"
    assert b"Try again" in b"".join(answer)
    assert asked(limited, address="198.51.100.1")[0] == 200, "another network"
    assert asked(limited, method="GET")[0] == 200, "no body"
    assert asked(limited, length="0")[0] == 200
    assert list(held[0]) == [b"a", b"b"]
    held[0].close()
    assert asked(limited)[0] == 200
    assert asked(limited)[0] == 503, "closing after reading to the end gives one place back, not two"


def test_all_together_hold_a_part(limited):
    for number in range(bodies.OVERALL_MAX):
        assert asked(limited, address=f"10.0.{number}.1")[0] == 200
    assert asked(limited, address="10.1.0.1", path="/login")[0] == 503
    assert asked(limited, address="10.1.0.1", method="GET")[0] == 200


def test_a_page_that_fails_keeps_no_place():
    def broken(environ, start_response):
        raise ValueError

    limited = BodyLimit(broken)
    for _ in range(bodies.NETWORK_MAX + 1):
        with pytest.raises(ValueError):
            asked(limited)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The portal under granian, as `script/server` runs it."""
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "OPENI_DATA_DIR": str(folder),
        "OPENI_BASE_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "openi.settings",
    }
    for command in (["migrate", "-v0"], ["collectstatic", "-v0", "--noinput"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, timeout=120)
    granian = [
        str(Path(sys.executable).parent / "granian"),
        "--http",
        "1",
        "--interface",
        "wsgi",
        "--workers",
        "1",
        "--blocking-threads",
        "64",
    ]
    process = subprocess.Popen([*granian, "--port", str(port), "--log-level", "error", "openi.wsgi:application"], cwd=ROOT, env=environment)
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    yield port
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def read(port: int, path: str, body: bytes = b"", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST" if body else "GET", path, body=body or None, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.exclusive
@pytest.mark.parametrize(
    "head",
    [
        b"POST /api/v1/repositories HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n{",
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: openi_csrf=" + b"a" * 32 + b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999\r\n\r\na",
        b"POST /-/complaint HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: openi_csrf=" + b"a" * 32 + b"\r\nContent-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    ],
    ids=["api", "form", "chunked", "headers"],
)  # fmt: skip
def test_pages_answer_while_two_hundred_clients_send_nothing(served, head):
    slow = []
    for _ in range(200):
        client = socket.create_connection(("127.0.0.1", served), timeout=10)
        client.sendall(head)
        slow.append(client)
    time.sleep(1)
    began = time.monotonic()
    assert {read(served, "/login") for _ in range(5)} == {200}
    assert time.monotonic() - began < 15
    for client in slow:
        client.close()
    time.sleep(1)
    assert read(served, "/api/v1/repositories", b"{}", **{"Content-Type": "application/json"}) in (401, 403, 422), "places are given back"


@pytest.mark.exclusive
def test_what_is_too_large_is_refused(served):
    def first_line(data: bytes, parts: int = 0) -> bytes:
        client = socket.create_connection(("127.0.0.1", served), timeout=30)
        try:
            client.sendall(data)
            for _ in range(parts):
                client.sendall(b"a" * 2**20)
        except OSError:  # it answered and closed before the end
            pass
        return client.recv(100).partition(b"\r\n")[0]

    host = b"Host: 127.0.0.1\r\n"
    assert b" 431 " in first_line(b"GET /login HTTP/1.1\r\n" + host + b"X: " + b"a" * 10**6 + b"\r\n\r\n")
    assert b" 414 " in first_line(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + host + b"\r\n")
    assert b" 400 " in first_line(b"GET /explore?" + b"q=1&" * 3000 + b" HTTP/1.1\r\n" + host + b"\r\n")
    form = (
        host
        + b"Cookie: openi_csrf="
        + b"a" * 32
        + b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 104857600\r\n\r\n"
    )
    assert first_line(b"POST /login HTTP/1.1\r\n" + form, 100)[9:12] in (b"400", b"403", b"413")
    many = b"&".join(b"f%d=1" % number for number in range(3000))
    assert first_line(b"POST /login HTTP/1.1\r\n" + form.replace(b"104857600", str(len(many)).encode()) + many)[9:12] in (b"400", b"403")
    assert read(served, "/login") == 200
