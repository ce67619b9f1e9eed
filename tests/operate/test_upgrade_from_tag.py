"""From the newest tag before this commit: its own code fills a data directory with demo content, `script/upgrade` brings it here."""

import http.cookiejar
import os
import re
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.operate.servers import ROOT, eventually, serving

pytestmark = [pytest.mark.exclusive, pytest.mark.embedded]
KEPT = ("accounts_user", "accounts_namespace", "accounts_token", "projects_repository", "projects_star", "projects_release", "core_event")


def earlier_tag() -> str:
    """Newest tag among this commit's ancestors, "" in a clone that has none."""
    done = subprocess.run(["git", "describe", "--tags", "--abbrev=0", "HEAD^"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def run(checkout: Path, *command: str) -> str:
    """What it prints; fails with it when the exit status is not 0."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENI_", "PYTEST_", "COV_"))}
    environment = {**clean, "OPENI_LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def checkout_of(tag: str, target: Path) -> Path:
    """A clone at the tag, with its own packages; with ours when it locks the same ones."""
    run(target.parent, "git", "clone", "-q", "--shared", str(ROOT), str(target))
    run(target, "git", "checkout", "-q", "--detach", tag)
    if (target / "requirements.txt").read_bytes() == (ROOT / "requirements.txt").read_bytes():
        (target / ".venv").symlink_to(ROOT / ".venv")
    run(target, "script/bootstrap")
    return target


def ids(checkout: Path) -> dict[str, set[object]]:
    """Table → primary keys."""
    with sqlite3.connect(checkout / "var/openi.sqlite3") as database:
        return {table: {row[0] for row in database.execute(f"SELECT id FROM {table}")} for table in KEPT}


def refs(checkout: Path) -> dict[str, str]:
    """Repository on disk → its branches and tags."""
    found = sorted((checkout / "var/repositories").rglob("*.git"))
    return {str(path.name): run(path, "git", "for-each-ref", "refs/heads", "refs/tags") for path in found}


def signs_in(base: str, login: str, password: str) -> bool:
    """Whether the sign-in page takes them."""
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)
    form = browser.open(f"{base}/login").read().decode()
    secret = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert secret
    fields = urllib.parse.urlencode({"csrfmiddlewaretoken": secret.group(1), "login": login, "password": password}).encode()
    browser.open(urllib.request.Request(f"{base}/login", fields, {"Referer": f"{base}/login"}))
    return login in browser.open(f"{base}/").read().decode()


def test_rows_repositories_and_logins_survive_an_upgrade_from_the_newest_tag(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tag = earlier_tag()
    if not tag:
        with capfd.disabled():
            print("upgrade from an earlier tag: this clone has none, nothing to upgrade from", file=sys.stderr)
        return
    head = run(ROOT, "git", "rev-parse", "HEAD").strip()
    old = checkout_of(tag, tmp_path / "portal")
    run(old, "./manage.py", "migrate", "--verbosity", "0")
    demo = run(old, "./manage.py", "demo")
    logins = [line.split() for line in demo.splitlines() if re.fullmatch(r"[\w-]+  \S{8,}", line)]
    assert len(logins) > 3, demo
    token = run(old, "./manage.py", "create_token", logins[0][0], "--scopes", "read").split()[-1]
    before, branches = ids(old), refs(old)
    assert before["projects_repository"]
    assert any(branches.values())

    assert "upgrade: now at" in run(old, "script/upgrade", head)

    after = ids(old)
    assert {table: before[table] - after[table] for table in KEPT} == {table: set() for table in KEPT}
    assert refs(old) == branches
    assert run(old, "./manage.py", "check_repositories", "--deep").splitlines()[-1] == "everything is sound"
    with serving(old / "var", "--no-demo", checkout=old) as server:
        server.await_ready(60)
        for login, password in logins[:2]:
            assert signs_in(server.base, login, password), login
        assert not signs_in(server.base, logins[0][0], "not the password")
        remote = server.base.replace("//", f"//{logins[0][0]}:{token}@")
        listed = run(old, "git", "ls-remote", f"{remote}/PCL-Platform.Intelligence/PanGu-Alpha.git")
        assert "refs/heads/" in listed
        eventually(lambda: server.pid("celery -A openi worker"), 15)
