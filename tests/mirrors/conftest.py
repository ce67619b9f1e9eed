"""An upstream: git http-backend on loopback, with oddities by switch."""

import http.server
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.factories.projects import ENVIRONMENT, git
from tests.mirrors.target import Target
from tests.projects.test_imports import Backend


class Upstream:
    """`say` is a status to answer instead of git, 0 for none; `advert` pieces to send as the refs; `requests` lists what was asked;
    `moved` maps the beginning of a path to the address that its requests are sent on to."""

    def __init__(self, root: Path) -> None:
        self.root, self.say, self.location = root, 0, ""
        self.moved: dict[str, str] = {}
        self.advert: Callable[[], Iterable[bytes]] | None = None
        self.path = root / "lab" / "model.git"
        self.path.parent.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "trunk", str(self.path)], env=ENVIRONMENT, check=True)
        self.commits = 0
        upstream = self

        class Handler(Backend):
            def do_GET(self):
                where = next((to + self.path.removeprefix(old) for old, to in upstream.moved.items() if self.path.startswith(old)), "")
                if upstream.say or where:
                    self.server.requests.append((self.command, self.path, ""))
                    self.send_response(upstream.say or 301)
                    if where or upstream.location:
                        self.send_header("Location", where or upstream.location)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return None
                if upstream.advert and "info/refs" in self.path:
                    self.server.requests.append((self.command, self.path, ""))
                    return self._advertise(upstream.advert())
                return self._serve()

            do_POST = do_GET

            def _advertise(self, pieces):
                self.send_response(200)
                self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
                self.end_headers()  # the end of the connection ends the answer
                for piece in pieces:
                    self.wfile.write(piece)
                self.close_connection = True

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.root, self.server.password, self.server.requests = root, "", []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/lab/model.git"

    @property
    def requests(self) -> list[tuple[str, str, str]]:
        return self.server.requests

    def commit(self, branch: str = "trunk", *, text: str = "") -> str:
        """One more commit on the branch; its oid."""
        self.commits += 1
        parent = f"from refs/heads/{branch}^0\n" if git(self.path, "for-each-ref", f"refs/heads/{branch}").strip() else ""
        content = text or f"{self.commits}"
        script = (
            f"commit refs/heads/{branch}\ncommitter T <t@x.y> {1700000000 + self.commits} +0800\ndata 2\nm\n{parent}"
            f"M 100644 inline f\ndata {len(content)}\n{content}\n\n"
        )
        git(self.path, "fast-import", "--quiet", "--force", data=script.encode())
        return self.tip(branch)

    def tip(self, branch: str = "trunk") -> str:
        return git(self.path, "rev-parse", f"refs/heads/{branch}").strip()


@pytest.fixture
def upstream(tmp_path, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    made = Upstream(tmp_path / "up")
    made.commit()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def target(tmp_path, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    made = Target(tmp_path / "there")
    yield made
    made.close()
