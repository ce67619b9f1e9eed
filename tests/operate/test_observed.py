"""What an operator sees of a running portal: metrics summed over its processes and shown to this machine alone, logs with request ids."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operate.servers import Server, eventually, manage, serving

pytestmark = [pytest.mark.exclusive, pytest.mark.embedded]
SIZE = 24 * 1024**2  # more than both sockets' buffers hold
TOKEN = "a-token-for-the-collector"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A portal with one repository, `ada/noise`, of 24 MiB."""
    top = tmp_path_factory.mktemp("observed")
    data, source = top / "data", top / "source"
    git = ["git", "-C", str(source), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "init", "-q", source], check=True)
    (source / "noise").write_bytes(os.urandom(SIZE))
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "noise"], check=True)
    with serving(data, "--no-demo", environment={"OPENI_METRICS_TOKEN": TOKEN}) as server:
        server.await_ready(120)
        assert manage(data, "create_user", "ada", "--email", "a@example.org", "--password", "a long pass phrase").returncode == 0
        assert manage(data, "import_repository", str(source), "ada/noise").returncode == 0
        yield server


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    """One request on a connection of its own: the kernel gives it to either web process."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read().decode(errors="replace")


def value(server: Server, name: str, *labels: str) -> float:
    """Sum of the samples of this name that have all the labels (`route="…"`)."""
    text = ask(server, "/-/metrics")[2]
    lines = [line for line in text.splitlines() if re.match(rf"{name}(\{{| )", line) and all(label in line for label in labels)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_requests_and_latencies_are_summed_over_the_web_processes(server: Server) -> None:
    labels = ('route="-/health"', 'status="200"')
    before, timed = value(server, "openi_requests_total", *labels), value(server, "openi_request_seconds_count", labels[0])
    for _ in range(40):
        assert ask(server, "/-/health")[0] == 200
    assert value(server, "openi_requests_total", *labels) == before + 40
    assert value(server, "openi_request_seconds_count", labels[0]) == timed + 40
    counting = {path.stem.rpartition("_")[2] for path in (server.data / "metrics").glob("counter_*.db")}
    assert len(counting) >= 2  # both took some
    assert value(server, "openi_queue_depth") >= 0


def test_an_invented_method_makes_no_label(server: Server) -> None:
    ask(server, "/-/health", "BREW-42")
    text = ask(server, "/-/metrics")[2]
    assert "BREW-42" not in text
    assert 'method="other"' in text


def test_bytes_and_running_git_processes(server: Server) -> None:
    sent = value(server, "openi_git_transfer_bytes_total", 'direction="out"', 'protocol="http"')
    tip = subprocess.run(["git", "ls-remote", f"{server.base}/ada/noise.git", "HEAD"], capture_output=True, text=True, check=True)
    want = f"want {tip.stdout.split()[0]} no-progress\n"
    body = f"{len(want) + 4:04x}{want}00000009done\n"
    client = socket.create_connection(("127.0.0.1", server.port), 30)
    head = f"POST /ada/noise.git/git-upload-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    client.sendall(f"{head}Content-Type: application/x-git-upload-pack-request\r\n\r\n{body}".encode())
    eventually(lambda: value(server, "openi_git_processes") == 1, 10)
    received = 0
    while piece := client.recv(1 << 20):
        received += len(piece)
    assert received > SIZE
    eventually(lambda: value(server, "openi_git_processes") == 0, 10)
    out = value(server, "openi_git_transfer_bytes_total", 'direction="out"', 'protocol="http"') - sent
    assert SIZE < out <= received


def test_what_a_killed_process_had_running_is_not_counted_for_ever(server: Server) -> None:
    subprocess.run(["git", "ls-remote", f"{server.base}/ada/noise.git"], capture_output=True, check=True)  # a process that counted
    gauges = server.data / "metrics"
    stale = gauges / f"gauge_livesum_{2**22 + 7}.db"  # above the kernel's greatest process id
    stale.write_bytes(next(gauges.glob("gauge_livesum_*.db")).read_bytes())
    assert ask(server, "/-/metrics")[0] == 200
    assert not stale.exists()


def test_metrics_are_for_this_machine_or_the_token(server: Server) -> None:
    assert ask(server, "/-/metrics")[0] == 200
    for name in ("X_Forwarded_For", "X_Real_IP", "Forwarded", "Via"):
        assert ask(server, "/-/metrics", **{name: "127.0.0.1"})[0] == 404, name  # a proxy asks for somebody
        assert ask(server, "/-/metrics", **{name: "127.0.0.1", "Authorization": f"Bearer {TOKEN}"})[0] == 200
    assert ask(server, "/-/metrics", X_Forwarded_For="203.0.113.5", Authorization="Bearer wrong")[0] == 404
    assert ask(server, "/-/metrics", X_Forwarded_For="203.0.113.5", Authorization="Bearer ")[0] == 404


def test_the_error_page_shows_the_request_id_of_the_log(server: Server) -> None:
    status, headers, text = ask(server, "/no/such/page/at/all")
    assert status == 404
    number = headers["x-request-id"]
    assert f"<code>{number}</code>" in text
    status, problem_headers, problem = ask(server, "/api/v1/repos/no/such")
    assert json.loads(problem)["request_id"] == problem_headers["x-request-id"]

    def logged() -> dict[str, object]:
        lines = [json.loads(line) for line in (server.data / "log/web.log").read_text().splitlines() if line.startswith("{")]
        return next((line for line in lines if line.get("request_id") == number), {})

    eventually(logged, 5)
    assert (logged()["path"], logged()["status"]) == ("/no/such/page/at/all", 404)


def test_ready_names_what_does_not_answer_and_health_stays(server: Server) -> None:
    queue = server.data / "repositories"
    queue.rename(server.data / "elsewhere")
    queue.write_text("a file where the folder was")
    try:
        status, _headers, text = ask(server, "/-/ready")
        assert status == 503
        answer = json.loads(text)
        assert (answer["ready"], answer["database"], answer["storage"] == "ok") == (False, "ok", False)
        assert ask(server, "/-/health")[0] == 200
        assert json.loads(ask(server, "/-/ready", X_Forwarded_For="203.0.113.5")[2])["storage"] == "failed"  # no paths for strangers
    finally:
        queue.unlink()
        (server.data / "elsewhere").rename(queue)


def test_a_worker_killed_in_the_middle_of_a_request_leaves_the_others_serving(server: Server) -> None:
    main = server.pid("openi.wsgi")
    workers = [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]
    os.kill(workers[-1], signal.SIGKILL)

    def answers() -> bool:
        try:
            return ask(server, "/-/health")[0] == 200
        except OSError:  # the kernel had given this connection to the one that died
            return False

    eventually(answers, 20)
    eventually(lambda: len(Path(f"/proc/{main}/task/{main}/children").read_text().split()) >= 2, 20)
