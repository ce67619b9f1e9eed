"""Git children: environment from scratch, own process group, wall-clock limit, bounded output, back-pressure."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import IO

from gitstore.errors import GitFailed, TimedOut, TooLarge

_HOME = "/nonexistent"
BASE_CONFIG: dict[str, str] = {
    "safe.directory": "*",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.commitGraph": "true",
    "core.quotePath": "false",
    "core.alternateRefsCommand": "true",  # prints nothing: a pool's refs are offered to nobody
    "gc.auto": "0",
    "receive.autogc": "false",
    "maintenance.auto": "false",
    "pack.threads": "1",
    "pack.windowMemory": "256m",
    "protocol.allow": "never",
    "transfer.bundleURI": "false",  # the other side names no further address to fetch from
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "false",
    "diff.renames": "true",
    "advice.detachedHead": "false",
}


def environment(config: Mapping[str, str] | None = None, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a child; nothing is inherited. `config` overrides BASE_CONFIG."""
    settings = {**BASE_CONFIG, **(config or {})}
    answer = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": _HOME,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for index, (key, value) in enumerate(settings.items()):
        answer[f"GIT_CONFIG_KEY_{index}"] = key
        answer[f"GIT_CONFIG_VALUE_{index}"] = value
    return {**answer, **(extra or {})}


def start(
    path: Path | None,
    arguments: Sequence[str],
    *,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    stderr: int | IO[bytes] | None = subprocess.PIPE,
    config: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """A git child in its own process group, `--git-dir=path` when given; the caller ends it with `end`."""
    command = ["git", *([f"--git-dir={path}"] if path else []), *arguments]
    return subprocess.Popen(
        command, stdin=stdin, stdout=stdout, stderr=stderr, env=environment(config, extra), cwd="/", start_new_session=True
    )


def end(child: subprocess.Popen[bytes]) -> int:
    """Kill the child's whole group if it still runs, close its pipes, reap it; returns the exit code."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    return child.wait()


def run(
    path: Path | None,
    arguments: Sequence[str],
    *,
    input: bytes | None = None,  # noqa: A002 - as in subprocess
    timeout: float = 60,
    limit: int = 256 * 1024**2,
    config: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
    ok: Sequence[int] = (0,),
) -> bytes:
    """stdout of a child. Raises GitFailed (exit code not in `ok`), TimedOut (seconds), TooLarge (bytes of stdout)."""
    child = start(path, arguments, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL, config=config, extra=extra)
    try:
        output, errors = child.communicate(input, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"git {arguments[0]} ran longer than {timeout} s") from error
    finally:
        end(child)
    if child.returncode not in ok:
        raise GitFailed(list(arguments), child.returncode, errors.decode("utf-8", "replace"))
    if len(output) > limit:
        raise TooLarge(f"git {arguments[0]} printed {len(output)} bytes")
    return output


def stream(
    path: Path | None,
    arguments: Sequence[str],
    *,
    timeout: float = 600,
    block: int = 65536,
    input: bytes = b"",  # noqa: A002 - as in subprocess
    config: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Generator[bytes, None, None]:
    """stdout in blocks as they come; closing the generator kills the child. Raises GitFailed or TimedOut at the end."""
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed below; a pipe nobody reads would stop a talkative child
    spool = _spooled(input) if input else None
    child = start(path, arguments, stdin=spool or subprocess.DEVNULL, stderr=errors, config=config, extra=extra)
    if spool is not None:
        spool.close()
    assert child.stdout is not None  # noqa: S101 - for the type checker
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)

    clock = threading.Timer(timeout, expire)
    clock.daemon = True
    clock.start()
    try:
        while piece := os.read(child.stdout.fileno(), block):
            yield piece
        code = child.wait()
        if expired.is_set():
            raise TimedOut(f"git {arguments[0]} ran longer than {timeout} s")
        if code:
            errors.seek(0)
            raise GitFailed(list(arguments), code, errors.read(65536).decode("utf-8", "replace"))
    finally:
        clock.cancel()
        end(child)
        errors.close()


def _spooled(content: bytes) -> IO[bytes]:
    """A file with the content, at its start."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the child's
    spool.write(content)
    spool.seek(0)
    return spool
