"""Real bare repositories with a history of our choosing, made by plain git (`fast-import` takes names a work tree could not hold)."""

import os
import subprocess
from pathlib import Path

from accounts.models import User
from projects.models import Repository

ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C.UTF-8",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


def git(path: Path, *args: str, data: bytes = b"") -> bytes:
    """Run git in the bare repository at `path`; returns its output."""
    return subprocess.run(["git", "--git-dir", str(path), *args], input=data, env=ENV, check=True, capture_output=True).stdout


def _quoted(path: bytes) -> bytes:
    return b'"' + b"".join(bytes([c]) if 0x20 < c < 0x7F and c not in b'"\\' else b"\\%03o" % c for c in path) + b'"'


class History:
    """Commits written one after the other to a branch; `write` returns the oid."""

    def __init__(self, path: Path, branch: str = "main") -> None:
        self.path = path
        if not (path / "HEAD").exists():
            path.mkdir(parents=True, exist_ok=True)
            subprocess.run(["git", "init", "-q", "--bare", "-b", branch, str(path)], env=ENV, check=True)
        self.branch = branch
        self._when = 1_700_000_000

    def write(
        self,
        files: dict[str | bytes, bytes | str | None],
        message: bytes | str = "Change",
        *,
        branch: str = "",
        author: bytes = b"Ada <ada@example.org>",
        when: int | None = None,
        modes: dict[str | bytes, str] | None = None,
    ) -> str:
        """One commit on `branch`: path → content, None deletes; `modes` for 120000, 160000 (content is the oid), 100755."""
        branch = branch or self.branch
        self._when = when if when is not None else self._when + 3600
        text = message.encode() if isinstance(message, str) else message
        out = [b"commit refs/heads/" + branch.encode() + b"\n"]
        stamp = b" %d +0800\n" % self._when
        out += [b"author " + author + stamp, b"committer " + author + stamp, b"data %d\n" % len(text) + text + b"\n"]
        tip = subprocess.run(
            ["git", "--git-dir", str(self.path), "rev-parse", "-q", "--verify", f"refs/heads/{branch}"], env=ENV, capture_output=True
        )
        if tip.returncode == 0:
            out.append(b"from " + tip.stdout.strip() + b"\n")
        for name, content in files.items():
            raw = name.encode() if isinstance(name, str) else name
            mode = ((modes or {}).get(name) or "100644").encode()
            if content is None:
                out.append(b"D " + _quoted(raw) + b"\n")
            elif mode == b"160000":
                out.append(b"M 160000 " + (content.encode() if isinstance(content, str) else content) + b" " + _quoted(raw) + b"\n")
            else:
                body = content.encode() if isinstance(content, str) else content
                out.append(b"M " + mode + b" inline " + _quoted(raw) + b"\ndata %d\n" % len(body) + body + b"\n")
        git(self.path, "fast-import", "--quiet", "--force", data=b"".join(out))
        return git(self.path, "rev-parse", f"refs/heads/{branch}").decode().strip()


def repository(owner: User, name: str = "demo", **fields: object) -> tuple[Repository, History]:
    """A repository row with an empty history to write to; call `settle` after writing."""
    row = Repository.objects.create(namespace=owner.namespace, name=name, is_empty=False, **fields)
    return row, History(row.path, row.default_branch)


def settle(row: Repository) -> Repository:
    """What the push subscriber keeps: head and emptiness."""
    row.head_oid = git(row.path, "rev-parse", f"refs/heads/{row.default_branch}").decode().strip()
    row.save()
    return row
