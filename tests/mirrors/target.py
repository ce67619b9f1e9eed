"""Another host that takes pushes: git http-backend on loopback, with oddities by switch."""

import base64
import http.server
import subprocess
import threading
from pathlib import Path

from tests.factories.projects import ENVIRONMENT, git
from tests.projects.test_imports import Backend


class Target:
    """`say` is a status to answer instead of git, 0 for none; `requests` lists what was asked; `password` "" lets everyone push."""

    def __init__(self, root: Path) -> None:
        self.root, self.say, self.location, self.kind = root, 0, "", "text/plain"
        self.path = root / "lab" / "copy.git"
        self.path.parent.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.path)], env=ENVIRONMENT, check=True)
        git(self.path, "config", "http.receivepack", "true")
        target = self

        class Handler(Backend):
            def do_GET(self):
                if target.say:
                    self.server.requests.append((self.command, self.path, ""))
                    self.send_response(target.say)
                    if target.location:
                        self.send_header("Location", target.location)
                    self.send_header("Content-Type", target.kind)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return None
                return self._serve()

            do_POST = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.root, self.server.password, self.server.requests = root, "", []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/lab/copy.git"

    @property
    def requests(self) -> list[tuple[str, str, str]]:
        return self.server.requests

    @property
    def password(self) -> str:
        return self.server.password

    @password.setter
    def password(self, text: str) -> None:
        self.server.password = text

    def refs(self) -> dict[str, str]:
        lines = git(self.path, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split() for line in lines)

    def hook(self, script: str) -> None:
        """A pre-receive hook."""
        path = self.path / "hooks" / "pre-receive"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def commit(self, branch: str, *, text: str = "theirs") -> str:
        """Somebody else's commit there, on top of the branch; its oid."""
        tip = git(self.path, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        start = f"from {tip}\n" if tip else ""
        script = f"commit refs/heads/{branch}\ncommitter T <t@x.y> 1700009999 +0800\ndata 2\nm\n{start}M 100644 inline t\ndata {len(text)}\n{text}\n\n"
        git(self.path, "fast-import", "--quiet", "--force", data=script.encode())
        return git(self.path, "rev-parse", f"refs/heads/{branch}")

    def told(self, secret: str) -> bool:
        """True if a request carried the password."""
        wanted = "Basic " + base64.b64encode(f"me:{secret}".encode()).decode()
        return any(sent == wanted for _method, _path, sent in self.requests)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
