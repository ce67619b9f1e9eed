"""Git over SSH in a process of its own: user `git`, keys from the database, the same access and policies as over HTTP.

Streams are pumped by hand, 64 KB at a time with back-pressure (asyncssh's own redirection cuts the tail of a clone).
Database work runs in threads, so one slow query never stops the others' bytes.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import structlog
from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import queries as people
from core import metrics
from core.actors import ANONYMOUS, Actor
from core.errors import DomainError
from projects.commands.counting import note_visit
from projects.commands.key_use import note_key_use
from projects.counting.visits import CLONE
from projects.models import Repository
from projects.transport import auth, door, errors, packs
from projects.transport.gate import SLACK, Gate, gate_of
from projects.transport.hook import HookChannel
from projects.transport.http import protocol_of
from projects.transport.slots import Slots
from projects.transport.wire import greeting, parse

log = structlog.get_logger(__name__)
T = TypeVar("T")
USER = "git"
BLOCK = 64 * 1024
EVERYTHING = 4 * 1024**2  # two windows of asyncssh: see _feed
LOGIN_SECONDS = 30
KEEPALIVE_SECONDS = 15
MAX_CONNECTIONS = 500
_threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="ssh-db")


async def in_thread(work: Callable[[], T]) -> T:
    """Run database work away from the event loop and give its connection back."""

    def run() -> T:
        try:
            return work()
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(_threads, run)


class Connection(asyncssh.SSHServer):
    """One client: knows who it is once a key of the database has signed in."""

    open = 0

    def __init__(self) -> None:
        self.actor: Actor = ANONYMOUS
        self._transport: Any = None

    def connection_made(self, conn: Any) -> None:
        """Refuse clients beyond the limit before any cryptography."""
        self._transport = conn
        Connection.open += 1
        if Connection.open > MAX_CONNECTIONS:
            conn.disconnect(asyncssh.DISC_TOO_MANY_CONNECTIONS, "too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone; its sessions notice by themselves."""
        Connection.open -= 1

    def begin_auth(self, username: str) -> bool:
        """Everybody has to sign in."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Keys only; there are no passwords over SSH."""
        return True

    def password_auth_supported(self) -> bool:
        """Never."""
        return False

    async def validate_public_key(self, username: str, key: Any) -> bool:
        """True for a key of an active person or a repository, offered for the user `git`."""
        self.actor = ANONYMOUS
        if username != USER:
            return False
        address = str(self._transport.get_extra_info("peername")[0])
        actor = await in_thread(lambda: actor_of(key.get_fingerprint(), address))
        if actor is None:
            return False
        self.actor = actor
        self._transport.set_extra_info(actor=actor)
        return True


def actor_of(fingerprint: str, address: str) -> Actor | None:
    """Who a SHA256 fingerprint belongs to, None for unknown keys and suspended people; notes the use."""
    key = people.ssh_key(fingerprint)
    if key is None:
        return None
    try:
        actor = auth.actor_of_key(key, address=address)
    except DomainError:
        return None
    note_key_use(key)
    return actor


class Session:
    """One command of a client, from its words to git's exit status."""

    def __init__(self, process: Any) -> None:
        self.process = process
        self.actor: Actor = process.get_extra_info("actor", ANONYMOUS)
        given = {name: _text(value) for name, value in process.env.items()}
        locale = given.get("LC_ALL") or given.get("LANG") or ""
        self.language = auth.language_of(self.actor, locale.partition(".")[0])
        self.protocol = protocol_of(given.get("GIT_PROTOCOL", ""))

    async def run(self) -> None:
        """Serve, and answer every failure with a sentence and status 128."""
        with translation.override(self.language):
            try:
                status = await self._serve()
            except DomainError as error:
                self._say(errors.from_domain(error).message)
                status = 128
            except TimeoutError:
                self.process.channel.get_connection().abort()  # it would not take an exit status either
                return
            except (BrokenPipeError, ConnectionError, asyncssh.Error):
                status = 128
            except Exception:  # noqa: BLE001 - the client waits for an exit status, whatever went wrong here
                log.exception("ssh_session_failed")
                self._say(_("The site has a fault. Try again in a moment."))
                status = 128
        with contextlib.suppress(OSError, asyncssh.Error):
            self.process.exit(status)

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError, asyncssh.Error):
            self.process.stderr.write(f"OpenI: {text}\r\n".encode())

    async def _serve(self) -> int:
        if not self.process.command:
            self.process.stdout.write((greeting(self.actor) + "\r\n").encode())
            return 0
        service, namespace, name, kind = parse(_text(self.process.command))
        release = slots.take(self.actor)
        try:
            repository, gate = await in_thread(lambda: self._find(service, namespace, name, kind))
            return await self._git(service, repository, gate)
        finally:
            release()

    def _find(self, service: str, namespace: str, name: str, kind: str) -> tuple[Repository, Gate | None]:
        with translation.override(self.language):
            found = auth.find(self.actor, (namespace, name), kind=kind, service=service)
            return found, gate_of(self.actor, found) if service == "git-receive-pack" else None

    async def _git(self, service: str, repository: Repository, gate: Gate | None) -> int:
        channel = HookChannel(self.actor, repository, self.language) if service == "git-receive-pack" else None
        run = packs.command(
            service,
            repository.path,
            protocol=self.protocol,
            max_input=gate.limit + SLACK if gate else 0,
            extra=channel.environment if channel else None,
            descriptors=channel.descriptors if channel else (),
        )
        run.on_clone = lambda: note_visit(self.actor, repository.pk, CLONE, agent="ssh")
        try:
            child = await asyncio.create_subprocess_exec(
                *run.argv,
                env=run.env,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=run.descriptors,
                start_new_session=True,
                limit=BLOCK * 4,
            )
        except BaseException:
            if channel:
                channel.abandon()
            raise
        if channel:
            channel.start()
        metrics.GIT_PROCESSES.labels(service).inc()
        started = time.monotonic()
        try:
            return await self._pump(child, channel, gate)
        finally:
            metrics.GIT_PROCESSES.labels(service).dec()
            packs.tidy(run, child.returncode)
            log.info("git_transfer", service=service, via="ssh", status=child.returncode, ms=round((time.monotonic() - started) * 1000))

    async def _pump(self, child: asyncio.subprocess.Process, channel: HookChannel | None, gate: Gate | None) -> int:
        """Bytes both ways until git is done, the client gone or the time over; then nothing of git is left. Raises TimeoutError: see _copy."""
        assert child.stdin and child.stdout and child.stderr  # noqa: S101, PT018 - for the type checker
        feeding = asyncio.create_task(_feed(self.process.stdin, child.stdin, gate))
        answering = asyncio.gather(_copy(child.stdout, self.process.stdout, gate), _copy(child.stderr, self.process.stderr, gate))
        gone = asyncio.create_task(self.process.wait_closed())
        try:
            await asyncio.wait({answering, gone}, timeout=settings.GIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if gate is not None and gate.exceeded:  # git was stopped; the client goes on sending before it listens
                await asyncio.wait({feeding, gone}, timeout=settings.GIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self.process.stdout.write(gate.refusal())
        finally:
            feeding.cancel()
            gone.cancel()
            with contextlib.suppress(OSError, RuntimeError):
                child.stdin.close()
            status = await end(child, patience=10 if channel and channel.accepted else 1.5 if channel else 0.2)
            if not answering.done():
                answering.cancel()
            silent = not answering.cancelled() and answering.done() and isinstance(answering.exception(), TimeoutError)
            with contextlib.suppress(asyncio.CancelledError, OSError, asyncssh.Error):
                await answering
            if channel:
                await in_thread(channel.finish)
        if silent:
            raise TimeoutError
        return 0 if gate is not None and gate.exceeded else status if 0 <= status < 256 else 128


async def end(child: asyncio.subprocess.Process, *, patience: float) -> int:
    """Git's exit status; it and what it started are ended if it does not stop within `patience` seconds."""
    for wait, sign in ((patience, signal.SIGTERM), (0.5, signal.SIGKILL)):
        try:
            await asyncio.wait_for(child.wait(), wait)
            break
        except TimeoutError:
            packs.kill_group(child.pid, sign)
    status = await child.wait()
    if status:
        packs.kill_group(child.pid, signal.SIGKILL)
    return status


async def _feed(source: Any, sink: asyncio.StreamWriter, gate: Gate | None) -> None:
    """Bytes to git until the gate says no; then its input ends, so that it fails and tidies up, and the rest is thrown away.

    Each read empties asyncssh's buffer. Were something left, asyncssh (2.24) would give the client a whole new window for every small
    read, and a push faster than git would gather in memory until it is all there.
    """
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await source.read(EVERYTHING):
            metrics.TRANSFER_BYTES.labels("in", "ssh").inc(len(data))
            if gate is None or gate.look(data):
                sink.write(data)
                await sink.drain()
            elif gate.drained:
                break
            else:
                sink.close()
    with contextlib.suppress(OSError, RuntimeError):
        sink.close()


async def _copy(source: asyncio.StreamReader, sink: Any, gate: Gate | None = None) -> None:
    """What git says to the client. Raises TimeoutError if the client takes nothing of it for GIT_SILENT_SECONDS."""
    while data := await source.read(BLOCK):
        if gate is not None and gate.exceeded:  # what git thinks of its cut input is for nobody
            continue
        metrics.TRANSFER_BYTES.labels("out", "ssh").inc(len(data))
        sink.write(data)
        await asyncio.wait_for(sink.drain(), settings.GIT_SILENT_SECONDS)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


slots: Slots


def host_key(folder: Path) -> Any:
    """The host's ed25519 key, made at first start and kept (mode 0600)."""
    path = folder / "ed25519"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = folder / f"ed25519.{os.getpid()}"
        aside.touch(mode=0o600)
        aside.write_bytes(asyncssh.generate_private_key("ssh-ed25519", comment="openi").export_private_key())
        aside.rename(path)
    return asyncssh.read_private_key(str(path))


async def _handle(process: Any) -> None:
    await Session(process).run()


async def serve(host: str, port: int, *, ready: Callable[[int], None] = lambda port: None) -> None:
    """Listen until TERM or INT; running transfers get 8 seconds more. `ready` is told the port."""
    global slots
    slots = Slots(settings.GIT_TRANSFERS)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopping.set)
    key = await loop.run_in_executor(None, host_key, settings.DATA_DIR / "ssh")
    server = await asyncssh.listen(
        host,
        port,
        server_host_keys=[key],
        server_factory=Connection,
        process_factory=_handle,
        encoding=None,
        allow_pty=False,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_scp=False,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=KEEPALIVE_SECONDS,
        keepalive_count_max=4,
        reuse_address=True,
        server_version="OpenI",
    )
    listener = door.open_door(settings.DATA_DIR / "ssh" / "door.sock")
    ready(server.get_port())
    await stopping.wait()
    listener.close()
    server.close()
    deadline = time.monotonic() + 8
    while slots.taken and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
