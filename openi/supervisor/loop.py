"""All of it together: take the data directory, prepare it, keep everything running, stop."""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from openi.supervisor import reload
from openi.supervisor.addresses import check_ports, environment_of, is_ready, url_host
from openi.supervisor.children import State, adopt, reap, start, start_guard, stop
from openi.supervisor.folder import log_to, say, take, trim_logs
from openi.supervisor.leftovers import MARK, sweep
from openi.supervisor.options import CannotStart, Options, parse
from openi.supervisor.prepare import prepare
from openi.supervisor.programs import programs

FOLLOW_SECONDS = 6.0
LOG_CHECK_SECONDS = 60.0
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal to stop came before everything ran."""


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 after a clean stop, 2 when it could not start (one line says why), 128 + signal when stopped before that."""
    options = parse(arguments)
    # `nohup` means: stay when the terminal goes.
    ending = [number for number in ENDING if not (number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN)]
    for number in ending:
        signal.signal(number, _interrupt)
    environment: dict[str, str] = {}
    try:
        lock = take(options.data)
        log_to(options.data / "log" / "supervisor.log")
        if left := sweep(f"{options.data.resolve()}:", 0.0):
            say(f"ended {left} processes that an earlier server left")
        check_ports(options)
        shutil.rmtree(options.data / "metrics", ignore_errors=True)  # counters begin anew with the processes that count
        environment = environment_of(options)
        lines = prepare(options, environment)
        # From here on signals are waited for, not delivered.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *ending})
    except CannotStart as error:
        print(f"script/server: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"script/server: {error.filename or options.data}: {error.strerror}", file=sys.stderr)
        return 2
    except Interrupted as interrupted:
        if environment:
            sweep(environment[MARK], 2.0)
        say("stopped before it had started")
        return 128 + int(interrupted.args[0])
    state = State(programs(options), environment, options.data / "log", lock)
    serve(options, state, lines, ending)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise Interrupted(number)


def serve(options: Options, state: State, lines: list[str], ending: Sequence[signal.Signals]) -> None:
    """Run everything until told to stop, then leave nothing behind."""
    mark = state.environment[MARK]
    adopt()
    start_guard(state, mark)
    try:
        run(options, state, lines, ending)
    finally:
        stop(state)
        sweep(mark, 1.0)
        os.kill(state.guard, signal.SIGKILL)
        os.waitpid(state.guard, 0)
        os.close(state.lock)
    say("stopped")


def run(options: Options, state: State, lines: list[str], ending: Sequence[signal.Signals]) -> None:
    """Start all, then wait for signals, deaths and changes until told to stop."""
    began, ready, trimmed = time.monotonic(), False, time.monotonic()
    for child in state.children:
        child.due = began + (FOLLOW_SECONDS if child.follows else 0.0)
    files = dict(reload.watched()) if options.reload else {}
    while True:
        now = time.monotonic()
        waiting = [child.due - now for child in state.children if child.process is None]
        pause = min([0.1 if not ready else reload.POLL_SECONDS if options.reload else LOG_CHECK_SECONDS, *waiting])
        received = signal.sigtimedwait({signal.SIGCHLD, *ending}, max(pause, 0.0))
        if received is not None and received.si_signo != signal.SIGCHLD:
            say("stopping")
            return
        reap(state, state.environment[MARK])
        now = time.monotonic()
        if not ready and is_ready(options):
            ready = True
            announce(options, state.environment, lines)
            say(f"started in {now - began:.1f} s")
            for child in state.children:
                child.due = min(child.due, now) if child.follows else child.due
        for child in state.children:
            if child.process is None and child.due <= now:
                start(state, child)
        if now - trimmed > LOG_CHECK_SECONDS:
            trim_logs(state.logs)
            trimmed = now
        if options.reload and ready:
            latest = dict(reload.watched())
            changed = {path for path, _ in set(latest.items()) ^ set(files.items())}
            if changed:
                files = latest
                reload.apply_change(state, changed)


def announce(options: Options, environment: dict[str, str], lines: list[str]) -> None:
    """The address, the SSH address and the demo's logins."""
    ssh = os.environ.get("OPENI_SSH_HOST") or url_host(options.host)
    say(f"ready    {environment['OPENI_BASE_URL']}/")
    say(f"git ssh  ssh://git@{ssh}:{options.ssh_port}/")
    if not os.environ.get("OPENI_SMTP_URL"):
        say(f"mail     no mail server is set: each mail is a file in {options.data / 'mail'}")
    with contextlib.suppress(OSError):
        logins = [line for line in lines if not line.startswith(" ")]  # indented lines tell the progress
        for number, line in enumerate(logins):  # passwords: on the terminal, never in a log
            print(f"{'' if number else 'logins':8} {line}", flush=True)
    say("Ctrl-C stops it.")
