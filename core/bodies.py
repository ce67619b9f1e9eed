"""Requests with a body hold a thread until the client has sent it, so one client may hold a few and all together a part of them.

Behind nginx bodies arrive complete; the embedded server has no such buffer. Git's own routes stand before this and count for themselves.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import HttpRequest

from core.clients import client_network

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGI = Callable[[Environ, StartResponse], Iterable[bytes]]

NETWORK_MAX = 8  # bodies of one /24 or /48 at a time and process
OVERALL_MAX = 48  # of everybody; the embedded server has 176 threads a process
RETRY_SECONDS = 5


class BodyLimit:
    """WSGI application around another: answers 503 with `Retry-After` to bodies beyond the limits, before a byte of them is read."""

    def __init__(self, application: WSGI) -> None:
        self.application = application
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not has_body(environ):
            return self.application(environ, start_response)
        network = _network(environ)
        with self._lock:
            if self._held[network] >= NETWORK_MAX or self._held.total() >= OVERALL_MAX:
                return refuse(environ, start_response)
            self._held[network] += 1
        try:
            return Held(self.application(environ, start_response), lambda: self._release(network))
        except BaseException:
            self._release(network)
            raise

    def _release(self, network: str) -> None:
        with self._lock:
            self._held[network] -= 1
            if not self._held[network]:
                del self._held[network]


class Held:
    """An answer whose place is given back once, when it is sent or the client is gone."""

    def __init__(self, answer: Iterable[bytes], release: Callable[[], None]) -> None:
        self._answer, self._release = answer, release
        self._parts = iter(answer)
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """Called by the server in any case (PEP 3333)."""
        try:
            if close := getattr(self._answer, "close", None):
                close()
        finally:
            self._end()

    def _end(self) -> None:
        if self._open:
            self._open = False
            self._release()


def has_body(environ: Environ) -> bool:
    """Whether the client sends one that a page might wait for."""
    if environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS"):
        return False
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _network(environ: Environ) -> str:
    request = HttpRequest()
    request.META = environ
    return client_network(request)


def refuse(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """503 in the shape the client asked for, without Django."""
    text = f"Too many uploads at once. Try again in {RETRY_SECONDS} seconds."
    kind, body = "text/plain; charset=utf-8", text.encode()
    if environ.get("PATH_INFO", "").startswith("/api/"):
        problem = {"type": "about:blank", "title": "Unavailable", "status": 503, "detail": text, "code": "bodies"}
        kind, body = "application/problem+json", json.dumps(problem).encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Retry-After", str(RETRY_SECONDS)), ("Connection", "close")]
    start_response("503 Service Unavailable", headers)
    return [body]
