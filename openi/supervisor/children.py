"""One process each: started, noticed when it dies, started again, stopped. A guard ends them all when the supervisor is gone."""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from openi.supervisor.folder import say
from openi.supervisor.leftovers import sweep
from openi.supervisor.options import ROOT

STEM = "stem"
STOP_SECONDS = 7.0  # from TERM to KILL
STEADY_SECONDS = 5.0  # a child that lived this long is restarted at once
DELAY_MAX_SECONDS = 15.0
STEM_SECONDS = 10.0  # it may have to import something before it forks
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)


class Grown:
    """A child that the stem forked for us: what we use of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, 0
        self._ended = False

    def poll(self) -> int | None:
        """Its exit status, or minus the signal that ended it; None while it runs."""
        return self._collect(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended."""
        return self._collect(0) or 0

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing happens when it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """TERM."""
        self.send_signal(signal.SIGTERM)

    def _collect(self, how: int) -> int | None:
        if not self._ended:
            try:
                process, status = os.waitpid(self.pid, how)
            except ChildProcessError:
                process, status = self.pid, 0
            if not process:
                return None
            self._ended, self.returncode = True, os.waitstatus_to_exitcode(status)
        return self.returncode


@dataclass
class Child:
    """One process that is kept running. Times are seconds of `time.monotonic()`."""

    name: str
    command: list[str]
    follows: bool = False  # starts once pages answer (at the latest after loop.FOLLOW_SECONDS), so that they answer sooner
    grows: bool = False  # forked from the stem, which `command` is then for; else started by itself
    process: "subprocess.Popen[bytes] | Grown | None" = None
    started: float = 0.0
    due: float = 0.0
    failures: int = 0

    @property
    def runs(self) -> bool:
        """Whether its process is alive."""
        return self.process is not None and self.process.poll() is None


@dataclass
class State:
    """The running set."""

    children: list[Child]
    environment: dict[str, str]
    logs: Path
    lock: int  # descriptor that holds the data directory
    guard: int = 0  # process id
    pipe: int = -1  # its write end: closes with this process, which is how the guard notices
    loaded: bool = False  # the stem has said that it can fork

    @property
    def stem(self) -> "subprocess.Popen[bytes] | None":
        """The stem's process, if there is one."""
        process = next((child.process for child in self.children if child.name == STEM), None)
        return process if isinstance(process, subprocess.Popen) else None


def adopt() -> None:
    """What the stem forks twice becomes our child; so does what ends in a child's group after it (prctl(2))."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _become_child() -> None:
    """Between fork and exec: take no signal mask along, and get TERM when the supervisor dies, however it dies."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def start(state: State, child: Child) -> None:
    """Start it in a process group of its own, output appended to its log. What cannot start now is tried again later."""
    if child.name == "beat":  # kill -9 can leave a torn schedule; what is due stands in the code and in the rows
        for leftover in (state.logs.parent / "run").glob("beat-schedule*"):
            leftover.unlink(missing_ok=True)
    child.started = time.monotonic()
    try:
        if child.grows:
            _grow(state, child)
            return
        pipe = subprocess.PIPE if child.name == STEM else None
        with (state.logs / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                child.command, cwd=ROOT, env=state.environment, stdin=pipe or subprocess.DEVNULL, stdout=pipe or log, stderr=log,
                start_new_session=True, preexec_fn=_become_child, bufsize=0,
            )  # fmt: skip
    except OSError as error:  # no process, memory or disk left
        _plan(child, f"{child.name} could not start ({error.strerror})")


def _grow(state: State, child: Child) -> None:
    """Have the stem fork it; a little later if there is none that has loaded the portal. Raises OSError when it does not answer."""
    stem = state.stem
    if stem is None or not is_loaded(state):
        child.due = time.monotonic() + 0.05
        return
    assert stem.stdin is not None  # noqa: S101 - for the type checker
    request = {"arguments": child.command, "log": str(state.logs / f"{child.name}.log")}
    stem.stdin.write(json.dumps(request).encode())
    number = int(_answer(stem, STEM_SECONDS) or 0)
    if not number:
        state.loaded = False
        stem.kill()  # it starts anew, as does what it should have forked
        raise OSError(0, "the stem did not answer")
    child.process = Grown(number)


def is_loaded(state: State) -> bool:
    """Whether the stem can fork."""
    if not state.loaded and state.stem is not None:
        state.loaded = _answer(state.stem, 0) == b"\n"
    return state.loaded


def _answer(stem: "subprocess.Popen[bytes]", seconds: float) -> bytes:
    """Its next line, empty when none came in time or it ended."""
    assert stem.stdout is not None  # noqa: S101 - for the type checker
    ready, _, _ = select.select([stem.stdout], [], [], seconds)
    return os.read(stem.stdout.fileno(), 64) if ready else b""


def end_group(child: Child, number: signal.Signals) -> None:
    """Signal the child and everything it started in its group; gone is fine."""
    if child.process is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, number)


def start_guard(state: State, mark: str) -> None:
    """Fork a tiny process that ends every marked process when this one is gone (granian's and Celery's own children
    do not notice it by themselves)."""
    if state.pipe >= 0:
        os.close(state.pipe)
    reading, writing = os.pipe2(os.O_CLOEXEC)
    process = os.fork()
    if process == 0:
        try:
            os.close(writing)
            os.close(state.lock)  # a new server may start while this one still sweeps: the marks differ
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            while os.read(reading, 1):
                pass
            sweep(mark, 3.0)
        finally:
            os._exit(0)
    os.close(reading)
    state.guard, state.pipe = process, writing


def reap(state: State, mark: str) -> None:
    """Notice what died; plan its restart: at once, or later and later when it dies straight after starting."""
    for child in state.children:
        if child.process is None or child.runs:
            continue
        end_group(child, signal.SIGKILL)  # what it left behind would hold its port
        ended = child.process.returncode
        child.process = None
        state.loaded = state.loaded and child.name != STEM
        how = f"signal {-ended}" if ended < 0 else f"exit {ended}"
        _plan(child, f"{child.name} ended ({how}); see {state.logs / child.name}.log")
    with contextlib.suppress(ChildProcessError):
        if state.guard and os.waitpid(state.guard, os.WNOHANG)[0]:
            start_guard(state, mark)
    _bury_strangers({state.guard, *(child.process.pid for child in state.children if child.process is not None)})


def _bury_strangers(ours: set[int]) -> None:
    """Processes whose parents are gone became ours (`adopt`): collect those that ended."""
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and found.si_pid not in ours:
            os.waitpid(found.si_pid, 0)


def _plan(child: Child, what: str) -> None:
    now = time.monotonic()
    child.failures = 0 if now - child.started >= STEADY_SECONDS else child.failures + 1
    delay = 0.0 if child.failures <= 1 else min(DELAY_MAX_SECONDS, 0.5 * 2 ** (child.failures - 2))
    child.due = now + delay
    say(f"{what}; starts again {f'in {delay:g} s' if delay else 'at once'}")


def stop(state: State) -> None:
    """TERM to all, KILL for what is left after STOP_SECONDS."""
    for child in state.children:
        if child.process is not None and child.runs:
            child.process.terminate()  # the leader alone: it ends its own workers in good order
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and any(child.runs for child in state.children):
        time.sleep(0.05)
    for child in state.children:
        end_group(child, signal.SIGKILL)
        if child.process is not None:
            child.process.wait()
