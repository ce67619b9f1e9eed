"""Imports: from a Git server over HTTP, from a folder, and everything that may not be fetched."""

import base64
import http.server
import subprocess
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from core import live
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Event
from core.secrets import decrypt
from projects import commands
from projects.models import ImportRun, Repository
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import ENVIRONMENT, git

pytestmark = pytest.mark.django_db


@pytest.fixture
def origin(tmp_path):
    """A bare repository: two branches, a tag, and a ref that is not to be copied; HEAD names `trunk`."""
    path = tmp_path / "origin.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "trunk", str(path)], env=ENVIRONMENT, check=True)
    script = b"".join(
        b"commit refs/heads/%s\ncommitter T <t@x.y> 1700000000 +0800\ndata 2\nm\nM 100644 inline f%d\ndata 2\n%d\n\n"
        % (branch, number, number)
        for number, branch in enumerate((b"trunk", b"dev/x"))
    )
    git(path, "fast-import", "--quiet", data=script)
    git(path, "tag", "-a", "-m", "t", "v1", "trunk")
    git(path, "update-ref", "refs/pull/1/head", "trunk")
    git(path, "update-server-info")
    return path


class Backend(http.server.BaseHTTPRequestHandler):
    """git http-backend behind the standard library's server, with an optional password and oddities by path."""

    def _serve(self):
        server = self.server
        server.requests.append((self.command, self.path, self.headers.get("Authorization", "")))
        if self.path.startswith("/html/"):
            return self._text(200, b"<html>login</html>", "text/html")
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/x.git")
            self.end_headers()
            return None
        if self.path.startswith("/broken/"):
            return self._text(500, b"no", "text/plain")
        if server.password:
            wanted = "Basic " + base64.b64encode(f"me:{server.password}".encode()).decode()
            if self.headers.get("Authorization") != wanted:
                return self._text(401, b"no", "text/plain")
        path, _mark, query = self.path.partition("?")
        environment = {
            **ENVIRONMENT,
            "GIT_PROJECT_ROOT": str(server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _blank, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        return None

    do_GET = do_POST = _serve

    def _text(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(origin, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    made.root, made.password, made.requests = origin.parent, "", []
    made.url = f"http://127.0.0.1:{made.server_address[1]}"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def imported(run):
    return commands.run_import(SYSTEM, run.pk)


def test_from_a_server(server, origin, deliver):
    owner = person()
    seen = []
    run = commands.request_import(actor(owner), owner.namespace, address=f"{server.url}/origin.git", name="copy")
    done = commands.run_import(SYSTEM, run.pk, on_progress=lambda phase, percent: seen.append((phase, percent)))
    assert (done.state, done.error, done.percent, done.source_encrypted) == ("done", "", 100, "")
    made = Repository.objects.get(pk=run.repository_id)
    assert git(made.path, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/dev/x", "refs/heads/trunk", "refs/tags/v1"]
    assert made.default_branch == "trunk"
    assert not made.is_empty
    assert git(made.path, "symbolic-ref", "HEAD") == "refs/heads/trunk"
    assert git(made.path, "fsck", "--full") == ""
    assert "remote" not in (made.path / "config").read_text()
    assert Event.objects.get(name="projects.RefsUpdated").payload["total"] == 3
    assert seen[-1][0] == "finish"
    assert imported(run) is None  # done: nothing to lease


def test_the_worker_runs_what_was_requested(server, deliver):
    owner = person()
    run = commands.request_import(actor(owner), owner.namespace, address=f"{server.url}/origin.git", name="copy")
    deliver()
    run.refresh_from_db()
    assert run.state == "done"


def test_credentials_reach_git_and_nothing_else(server):
    owner = person()
    server.password = "geheim%40"
    run = commands.request_import(
        actor(owner), owner.namespace, address=f"{server.url}/origin.git", name="c", username="me", password="geheim%40"
    )
    assert "geheim" not in run.source_shown
    assert "geheim" not in run.source_encrypted
    assert "geheim" in decrypt(run.source_encrypted, purpose="import")
    assert imported(run).state == "done"
    made = Repository.objects.get(pk=run.repository_id)
    for path in made.path.rglob("*"):
        if path.is_file() and path.stat().st_size < 100_000:
            assert b"geheim" not in path.read_bytes()
    wrong = commands.request_import(
        actor(owner), owner.namespace, address=f"{server.url}/origin.git", name="d", username="me", password="falsch"
    )
    failed = imported(wrong)
    assert failed.state == "failed"
    assert "falsch" not in failed.error


@pytest.mark.parametrize("where", ["html/x.git", "moved/x.git", "broken/x.git", "nothing.git"])
def test_other_answers_fail_with_a_sentence(server, where):
    owner = person()
    run = commands.request_import(actor(owner), owner.namespace, address=f"{server.url}/{where}", name="c")
    failed = imported(run)
    assert failed.state == "failed"
    assert failed.error
    assert Repository.objects.get(pk=run.repository_id).is_empty
    assert not any("10.0.0.1" in path for _command, path, _auth in server.requests)
    commands.retry_import(actor(owner), failed)
    assert ImportRun.objects.get(pk=run.pk).state == "queued"
    with pytest.raises(Conflict):
        commands.retry_import(actor(owner), failed)


def test_giving_up(server):
    owner = person()
    run = commands.request_import(actor(owner), owner.namespace, address=f"{server.url}/html/x.git", name="c")
    with pytest.raises(Conflict):
        commands.discard_import(actor(owner), run)
    run = imported(run)
    with pytest.raises(Forbidden):
        commands.discard_import(actor(person()), run)
    path = run.repository.path
    commands.discard_import(actor(owner), run)
    assert not path.exists()
    assert not Repository.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc",
        "/etc",
        "ext::sh -c touch% /tmp/x",
        "https://127.0.0.1/x.git",
        "http://example.org/x.git",
        "https://[::ffff:10.0.0.1]/x",
        "-u/x",
        "git@github.com:a/b.git",
    ],
)
def test_addresses_that_are_refused(address):
    owner = person()
    with pytest.raises(Invalid) as caught:
        commands.request_import(actor(owner), owner.namespace, address=address, name="c")
    assert caught.value.field == "address"
    assert not Repository.objects.exists()


def test_a_name_that_moved_into_a_private_network_is_refused_when_it_runs(monkeypatch):
    import socket

    owner = person()
    answers = [["8.8.8.8"], ["10.0.0.1"]]
    real = socket.getaddrinfo

    def answer(host, port, *args, **options):
        if host != "rebind.example":
            return real(host, port, *args, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    run = commands.request_import(actor(owner), owner.namespace, address="https://rebind.example/x.git", name="c")
    assert imported(run).state == "failed"


def test_too_large_too_quiet_too_long(tmp_path, monkeypatch):
    from core.errors import Unavailable
    from projects import fetching

    (tmp_path / "objects" / "pack").mkdir(parents=True)
    (tmp_path / "objects" / "pack" / "tmp_pack_1").write_bytes(b"x" * 5000)
    clock = [1000.0]
    monkeypatch.setattr(fetching.time, "monotonic", lambda: clock[0])
    watch = fetching.Watch(tmp_path, limit=4000)
    watch.look(moved=True)  # less than a second: not looked at
    clock[0] += 2
    with pytest.raises(Invalid):
        watch.look(moved=True)
    watch = fetching.Watch(tmp_path, limit=10_000)
    clock[0] += 2
    watch.look(moved=False)
    clock[0] += fetching.QUIET_SECONDS + 1
    with pytest.raises(Unavailable):
        watch.look(moved=False)
    watch = fetching.Watch(tmp_path, limit=10_000)
    clock[0] += fetching.TOTAL_SECONDS + 1
    with pytest.raises(Unavailable):
        watch.look(moved=True)


def test_quota_of_the_namespace_counts(server, settings):
    owner = person()
    owner.quota_bytes = 0
    owner.save()
    run = commands.request_import(actor(owner), owner.namespace, address=f"{server.url}/origin.git", name="c")
    assert imported(run).state == "failed"


def test_lease_of_a_dead_worker_is_taken_over(server):
    owner = person()
    run = commands.request_import(actor(owner), owner.namespace, address=f"{server.url}/origin.git", name="c")
    ImportRun.objects.filter(pk=run.pk).update(state="running", heartbeat_at=timezone.now())
    assert imported(run) is None
    assert commands.overdue_imports() == []
    ImportRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    assert commands.overdue_imports() == [run.pk]
    assert imported(run).state == "done"


def test_command_imports_a_folder_and_repeats(origin, capsys):
    owner = person("ops")
    call_command("import_repository", str(origin), "ops/copy", "--private", "--description", "D")
    made = Repository.objects.get(name="copy")
    assert (made.visibility, made.description, made.default_branch) == ("private", "D", "trunk")
    git(origin, "branch", "later", "trunk")
    call_command("import_repository", str(origin), "ops/copy")
    assert "refs/heads/later" in git(made.path, "for-each-ref", "--format=%(refname)")
    assert owner.namespace_id == made.namespace_id


@pytest.mark.parametrize(
    ("source", "target"), [("/nowhere", "ops/x"), (".", "ops"), ("ext::x", "ops/x"), ("file:///etc", "ops/x"), ("/etc", "nobody/x")]
)
def test_command_says_what_is_wrong(source, target, capsys):
    person("ops")
    with pytest.raises(SystemExit) as caught:
        call_command("import_repository", source, target)
    assert caught.value.code == 2


def test_people_cannot_import_folders(origin):
    owner = person(is_admin=True)
    with pytest.raises(NotFound):
        commands.request_import_of_folder(actor(owner), owner.namespace, folder=origin, name="x", visibility="public", description="")


def test_pages(client, server):
    owner = person("web")
    assert client.get("/-/import").status_code == 302
    sign_in(client, owner)
    assert client.get("/-/import").status_code == 200
    sent = {"namespace": "web", "name": "c", "address": f"{server.url}/origin.git", "visibility": "private"}
    assert client.post("/-/import", {**sent, "address": "file:///etc"}).status_code == 422
    assert client.post("/-/import", sent)["Location"] == "/web/c/import"
    page = client.get("/web/c/import")
    assert page.status_code == 200
    assert b'http-equiv="refresh"' in page.content
    assert client.get("/web/c/import", headers={"HX-Request": "true"}).status_code == 200
    client.logout()
    assert client.get("/web/c/import").status_code == 404
    sign_in(client, owner)
    imported(ImportRun.objects.get())
    assert client.get("/web/c/import")["Location"] == "/web/c"


@pytest.mark.django_db(transaction=True)
def test_live_stream(settings, server):
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    settings.LIVE_URL = "http://127.0.0.1:8002"
    owner = person()
    row = commands.request_import(actor(owner), owner.namespace, address=f"{server.url}/origin.git", name="c")
    imported(row)
    path, _mark, query = live.address("imports", f"{row.pk}.en").removeprefix(settings.LIVE_URL).partition("?")
    other = f"/-/live/imports/{row.pk + 1}.en"

    def run(coroutine):  # in a thread of its own: a browser test in this process may keep a loop running in this one
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, coroutine).result()

    async def get(path, query):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            await asyncio.sleep(60)

        await live.application({"type": "http", "method": "GET", "path": path, "query_string": query.encode()}, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)

    status, body = run(get(path, query))
    assert status == 200
    assert b"event: end" in body
    assert b'"percent": 100' in body
    assert run(get(other, query))[0] == 403
    assert run(get(path, "ticket=x"))[0] == 403
