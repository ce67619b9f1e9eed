"""Real repositories, made by plain git in a temporary folder."""

import os
import subprocess
from pathlib import Path

import pytest

import gitstore


class Work:
    """A bare repository and a work tree that pushes into it."""

    def __init__(self, folder: Path, bare: Path) -> None:
        self.folder, self.bare, self.clock = folder, bare, 1_700_000_000
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", str(bare))

    def git(self, *arguments: str, input: bytes | None = None) -> str:
        return self.raw(*arguments, input=input).decode("utf-8", "surrogateescape").strip()

    def raw(self, *arguments: str, input: bytes | None = None, cwd: Path | None = None) -> bytes:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "王小明",
            "GIT_AUTHOR_EMAIL": "wang@example.org",
            "GIT_COMMITTER_NAME": "王小明",
            "GIT_COMMITTER_EMAIL": "wang@example.org",
            "GIT_AUTHOR_DATE": f"{self.clock} +0800",
            "GIT_COMMITTER_DATE": f"{self.clock} +0800",
        }
        done = subprocess.run(["git", *arguments], cwd=cwd or self.folder, env=environment, input=input, capture_output=True, check=False)
        assert done.returncode == 0, (arguments, done.stderr.decode())
        return done.stdout

    def commit(self, files: dict[str, bytes | None], message: str = "change", push: bool = False) -> str:
        """Write (None: delete) files and commit; returns the oid."""
        for name, content in files.items():
            target = self.folder / name
            if content is None:
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        self.clock += 60
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        if push:
            self.push()
        return self.git("rev-parse", "HEAD")

    def push(self, *what: str) -> None:
        self.git("push", "-q", "origin", *(what or ("--all",)))
        self.git("push", "-q", "origin", "--tags")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "repositories"


@pytest.fixture
def work(root: Path, tmp_path: Path) -> Work:
    bare = gitstore.paths.repository(root, "11111111-2222-3333-4444-555555555555")
    gitstore.init_bare(bare)
    return Work(tmp_path / "work", bare)
