"""Each benchmark runs on a tiny history and prints its table. What it measures is no test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = {
    "pages": (["--quick"], "front page, 304"),
    "diffs": (["--quick"], "page of 2.py"),
    "store": ([], "last commits of the root, cold"),
    "scale": (["--quick"], "organisation"),
    "wire": (["--quick"], "fork on disk"),
    "load": (["--quick"], "answers 5xx or none"),
    "mirrors": (["--small"], "worker killed 2 times"),
}
has_reference = bool(shutil.which("fcgiwrap", path="/usr/sbin:/usr/bin") and shutil.which("nginx", path="/usr/sbin:/usr/bin"))


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A bare repository with three commits of two files."""
    work, bare = tmp_path / "work", tmp_path / "history.git"
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, env=environment, capture_output=True)

    git("init", "-b", "main", str(work))
    (work / "folder").mkdir()
    for number in range(3):
        (work / "folder" / "a.txt").write_text(f"{number}\n" * 5)
        (work / f"{number}.py").write_text("print(1)\n" * 20)
        git("-C", str(work), "add", ".")
        git("-C", str(work), "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-m", f"Commit {number}")
    git("clone", "--bare", str(work), str(bare))
    return bare


@pytest.mark.exclusive
@pytest.mark.parametrize("name", TABLE)
def test_a_benchmark_runs_and_prints_its_table(name: str, history: Path) -> None:
    if name == "wire" and not has_reference:
        pytest.skip("nginx-light and fcgiwrap are not installed")
    options, last = TABLE[name]
    given = [] if name in ("scale", "mirrors") else ["--history", str(history)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OPENI_", "GIT_", "DJANGO_"))}
    run = subprocess.run(
        [sys.executable, f"bench/{name}.py", *given, *options], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert last in run.stdout
