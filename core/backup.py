"""Backup and restore of a whole portal while it runs: database first, then everything the rows can name.

Order makes it consistent without stopping anyone. The database is one snapshot (SQLite's online backup, pg_dump); every object that
its rows name exists by then, and Git and blob files are written once and never changed, so copying them afterwards yields at least
those. Inside Git: refs before objects (a ref copied names objects that exist), members before pools (feeding a pool only links), loose
objects before packs (packing moves them that way), and a folder is read again until nothing in it vanished meanwhile.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from core.errors import Invalid

FORMAT = 1
MANIFEST = "backup.json"
SQLITE, DUMP = "database.sqlite3", "database.dump"
SMALL = ("secret_key", "ssh")  # of the data directory: the signing key, the SSH host keys
READ_AGAIN_MAX = 20


@dataclass(frozen=True)
class Places:
    """Where a portal keeps its things. `database` is a path (SQLite) or a postgresql:// address; `blobs` is None when they are in S3."""

    data: Path
    database: Path | str
    repositories: Path
    blobs: Path | None


@dataclass
class Manifest:
    """Stands in the backup as backup.json, written last: a folder without it is no backup. Time in UTC; size in bytes."""

    format: int
    made_at: str
    database: str
    files: int
    size: int
    blobs: bool


def configured() -> Places:
    """The places of this portal's settings."""
    database = settings.DATABASE_URL or Path(str(settings.DATABASES["default"]["NAME"]))
    blobs = None if settings.S3["bucket"] else settings.BLOBS_DIR
    return Places(settings.DATA_DIR, database, settings.REPOSITORIES_DIR, blobs)


def back_up(places: Places, target: Path) -> Manifest:
    """Write a backup to `target`: a new folder, or a .tar / .tar.gz / .tgz file. Safe beside a running portal.

    Files that never change are hard links where source and target share a file system. Raises Invalid when the target exists.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Invalid(f"{target} exists already.")
    if not target.name.endswith((".tar", ".tar.gz", ".tgz")):
        return _to_folder(places, target)
    staging = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        manifest = _to_folder(places, staging)
        unfinished = staging / f"{MANIFEST}.tar"
        plain = target.name.endswith(".tar")
        with tarfile.open(unfinished, "w") if plain else tarfile.open(unfinished, "w:gz", compresslevel=3) as tar:
            for name in sorted(path.name for path in staging.iterdir() if path != unfinished):
                tar.add(staging / name, arcname=name)
        unfinished.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def _to_folder(places: Places, target: Path) -> Manifest:
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    _snapshot(places.database, target)
    for name in SMALL:
        _copy_tree(places.data / name, target / name, link=False)
    _copy_repositories(places.repositories, target / "repositories")
    if places.blobs is not None:
        _copy_tree(places.blobs, target / "blobs", link=True)
    files, size = _measure(target)
    kind = "postgresql" if isinstance(places.database, str) else "sqlite"
    manifest = Manifest(FORMAT, datetime.now(UTC).isoformat(timespec="seconds"), kind, files, size, places.blobs is not None)
    (target / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n")
    return manifest


def restore(source: Path, places: Places) -> Manifest:
    """Put a backup (folder or tar file) back. Raises Invalid when it is no whole backup, or the places are not empty."""
    if source.is_file():
        staging = places.data / f".restore.{os.getpid()}"
        try:
            with tarfile.open(source) as tar:
                _unpack(tar, staging)
            return restore(staging, places)
        except tarfile.TarError as error:
            raise Invalid(f"{source} cannot be read: {error}") from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    manifest = read_manifest(source)
    _refuse_full(places, manifest)
    for name in SMALL:
        if (source / name).exists():
            _copy_tree(source / name, places.data / name, link=False)
    _copy_tree(source / "repositories", places.repositories, link=False)
    if places.blobs is not None:
        _copy_tree(source / "blobs", places.blobs, link=False)
    if isinstance(places.database, str):
        _run("pg_restore", "--no-owner", "--exit-on-error", "--dbname", places.database, str(source / DUMP))
    else:  # last: with the database in place the restore is complete
        unfinished = places.database.with_suffix(".restoring")
        shutil.copyfile(source / SQLITE, unfinished)
        with closing(sqlite3.connect(unfinished)) as connection:
            answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if answer != "ok":
            raise Invalid(f"the database in {source} is damaged: {answer}")
        unfinished.rename(places.database)
    return manifest


def _unpack(tar: tarfile.TarFile, target: Path) -> None:
    """Files, folders and links that stay inside `target`. Written out: Debian 12's Python 3.11.2 has no extraction filters (PEP 706)."""
    for member in tar:
        names = [member.name, member.linkname] if member.islnk() or member.issym() else [member.name]
        inside = not any(name.startswith("/") or ".." in name.split("/") for name in names)
        if not inside or not (member.isfile() or member.isdir() or member.islnk() or member.issym()):
            raise Invalid(f"This tar file is no backup of a portal: it holds {member.name!r}.")
        member.mode = 0o700 if member.isdir() else member.mode & 0o755
        tar.extract(member, target, set_attrs=not member.issym())


def put_back_database(source: Path, places: Places) -> None:
    """Replace the database alone by the one in a backup folder: after a failed upgrade, with the portal stopped. Raises Invalid."""
    read_manifest(source)
    if isinstance(places.database, str):
        _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--dbname", places.database, str(source / DUMP))
        return
    unfinished = places.database.with_suffix(".restoring")
    shutil.copyfile(source / SQLITE, unfinished)
    for left in ("-wal", "-shm"):  # they belong to the database that goes
        places.database.with_name(places.database.name + left).unlink(missing_ok=True)
    unfinished.replace(places.database)


def read_manifest(source: Path) -> Manifest:
    """Raises Invalid when `source` is not a whole backup, or a newer format."""
    try:
        manifest = Manifest(**json.loads((source / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise Invalid(f"{source} is not a whole backup: {MANIFEST} is missing or damaged.") from error
    if manifest.format > FORMAT:
        raise Invalid(f"{source} was made by a newer portal (format {manifest.format}).")
    files, size = _measure(source)
    if (files, size) != (manifest.files, manifest.size):
        raise Invalid(f"{source} is not whole: {files} files of {size} bytes, made with {manifest.files} of {manifest.size}.")
    return manifest


def _refuse_full(places: Places, manifest: Manifest) -> None:
    kind = "postgresql" if isinstance(places.database, str) else "sqlite"
    if manifest.database != kind:
        raise Invalid(f"The backup holds a {manifest.database} database, this portal is set to {kind}.")
    if isinstance(places.database, Path) and places.database.exists():
        raise Invalid(f"{places.database} exists: restore into an empty data directory.")
    for folder in (places.repositories, places.blobs):
        if folder is not None and folder.exists() and any(path.is_file() for path in folder.rglob("*")):
            raise Invalid(f"{folder} is not empty: restore into an empty data directory.")


def _snapshot(database: Path | str, target: Path) -> None:
    if isinstance(database, str):
        _run("pg_dump", "--format=custom", "--file", str(target / DUMP), database)
        return
    if not database.exists():
        raise Invalid(f"{database} does not exist: nothing to back up.")
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as live,
        closing(sqlite3.connect(target / SQLITE)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, no -wal beside it


def _run(*command: str) -> None:
    path = f"{os.environ.get('PATH', '')}:/usr/lib/postgresql/15/bin"
    try:
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": path})
    except FileNotFoundError as error:
        raise Invalid(f"{command[0]} is missing: apt-get install postgresql-client") from error
    if done.returncode:
        raise Invalid(f"{command[0]} failed: {(done.stderr.strip() or 'no output').splitlines()[-1]}")


def _measure(folder: Path) -> tuple[int, int]:
    """Files and bytes below, the manifest apart."""
    files = size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            if not (root == str(folder) and name.startswith(MANIFEST)):
                files += 1
                size += os.lstat(os.path.join(root, name)).st_size
    return files, size


# --- files ------------------------------------------------------------------------------------------------------------


def _copy_repositories(source: Path, target: Path) -> None:
    members: list[Path] = []
    pools: list[Path] = []
    for repository in _repositories(source):
        (pools if repository.is_relative_to(source / "pools") else members).append(repository)
    for repository in [*members, *pools]:
        copy = target / repository.relative_to(source)
        # git pack-refs moves refs into the packed file, so the loose ones come first.
        for name in ("refs", "packed-refs", "HEAD", "config", "description", "info", "hooks", "shallow"):
            _copy_tree(repository / name, copy / name, link=False)
        (copy / "openi").mkdir(exist_ok=True)  # indexes in there are built anew
    for repository in [*members, *pools]:
        objects, copy = repository / "objects", target / repository.relative_to(source) / "objects"
        for folder in ("pack", "info"):
            (copy / folder).mkdir(parents=True, exist_ok=True)
        _copy_tree(objects / "info", copy / "info", link=False)
        for loose in sorted(objects.glob("[0-9a-f][0-9a-f]")):
            _copy_tree(loose, copy / loose.name, link=True)
        # Not the index over all packs: it may name packs that are gone by the time they are copied. Maintenance writes it again.
        _copy_tree(objects / "pack", copy / "pack", link=True, skip=lambda name: name.startswith("multi-pack-index"))


def _repositories(root: Path) -> Iterator[Path]:
    """Bare repositories below, without looking into them."""
    for folder, names, _ in os.walk(root):
        for name in list(names):
            if name.endswith(".git"):
                names.remove(name)
                yield Path(folder, name)


def _unfinished(name: str) -> bool:
    """Files that a writer has not finished: it will rename them or remove them."""
    return name.endswith((".lock", ".new")) or name.startswith(("tmp_", "incoming-", "tmp-", ".ready-"))


def _copy_tree(source: Path, target: Path, *, link: bool, skip: Callable[[str], bool] = lambda name: False) -> None:
    """Copy a file or folder. Read again while something listed is gone when its turn comes (git repacked meanwhile)."""
    if not source.exists():
        return
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_file(source, target, link)
        return
    for _ in range(READ_AGAIN_MAX):
        vanished = False
        for folder, names, files in os.walk(source):
            names[:] = [name for name in names if not _unfinished(name)]
            copy = target / Path(folder).relative_to(source)
            copy.mkdir(parents=True, exist_ok=True)
            # .idx last: git takes a pack for whole when it sees its index.
            for name in sorted(files, key=lambda name: (name.endswith(".idx"), name)):
                if _unfinished(name) or skip(name) or (copy / name).exists() or Path(folder, name).is_socket():
                    continue  # a running SSH server listens at a socket beside its keys
                try:
                    _copy_file(Path(folder, name), copy / name, link)
                except FileNotFoundError:
                    vanished = True
        if not vanished:
            return
        time.sleep(0.2)


def _copy_file(source: Path, target: Path, link: bool) -> None:
    if link:
        with suppress(OSError):
            os.link(source, target, follow_symlinks=False)
            return
    shutil.copy2(source, target, follow_symlinks=False)
