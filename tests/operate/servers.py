"""A real `script/server` on a data directory and ports of its own."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def free_ports() -> tuple[int, int, int]:
    """Three TCP ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(3)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = tuple(each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    return ports  # type: ignore[return-value]


def eventually(check: Callable[[], object], seconds: float) -> float:
    """Seconds until `check` was true; fails when it never was."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if check():
            return time.monotonic() - began
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


def crowding() -> float:
    """How much longer work takes now than alone on this machine: 1.0 idle; 3.0 when each of two busy processes gets a third of a core.

    Limits in seconds are meant for a machine that does nothing else: `took < 5 * crowding()`.
    """
    code = "import time; a, b = time.perf_counter(), time.process_time()\nwhile time.process_time() - b < 0.3: pass\nprint(time.perf_counter() - a)"
    both = [subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return max(1.0, *(float(each.communicate()[0]) / 0.3 for each in both))


def status(url: str) -> int:
    """HTTP status, 0 when nothing answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def marked(data: Path) -> dict[int, str]:
    """Processes that a server of this data directory started: pid → command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if f"OPENI_SUPERVISED={data}:".encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def _die_with_the_tests() -> None:
    """TERM when pytest is gone, however it went (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)


class Server:
    """`script/server` under test. `lines` is everything on its terminal so far."""

    def __init__(self, data: Path, *options: str, environment: dict[str, str] | None = None, checkout: Path = ROOT) -> None:
        self.data = data
        self.port, self.ssh_port, self.live_port = free_ports()
        self.base = f"http://127.0.0.1:{self.port}"
        self.output = data.parent / f"{data.name}-{self.port}.out"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENI_", "PYTEST_", "COV_", "PROMETHEUS_"))}
        ports = ["--port", str(self.port), "--ssh-port", str(self.ssh_port), "--live-port", str(self.live_port)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [str(checkout / "script" / "server"), *ports, "--data-dir", str(data), *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**clean, **(environment or {})},
                start_new_session=True,
                preexec_fn=_die_with_the_tests,
            )

    @property
    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    def await_ready(self, seconds: float = 60) -> float:
        """Seconds until `/-/ready` answered 200; fails with its output when the server ended."""

        def answers() -> bool:
            assert self.process.poll() is None, "\n".join(self.lines)
            return status(f"{self.base}/-/ready") == 200

        return eventually(answers, seconds)

    def pid(self, words: str) -> int:
        """The oldest process of this server whose command line has these words; 0 when there is none."""
        return min((pid for pid, command in marked(self.data).items() if words in command), default=0)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Exit status and seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(30), time.monotonic() - began


@contextmanager
def serving(data: Path, *options: str, environment: dict[str, str] | None = None, checkout: Path = ROOT) -> Iterator[Server]:
    """A server that is stopped, or killed, at the end."""
    server = Server(data, *options, environment=environment, checkout=checkout)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.stop()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        for pid in marked(data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def page(url: str) -> str:
    """Text of a page, "" when nothing answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def clone_of_this(target: Path) -> Path:
    """The committed state of this checkout, sharing its packages: a place to change code in."""
    subprocess.run(["git", "clone", "-q", "--shared", ROOT, target], check=True)
    subprocess.run(["git", "-C", target, "checkout", "-q", "-B", "main"], check=True)
    (target / ".venv").symlink_to(ROOT / ".venv")
    return target


def manage(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`./manage.py` on this data directory."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENI_", "PYTEST_", "COV_", "PROMETHEUS_"))}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**clean, "OPENI_DATA_DIR": str(data), "OPENI_LOG_LEVEL": "ERROR", **environment},
        capture_output=True,
        text=True,
    )
