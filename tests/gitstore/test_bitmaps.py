"""Clients are told nothing of how objects lie on the server's disk."""

import subprocess
from pathlib import Path

import pytest

import gitstore
from tests.factories.projects import ENVIRONMENT, git


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.git"
    gitstore.init_bare(path)
    script = b"".join(
        b"commit refs/heads/main\ncommitter T <t@x.y> %d +0000\ndata 1\nm\nM 100644 inline f\ndata 3\n%03d\n\n" % (1700000000 + n, n)
        for n in range(200)
    )
    git(path, "fast-import", "--quiet", data=script)
    gitstore.after_import(path)
    return path


@pytest.mark.parametrize("maintained", [False, True], ids=["imported", "maintained"])
def test_clones_of_source_and_fork_are_silent(source: Path, tmp_path: Path, maintained: bool) -> None:
    if maintained:
        gitstore.maintain(source)
    pool, fork = tmp_path / "pools" / "pool.git", tmp_path / "fork.git"
    gitstore.fork(source, fork, pool)
    for step in ("forked", "pool maintained"):
        if step == "pool maintained":
            gitstore.maintain_pool(pool, [source, fork])
        for which in (source, fork):
            command = ["git", "clone", "-q", "--bare", "--no-local", str(which), str(tmp_path / f"{step} {which.name}")]
            done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
            assert done.stderr == "", (step, which.name)
