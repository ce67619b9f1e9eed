"""One process each: started, noticed when it dies, started again, stopped. A guard ends them all when the supervisor is gone."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from openi.supervisor.folder import say
from openi.supervisor.leftovers import sweep
from openi.supervisor.options import ROOT

STOP_SECONDS = 7.0  # from TERM to KILL
STEADY_SECONDS = 5.0  # a child that lived this long is restarted at once
DELAY_MAX_SECONDS = 15.0
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Child:
    """One process that is kept running. Times are seconds of `time.monotonic()`."""

    name: str
    command: list[str]
    follows: bool = False  # starts once pages answer (at the latest after loop.FOLLOW_SECONDS), so that they answer sooner
    process: "subprocess.Popen[bytes] | None" = None
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
        with (state.logs / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                child.command, cwd=ROOT, env=state.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_become_child,
            )  # fmt: skip
    except OSError as error:  # no process, memory or disk left
        _plan(child, f"{child.name} could not start ({error.strerror})")


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
        how = f"signal {-ended}" if ended < 0 else f"exit {ended}"
        _plan(child, f"{child.name} ended ({how}); see {state.logs / child.name}.log")
    with contextlib.suppress(ChildProcessError):
        if state.guard and os.waitpid(state.guard, os.WNOHANG)[0]:
            start_guard(state, mark)


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
