"""Git's smart protocol over HTTP (gitprotocol-http(5)), below Django's request object.

Django cannot read a chunked body under WSGI, and a push above 1 MB is chunked; so this WSGI application answers exactly
three routes of a repository and hands everything else on. Bodies stream both ways in blocks; nothing is kept whole.
"""

import contextlib
import os
import re
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from core import metrics
from core.actors import ANONYMOUS, Actor
from core.errors import DomainError
from projects.commands.counting import note_visit
from projects.counting.visits import CLONE
from projects.models import Repository
from projects.transport import auth, errors, packs, silence
from projects.transport.body import Body
from projects.transport.gate import DRAINED, SLACK, Gate, gate_of, refused_fetch
from projects.transport.hook import HookChannel
from projects.transport.slots import Slots

log = structlog.get_logger(__name__)
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGI = Callable[[Environ, StartResponse], Iterable[bytes]]

ROUTE = re.compile(
    r"/(?:(?P<dataset>datasets)/)?(?P<namespace>[\w.-]+|[\w-]+\.[\w.-]+(?:/[\w.-]+)+)/(?P<name>[\w.-]+?)(?:\.git)?"
    r"/(?P<rest>info/refs|git-upload-pack|git-receive-pack)",
    re.ASCII,
)
DUMB = re.compile(r"/.+\.git/(?:HEAD|objects/.*|info/(?!lfs|refs).*)")
MAX_NEGOTIATION = 64 * 1024**2  # bytes of a fetch request, inflated
PIPE = 60 * 1024  # bytes that fit a pipe before anybody reads
NO_CACHE = [("Cache-Control", "no-cache, max-age=0, must-revalidate"), ("Expires", "Fri, 01 Jan 1980 00:00:00 GMT"), ("Pragma", "no-cache")]
STATUS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    451: "Unavailable For Legal Reasons",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a Git client: which repository, which of the three routes, which service."""

    namespace: str
    name: str
    kind: str  # "" | dataset
    route: str  # info/refs | git-upload-pack | git-receive-pack
    service: str  # "" for a dumb client


def call_of(environ: Environ) -> Call | None:
    """The Git call in a request, None for everything that is not Git's."""
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode(errors="replace")
    if path.startswith("/api/"):  # a file or branch may have one of these names
        return None
    if not path.endswith(("/info/refs", "/git-upload-pack", "/git-receive-pack")):
        return Call("", "", "", "", "") if DUMB.fullmatch(path) else None
    rest = "info/refs" if path.endswith("/info/refs") else path.rpartition("/")[2]
    service = parse_qs(environ.get("QUERY_STRING", "")).get("service", [""])[0] if rest == "info/refs" else rest
    service = service if service in packs.SERVICES else ""
    found = ROUTE.fullmatch(path)
    if found is None or (found["dataset"] is None and found["namespace"] == "datasets"):
        return Call("", "", "", rest, service) if service else None  # a name no repository can have
    return Call(found["namespace"], found["name"], "dataset" if found["dataset"] else "", rest, service)


class GitHTTP:
    """WSGI application around another: Git's routes here, the rest there."""

    def __init__(self, application: WSGI) -> None:
        self.application = application
        self._slots = Slots(settings.GIT_TRANSFERS)
        self._sockets = silence.Limit()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a Git call, or pass the request on."""
        call = call_of(environ)
        if call is None:
            return self.application(environ, start_response)
        language = auth.language_of(ANONYMOUS, environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        with translation.override(language):
            try:
                return self._answer(call, environ, start_response)
            except DomainError as error:
                return refuse(errors.from_domain(error), start_response)
            except Exception:
                log.exception("git_request_failed", path=environ.get("PATH_INFO"))
                return refuse(errors.WireError(503, _("The site has a fault. Try again in a moment.")), start_response)
            finally:
                connection.close()

    def _answer(self, call: Call, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not call.service:
            raise errors.dumb_protocol()
        _check_method(call, environ)
        self._sockets.keep()
        actor = auth.actor_of_request(environ)
        language = auth.language_of(actor, environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        with translation.override(language):
            repository = auth.find(actor, (call.namespace, call.name), kind=call.kind, service=call.service)
            gate = gate_of(actor, repository) if call.route == "git-receive-pack" else None
            connection.close()
            release = self._slots.take(actor)
            try:
                return self._serve(call, actor, repository, environ, start_response, release, gate, language)
            except BaseException:
                release()
                raise

    def _serve(
        self,
        call: Call,
        actor: Actor,
        repository: Repository,
        environ: Environ,
        start_response: StartResponse,
        release: Callable[[], None],
        gate: Gate | None,
        language: str,
    ) -> Iterable[bytes]:
        protocol = protocol_of(environ.get("HTTP_GIT_PROTOCOL", ""))
        if call.route == "info/refs":
            transfer = advertise(call, repository, protocol, release)
            return _respond(start_response, f"application/x-{call.service}-advertisement", transfer)
        body = Body(environ, limit=MAX_NEGOTIATION if gate is None else gate.limit + DRAINED)
        content_type = f"application/x-{call.service}-result"
        if body.length == 4 and (start := body.read(4)) in (b"0000", b""):
            release()
            return _respond(start_response, content_type, [])
        if body.length == 4:
            body.push_back(start)
        if gate is None:
            begun = body.read()
            if refusal := refused_fetch(begun):
                release()
                return _respond(start_response, content_type, [refusal])
            body.push_back(begun)
            agent = environ.get("HTTP_USER_AGENT", "")
            transfer = upload(repository, protocol, body, release, lambda: note_visit(actor, repository.pk, CLONE, agent=agent))
            return _respond(start_response, content_type, transfer)
        return _respond(start_response, content_type, receive(actor, repository, protocol, body, release, gate, language))


def _check_method(call: Call, environ: Environ) -> None:
    wanted = "GET" if call.route == "info/refs" else "POST"
    if environ["REQUEST_METHOD"] != wanted:
        raise errors.WireError(405, _("Use %s here.") % wanted, headers={"Allow": wanted})
    if wanted == "POST" and environ.get("CONTENT_TYPE", "") != f"application/x-{call.service}-request":
        raise errors.WireError(415, _("This address speaks Git's smart protocol only."))


def protocol_of(header: str) -> str:
    """`version=N` out of a Git-Protocol header, "" if there is none we know; nothing else of it reaches git."""
    return next((part for part in header.split(":") if re.fullmatch(r"version=[012]", part)), "")


def refuse(error: errors.WireError, start_response: StartResponse) -> list[bytes]:
    """A plain-text answer; git shows it line by line behind `remote:`."""
    body = (error.message + "\n").encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *error.headers.items(), *NO_CACHE]
    start_response(f"{error.http_status} {STATUS.get(error.http_status, 'Error')}", headers)
    metrics.REQUESTS.labels("GIT", "git", error.http_status).inc()
    return [body]


def _respond(start_response: StartResponse, content_type: str, body: Iterable[bytes]) -> Iterable[bytes]:
    headers = [("Content-Type", content_type), *NO_CACHE]
    if isinstance(body, list):
        headers.append(("Content-Length", str(sum(map(len, body)))))
    start_response("200 OK", headers)
    metrics.REQUESTS.labels("GIT", "git", 200).inc()
    return body


class Transfer:
    """The answer of a git child as a WSGI iterable; `close` frees the child whatever happened before."""

    def __init__(
        self,
        child: "subprocess.Popen[bytes]",
        run: packs.Command,
        release: Callable[[], None],
        *,
        first: Iterable[bytes] = (),
        channel: HookChannel | None = None,
    ) -> None:
        self._child, self._run, self._release, self._channel = child, run, release, channel
        self._first = list(first)
        self._bytes, self._since = 0, time.monotonic()
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        yield from self._first
        assert self._child.stdout is not None  # noqa: S101 - for the type checker
        for data in packs.blocks(self._child.stdout.fileno()):
            self._bytes += len(data)
            yield data
        self.close()

    def close(self) -> None:
        """Called by the server at the end, and at once when the client is gone."""
        if not self._open:
            return
        self._open = False
        pushing = self._channel is not None
        if self._child.stdout is not None and not pushing:
            self._child.stdout.close()
        # A push ends by itself when its input does, and tidies up; a broken pipe or a signal would leave its quarantine behind.
        accepted = self._channel is not None and self._channel.accepted
        status = packs.stop(self._child, self._run, patience=10 if accepted else 1.5 if pushing else 0.05)
        if self._channel is not None:
            self._channel.finish()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._release()
        metrics.TRANSFER_BYTES.labels("out", "http").inc(self._bytes)
        log.info(
            "git_transfer", service=self._run.service, bytes=self._bytes, status=status, ms=round((time.monotonic() - self._since) * 1000)
        )


_v2_capabilities: list[bytes] = []


def advertise(call: Call, repository: Repository, protocol: str, release: Callable[[], None]) -> Iterable[bytes]:
    """The answer to info/refs. Protocol v2's says nothing about the repository, so git is asked for it once per process."""
    modern = protocol == "version=2" and call.service == "git-upload-pack"
    if modern and _v2_capabilities:
        release()
        return _v2_capabilities
    line = f"# service={call.service}\n".encode()
    banner = b"%04x%s0000" % (len(line) + 4, line)
    run = packs.command(call.service, repository.path, protocol=protocol, options=("--stateless-rpc", "--advertise-refs"))
    child = packs.start(run, stdin=subprocess.DEVNULL)
    transfer = Transfer(child, run, release, first=[banner])
    if not modern:
        return transfer
    answer = b"".join(transfer)
    if answer.endswith(b"0000") and b"version 2" in answer:
        _v2_capabilities[:] = [answer]
    return [answer]


def upload(
    repository: Repository, protocol: str, body: Body, release: Callable[[], None], on_clone: Callable[[], None] | None = None
) -> Transfer:
    """A fetch: the request first (it is small: wants and haves), then git's answer as it comes."""
    run = packs.command("git-upload-pack", repository.path, protocol=protocol, options=("--stateless-rpc",))
    run.on_clone = on_clone
    size = 0
    with tempfile.SpooledTemporaryFile(max_size=PIPE, dir=str(settings.DATA_DIR)) as spool:
        while data := body.read():
            spool.write(data)
            size += len(data)
        if size > PIPE:  # a file: nobody has to write while git answers
            descriptor = spool.fileno()
            spool.flush()
            spool.seek(0)
            return Transfer(packs.start(run, stdin=descriptor), run, release)
        spool.seek(0)
        request = spool.read()
    child = packs.start(run, stdin=subprocess.PIPE)
    assert child.stdin is not None  # noqa: S101 - for the type checker
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(request)
    child.stdin.close()
    return Transfer(child, run, release)


def receive(
    actor: Actor, repository: Repository, protocol: str, body: Body, release: Callable[[], None], gate: Gate, language: str
) -> Iterable[bytes]:
    """A push: the pack flows into git as it arrives; git's hook asks our policies; the push is recorded before the answer ends.

    One that is too large is read to its end and answered with a sentence.
    """
    if body.length is not None and body.length > gate.limit:
        return _drain(body, gate, release)
    channel = HookChannel(actor, repository, language)
    try:
        run = packs.command(
            "git-receive-pack",
            repository.path,
            protocol=protocol,
            options=("--stateless-rpc",),
            max_input=gate.limit + SLACK,
            extra=channel.environment,
            descriptors=channel.descriptors,
        )
        child = packs.start(run, stdin=subprocess.PIPE)
    except BaseException:
        channel.abandon()
        raise
    channel.start()
    early: list[bytes] = []
    try:
        early = _pump(body, child, gate)
    except BaseException:
        Transfer(child, run, release, channel=channel).close()
        raise
    transfer = Transfer(child, run, release, first=early, channel=channel)
    if not gate.exceeded:
        return transfer
    transfer.close()  # its input has ended, so it fails and tidies up
    return _drain(body, gate, release)


def _drain(body: Body, gate: Gate, release: Callable[[], None]) -> list[bytes]:
    """Read what still comes and throw it away, then say why."""
    try:
        while data := body.read():
            metrics.TRANSFER_BYTES.labels("in", "http").inc(len(data))
            gate.look(data)
    finally:
        release()
    return [gate.refusal()]


def _pump(body: Body, child: "subprocess.Popen[bytes]", gate: Gate) -> list[bytes]:
    """Write the body to git until the gate says no; what git says meanwhile (a few lines of progress) is returned."""
    assert child.stdin and child.stdout  # noqa: S101, PT018 - for the type checker
    source, sink = child.stdin.fileno(), child.stdout.fileno()
    os.set_blocking(source, False)
    poller = select.poll()
    poller.register(source, select.POLLOUT)
    poller.register(sink, select.POLLIN)
    said: list[bytes] = []
    try:
        while data := body.read():
            metrics.TRANSFER_BYTES.labels("in", "http").inc(len(data))
            if not gate.look(data):
                return said
            view = memoryview(data)
            while view:
                ready = dict(poller.poll())
                if ready.get(sink, 0) & (select.POLLIN | select.POLLHUP):
                    chunk = os.read(sink, packs.BLOCK)
                    if not chunk:
                        return said
                    said.append(chunk)
                if ready.get(source, 0) & select.POLLERR:
                    return said
                if ready.get(source, 0) & select.POLLOUT:
                    view = view[_write(source, view) :]
    except BrokenPipeError:
        pass
    finally:
        child.stdin.close()
    return said


def _write(descriptor: int, view: memoryview) -> int:
    try:
        return os.write(descriptor, view)
    except BlockingIOError:
        return 0
