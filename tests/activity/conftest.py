"""A server that listens to webhooks, and a worker that runs when told to."""

import http.server
import json
import threading
from dataclasses import dataclass

import pytest

from activity.commands import sending
from core.actors import SYSTEM


@dataclass
class Heard:
    """One request: headers in lower case, the body as bytes."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Listener:
    """`answers` are (status, body) given in turn, then 200 for ever; `heard` lists the requests."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: list[tuple[int, bytes]] = []
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.append(Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                status, answer = listener.answers.pop(0) if listener.answers else (200, b"ok")
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.send_header("Set-Cookie", "hidden=1")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def kinds(self) -> list[str]:
        return [one.headers.get("x-github-event", "") for one in self.heard]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener(settings):
    """Private addresses are allowed, as in a closed network."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    it = Listener()
    yield it
    it.close()


@pytest.fixture
def work(deliver):
    """Deliver events, then send what is due; returns how many messages were tried."""

    def run() -> int:
        deliver()
        return sum(sending.run_hook(SYSTEM, pk, lease=lease) for pk, lease in sending.claim_due_hooks(10))

    return run
