"""deploy/nginx.conf in front of a running portal: pages, static files, clone and a chunked push, what is closed."""

import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.operate.servers import ROOT, Server, eventually, free_ports, manage, page, serving, status

pytestmark = [
    pytest.mark.exclusive,
    pytest.mark.embedded,
    pytest.mark.skipif(not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()), reason="nginx is not installed"),
]
GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main", "-c", "http.postBuffer=65536"]


def site(server: Server, data: Path, port: int) -> str:
    """The file of deploy/ with this test's addresses and folders, inside the least main configuration."""
    text = (ROOT / "deploy/nginx.conf").read_text()
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("/var/lib/openi/", f"{data}/")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}").replace("127.0.0.1:8010", f"127.0.0.1:{server.port}")
    text = text.replace("127.0.0.1:8002", f"127.0.0.1:{server.live_port}")
    assert not re.search(r"127\.0\.0\.1:80\d\d\b|/var/lib", text.replace(f":{server.port}", "").replace(f":{server.live_port}", ""))
    folder = data.parent / "nginx"
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return (
        f"pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ include /etc/nginx/mime.types; access_log {folder}/access.log; {temporary}\n{text}\n}}\n"
    )


@pytest.fixture(scope="module")
def front() -> Iterator[tuple[Server, str]]:
    """A portal with nginx before it, in a folder that nginx's unprivileged user can read."""
    top = Path(tempfile.mkdtemp(prefix="openi-nginx-"))
    top.chmod(0o755)
    data, nginx, port = top / "data", top / "nginx", free_ports()[0]
    nginx.mkdir()
    base = f"http://127.0.0.1:{port}"
    try:
        with serving(
            data,
            "--no-demo",
            environment={"OPENI_BASE_URL": base, "OPENI_BEHIND_PROXY": "true", "OPENI_LIVE_URL": base, "OPENI_ACCEL_REDIRECT": "/-/files/"},
        ) as server:
            server.await_ready(120)
            (nginx / "nginx.conf").write_text(site(server, data, port))
            (nginx / "port").write_text(str(port))
            started = subprocess.run([ROOT / "script/services/nginx", "start", nginx], capture_output=True, text=True, check=False)
            try:
                assert started.returncode == 0, started.stderr
                yield server, base
            finally:
                subprocess.run([ROOT / "script/services/nginx", "stop", nginx], check=False)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def test_pages_and_static_files(front: tuple[Server, str]) -> None:
    server, base = front
    assert status(f"{base}/-/health") == 200
    found = re.search(r'href="(/static/[^"]+\.css)"', page(f"{base}/"))
    assert found
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(base + found.group(1)) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("text/css")
    assert status(f"{base}/-/metrics") == 403
    assert status(f"{base}/-/files/anything") == 404
    eventually(lambda: status(f"http://127.0.0.1:{server.live_port}/-/health") == 200, 15)
    assert status(f"{base}/-/live/nothing/1") == 403  # the live process asks for a ticket


def git(*arguments: str, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run([*GIT, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def token(front: tuple[Server, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of ada, whose repository `probe` holds one commit with 8 MiB of noise on `main`."""
    server, _base = front
    work = tmp_path_factory.mktemp("work")
    git("init", "-q", ".", folder=work)
    (work / "README.md").write_text("# probe\n")
    (work / "noise").write_bytes(os.urandom(8 * 1024**2))
    git("add", ".", folder=work)
    git("commit", "-q", "-m", "first", folder=work)
    assert manage(server.data, "create_user", "ada", "--email", "ada@example.org", "--password", "a long pass phrase").returncode == 0
    made = manage(server.data, "import_repository", str(work), "ada/probe")
    assert made.returncode == 0, made.stderr
    return manage(server.data, "create_token", "ada", "--scopes", "write").stdout.strip().splitlines()[-1]


def test_clone_and_chunked_push(front: tuple[Server, str], token: str, tmp_path: Path) -> None:
    server, base = front
    git("clone", "-q", f"{base}/ada/probe.git", "copy", folder=tmp_path)
    copy = tmp_path / "copy"
    (copy / "big").write_bytes(os.urandom(8 * 1024**2))
    git("add", ".", folder=copy)
    git("commit", "-q", "-m", "big", folder=copy)
    git("push", "-q", f"{base.replace('//', f'//ada:{token}@')}/ada/probe.git", "HEAD:main", folder=copy)
    assert git("ls-remote", f"{base}/ada/probe.git", "refs/heads/main", folder=copy).split()[0] == git("rev-parse", "HEAD", folder=copy)
    assert not [path for path in (server.data.parent / "nginx" / "client_body").rglob("*") if path.is_file()]


def test_archives_pass_whole(front: tuple[Server, str], token: str) -> None:
    """They stream through nginx: the same bytes as git makes, in both kinds, and nothing waits in a temporary file."""
    server, base = front
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{base}/ada/probe/archive/main.tar.gz") as answer:
        assert "attachment" in answer.headers["Content-Disposition"]
        packed = answer.read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        names = {member.name.rpartition("/")[2]: member.size for member in tar if member.isfile()}
    assert names["noise"] == 8 * 1024**2
    with opener.open(f"{base}/ada/probe/archive/main.zip") as answer:
        bundle = zipfile.ZipFile(io.BytesIO(answer.read()))
    assert bundle.testzip() is None
    assert {name.rpartition("/")[2] for name in bundle.namelist()} >= {"README.md", "noise"}
    assert not [path for path in (server.data.parent / "nginx" / "proxy").rglob("*") if path.is_file()]
    assert status(f"{base}/ada/probe/archive/nowhere.zip") == 404


ASSET = """
from accounts import queries
from core import blobs
from core.actors import SYSTEM
from projects import commands
from projects.models import Repository
repository = Repository.objects.get(name="probe")
release = commands.save_release(actor, repository, tag="v1", target="main")
blob = blobs.put([b"0123456789" * 100_000])
asset = commands.add_asset(actor, release, name="数据.bin", sha256=blob.sha256, size=blob.size)
print(blob.sha256)
"""


def test_checked_files_are_sent_by_nginx(front: tuple[Server, str], token: str) -> None:
    """X-Accel-Redirect: the portal checks, nginx sends, ranges included."""
    server, base = front
    actor = "from core.actors import Actor; from accounts.models import User; actor = Actor(person=User.objects.get(username='ada'))\n"
    made = manage(server.data, "shell", "-c", actor + ASSET)
    assert made.returncode == 0, made.stderr
    sha256 = made.stdout.split()[-1]
    address = f"{base}/ada/probe/releases/download/v1/{quote('数据.bin')}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address) as answer:
        assert hashlib.sha256(answer.read()).hexdigest() == sha256
        assert answer.headers["ETag"] == f'"{sha256}"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "X-Accel-Redirect" not in answer.headers
    with opener.open(urllib.request.Request(address, headers={"Range": "bytes=5-14"})) as answer:
        assert (answer.status, answer.read()) == (206, b"5678901234")
    with opener.open(f"http://127.0.0.1:{server.port}/ada/probe/releases/download/v1/{quote('数据.bin')}") as answer:
        assert answer.headers["X-Accel-Redirect"].startswith("/-/files/")  # the portal itself sent nothing
        assert answer.read() == b""
    assert status(f"{base}/-/files/{sha256[:2]}/{sha256[2:4]}/{sha256}") == 404  # not without the portal's word
