"""`./manage.py`: every command of ours answers a bad argument with one line on stderr and exit status 2."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections

from tests.operate.servers import ROOT, manage

COMMANDS = sorted(path.stem for path in ROOT.glob("*/management/commands/[a-z]*.py"))
BAD: list[tuple[str, ...]] = [
    *((command, "--no-such-option") for command in COMMANDS),
    *((command, "a", "b", "c", "d", "e") for command in COMMANDS),
    ("backup",),
    ("restore",),
    ("restore", "/no/such/folder"),
    ("create_user",),
    ("create_user", "ada"),
    ("create_user", "-ada", "--email", "a@example.org", "--password", "a long pass phrase"),
    ("create_user", "a/b", "--email", "a@example.org", "--password", "a long pass phrase"),
    ("create_user", "ada", "--email", "no-address", "--password", "a long pass phrase"),
    ("create_user", "ada", "--email", "a@example.org", "--password", "1"),
    ("create_token",),
    ("create_token", "nobody", "--scopes", "read"),
    ("create_token", "nobody", "--scopes", "everything"),
    ("create_token", "nobody", "--scopes", "read", "--expires", "tomorrow"),
    ("revoke_token", "nobody"),
    ("revoke_token", "nobody", "none"),
    ("import_repository",),
    ("import_repository", "/no/such/folder", "ada/noise"),
    ("import_repository", "/tmp", "no-slash"),
    ("import_repository", "--", "--upload-pack=touch /tmp/x", "ada/noise"),
    ("serve_ssh", "--port", "many"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_a_bad_argument_is_one_line_and_exit_2(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["./manage.py", *arguments])
    monkeypatch.setattr(connections, "close_all", lambda: None)  # the connection is the test's, inside its transaction
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
    printed = capsys.readouterr()
    assert stopped.value.code == 2
    assert len(printed.err.splitlines()) == 1, printed.err
    assert len(printed.err) > 5  # Chinese says it shorter
    assert printed.out == ""


def test_it_runs_from_anywhere_and_a_database_that_is_not_prepared_is_one_line(tmp_path: Path) -> None:
    done = manage(tmp_path / "data", "create_user", "ada", "--email", "a@example.org", "--password", "a long pass phrase")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("manage.py: the database does not answer as it should: no such table")
    assert len(done.stderr.splitlines()) == 1
    elsewhere = subprocess.run(
        [ROOT / "manage.py", "version"], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert elsewhere.returncode == 0, elsewhere.stderr
