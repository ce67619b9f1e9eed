"""Proxies, a fake API host, and routes that write their health when told to."""

import http.server
import json
import threading
from collections.abc import Callable

import pytest

from core.actors import SYSTEM
from projects import commands
from projects.commands import routing
from projects.models import OutgoingRoute
from tests.hosts.proxies import ConnectProxy, Proxy, SocksProxy
from tests.mirrors.conftest import upstream  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def _quiet_router(monkeypatch):
    """Figures are written when a test asks for it; nothing is left from the test before."""
    monkeypatch.setattr(routing, "WRITE_SECONDS", 1e9)
    commands.router.forget()
    yield
    commands.router.forget()


@pytest.fixture
def proxies():
    """Makes proxies and closes them."""
    made: list[Proxy] = []

    def make(kind: str, **options: str) -> Proxy:
        made.append((ConnectProxy if kind == "http" else SocksProxy)(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def route() -> Callable[..., OutgoingRoute]:
    """Saves a route."""

    def save(kind: str, port: int = 0, **options) -> OutgoingRoute:
        values = {
            "name": f"{kind} {port} {OutgoingRoute.objects.count()}", "address": "127.0.0.1" if port else "", "username": "", "password": None,
            "patterns": [], "hour_from": 0, "hour_to": 0, "position": 10, "is_on": True, **options,
        }  # fmt: skip
        return commands.save_route(SYSTEM, None, kind=kind, port=port, **values)

    return save


class FakeApi:
    """A host's API: `answers` maps a path to (status, headers, document); `requests` lists (path, headers in lower case).

    An `ETag` among the headers is compared with `If-None-Match`, as hosts do.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], object]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                headers = {name.lower(): value for name, value in self.headers.items()}
                api.requests.append((self.path, headers))
                status, more, document = api.answer(self.path, headers)
                if status == 200 and more.get("ETag") and headers.get("if-none-match") == more["ETag"]:
                    status, document = 304, None
                body = b"" if document is None else json.dumps(document).encode()
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], object]:
        return self.answers.get(path, (404, {}, {"message": "Not Found"}))


@pytest.fixture
def api(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    made = FakeApi()
    yield made
    made.server.shutdown()
    made.server.server_close()
