"""The door for OpenSSH: a Unix socket where `deploy/openi-authorized-keys` asks for a key and `deploy/openi-git` hands over a session.

A session's stdin, stdout and stderr come along as file descriptors (SCM_RIGHTS, unix(7)) and become git's own, but that a push passes our gate: sshd moves
the bytes, we decide. No Django starts per login. Requests are one packet; fields end in NUL:
`key NUL type NUL base64 NUL` → the line for authorized_keys, empty for none;
`git NUL key id NUL client address NUL locale NUL GIT_PROTOCOL NUL command NUL` + 3 descriptors → one byte, git's exit status.
The socket is for members of its group only (0660): whoever may connect may speak for any key.
"""

import contextlib
import os
import select
import socket
import subprocess
import threading
from pathlib import Path

import structlog
from django.conf import settings
from django.db import connection
from django.utils import translation

from accounts.models import SSHKey
from core import metrics
from core.actors import ANONYMOUS
from core.errors import DomainError
from projects.commands.counting import note_visit
from projects.commands.key_use import note_key_use
from projects.counting.visits import CLONE
from projects.transport import auth, errors, packs, silence
from projects.transport.gate import SLACK, Gate, gate_of
from projects.transport.hook import HookChannel
from projects.transport.http import protocol_of
from projects.transport.slots import Slots
from projects.transport.wire import greeting, parse

log = structlog.get_logger(__name__)
MAX_REQUEST = 64 * 1024
_slots = Slots(settings.GIT_TRANSFERS)


def open_door(path: Path) -> socket.socket:
    """Listen at `path` and serve in threads of this process until the socket is closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(path))
    path.chmod(0o660)
    listener.listen(128)
    threading.Thread(target=_accept, args=(listener,), name="ssh-door", daemon=True).start()
    return listener


def _accept(listener: socket.socket) -> None:
    while True:
        try:
            client, _address = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client,), name="ssh-session", daemon=True).start()


def _serve(client: socket.socket) -> None:
    descriptors: list[int] = []
    try:
        with client:
            data, descriptors, _flags, _address = socket.recv_fds(client, MAX_REQUEST, 3)
            fields = [field.decode(errors="replace") for field in data.split(b"\0")[:-1]]
            if fields[:1] == ["key"] and len(fields) == 3:
                client.send(key_line(fields[1], fields[2]).encode() + b"\n")
            elif fields[:1] == ["git"] and len(fields) == 6 and len(descriptors) == 3:
                client.send(bytes([_session(client, descriptors, *fields[1:])]))
    except OSError as error:
        log.info("ssh_door_client_gone", error=str(error))
    finally:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        connection.close()


def key_line(kind: str, base64: str) -> str:
    """The authorized_keys(5) line of a known key, "" for others; it can do nothing but run our program."""
    found = SSHKey.objects.filter(public_key__startswith=f"{kind} {base64}").only("pk", "public_key").first() if base64 else None
    if found is None or found.public_key.split()[:2] != [kind, base64]:
        return ""
    program = settings.BASE_DIR / "deploy" / "openi-git"
    return f'restrict,command="{program} {found.pk}" {kind} {base64}'


def _session(client: socket.socket, descriptors: list[int], key_id: str, address: str, locale: str, protocol: str, command: str) -> int:
    """Run what the client asked for; returns the exit status."""
    language = auth.language_of(ANONYMOUS, locale.partition(".")[0])
    try:
        key = SSHKey.objects.select_related("user", "user__namespace").filter(pk=int(key_id)).first()
        if key is None:
            raise errors.no_repository()
        actor = auth.actor_of_key(key, address=address)
        note_key_use(key)
        language = auth.language_of(actor, locale.partition(".")[0])
        with translation.override(language):
            if not command:
                os.write(descriptors[1], (greeting(actor) + "\n").encode())
                return 0
            service, namespace, name, kind = parse(command)
            repository = auth.find(actor, (namespace, name), kind=kind, service=service)
            gate = gate_of(actor, repository) if service == "git-receive-pack" else None
            connection.close()
            release = _slots.take(actor)
            try:
                channel = HookChannel(actor, repository, language) if service == "git-receive-pack" else None
                run = packs.command(
                    service,
                    repository.path,
                    protocol=protocol_of(protocol),
                    max_input=gate.limit + SLACK if gate else 0,
                    extra=channel.environment if channel else None,
                    descriptors=channel.descriptors if channel else (),
                )
                run.on_clone = lambda: note_visit(actor, repository.pk, CLONE, agent="ssh")
                return _run(client, descriptors, run, channel, gate)
            finally:
                release()
    except DomainError as error:
        with translation.override(language):
            os.write(descriptors[2], f"OpenI: {errors.from_domain(error).message}\n".encode())
        return 128


def _run(client: socket.socket, descriptors: list[int], run: packs.Command, channel: HookChannel | None, gate: Gate | None) -> int:
    ours = subprocess.PIPE if gate is not None else None
    try:
        child = subprocess.Popen(
            run.argv,
            env=run.env,
            stdin=ours or descriptors[0],
            stdout=ours or descriptors[1],
            stderr=descriptors[2],
            pass_fds=run.descriptors,
            start_new_session=True,
            bufsize=0,
        )
    except BaseException:
        if channel:
            channel.abandon()
        raise
    metrics.GIT_PROCESSES.labels(run.service).inc()
    packs.watchdog.watch(child)
    if channel:
        channel.start()
    pump = Pump(child, gate, os.dup(descriptors[0]), os.dup(descriptors[1])) if gate is not None else None
    sink = os.dup(descriptors[1]) if pump is None else -1
    while descriptors:  # git has its own; the client's end must see the end of the stream when git closes it
        os.close(descriptors.pop())
    try:
        _wait(child, client, silence.Listener(child.pid, sink) if pump is None else None)
    finally:
        if sink >= 0:
            os.close(sink)
    if pump:
        pump.settle()
    status = packs.stop(child, run, patience=10 if channel and channel.accepted else 1.5 if channel else 0.05)
    if channel:
        channel.finish()
    refused = pump is not None and pump.finish()
    return 0 if refused else status if 0 <= status < 256 else 128


def _wait(child: "subprocess.Popen[bytes]", client: socket.socket, listener: silence.Listener | None) -> None:
    """Until git has ended, or the session's client is gone or takes nothing."""
    pause = settings.GIT_SILENT_SECONDS * 1000 / silence.SAMPLES if listener else None  # milliseconds
    handle = os.pidfd_open(child.pid)
    try:
        ended = select.poll()
        ended.register(handle, select.POLLIN)
        ended.register(client, select.POLLIN | select.POLLHUP)
        while not ended.poll(pause) and listener and not listener.is_silent():
            pass
    finally:
        os.close(handle)


class Pump:
    """Two threads between a client and the git that takes its push; the gate between them counts."""

    def __init__(self, child: "subprocess.Popen[bytes]", gate: Gate, source: int, sink: int) -> None:
        self.child, self.gate, self.source, self.sink = child, gate, source, sink
        self._feeding = threading.Thread(target=self._feed, name="ssh-push", daemon=True)
        self._answering = threading.Thread(target=self._answer, name="ssh-answer", daemon=True)
        self._feeding.start()
        self._answering.start()

    def _feed(self) -> None:
        """Bytes to git until the gate says no; then its input ends, so that it fails and tidies up, and the rest is thrown away."""
        assert self.child.stdin is not None  # noqa: S101 - for the type checker
        with contextlib.suppress(OSError):  # git ended, or the client is gone
            while not self.gate.drained and (data := os.read(self.source, packs.BLOCK)):
                metrics.TRANSFER_BYTES.labels("in", "ssh").inc(len(data))
                if self.gate.look(data):
                    _write_all(self.child.stdin.fileno(), data)
                else:
                    self.child.stdin.close()
        os.close(self.source)
        with contextlib.suppress(OSError):
            self.child.stdin.close()

    def _answer(self) -> None:
        assert self.child.stdout is not None  # noqa: S101 - for the type checker
        with contextlib.suppress(OSError):
            for data in packs.blocks(self.child.stdout.fileno()):
                if not self.gate.exceeded:  # what git thinks of its cut input is for nobody
                    _write_all(self.sink, data)

    def settle(self) -> None:
        """A client that is refused goes on sending before it listens."""
        if self.gate.exceeded:
            self._feeding.join(settings.GIT_SECONDS)

    def finish(self) -> bool:
        """After git ended: the rest of the answer; True if it is a refusal."""
        self._answering.join(settings.GIT_SECONDS)
        with contextlib.suppress(OSError):
            if self.gate.exceeded:
                _write_all(self.sink, self.gate.refusal())
            os.close(self.sink)
        return self.gate.exceeded


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
