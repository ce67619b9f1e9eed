"""The live process: server-sent events under `/-/live/<source>/<key>?ticket=…`, for pages that show something moving.

A ticket signed by the page's own process and good for one minute replaces the session: this process never looks
at cookies. Without it (or without scripts) pages ask again every two seconds.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import signing
from django.db import close_old_connections

SALT = "core.live"
TICKET_SECONDS = 60
STREAMS_MAX = 500
EVERY_SECONDS = 1.0
PING_SECONDS = 15.0
LIFE_SECONDS = 3600.0

Snapshot = tuple[dict[str, Any], bool]  # what to send, and whether it is the last
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

sources: dict[str, Callable[[str], Snapshot]] = {}
_open = 0


def source(name: str) -> Callable[[Callable[[str], Snapshot]], Callable[[str], Snapshot]]:
    """Register what `/-/live/<name>/<key>` shows; the function reads rows and returns at once."""

    def register(read: Callable[[str], Snapshot]) -> Callable[[str], Snapshot]:
        sources[name] = read
        return read

    return register


def address(name: str, key: object) -> str:
    """Where a page that may see it listens, with its ticket; "" when there is no live process."""
    if not settings.LIVE_URL:
        return ""
    return f"{settings.LIVE_URL}/-/live/{name}/{key}?ticket={ticket(name, key)}"


def ticket(name: str, key: object) -> str:
    """Signed permission to listen to one thing; the caller has checked the actor's right."""
    return signing.TimestampSigner(salt=SALT).sign(f"{name}/{key}").replace(":", "~")


def _admitted(path: str, query: str) -> str:
    """`name/key` if the ticket fits the path and is fresh, else ""."""
    given = parse_qs(query).get("ticket", [""])[0].replace("~", ":")
    try:
        named = signing.TimestampSigner(salt=SALT).unsign(given, max_age=TICKET_SECONDS)
    except signing.BadSignature:
        return ""
    return str(named) if path == f"/-/live/{named}" and named.partition("/")[0] in sources else ""


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI: event streams, and `/-/health`."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["type"] != "http":
        return
    if scope["path"] == "/-/health":
        await _answer(send, 200, b"ok")
        return
    named = _admitted(scope["path"], scope["query_string"].decode("latin-1")) if scope["method"] == "GET" else ""
    if not named:
        await _answer(send, 403, b"no ticket")
    elif _open >= STREAMS_MAX:
        await _answer(send, 503, b"too many streams")
    else:
        await _stream(named, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


async def _stream(named: str, receive: Receive, send: Send) -> None:
    """Send each change until the last one, the client's leaving, or an hour."""
    global _open  # noqa: PLW0603 - one counter per process
    _open += 1
    gone = asyncio.create_task(_until_gone(receive))
    try:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            (b"access-control-allow-origin", settings.BASE_URL.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _events(named, gone, send)
        await send({"type": "http.response.body", "body": b""})
    except OSError:  # the client left between two looks
        return
    finally:
        gone.cancel()
        _open -= 1


async def _events(named: str, gone: "asyncio.Task[None]", send: Send) -> None:
    name, _slash, key = named.partition("/")
    loop = asyncio.get_running_loop()
    ends, quiet_since, before = loop.time() + LIFE_SECONDS, loop.time(), ""
    while not gone.done() and loop.time() < ends:
        values, last = await sync_to_async(_read, thread_sensitive=False)(name, key)
        text = json.dumps(values, ensure_ascii=False)
        if text != before or last:
            event = "event: end\n" if last else ""
            await send({"type": "http.response.body", "body": f"{event}data: {text}\n\n".encode(), "more_body": True})
            before, quiet_since = text, loop.time()
        elif loop.time() - quiet_since >= PING_SECONDS:
            await send({"type": "http.response.body", "body": b": ping\n\n", "more_body": True})
            quiet_since = loop.time()
        if last:
            return
        await asyncio.wait({gone}, timeout=EVERY_SECONDS)


def _read(name: str, key: str) -> Snapshot:
    close_old_connections()
    try:
        return sources[name](key)
    finally:
        close_old_connections()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
