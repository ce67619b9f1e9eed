"""The process that has loaded the portal, the programs forked from it, and the web server's one listening socket."""

import contextlib
import http.client
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operate.servers import Server, eventually, marked, page, serving, status

pytestmark = [pytest.mark.exclusive, pytest.mark.embedded]
GROWN = {
    "web": "openi.wsgi",
    "live": "openi.asgi",
    "ssh": "serve_ssh",
    "worker": "celery -A openi worker",
    "beat": "celery -A openi.clock",
}
MOST = 450 * 1024  # kB of all Python processes, read pages included


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("stem") / "data", "--no-demo") as made:
        made.await_ready(180)
        yield made


@pytest.fixture
def server(portal: Server) -> Server:
    """All its programs run."""
    for words in ("openi-stem", *GROWN.values()):
        eventually(lambda words=words: portal.pid(words), 60)  # type: ignore[misc]
    eventually(lambda: len(workers(portal)) == 2, 60)
    return portal


def field(pid: int, file: str, name: str) -> int:
    """A number of /proc/PID/FILE, such as PPid of status or Pss of smaps_rollup (kB)."""
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def pss(server: Server) -> int:
    """kB of the portal's Python processes together (proc(5), smaps_rollup); what they share counts once."""
    total = 0
    for pid in marked(server.data):
        with contextlib.suppress(OSError):
            if "python" in os.path.realpath(f"/proc/{pid}/exe"):
                total += field(pid, "smaps_rollup", "Pss")
    return total


def workers(server: Server) -> list[int]:
    """Process ids of the web processes."""
    main = server.pid(GROWN["web"])
    children = [int(pid) for task in Path(f"/proc/{main}/task").iterdir() for pid in (task / "children").read_text().split()]
    return [pid for pid in children if field(pid, "status", "Threads") > 1]


def stopped(pid: int) -> bool:
    """Whether every thread of it stands still; SIGSTOP wakes one, which then stops the others (signal(7))."""
    states = [(task / "stat").read_text().rpartition(")")[2].split()[0] for task in Path(f"/proc/{pid}/task").iterdir()]
    return set(states) == {"T"}


def test_the_programs_are_forked_from_the_stem_and_belong_to_the_supervisor(server: Server) -> None:
    stem = server.pid("openi-stem")
    assert field(stem, "status", "Threads") == 1  # a fork takes one thread along, and every lock another one holds
    for words in GROWN.values():
        pid = server.pid(words)
        assert field(pid, "status", "PPid") == server.process.pid, words
        assert os.getsid(pid) == pid, words
        shared = field(pid, "smaps_rollup", "Rss") - field(pid, "smaps_rollup", "Pss")
        assert shared > 30 * 1024, words  # most of what it has mapped is the stem's
    files = [os.readlink(f"/proc/{stem}/fd/{name}") for name in os.listdir(f"/proc/{stem}/fd")]
    assert not [name for name in files if ".sqlite3" in name or name.startswith("socket:")]


def test_the_programs_outlive_the_stem_and_grow_from_the_next(server: Server) -> None:
    stem, before = server.pid("openi-stem"), {name: server.pid(words) for name, words in GROWN.items()}
    os.kill(stem, signal.SIGKILL)
    eventually(lambda: server.pid("openi-stem") not in (0, stem), 10)
    assert {name: server.pid(words) for name, words in GROWN.items()} == before
    os.kill(before["ssh"], signal.SIGKILL)
    eventually(lambda: server.pid(GROWN["ssh"]) not in (0, before["ssh"]), 20)
    assert status(f"{server.base}/-/ready") == 200
    zombies = [pid for pid in marked(server.data) if field(pid, "status", "PPid") == server.process.pid]
    assert before["ssh"] not in zombies
    listed = subprocess.run(["ps", "-o", "stat=", "--ppid", str(server.process.pid)], capture_output=True, text=True, check=True).stdout
    assert "Z" not in listed  # what ends is collected


def test_a_program_that_ends_is_said_with_its_signal(server: Server) -> None:
    os.kill(server.pid(GROWN["beat"]), signal.SIGKILL)
    eventually(lambda: any(line.startswith("beat ended (signal 9)") for line in server.lines), 10)


def test_memory_after_reading_pages(tmp_path: Path) -> None:
    """On a server of its own: what grew from another stem shares nothing with the rest."""
    with serving(tmp_path / "data", "--no-demo") as fresh:
        fresh.await_ready(180)
        for words in GROWN.values():
            eventually(lambda words=words: fresh.pid(words), 60)  # type: ignore[misc]
        for path in ("/", "/login", "/signup", "/explore", "/-/help", "/-/about", "/no/such/page") * 12:
            page(f"{fresh.base}{path}")
        assert pss(fresh) <= MOST


def test_a_hanging_web_process_keeps_nobody_waiting(server: Server) -> None:
    """One queue of connections: with a socket each, half of them would wait for the one that does not answer."""
    one, _other = workers(server)
    os.kill(one, signal.SIGSTOP)
    try:
        eventually(lambda: stopped(one), 20)  # until its last thread stands still, one may take a connection
        for _ in range(30):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.request("GET", "/-/health")
            assert connection.getresponse().status == 200
            connection.close()
    finally:
        os.kill(one, signal.SIGCONT)


def test_a_killed_web_process_loses_only_what_it_was_answering(server: Server) -> None:
    """A client at a time: at most the one request in the dying process's hands is lost, whatever waits in the queue is answered."""
    lost, answered, stop = [], [], threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                connection.request("GET", "/-/health")
                answered.append(connection.getresponse().status)
                connection.close()
            except OSError as error:
                lost.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(3):
            eventually(lambda: len(workers(server)) == 2, 30)
            os.kill(workers(server)[0], signal.SIGKILL)
            time.sleep(6)  # granian takes two deaths of a worker within 5.5 s for a crash loop
    finally:
        stop.set()
        asking.join()
    assert len(lost) <= 3, lost
    assert set(answered) == {200}
