"""Imports reach the address that was judged and nothing else, whatever the other side answers."""

import http.server
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from core import outgoing
from core.actors import SYSTEM
from core.errors import Invalid
from projects import commands, fetching
from tests.factories.accounts import actor, person
from tests.factories.histories import History

pytestmark = pytest.mark.django_db
SMART = "application/x-git-upload-pack-advertisement"


class Side:
    """A server on loopback: what was asked of it, and how it answers."""

    def __init__(self, answer: Callable[["Side", http.server.BaseHTTPRequestHandler], None]) -> None:
        self.asked: list[str] = []
        side = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                side.asked.append(self.path)
                answer(side, self)

            do_POST = do_GET

            def log_message(self, *_args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def say(handler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def inner() -> Iterator[Side]:
    """The host that must never hear of us."""
    side = Side(lambda _side, handler: say(handler, 200, b"secret"))
    yield side
    side.close()


def hostile(answers: Callable[[Side, http.server.BaseHTTPRequestHandler], None]) -> Side:
    """Passes for a Git host at our first look, then shows its face."""

    def answer(side: Side, handler) -> None:
        if len(side.asked) == 1:
            say(handler, 200, b"001e# service=git-upload-pack\n0000", Content_Type=SMART)
        else:
            answers(side, handler)

    return Side(answer)


def run(url: str) -> str:
    """Import it; the state it ends in."""
    owner = person()
    made = commands.request_import(actor(owner), owner.namespace, address=url, name="c")
    finished = commands.run_import(SYSTEM, made.pk)
    assert finished is not None
    return str(finished.state)


def redirecting(to: str):
    return lambda _side, handler: say(handler, 302, Location=f"{to}/x.git/info/refs?service=git-upload-pack")


def dumb(to: str):
    """A server of loose files whose objects are said to lie elsewhere (`http-alternates`, `alternates`)."""
    oid = "ab" * 20

    def answer(_side: Side, handler) -> None:
        path = handler.path.partition("?")[0]
        if path.endswith("info/refs"):
            say(handler, 200, f"{oid}\trefs/heads/main\n".encode(), Content_Type="text/plain")
        elif path.endswith("/HEAD"):
            say(handler, 200, b"ref: refs/heads/main\n")
        elif path.endswith("alternates"):
            say(handler, 200, f"{to}/inner.git/objects\n".encode())
        else:
            say(handler, 404)

    return answer


def bundles(to: str):
    """Protocol v2 with a bundle list and a pack at another address."""

    def answer(_side: Side, handler) -> None:
        def line(text: str) -> bytes:
            return f"{len(text) + 4:04x}{text}".encode()

        if handler.command == "GET":
            body = (
                line("# service=git-upload-pack\n")
                + b"0000"
                + line("version 2\n")
                + line("bundle-uri\n")
                + line("ls-refs\n")
                + line("fetch=packfile-uris\n")
                + b"0000"
            )
            say(handler, 200, body, Content_Type=SMART)
        else:
            body = line("bundle.version=1\n") + line("bundle.mode=all\n") + line(f"bundle.x.uri={to}/x.bundle\n") + b"0000"
            say(handler, 200, body, Content_Type="application/x-git-upload-pack-result")

    return answer


@pytest.mark.parametrize("face", [redirecting, dumb, bundles])
def test_the_other_side_sends_us_nowhere(settings, inner, face):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    side = hostile(face(inner.url))
    try:
        assert run(f"{side.url}/x.git") == "failed"
    finally:
        side.close()
    assert len(side.asked) > 1
    assert inner.asked == []


def test_submodules_are_not_fetched(settings, tmp_path, inner):
    """A real repository whose submodule lies inside: it arrives, the inner host hears nothing."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    origin = tmp_path / "origin.git"
    History(origin).write(
        {".gitmodules": f'[submodule "s"]\n\tpath = s\n\turl = {inner.url}/s.git\n', "s": "a" * 40}, modes={"s": "160000"}
    )
    owner = person()
    made = commands.request_import_of_folder(SYSTEM, owner.namespace, folder=origin, name="c", visibility="public", description="")
    assert commands.run_import(SYSTEM, made.pk).state == "done"
    assert inner.asked == []


@pytest.mark.parametrize(
    "name", ["faß.example", "ΒΌΛΟΣ.example", "例え.example", "1２7.0.0.1", "①②⑦.⓪.⓪.①", "ｌocalhost", "a\u200db.example", "[::ffff:7f00:1]"]
)
def test_names_are_judged_as_they_are_asked_for(monkeypatch, name):
    """curl translates Unicode names by newer rules than Python: what it gets is ASCII already, and that name was resolved."""
    asked = []

    def answer(host, port, *args, **options):
        asked.append(host)
        if host in ("127.0.0.1", "localhost", "::ffff:7f00:1"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    try:
        target = outgoing.check_url(f"https://{name}/x.git")
    except Invalid:
        return
    assert target.url.isascii()
    assert target.host == asked[0]
    assert target.host.isascii()
    assert target.curl_resolve.startswith(f"{target.host}:443:8.8.8.8")


def test_git_connects_to_the_judged_address_alone(settings, inner, monkeypatch):
    """The name leads to one address when judged; git is told that one and asks nobody again."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    port = inner.server.server_port
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, port, *a, **o: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))] if host == "rebind.invalid" else real(host, port, *a, **o),
    )  # fmt: skip
    origin = fetching.origin_of(f"http://rebind.invalid:{port}/x.git")  # `.invalid` has no address anywhere (RFC 6761)
    subprocess.run(
        ["git", "ls-remote", "--end-of-options", origin.argument],
        env=fetching.environment_of(origin),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert inner.asked, "git used the pinned address of a name that no resolver knows"


@pytest.mark.parametrize(
    "argument", ["ext::sh -c 'touch {}'", "fd::3", "ssh://-oProxyCommand=touch {}/x", "file://{}", "-u{}", "--upload-pack=touch {}"]
)
def test_git_speaks_no_other_protocol(tmp_path, argument):
    """Even if such an address came to git, the environment forbids the transport and nothing runs."""
    witness = tmp_path / "ran"
    origin = fetching.Origin(argument.format(witness), {}, "https")
    done = subprocess.run(
        ["git", "ls-remote", "--end-of-options", origin.argument],
        env=fetching.environment_of(origin),
        capture_output=True,
        cwd="/",
        timeout=60,
        check=False,
    )
    assert done.returncode
    assert not witness.exists()
