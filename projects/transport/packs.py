"""The git processes behind the wire: environment from nothing, settings of ours alone, and the cache of whole packs."""

import contextlib
import os
import select
import shlex
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from django.conf import settings

from core import metrics
from gitstore.names import HIDDEN, INTERNAL
from gitstore.process import environment
from projects.transport.hook import FOLDER

log = structlog.get_logger(__name__)
SERVICES = ("git-upload-pack", "git-receive-pack")
CACHE_BYTES = 4 * 1024**3  # kept packs, at most
CACHE_FILES = 4096
TRIM_EVERY = 30.0  # seconds
BLOCK = 256 * 1024  # bytes read from git at a time
SMALL = 32 * 1024  # an answer below this waits a moment for more: git writes a listing of refs in very small pieces
MOMENT = 2  # milliseconds

COMMON = {"core.hooksPath": str(FOLDER), "core.bigFileThreshold": "64m", "pack.windowMemory": "64m"}
UPLOAD = {
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.keepAlive": "1",  # seconds: how soon we notice that the client of a silent pack-objects is gone
    "uploadpack.packObjectsHook": shlex.quote(str(FOLDER / "pack-objects")),  # git hands it to a shell
    "uploadpackfilter.sparse:oid.allow": "false",
    "uploadpackfilter.combine.allow": "false",
    "uploadpackfilter.tree.maxDepth": "100",
}
RECEIVE = {
    "receive.fsckObjects": "true",
    # harmless faults of old projects; what endangers a client (gitmodules*, hasDot*, fullPathname …) stays an error
    "receive.fsck.zeroPaddedFilemode": "warn",
    "receive.fsck.missingSpaceBeforeDate": "warn",
    "receive.fsck.badTimezone": "warn",
    "receive.fsck.missingSpaceBeforeEmail": "warn",
    "receive.fsck.missingNameBeforeEmail": "warn",
    "receive.unpackLimit": "1",
    "receive.autogc": "false",
    "receive.keepAlive": "1",
    "receive.advertisePushOptions": "true",
    "receive.advertiseAtomic": "true",
    "receive.denyCurrentBranch": "ignore",
    "receive.denyDeleteCurrent": "ignore",  # the policies say it in words
    "receive.shallowUpdate": "false",
    "receive.procReceiveRefs": "refs/for",  # projects.places.push_doors
}


def variables(configuration: dict[str, str], hidden: tuple[str, ...]) -> dict[str, str]:
    """The whole environment of a git child that serves: `gitstore`'s, our settings, and the refs nobody sees."""
    made = environment(configuration)
    count = int(made["GIT_CONFIG_COUNT"])
    for number, name in enumerate(hidden, count):  # one key with many values, which a dict cannot hold
        made[f"GIT_CONFIG_KEY_{number}"] = "transfer.hideRefs"
        made[f"GIT_CONFIG_VALUE_{number}"] = name.rstrip("/")
    made["GIT_CONFIG_COUNT"] = str(count + len(hidden))
    return made


@dataclass
class Command:
    """What to start for one service: argv, variables, inherited descriptors."""

    service: str
    argv: list[str]
    env: dict[str, str]
    descriptors: tuple[int, ...] = ()
    started: float = field(default_factory=time.monotonic)
    on_clone: Callable[[], None] | None = None  # told when a client that had nothing has been sent everything


def command(
    service: str,
    path: Path,
    *,
    protocol: str = "",
    options: tuple[str, ...] = (),
    max_input: int = 0,
    extra: dict[str, str] | None = None,
    descriptors: tuple[int, ...] = (),
) -> Command:
    """The git command of `service` on the bare repository at `path`.

    `protocol` is a checked `version=N`; `max_input` in bytes ends larger packs while they arrive (0: no limit).
    """
    configuration = {**COMMON, **(UPLOAD if service == "git-upload-pack" else RECEIVE)}
    if service == "git-receive-pack" and max_input:
        configuration["receive.maxInputSize"] = str(max_input)
    env = variables(configuration, HIDDEN if service == "git-upload-pack" else INTERNAL)
    if service == "git-upload-pack":
        env["OPENI_PACK_CACHE"] = str(cache_folder())
        env["OPENI_PACK_ASIDE"] = str(cache_folder() / f"{uuid.uuid4().hex}.new")
    if protocol:
        env["GIT_PROTOCOL"] = protocol
    env.update(extra or {})
    return Command(service, ["git", service.removeprefix("git-"), *options, str(path)], env, descriptors)


def tidy(run: Command, status: int | None) -> None:
    """After the transfer: an unfinished copy of its pack goes, the cache is kept within its limits, and a clone that arrived is reported."""
    if aside := run.env.get("OPENI_PACK_ASIDE"):
        Path(aside).unlink(missing_ok=True)
        mark = Path(f"{aside}.clone")
        if mark.exists():
            mark.unlink(missing_ok=True)
            if status == 0 and run.on_clone:
                run.on_clone()
        trim_cache()


def start(run: Command, *, stdin: int) -> "subprocess.Popen[bytes]":
    """Start the command in a process group of its own, stdout a pipe; counted until `stop`."""
    child = subprocess.Popen(
        run.argv,
        env=run.env,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=run.descriptors,
        start_new_session=True,
        bufsize=0,
    )
    metrics.GIT_PROCESSES.labels(run.service).inc()
    watchdog.watch(child)
    return child


def blocks(descriptor: int) -> Iterator[bytes]:
    """What a child writes, in blocks worth sending; a lone small piece is held back for MOMENT only."""
    more = select.poll()
    more.register(descriptor, select.POLLIN)
    while data := os.read(descriptor, BLOCK):
        pieces, size = [data], len(data)
        while size < SMALL and more.poll(MOMENT) and (data := os.read(descriptor, BLOCK)):
            pieces.append(data)
            size += len(data)
        yield pieces[0] if len(pieces) == 1 else b"".join(pieces)


def stop(child: "subprocess.Popen[bytes]", run: Command, *, patience: float = 0) -> int:
    """End the child and everything it started; returns its exit status. `patience`: seconds to let it finish by itself.

    TERM first, so that git removes its quarantine; KILL half a second later.
    """
    watchdog.forget(child)
    if child.returncode is None:
        handle = os.pidfd_open(child.pid)  # Popen.wait(timeout) sleeps in steps, which costs every request a millisecond
        try:
            ended = select.poll()
            ended.register(handle, select.POLLIN)
            for wait, sign in ((patience, signal.SIGTERM), (0.5, signal.SIGKILL)):
                if ended.poll(wait * 1000):
                    break
                kill_group(child.pid, sign)
        finally:
            os.close(handle)
    status = child.wait()
    if status:
        kill_group(child.pid, signal.SIGKILL)  # what it left behind, such as pack-objects
    metrics.GIT_PROCESSES.labels(run.service).dec()
    tidy(run, status)
    return status


def kill_group(pid: int, sign: int) -> None:
    """Signal the group `pid` leads, if it still exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, sign)


class Watchdog:
    """One thread that ends children past their wall-clock limit, however they and their clients behave."""

    def __init__(self) -> None:
        self._deadlines: dict[int, float] = {}
        self._thread: threading.Thread | None = None

    def watch(self, child: "subprocess.Popen[bytes]") -> None:
        """Limit this child to settings.GIT_SECONDS from now."""
        self._deadlines[child.pid] = time.monotonic() + settings.GIT_SECONDS
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="git-watchdog", daemon=True)
            self._thread.start()

    def forget(self, child: "subprocess.Popen[bytes]") -> None:
        """The child ended."""
        self._deadlines.pop(child.pid, None)

    def _run(self) -> None:
        while True:
            time.sleep(1)
            now = time.monotonic()
            for pid, deadline in list(self._deadlines.items()):
                if now > deadline and self._deadlines.pop(pid, 0.0):
                    log.warning("git_took_too_long", pid=pid)
                    kill_group(pid, signal.SIGKILL)


watchdog = Watchdog()


def cache_folder() -> Path:
    """Where whole packs are kept; made at first use."""
    global _cache_made
    folder: Path = settings.DATA_DIR / "cache" / "packs"
    if not _cache_made:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _cache_made = True
    return folder


_cache_made = False
_trimmed = 0.0


def trim_cache(*, every: float = TRIM_EVERY, limit_bytes: int = CACHE_BYTES, limit_files: int = CACHE_FILES) -> int:
    """Remove the packs used longest ago beyond the limits, and what dead processes left; returns how many went."""
    global _trimmed
    if time.monotonic() - _trimmed < every:
        return 0
    _trimmed = time.monotonic()
    files = []
    for entry in os.scandir(cache_folder()):
        try:
            stat = entry.stat()
        except FileNotFoundError:
            continue
        files.append((0.0 if _is_left_over(entry.name, stat.st_mtime) else max(stat.st_atime, stat.st_mtime), stat.st_size, entry.path))
    total, gone = sum(size for _used, size, _path in files), 0
    for used, size, path in sorted(files):
        if used and total <= limit_bytes and len(files) - gone <= limit_files:
            break
        Path(path).unlink(missing_ok=True)
        total -= size
        gone += 1
    return gone


def _is_left_over(name: str, modified: float) -> bool:
    return name.endswith((".new", ".new.clone")) and time.time() - modified > 3600
