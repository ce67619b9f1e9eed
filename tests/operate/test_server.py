"""`script/server`: start, restart of children, stop, what is left after kill -9. Real processes; one data directory for all of it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.operate.servers import ROOT, Server, clone_of_this, crowding, eventually, manage, marked, page, serving, status

pytestmark = [pytest.mark.exclusive, pytest.mark.embedded]


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
        assert server.await_ready() < 5 * crowding()
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
        for words in ("openi.wsgi", "openi.asgi", "serve_ssh", "celery -A openi worker", "celery -A openi.clock"):
            eventually(lambda words=words: server.pid(words), 15)  # type: ignore[misc]
        for words in ("openi.asgi", "serve_ssh", "celery -A openi worker", "celery -A openi.clock", "openi.wsgi"):
            before = server.pid(words)
            os.kill(before, signal.SIGKILL)
            took = eventually(lambda words=words, before=before: server.pid(words) not in (0, before), 15)  # type: ignore[misc]
            assert took <= 2 * crowding(), words
        assert server.await_ready(30) < 5 * crowding()  # granian's orphaned workers do not hold the port


def test_nothing_outlives_a_killed_server_and_the_next_start_works(prepared: Path) -> None:
    with serving(prepared) as server:
        server.await_ready()
        eventually(lambda: server.pid("celery -A openi worker"), 15)
        server.process.kill()
        server.process.wait()
        eventually(lambda: not marked(prepared), 8)
    with serving(prepared) as server:
        assert server.await_ready() < 5 * crowding()


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
        assert server.await_ready() < 5 * crowding()
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


def test_reload_shows_changes(prepared: Path, tmp_path: Path) -> None:
    """In a clone: a template at once, code when the processes are new."""
    checkout = clone_of_this(tmp_path / "portal")
    with serving(prepared, "--reload", checkout=checkout) as server:
        server.await_ready()
        assert page(f"{server.base}/login")
        template, module = checkout / "templates/base.html", checkout / "core/health.py"
        template.write_text(template.read_text() + "<!-- probe -->")
        assert eventually(lambda: "<!-- probe -->" in page(f"{server.base}/login"), 5) <= 1.5 * crowding()
        style = checkout / "static/css/portal.css"
        style.write_text(style.read_text() + "/* probe */")
        assert eventually(lambda: "/* probe */" in page(f"{server.base}/static/css/portal.css"), 5) <= 1.5 * crowding()
        for word in ("changed", "again"):
            module.write_text(re.sub(r'HttpResponse\("\w+\\n"', f'HttpResponse("{word}\\\\n"', module.read_text()))
            took = eventually(lambda word=word: page(f"{server.base}/-/health") == f"{word}\n", 30)  # type: ignore[misc]
            assert took <= 1.5 * crowding(), word
        for texts in (checkout / "locale/zh_Hans/parts").glob("*.po"):
            texts.write_text(texts.read_text().replace('msgid "Search projects"\nmsgstr "', 'msgid "Search projects"\nmsgstr "探针'))
        assert eventually(lambda: "探针" in page(f"{server.base}/"), 30) <= 2 * crowding()


def test_the_first_start_loads_demo_content_and_shows_its_logins_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as server:
        server.await_ready(240)
        eventually(lambda: "Ctrl-C stops it." in server.lines, 5)
        login, password = next(line for line in server.lines if line.startswith("logins")).split()[1:]
        assert f"git ssh  ssh://git@127.0.0.1:{server.ssh_port}/" in server.lines
        listed = subprocess.run(
            ["git", "ls-remote", f"{server.base}/PCL-Platform.Intelligence/PanGu-Alpha.git"], capture_output=True, text=True, check=False
        )
        assert "refs/heads/" in listed.stdout, listed.stderr
        with socket.create_connection(("127.0.0.1", server.ssh_port), 5) as connection:
            assert connection.recv(4) == b"SSH-"
        assert server.stop()[0] == 0
    for log in (data / "log").iterdir():
        assert password not in log.read_text(), log
    found = manage(
        data, "shell", "-c", f"from accounts.models import User; print(User.objects.get(username='{login}').check_password('{password}'))"
    )
    assert found.stdout.strip().endswith("True"), found.stderr
    with serving(data) as server:
        server.await_ready()
        eventually(lambda: "Ctrl-C stops it." in server.lines, 5)
        assert password not in "\n".join(server.lines)


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
