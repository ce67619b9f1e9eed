"""`script/server` stopped at bad moments, and on folders it cannot use: one line, a status, nothing left behind."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operate.servers import Server, crowding, eventually, manage, marked, serving, status

pytestmark = [pytest.mark.exclusive, pytest.mark.embedded]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 40 MiB in memory: room for a database, not for ready (64 MiB free are asked for)."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this user may not mount")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def ended(server: Server, seconds: float = 60) -> tuple[int, list[str]]:
    """Exit status and lines of a server that ends by itself."""
    return server.process.wait(seconds), server.lines


@pytest.fixture(autouse=True)
def _hang_ups_count() -> Iterator[None]:
    """Also where the tests themselves run under nohup(1), whose ignored signal children inherit."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_the_first_start_prepares_ends_it_and_all_it_started(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data"
    with serving(data) as server:
        eventually(lambda: "loading demo content" in server.lines or server.pid("manage.py migrate"), 60)
        code, seconds = server.stop(number)
        assert (code, server.lines[-1]) == (128 + number, "stopped before it had started")
        assert seconds <= 10 * crowding()
        assert marked(data) == {}
    with serving(data, "--no-demo") as server:
        server.await_ready(120)


def test_a_hang_up_stops_it_and_under_nohup_it_stays(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, "--no-demo") as server:
        server.await_ready(120)
        assert server.stop(signal.SIGHUP)[0] == 0
        assert marked(data) == {}
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as nohup(1) does it
    try:
        with serving(data, "--no-demo") as server:
            server.await_ready(60)
            server.process.send_signal(signal.SIGHUP)
            time.sleep(1)
            assert server.process.poll() is None
            assert status(f"{server.base}/-/health") == 200
    finally:
        signal.signal(signal.SIGHUP, before)


def test_it_stops_within_10_seconds_while_clients_hang_in_clones(tmp_path: Path) -> None:
    """Clients that asked for a pack of 40 MB, over HTTP and SSH, and read none of it."""
    data, source = tmp_path / "data", tmp_path / "source"
    git = ["git", "-C", str(source), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "init", "-q", source], check=True)
    (source / "noise").write_bytes(os.urandom(40 * 1024**2))
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "noise"], check=True)
    tip = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    with serving(data, "--no-demo") as server:
        server.await_ready(120)
        assert manage(data, "create_user", "ada", "--email", "a@example.org", "--password", "a long pass phrase").returncode == 0
        assert manage(data, "import_repository", str(source), "ada/noise").returncode == 0
        want = f"want {tip} no-progress\n"
        body = f"{len(want) + 4:04x}{want}00000009done\n".encode()
        head = f"POST /ada/noise.git/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        clients = []
        for _ in range(3):
            client = socket.create_connection(("127.0.0.1", server.port), 10)
            client.sendall(head.encode() + b"Content-Type: application/x-git-upload-pack-request\r\n\r\n" + body)
            assert client.recv(15) == b"HTTP/1.1 200 OK"
            clients.append(client)
        code, seconds = server.stop()
        assert (code, server.lines[-1]) == (0, "stopped")
        assert seconds <= 10 * crowding()
        assert marked(data) == {}
        for client in clients:
            client.close()


def test_a_full_disk_is_one_line_at_the_start_and_a_sentence_of_ready_later(small: Path) -> None:
    (small / "filler").write_bytes(b"\0" * (39 * 1024**2 + 900 * 1024))
    code, lines = ended(Server(small, "--no-demo"))
    assert code == 2
    assert re.fullmatch(r"script/server: .*(No space left on device|disk is full|disk I/O error).*", lines[-1]), lines
    assert "Traceback" not in "\n".join(lines)
    (small / "filler").unlink()
    with serving(small, "--no-demo") as server:
        eventually(lambda: status(f"{server.base}/-/health") == 200, 120)
        assert status(f"{server.base}/-/ready") == 503
        with pytest.raises(OSError, match="No space left on device"):
            (small / "filler").write_bytes(b"\0" * 41 * 1024**2)
        os.kill(server.pid("openi.wsgi"), signal.SIGKILL)
        eventually(lambda: status(f"{server.base}/-/health") == 200, 120)  # comes back with no byte to log to
        assert server.stop()[0] == 0


def test_a_folder_that_cannot_be_written_is_one_line(small: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    code, lines = ended(Server(small))
    assert (code, lines[-1]) == (2, f"script/server: {small} cannot be used as data directory: Read-only file system")
