"""`script/server`: prepares a data directory and keeps the portal's processes running until Ctrl-C or TERM.

Standard library only, and run as a file (`python -P openi/supervisor.py`): it must cost no memory and start at once.
Linux only: children carry a mark in their environment, and die with their parent (prctl(2), PR_SET_PDEATHSIG).
"""

import argparse
import contextlib
import ctypes
import errno
import fcntl
import hashlib
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
MARK = "OPENI_SUPERVISED"  # in the environment of every process: data directory, colon, supervisor's process id
STOP_SECONDS = 8.0  # from TERM to KILL
STEADY_SECONDS = 5.0  # a child that lived this long is restarted at once
DELAY_MAX_SECONDS = 15.0
FOLLOW_SECONDS = 6.0
LOG_MAX_BYTES = 20 * 1024**2
LOG_CHECK_SECONDS = 60.0
RELOAD_POLL_SECONDS = 0.25
RELOAD_FOLLOW_SECONDS = 2.5  # pages have both cores first
WATCHED = (".py", ".po")  # with OPENI_RELOAD the portal reads templates and static files at each use
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class CannotStart(Exception):
    """One sentence for the person at the terminal; exit status 2."""


@dataclass(frozen=True)
class Options:
    """What the command line said. Ports are TCP ports; `demo` is None when nobody said."""

    host: str
    port: int
    ssh_port: int
    live_port: int
    data: Path
    demo: bool | None
    reload: bool


@dataclass
class Child:
    """One process that is kept running. Times are seconds of `time.monotonic()`."""

    name: str
    command: list[str]
    reloads: bool = False  # started again when code or a translation changes
    follows: bool = False  # starts once pages answer (at the latest after FOLLOW_SECONDS), so that they answer sooner
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    due: float = 0.0
    failures: int = 0


@dataclass
class State:
    """The running set, and whether it was told to stop."""

    children: list[Child]
    environment: dict[str, str]
    logs: Path
    lock: int  # descriptor that holds the data directory
    guard: int = 0  # process id
    pipe: int = -1  # its write end: closes with this process, which is how the guard notices
    stopping: bool = field(default=False)


def parse(arguments: Sequence[str]) -> Options:
    """Options of `script/server`; prints usage and exits 2 on a bad one."""
    parser = argparse.ArgumentParser(prog="script/server", description="Starts the portal and keeps it running; Ctrl-C stops it.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="pages, API and Git over HTTP (8000)")
    parser.add_argument("--ssh-port", type=int, help="Git over SSH (PORT+1)")
    parser.add_argument("--live-port", type=int, help="live progress on pages (PORT+2)")
    parser.add_argument("--data-dir", type=Path, help="where everything is kept (var, or OPENI_DATA_DIR)")
    parser.add_argument(
        "--demo", action=argparse.BooleanOptionalAction, help="load demo content (on the first start, when the host is loopback)"
    )
    parser.add_argument(
        "--reload", action="store_true", help="show changes: code and translations by starting again, templates and static files at once"
    )
    given = parser.parse_args(arguments)
    ssh_port, live_port = given.ssh_port or given.port + 1, given.live_port or given.port + 2
    ports = (given.port, ssh_port, live_port)
    if not all(0 < port < 65536 for port in ports) or len(set(ports)) < 3:
        parser.error(f"ports must differ and lie between 1 and 65535: {', '.join(map(str, ports))}")
    data = given.data_dir or Path(os.environ.get("OPENI_DATA_DIR") or ROOT / "var")
    return Options(given.host, given.port, ssh_port, live_port, data.absolute(), given.demo, given.reload)


def say(text: str) -> None:
    """One line on the terminal and in supervisor.log. A closed terminal is no reason to stop."""
    with contextlib.suppress(OSError):
        print(text, flush=True)
    if _log_file is not None:
        with contextlib.suppress(OSError), _log_file.open("a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")


_log_file: Path | None = None


# --- the data directory -------------------------------------------------------------------------------------------


def take(data: Path) -> int:
    """Lock the data directory for this process's life (flock(2)). Raises CannotStart when another server has it."""
    try:
        (data / "run").mkdir(parents=True, exist_ok=True)
        (data / "log").mkdir(exist_ok=True)
        lock = os.open(data / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(f"{data} cannot be used as data directory: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(lock, 32, 0).decode().strip() or "unknown"
        os.close(lock)
        raise CannotStart(f"a server already runs on {data} (process {owner}): stop it, or choose another --data-dir") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def marked(mark: str) -> list[int]:
    """Process ids, this one apart, whose environment carries a mark that starts so (proc(5), /proc/PID/environ)."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if any(variable.startswith(wanted) for variable in Path(entry.path, "environ").read_bytes().split(b"\0")):
                    found.append(int(entry.name))
    return found


def sweep(mark: str, seconds: float) -> int:
    """End every process with the mark: TERM, and KILL for what is left after `seconds`. Returns how many there were."""
    left = marked(mark)
    count = len(left)
    killing = time.monotonic() + seconds
    _signal_all(left, signal.SIGTERM if seconds else signal.SIGKILL)
    while left and time.monotonic() < killing + 5:
        time.sleep(0.05)
        left = marked(mark)
        if time.monotonic() >= killing:
            _signal_all(left, signal.SIGKILL)
    return count


def _signal_all(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)


def fingerprint(*patterns: str) -> str:
    """SHA-256 over names and contents of the checkout's files that match."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def stamps(data: Path) -> dict[str, str]:
    """What the last start prepared: keys `database`, `static`, `demo`. Empty on the first start, or if unreadable."""
    try:
        return dict(json.loads((data / "run" / "prepared.json").read_text()))
    except (OSError, ValueError):
        return {}


def save_stamps(data: Path, values: dict[str, str]) -> None:
    """Written whole or not at all."""
    target = data / "run" / "prepared.json"
    target.with_suffix(".new").write_text(json.dumps(values))
    target.with_suffix(".new").replace(target)


def database_stamp(data: Path) -> str:
    """Changes with a migration, a dependency, or when the SQLite file is replaced; "" (always migrate) with a database server."""
    if os.environ.get("OPENI_DATABASE_URL"):
        return ""
    try:
        inode = (data / "openi.sqlite3").stat().st_ino
    except OSError:
        return ""
    return f"{inode}:{fingerprint('*/migrations/*.py', 'requirements.txt')}"


def manage(environment: dict[str, str], log: Path, *arguments: str, secret: bool = False) -> list[str]:
    """Run a management command; its lines of standard output. Its output goes to `log` too, standard output only if it is not secret.

    Raises CannotStart, with the last line it wrote, when it fails.
    """
    done = subprocess.run(
        [str(PYTHON), "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    with log.open("a", encoding="utf-8") as file:
        file.write(("" if secret else done.stdout) + done.stderr)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise CannotStart(f"manage.py {' '.join(arguments)} failed: {last}  (all of it: {log})")
    return done.stdout.splitlines()


def command_exists(name: str) -> bool:
    """Whether some package of the checkout has this management command."""
    return any(ROOT.glob(f"*/management/commands/{name}.py"))


def prepare(options: Options, environment: dict[str, str]) -> list[str]:
    """Database, static files, demo content: only what changed since the last start. Returns the demo's lines (its logins)."""
    log = options.data / "log" / "prepare.log"
    before = stamps(options.data)
    now = dict(before)
    if not before.get("database") or before["database"] != database_stamp(options.data):
        say("preparing the database")
        manage(environment, log, "migrate", "--no-input", "--verbosity", "1")
        now["database"] = database_stamp(options.data) or "server"
        now.setdefault("demo", "due")
        save_stamps(options.data, now)
    static = fingerprint("static/**/*", "requirements.txt")
    if not options.reload and (before.get("static") != static or not (options.data / "static" / "staticfiles.json").exists()):
        say("collecting static files")
        manage(environment, log, "collectstatic", "--no-input", "--clear", "--verbosity", "0")
        now["static"] = static
        save_stamps(options.data, now)
    return demo(options, environment, now, log)


def demo(options: Options, environment: dict[str, str], now: dict[str, str], log: Path) -> list[str]:
    """Load demo content when it is wanted and not there yet. A failure is said and does not stop the portal."""
    first = now.get("demo") == "due"
    wanted = options.demo if options.demo is not None else first and is_loopback(options.host)
    if not wanted or now.get("demo") == "loaded":
        if first:
            save_stamps(options.data, {**now, "demo": "declined"})
            if options.demo is None:
                say("no demo content: the host is not loopback (--demo loads it all the same)")
        return []
    if not command_exists("demo"):
        say("no demo content: this checkout has no demo command yet")
        return []
    say("loading demo content")
    try:
        lines = manage(environment, log, "demo", secret=True)
    except CannotStart as error:
        say(str(error))
        return []
    save_stamps(options.data, {**now, "demo": "loaded"})
    return lines


# --- addresses ----------------------------------------------------------------------------------------------------


def is_loopback(host: str) -> bool:
    """True for `localhost` and addresses of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_host(host: str) -> str:
    """As a client of this machine writes it: brackets around IPv6, loopback for "every address"."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{host}]" if ":" in host else host


def check_port(host: str, port: int, option: str) -> None:
    """Raises CannotStart when nothing could listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)  # granian shares its port (SO_REUSEPORT), so bind alone would succeed beside another one
    except socket.gaierror as error:
        raise CannotStart(f"--host {host}: {error.strerror}") from error
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise CannotStart(f"port {port} of {host} {reason}: choose another with {option}") from error


def environment_of(options: Options) -> dict[str, str]:
    """The children's environment: ours, the options as OPENI_* variables, and the mark."""
    base = os.environ.get("OPENI_BASE_URL") or f"http://{url_host(options.host)}:{options.port}"
    live = os.environ.get("OPENI_LIVE_URL") or f"http://{url_host(options.host)}:{options.live_port}"
    return {
        **os.environ,
        "OPENI_DATA_DIR": str(options.data),
        "OPENI_HOST": options.host,
        "OPENI_PORT": str(options.port),
        "OPENI_SSH_PORT": str(options.ssh_port),
        "OPENI_LIVE_PORT": str(options.live_port),
        "OPENI_BASE_URL": base.rstrip("/"),
        "OPENI_LIVE_URL": live.rstrip("/"),
        "OPENI_RELOAD": "true" if options.reload else os.environ.get("OPENI_RELOAD", "false"),
        "PYTHONUNBUFFERED": "1",
        "CELERY_SKIP_CHECKS": "1",  # checks load every page's code into the worker
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),  # many threads: without it memory grows with them
        "PATH": f"{PYTHON.parent}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        MARK: f"{options.data.resolve()}:{os.getpid()}",
    }


# --- children -----------------------------------------------------------------------------------------------------


def programs(options: Options) -> list[Child]:
    """The portal's processes, in starting order."""
    granian = [
        str(PYTHON.parent / "granian"),
        "--host",
        options.host,
        "--http",
        "1",
        "--no-ws",
        "--workers-kill-timeout",
        "5",
        "--respawn-failed-workers",
    ]
    granian += ["--log-level", "error"]  # it warns of many threads; each is one Git transfer, which waits for git
    web = [
        *granian,
        "--interface",
        "wsgi",
        "--port",
        str(options.port),
        "--workers",
        "1" if options.reload else "2",
        "--blocking-threads",
        "128",
    ]
    live = [*granian, "--interface", "asgi", "--port", str(options.live_port), "--workers", "1"]
    celery = [str(PYTHON), "-m", "celery"]
    worker = [
        "-A",
        "openi",
        "worker",
        "--pool",
        "threads",
        "--concurrency",
        "2",
        "--loglevel",
        "warning",
        "--without-mingle",
        "--without-gossip",
    ]
    beat = [
        "-A",
        "openi.clock",
        "beat",
        "--schedule",
        str(options.data / "run" / "beat-schedule"),
        "--pidfile",
        "",
        "--loglevel",
        "warning",
    ]
    children = [Child("web", [*web, "openi.wsgi:application"], reloads=True)]
    if command_exists("serve_ssh"):
        children.append(
            Child(
                "ssh",
                [str(PYTHON), "manage.py", "serve_ssh", "--skip-checks", "--host", options.host, "--port", str(options.ssh_port)],
                reloads=True,
            )
        )
    else:
        say("no Git over SSH: this checkout has no serve_ssh command yet")
    children.append(Child("live", [*live, "openi.asgi:application"], reloads=True, follows=True))
    # Threads, not processes: half the memory, and the work itself is git's own processes and the database.
    children.append(Child("worker", [*celery, *worker], reloads=True, follows=True))
    children.append(Child("beat", [*celery, *beat], reloads=True, follows=True))
    return children


def _become_child() -> None:
    """Between fork and exec: take no signal mask along, and get TERM when the supervisor dies, however it dies."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def start(state: State, child: Child) -> None:
    """Start it in a process group of its own, output appended to its log."""
    if child.name == "beat":  # kill -9 can leave a torn schedule; what is due stands in the code and in the rows
        for leftover in (state.logs.parent / "run").glob("beat-schedule*"):
            leftover.unlink(missing_ok=True)
    with (state.logs / f"{child.name}.log").open("ab") as log:
        child.process = subprocess.Popen(
            child.command, cwd=ROOT, env=state.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=_become_child,
        )  # fmt: skip
    child.started = time.monotonic()


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
    now = time.monotonic()
    for child in state.children:
        if child.process is None or child.process.poll() is None:
            continue
        end_group(child, signal.SIGKILL)  # what it left behind would hold its port
        steady = now - child.started >= STEADY_SECONDS
        child.failures = 0 if steady else child.failures + 1
        delay = 0.0 if child.failures <= 1 else min(DELAY_MAX_SECONDS, 0.5 * 2 ** (child.failures - 2))
        child.due = now + delay
        again = f"starts again in {delay:g} s" if delay else "starts again at once"
        say(f"{child.name} ended ({_how(child.process.returncode)}), {again}; see {state.logs / child.name}.log")
        child.process = None
    with contextlib.suppress(ChildProcessError):
        if state.guard and os.waitpid(state.guard, os.WNOHANG)[0]:
            start_guard(state, mark)


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit {status}"


def stop(state: State) -> None:
    """TERM to all groups, KILL for what is left after STOP_SECONDS."""
    for child in state.children:
        if child.process is not None and child.process.poll() is None:
            child.process.terminate()  # the leader alone: it ends its own workers in good order
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and any(child.process and child.process.poll() is None for child in state.children):
        time.sleep(0.05)
    for child in state.children:
        end_group(child, signal.SIGKILL)
        if child.process is not None:
            child.process.wait()


def trim_logs(logs: Path) -> None:
    """Keep each log under LOG_MAX_BYTES and one older copy; children append, so the file is emptied in place."""
    for log in logs.glob("*.log"):
        with contextlib.suppress(OSError):
            if log.stat().st_size > LOG_MAX_BYTES:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)


# --- reload -------------------------------------------------------------------------------------------------------


def watched() -> Iterator[tuple[str, int]]:
    """(path, modification time in ns) of every file whose change is worth a restart."""
    stack = [
        entry.path
        for entry in os.scandir(ROOT)
        if entry.is_dir() and entry.name not in ("var", "docs", "tests", "bench", "node_modules") and not entry.name.startswith(".")
    ]
    while stack:
        with contextlib.suppress(FileNotFoundError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        stack.append(entry.path)
                elif entry.name.endswith(WATCHED):
                    yield entry.path, entry.stat().st_mtime_ns


def apply_change(state: State, changed: set[str]) -> None:
    """Compile translations if those changed, then replace the processes that run our code."""
    say(f"reload: {', '.join(sorted(os.path.relpath(path, ROOT) for path in changed)[:3])}{' …' if len(changed) > 3 else ''}")
    if any(path.endswith(".po") for path in changed):
        subprocess.run([str(PYTHON), "-P", "script/messages", "--compile"], cwd=ROOT, check=False)
    for child in state.children:
        if child.reloads and child.process is not None:
            end_group(child, signal.SIGKILL)
            child.process.wait()
            child.process = None
            child.due = time.monotonic() + (0.0 if child.name == "web" else RELOAD_FOLLOW_SECONDS)


# --- the loop -----------------------------------------------------------------------------------------------------


def is_ready(options: Options) -> bool:
    """Whether `/-/ready` answers 200 here. One short question over a bare socket: the loop must not wait, nor load an HTTP client."""
    try:
        with socket.create_connection((url_host(options.host).strip("[]"), options.port), timeout=1) as connection:
            connection.sendall(b"GET /-/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return connection.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def announce(options: Options, environment: dict[str, str], lines: list[str]) -> None:
    """The address, the SSH address and the demo's logins."""
    ssh = os.environ.get("OPENI_SSH_HOST") or url_host(options.host)
    say(f"ready    {environment['OPENI_BASE_URL']}/")
    if command_exists("serve_ssh"):
        say(f"git ssh  ssh://git@{ssh}:{options.ssh_port}/")
    if not os.environ.get("OPENI_SMTP_URL"):
        say(f"mail     no mail server is set: each mail is a file in {options.data / 'mail'}")
    with contextlib.suppress(OSError):
        logins = [line for line in lines if not line.startswith(" ")]  # indented lines tell the progress
        for number, line in enumerate(logins):  # passwords: on the terminal, never in a log
            print(f"{'' if number else 'logins':8} {line}", flush=True)
    say("Ctrl-C stops it.")


def run(options: Options, state: State, lines: list[str], mark: str) -> None:
    """Start all, then wait for signals, deaths and changes until told to stop."""
    began, ready, trimmed = time.monotonic(), False, time.monotonic()
    for child in state.children:
        child.due = began + (FOLLOW_SECONDS if child.follows else 0.0)
    files = dict(watched()) if options.reload else {}
    awaited = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    while True:
        now = time.monotonic()
        waiting = [child.due - now for child in state.children if child.process is None]
        pause = min([0.1 if not ready else RELOAD_POLL_SECONDS if options.reload else LOG_CHECK_SECONDS, *waiting])
        received = signal.sigtimedwait(awaited, max(pause, 0.0))
        if received is not None and received.si_signo != signal.SIGCHLD:
            say("stopping")
            return
        reap(state, mark)
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
            latest = dict(watched())
            changed = {path for path, _ in set(latest.items()) ^ set(files.items())}
            if changed:
                files = latest
                apply_change(state, changed)
                start(state, state.children[0])


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 after a clean stop, 2 when it could not start (one line says why)."""
    global _log_file
    options = parse(arguments)
    try:
        lock = take(options.data)
        _log_file = options.data / "log" / "supervisor.log"
        environment = environment_of(options)
        mark = environment[MARK]
        if left := sweep(f"{options.data.resolve()}:", 0.0):
            say(f"ended {left} processes that an earlier server left")
        for port, option in ((options.port, "--port"), (options.ssh_port, "--ssh-port"), (options.live_port, "--live-port")):
            check_port(options.host, port, option)
        # From here on signals are waited for, not delivered: a Ctrl-C while preparing ends the command by itself.
        lines = prepare(options, environment)
    except CannotStart as error:
        print(f"script/server: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    state = State(programs(options), environment, options.data / "log", lock)
    start_guard(state, mark)
    try:
        run(options, state, lines, mark)
    finally:
        stop(state)
        sweep(mark, 1.0)
        os.kill(state.guard, signal.SIGKILL)
        os.waitpid(state.guard, 0)
        os.close(lock)
    say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
