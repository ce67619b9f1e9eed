"""What the benchmarks share: clocks, tables, a portal of their own, and plain Git behind nginx as the reference."""

import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
LOGIN, PASSWORD = "bench", "a long password 9"
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C.UTF-8"}
NAMED = {
    f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "Bench"), ("EMAIL", "bench@example.org"))
}


def environment(**extra: str) -> dict[str, str]:
    """Ours without any OPENI_ or GIT_ variable, for `git` and the portal alike."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("OPENI_", "GIT_"))} | QUIET | NAMED | extra


def git(*arguments: object, stdin: bytes | None = None, check: bool = True) -> str:
    """Standard output of a git command, stripped."""
    run = subprocess.run(["git", *map(str, arguments)], input=stdin, capture_output=True, env=environment())
    if check and run.returncode:
        raise RuntimeError(f"git {' '.join(map(str, arguments[:4]))}: {run.stderr.decode(errors='replace').strip()[-300:]}")
    return run.stdout.decode(errors="replace").strip()


# --- clocks and tables --------------------------------------------------------------------------------------------


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median(work: Callable[[], object], rounds: int) -> float:
    """Median wall seconds of some calls."""
    return statistics.median(seconds(work) for _ in range(rounds))


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of both, measured in turn so that other work on the machine meets both alike."""
    mine, plain = [], []
    for number in range(rounds):
        for work, samples in ((ours, mine), (theirs, plain)) if number % 2 == 0 else ((theirs, plain), (ours, mine)):
            samples.append(seconds(work))
    return statistics.median(mine), statistics.median(plain)


def start_of_git(rounds: int = 30) -> float:
    """G: median seconds of `git --version`."""
    return median(lambda: subprocess.run(["git", "--version"], stdout=subprocess.DEVNULL, check=True), rounds)


def percentile(samples: Sequence[float], share: float) -> float:
    """The sample below which `share` (0…1) of them lie; 0 for none."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print Markdown, aligned, ready for docs/explanation/performance.md."""
    shown = [[f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(heads), *shown]) for column in range(len(heads))]
    for line in [list(heads), ["-" * width for width in widths], *shown]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |", flush=True)


HEAD = ("what", "calls", "p50 ms", "p95 ms", "max ms", "CPU p50", "CPU p95")


def row(what: str, wall: Sequence[float], cpu: Sequence[float]) -> tuple[object, ...]:
    """Figures under HEAD of calls measured one by one, in milliseconds."""
    return what, len(wall), percentile(wall, 0.5), percentile(wall, 0.95), max(wall), percentile(cpu, 0.5), percentile(cpu, 0.95)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens at, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def await_answer(url: str, patience: float = 60) -> None:
    """Wait until the address answers 200. Raises TimeoutError."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urlopen(url, timeout=2) as answer:  # 4xx and 5xx raise an OSError too
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(url)


# --- the portal ---------------------------------------------------------------------------------------------------


class Portal:
    """The embedded stack on a data directory of its own, started by its supervisor as `script/server` does."""

    def __init__(self, data: Path, **variables: str) -> None:
        self.data = data
        self.port, ssh, live = free_ports(3)
        self.ports = ("--port", str(self.port), "--ssh-port", str(ssh), "--live-port", str(live))
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment(OPENI_DATA_DIR=str(data), OPENI_QUOTA_BYTES=str(1 << 40), **variables)
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""

    def manage(self, *arguments: str) -> list[str]:
        """Lines of a management command."""
        command = [str(PYTHON), "manage.py", *arguments]
        run = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, errors="replace")
        if run.returncode:
            raise RuntimeError(f"{arguments[0]}: {run.stdout[-300:]}{run.stderr[-2000:]}")
        return run.stdout.strip().splitlines()

    def prepare(self, repositories: dict[str, Path]) -> None:
        """A person with a token, and the repositories `name → bare folder`; what is there already stays."""
        self.manage("migrate", "--verbosity", "0")
        if not (self.data / "bench-token").exists():
            self.manage("create_user", LOGIN, "--email", "bench@example.org", "--password", PASSWORD)
            (self.data / "bench-token").write_text(self.manage("create_token", LOGIN, "--scopes", "write", "--name", "bench")[-1])
        self.token = (self.data / "bench-token").read_text()
        for name, source in repositories.items():
            if not self.folder(name):
                self.manage("import_repository", str(source), f"{LOGIN}/{name}")

    def folder(self, name: str) -> str:
        """Where the repository lies on disk, "" if there is none."""
        script = (
            f"from projects.models import Repository as R; print(*(r.path for r in R.objects.filter(name='{name}', deleted_at=None)[:1]))"
        )
        return "".join(self.manage("shell", "--no-imports", "-c", script)[-1:])

    def __enter__(self) -> "Portal":
        command = [str(PYTHON), "-P", str(ROOT / "openi" / "supervisor"), "--data-dir", str(self.data), "--no-demo", *self.ports]
        self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, start_new_session=True)
        await_answer(f"{self.url}/-/ready", 120)
        return self

    def __exit__(self, *_error: object) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)

    def address(self, name: str, *, signed: bool = False) -> str:
        """Clone address of a repository of the bench person."""
        start = f"http://{LOGIN}:{self.token}@127.0.0.1:{self.port}" if signed else self.url
        return f"{start}/{LOGIN}/{name}.git"

    def python_pss(self) -> float:
        """MB of proportional set size of the portal's Python processes; git children apart (proc(5), smaps_rollup)."""
        total = 0
        for process in _marked(f"OPENI_SUPERVISED={self.data.resolve()}:"):
            with contextlib.suppress(OSError):
                if "python" in os.path.realpath(f"/proc/{process}/exe"):
                    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
                    total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024


def _marked(mark: str) -> Iterator[int]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark.encode() in Path(entry.path, "environ").read_bytes():
                    yield int(entry.name)


# --- the reference ------------------------------------------------------------------------------------------------

NGINX = """
{user}
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/body; fastcgi_temp_path {folder}/fastcgi;
  proxy_temp_path {folder}/proxy; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location = /ready {{ return 200; }}
    location / {{
      fastcgi_pass unix:{folder}/fcgi.sock; fastcgi_buffering off; fastcgi_request_buffering off; fastcgi_read_timeout 3600s;
      fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param PATH_INFO $uri; fastcgi_param GIT_PROJECT_ROOT {root};
      fastcgi_param GIT_HTTP_EXPORT_ALL ""; fastcgi_param REMOTE_USER bench; fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding; fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param GIT_CONFIG_COUNT 2; fastcgi_param GIT_CONFIG_KEY_0 safe.directory; fastcgi_param GIT_CONFIG_VALUE_0 "*";
      fastcgi_param GIT_CONFIG_KEY_1 http.receivepack; fastcgi_param GIT_CONFIG_VALUE_1 true;
    }}
  }}
}}
"""


def _installed(*packages: str) -> None:
    """Debian's nginx-light and fcgiwrap, installed if this is root's machine."""
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") and shutil.which("fcgiwrap", path="/usr/sbin:/usr/bin"):
        return
    if os.geteuid():
        sys.exit(f"the reference needs: apt-get install {' '.join(packages)}")
    subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *packages], check=True, stdout=subprocess.DEVNULL)


class Reference:
    """nginx + fcgiwrap + git-http-backend over copies (hard links) of repositories."""

    def __init__(self, folder: Path, repositories: dict[str, Path]) -> None:
        _installed("nginx-light", "fcgiwrap")
        self.folder, self.root = folder, folder / "root"
        self.root.mkdir(parents=True)
        for name, source in repositories.items():
            subprocess.run(["cp", "-al", str(source), str(self.root / f"{name}.git")], check=True)
            for written in ("HEAD", "config", "packed-refs"):  # git replaces them by renaming; a copy is safe either way
                shutil.copy(source / written, self.root / f"{name}.git" / f"{written}.own")
                (self.root / f"{name}.git" / f"{written}.own").replace(self.root / f"{name}.git" / written)
        self.port = free_ports(1)[0]
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Reference":
        text = NGINX.format(
            user="" if os.geteuid() else "user root;",
            folder=self.folder,
            port=self.port,
            root=self.root,
            backend=Path(git("--exec-path")) / "git-http-backend",
        )
        (self.folder / "nginx.conf").write_text(text)
        path = f"{os.environ['PATH']}:/usr/sbin"
        for command in (
            ["fcgiwrap", "-c", "12", "-s", f"unix:{self.folder}/fcgi.sock"],
            ["nginx", "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder), "-e", str(self.folder / "error.log")],
        ):
            self.processes.append(
                subprocess.Popen(
                    command, env=environment(PATH=path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
                )
            )
        await_answer(f"http://127.0.0.1:{self.port}/ready", 10)
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)

    def address(self, name: str) -> str:
        """Clone and push address."""
        return f"http://127.0.0.1:{self.port}/{name}.git"
