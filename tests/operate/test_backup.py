"""`manage.py backup` beside writers, `manage.py restore` into an empty data directory."""

import json
import socket
import sqlite3
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from core import backup
from core.errors import Invalid
from tests.operate.servers import manage

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "gc.auto=0", "-c", "init.defaultBranch=main"]


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run([*GIT, "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def portal(tmp_path: Path) -> backup.Places:
    """Places with one table, a repository of three commits, a fork that borrows from a pool, and a blob."""
    data = tmp_path / "data"
    repositories, blobs = data / "repositories", data / "blobs"
    bare, pool, fork = repositories / "aa/bb/aabb.git", repositories / "pools/cc.git", repositories / "dd/ee/ddee.git"
    work = tmp_path / "work"
    for folder in (bare, pool, fork, work, blobs / "ab/cd"):
        folder.mkdir(parents=True)
    for folder in (bare, pool, fork):
        git(folder, "init", "-q", "--bare", ".")
    git(work, "init", "-q", ".")
    for number in range(3):
        (work / "file").write_text(f"{number}\n")
        git(work, "add", ".")
        git(work, "commit", "-q", "-m", str(number))
    git(work, "push", "-q", str(bare), "main")
    git(work, "push", "-q", str(pool), "main")
    (fork / "objects/info/alternates").write_text("../../../../pools/cc.git/objects\n")
    git(fork, "update-ref", "refs/heads/main", git(work, "rev-parse", "HEAD"))
    (blobs / "ab/cd" / "abcd").write_bytes(b"blob")
    (data / "secret_key").write_text("key")
    with sqlite3.connect(data / "openi.sqlite3") as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE pushes (oid TEXT)")
    return backup.Places(data, data / "openi.sqlite3", repositories, blobs)


def empty(tmp_path: Path) -> backup.Places:
    data = tmp_path / "restored"
    data.mkdir()
    return backup.Places(data, data / "openi.sqlite3", data / "repositories", data / "blobs")


@pytest.mark.parametrize("name", ["backup", "backup.tar", "backup.tar.gz"])
def test_everything_comes_back_in_an_empty_directory(tmp_path: Path, portal: backup.Places, name: str) -> None:
    made = backup.back_up(portal, tmp_path / name)
    there = empty(tmp_path)
    assert backup.restore(tmp_path / name, there) == made
    assert (there.data / "secret_key").read_text() == "key"
    assert there.blobs is not None
    assert (there.blobs / "ab/cd/abcd").read_bytes() == b"blob"
    for repository in ("aa/bb/aabb.git", "dd/ee/ddee.git"):
        git(there.repositories / repository, "fsck", "--strict")
        assert git(there.repositories / repository, "rev-list", "--count", "main") == "3"
    assert not list(there.data.glob(".restore*"))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_socket_of_a_running_server_is_left_out(tmp_path: Path, portal: backup.Places, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = portal.data / "ssh"
    keys.mkdir()
    (keys / "ed25519").write_text("host key")
    monkeypatch.chdir(keys)  # a socket's path has at most 108 bytes (unix(7))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind("door.sock")
        backup.back_up(portal, tmp_path / "backup")
    assert [path.name for path in (tmp_path / "backup/ssh").iterdir()] == ["ed25519"]


def test_what_is_restored_shares_no_file_with_the_backup(tmp_path: Path, portal: backup.Places) -> None:
    backup.back_up(portal, tmp_path / "backup")
    there = empty(tmp_path)
    backup.restore(tmp_path / "backup", there)
    assert {path.stat().st_nlink for path in there.data.rglob("*") if path.is_file()} == {1}


def test_a_backup_beside_pushes_and_repacks_has_every_commit_its_rows_name(tmp_path: Path, portal: backup.Places) -> None:
    """Commit, push, then the row; meanwhile repacks remove loose objects and old packs."""
    bare, work = portal.repositories / "aa/bb/aabb.git", tmp_path / "work"
    stop = threading.Event()

    def push() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            git(work, "commit", "-q", "--allow-empty", "-m", f"push {number}")
            try:
                git(work, "push", "-q", str(bare), "main")
            except subprocess.CalledProcessError:  # the ref was locked by pack-refs: not acknowledged, so no row
                continue
            with sqlite3.connect(str(portal.database), timeout=20) as database:
                database.execute("INSERT INTO pushes VALUES (?)", [git(work, "rev-parse", "HEAD")])

    def repack() -> None:
        while not stop.is_set():
            for command in (["repack", "-adq"], ["pack-refs", "--all"]):
                subprocess.run([*GIT, "-C", str(bare), *command], capture_output=True, check=False)  # a push may hold a lock

    threads = [threading.Thread(target=push), threading.Thread(target=repack)]
    for thread in threads:
        thread.start()
    try:
        for number in range(30):
            backup.back_up(portal, tmp_path / f"backup-{number}")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    named = 0
    for number in range(30):
        copy = tmp_path / f"backup-{number}"
        git(copy / "repositories/aa/bb/aabb.git", "fsck", "--connectivity-only")
        with sqlite3.connect(copy / backup.SQLITE) as database:
            oids = [oid for (oid,) in database.execute("SELECT oid FROM pushes")]
        for oid in oids:
            git(copy / "repositories/aa/bb/aabb.git", "merge-base", "--is-ancestor", oid, "main")
        named += len(oids)
    assert named > 0


def test_refusals(tmp_path: Path, portal: backup.Places) -> None:
    backup.back_up(portal, tmp_path / "backup")
    with pytest.raises(Invalid, match="exists already"):
        backup.back_up(portal, tmp_path / "backup")
    with pytest.raises(Invalid, match="restore into an empty"):
        backup.restore(tmp_path / "backup", portal)
    there = empty(tmp_path)
    next((tmp_path / "backup/repositories/aa/bb/aabb.git/objects/pack").glob("*"), tmp_path / "backup/blobs/ab/cd/abcd").unlink()
    with pytest.raises(Invalid, match="not whole"):
        backup.restore(tmp_path / "backup", there)
    (tmp_path / "backup" / backup.MANIFEST).unlink()
    with pytest.raises(Invalid, match="is missing or damaged"):
        backup.restore(tmp_path / "backup", there)
    assert not there.repositories.exists()
    (tmp_path / "torn.tar").write_bytes(b"nothing")
    with pytest.raises(Invalid, match="cannot be read"):
        backup.restore(tmp_path / "torn.tar", there)


@pytest.mark.parametrize("name", ["../outside", "/tmp/openi-outside", "repositories/../../outside"])
def test_a_tar_file_that_would_write_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(Invalid, match="is no backup"):
        backup.restore(tmp_path / "bad.tar", empty(tmp_path))
    assert not (tmp_path / "outside").exists()


def test_a_newer_format_is_refused(tmp_path: Path, portal: backup.Places) -> None:
    backup.back_up(portal, tmp_path / "backup")
    manifest = json.loads((tmp_path / "backup" / backup.MANIFEST).read_text())
    (tmp_path / "backup" / backup.MANIFEST).write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(Invalid, match="newer portal"):
        backup.restore(tmp_path / "backup", empty(tmp_path))


def test_the_commands(tmp_path: Path) -> None:
    """One command each way on a real data directory; a bad argument is one line and exit 2."""
    data, copy = tmp_path / "data", tmp_path / "copy"
    assert manage(data, "migrate", "--no-input", "--verbosity", "0").returncode == 0
    make = "from accounts.models import User; User.objects.create_user('ada', 'ada@example.org')"
    made = manage(data, "shell", "-c", make)
    assert made.returncode == 0, made.stderr
    done = manage(data, "backup", str(tmp_path / "portal.tar.gz"))
    assert done.returncode == 0, done.stderr
    again = manage(data, "backup", str(tmp_path / "portal.tar.gz"))
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    done = manage(copy, "restore", str(tmp_path / "portal.tar.gz"))
    assert done.returncode == 0, done.stderr
    found = manage(copy, "shell", "-c", "from accounts.models import User; print(User.objects.get().username)")
    assert found.stdout.strip().splitlines()[-1] == "ada", found.stderr
    assert (copy / "secret_key").read_text() == (data / "secret_key").read_text()
    assert manage(data, "restore", str(tmp_path / "portal.tar.gz")).returncode == 2
