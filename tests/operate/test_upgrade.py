"""`script/upgrade` on a clone with a data directory of its own: a good version, and one whose migration fails half way."""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.operate.servers import clone_of_this

GOOD = """from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("core", "{last}")]
    operations = [migrations.RunSQL("CREATE TABLE upgrade_probe (x integer)")]
"""
BAD = GOOD.replace("operations = [", 'atomic = False\n    operations = [migrations.RunSQL("DELETE FROM core_sitesetting"), ').replace(
    ")]\n", '), migrations.RunSQL("SELECT no_such_function()")]\n'
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The committed state of this checkout, sharing its packages, with a migrated database that holds one row."""
    checkout = clone_of_this(tmp_path / "portal")
    assert run(checkout, "manage.py", "migrate", "--verbosity", "0").returncode == 0
    with sqlite3.connect(checkout / "var/openi.sqlite3") as database:
        database.execute("INSERT INTO core_sitesetting (key, value, changed_at) VALUES ('operator', '\"us\"', '2026-01-01')")
    return checkout


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENI_", "PYTEST_", "COV_"))}
    return subprocess.run([checkout / command[0], *command[1:]], cwd=checkout, env=clean, capture_output=True, text=True, check=False)


def version(checkout: Path, name: str, migration: str) -> None:
    """A tag with one more migration of `core`; the checkout stays where it was."""
    last = sorted(path.stem for path in (checkout / "core/migrations").glob("0*.py"))[-1]
    (checkout / "core/migrations/9999_probe.py").write_text(migration.replace("{last}", last))
    author = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", checkout, "checkout", "-q", "--detach"], check=True)
    subprocess.run(["git", "-C", checkout, "add", "core"], check=True)
    subprocess.run(["git", "-C", checkout, *author, "commit", "-q", "-m", name], check=True)
    subprocess.run(["git", "-C", checkout, "tag", name], check=True)
    subprocess.run(["git", "-C", checkout, "checkout", "-q", "main"], check=True)


def rows(checkout: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(checkout / "var/openi.sqlite3") as database:
        return database.execute(query).fetchall()


@pytest.mark.exclusive
@pytest.mark.embedded
def test_a_failed_upgrade_leaves_everything_as_it_was_and_a_good_one_migrates(clone: Path) -> None:
    version(clone, "bad", BAD)
    version(clone, "good", GOOD)
    before = subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout

    done = run(clone, "script/upgrade", "bad")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "everything is as before" in done.stderr
    assert subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout == before
    assert rows(clone, "SELECT key FROM core_sitesetting") == [("operator",)]
    assert rows(clone, "SELECT name FROM sqlite_master WHERE name = 'upgrade_probe'") == []

    done = run(clone, "script/upgrade", "good")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(clone, "SELECT name FROM sqlite_master WHERE name = 'upgrade_probe'") == [("upgrade_probe",)]
    assert rows(clone, "SELECT key FROM core_sitesetting") == [("operator",)]
    assert len(list((clone / "var/backups").iterdir())) == 2

    assert run(clone, "script/upgrade", "good").stdout.startswith("upgrade: already at")
    unknown = run(clone, "script/upgrade", "no-such-tag")
    assert (unknown.returncode, unknown.stderr) == (2, "upgrade: unknown version no-such-tag\n")
    (clone / "README.md").write_text("changed")
    assert run(clone, "script/upgrade", "main").returncode == 2
    shutil.rmtree(clone / "var/backups")
