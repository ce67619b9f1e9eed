"""`script/server`: start, restart of children, stop, what is left after kill -9. Real processes; one data directory for all of it."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.operate.servers import ROOT, Server, eventually, manage, marked, serving, status

pytestmark = pytest.mark.exclusive


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that one server has prepared and left in good order."""
    data = tmp_path_factory.mktemp("operate") / "data"
    with serving(data, "--no-demo") as server:
        server.await_ready(120)
        code, seconds = server.stop()
    assert code == 0, server.lines
    assert seconds <= 10
    assert server.lines[-1] == "stopped"
    assert marked(data) == {}
    return data


def test_a_second_start_is_ready_within_5_seconds_and_says_where(prepared: Path) -> None:
    with serving(prepared) as server:
        assert server.await_ready() < 5
        assert status(f"{server.base}/-/health") == 200
        eventually(lambda: "Ctrl-C stops it." in server.lines, 5)
        assert f"ready    {server.base}/" in server.lines
        assert not [line for line in server.lines if line.startswith(("preparing", "collecting", "loading"))]
        eventually(lambda: status(f"http://127.0.0.1:{server.live_port}/-/health") == 200, 15)
        code, seconds = server.stop(signal.SIGINT)
        assert (code, seconds <= 10) == (0, True)
        assert marked(prepared) == {}


def test_every_child_that_dies_is_back_within_2_seconds(prepared: Path) -> None:
    with serving(prepared) as server:
        server.await_ready()
        for words in ("openi.wsgi", "openi.asgi", "celery -A openi worker", "celery -A openi.clock"):
            eventually(lambda words=words: server.pid(words), 15)  # type: ignore[misc]
        for words in ("openi.asgi", "celery -A openi worker", "celery -A openi.clock", "openi.wsgi"):
            before = server.pid(words)
            os.kill(before, signal.SIGKILL)
            took = eventually(lambda words=words, before=before: server.pid(words) not in (0, before), 5)  # type: ignore[misc]
            assert took <= 2, words
        assert server.await_ready(15) < 5  # granian's orphaned workers do not hold the port


def test_nothing_outlives_a_killed_server_and_the_next_start_works(prepared: Path) -> None:
    with serving(prepared) as server:
        server.await_ready()
        eventually(lambda: server.pid("celery -A openi worker"), 15)
        server.process.kill()
        server.process.wait()
        eventually(lambda: not marked(prepared), 8)
    with serving(prepared) as server:
        assert server.await_ready() < 5


def test_a_start_after_killing_everything_ends_what_was_left(prepared: Path) -> None:
    with serving(prepared) as server:
        server.await_ready()
        eventually(lambda: server.pid("celery -A openi.clock"), 15)
        guards = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=False).stdout.split()
        for pid in [*map(int, guards), server.process.pid, *marked(prepared)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.process.wait()
    leftover = subprocess.Popen(["sleep", "60"], env={"OPENI_SUPERVISED": f"{prepared}:1"})
    with serving(prepared) as server:
        assert server.await_ready() < 5
        assert leftover.wait(1) == -signal.SIGKILL


def test_one_server_for_one_data_directory(prepared: Path) -> None:
    with serving(prepared) as server:
        server.await_ready()
        second = Server(prepared)
        assert second.process.wait(10) == 2
        assert f"a server already runs on {prepared} (process {server.process.pid})" in second.lines[-1]
        elsewhere = subprocess.run(
            [ROOT / "script/server", "--port", str(server.port), "--data-dir", f"{prepared}-2", "--no-demo"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert elsewhere.returncode == 2
        assert elsewhere.stderr == f"script/server: port {server.port} of 127.0.0.1 is in use: choose another with --port\n"


def test_beat_reaches_the_worker(prepared: Path) -> None:
    """An event published while nobody drained is delivered by the schedule alone."""
    with serving(prepared) as server:
        server.await_ready()
        made = manage(prepared, "shell", "-c", "from core.tasks import drain_outbox; print(drain_outbox.name)")
        assert made.returncode == 0, made.stderr
        messages = prepared / "queue" / "messages"
        eventually(lambda: server.pid("celery -A openi worker"), 15)
        before = messages.stat().st_mtime_ns  # changes when beat files a message and when the worker takes it
        eventually(lambda: messages.stat().st_mtime_ns != before, 15)
        eventually(lambda: not list(messages.iterdir()), 10)


def test_reload_shows_a_changed_template_within_2_seconds(prepared: Path) -> None:
    """A template of the test's own, in a folder that the server watches and no template loader knows: the processes are replaced."""
    probe = ROOT / "templates" / f"reload-{os.getpid()}.html"
    try:
        with serving(prepared, "--reload") as server:
            server.await_ready()
            time.sleep(1)
            before = server.pid("openi.wsgi")
            probe.write_text("x")
            took = eventually(lambda: server.pid("openi.wsgi") not in (0, before) and status(f"{server.base}/-/health") == 200, 5)
            assert took <= 2
    finally:
        probe.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--port", "eighty"), "invalid int value"),
        (("--port", "70000"), "ports must differ"),
        (("--host", "no.such.host.invalid"), "--host no.such.host.invalid"),
    ],
)
def test_a_bad_option_is_one_line_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = subprocess.run([ROOT / "script/server", "--data-dir", tmp_path / "d", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
