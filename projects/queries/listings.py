"""Directories with what their pages show beside the names."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from posixpath import normpath
from threading import Lock
from urllib.parse import urlsplit

import gitstore
from projects.logic import is_long_history
from projects.models import Repository
from projects.queries.browsing import reading
from projects.queries.commits import message_parts
from projects.queries.parts import keep, kept
from projects.queries.positions import Position

PATIENCE = 0.15  # seconds a page waits for the last commits of a directory that nobody asked for yet
SECONDS = 10  # a thread beside the pages works on one directory
_workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="last-commits")
_running: dict[tuple[Path, str, str], "Future[dict[str, str] | None]"] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Last:
    """The last commit that changed an entry."""

    oid: str
    subject: str
    when: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A directory: directories first, then files, each by name. `last_commits` is None while the index is not ready."""

    oid: str
    entries: list[gitstore.Entry]
    latest: gitstore.Commit | None
    last_commits: dict[str, Last] | None
    submodules: dict[str, str] = field(default_factory=dict)


def listing(repository: Repository, position: Position) -> Listing | None:
    """The directory at `position`, None if a file stands there. Raises NotFound."""
    path = repository.path
    with reading():
        if position.path:
            entry = gitstore.entry_at(path, position.oid, position.path)
            if entry is None:
                raise gitstore.PathMissing(position.path)
            if entry.kind != "tree":
                return None
            oid = entry.oid
        else:
            oid = gitstore.commit(path, position.oid).tree
        entries = gitstore.tree(path, position.oid, position.path)
        last = last_commits(repository, position)
        newest = _newest(last) if last and position.path else position.oid
        modules = _submodules(repository, position) if any(one.kind == "submodule" for one in entries) else {}
        return Listing(oid, entries, gitstore.commit(path, newest), last, modules)


def _newest(last: dict[str, Last]) -> str:
    return max(last.values(), key=lambda one: one.when.timestamp() if one.when else 0).oid


def last_commits(repository: Repository, position: Position) -> dict[str, Last] | None:
    """Entry name → its last commit; None while another thread still computes it (the page is shown without and fills in)."""
    path, oid, folder = repository.path, position.oid, position.path
    key = ("last", repository.pk, oid, folder)
    known = kept(key)
    if isinstance(known, dict):
        return known
    found = gitstore.last_commits(path, oid, folder)
    if found is None and not is_long_history(repository.commits):
        _compute(path, oid, folder)
        found = gitstore.last_commits(path, oid, folder)
    if found is None:
        return None
    commits = gitstore.commits(path, list(found.values()))
    seen = {one.oid: Last(one.oid, message_parts(one.message)[0][:160], one.committer.when) for one in commits.values()}
    answer = {name: seen[last] for name, last in found.items() if last in seen}
    keep(key, answer)
    return answer


def _compute(path: Path, oid: str, folder: str) -> None:
    """Let the worker thread compute the answers, once for all who ask; only the first waits, and for PATIENCE seconds at most."""
    key = (path, oid, folder)
    with _lock:
        if key in _running:
            return
        future = _running[key] = _workers.submit(gitstore.build_last_commits, path, oid, folder, seconds=SECONDS)
    future.add_done_callback(lambda _done: _running.pop(key, None))
    with suppress(TimeoutError):
        future.result(timeout=PATIENCE)


def last_commits_ready(repository: Repository, position: Position) -> bool:
    """True when the page would show them; part of its ETag. Starts the computation when nobody did."""
    key = ("last ready", repository.pk, position.oid, position.path)
    if kept(key):
        return True
    try:
        ready = last_commits(repository, position) is not None
    except gitstore.PathMissing:  # a file, or nothing: the page says so
        return False
    if ready:
        keep(key, True)
    return ready


def last_commit_of_file(repository: Repository, position: Position) -> gitstore.Commit | None:
    """The last commit that changed the file at `position`, from the answers of its directory; None while they are computed."""
    key = ("last of file", repository.pk, position.oid, position.path)
    oid = kept(key)
    if not isinstance(oid, str):
        last = last_commits(repository, position.folder())
        if last is None or position.filename not in last:
            return None
        oid = last[position.filename].oid
        keep(key, oid)
    return gitstore.commit(repository.path, oid)


def submodule_links(repository: Repository, text: str) -> dict[str, str]:
    """Path → page address for the submodules of a `.gitmodules` file: http(s) as it is, `../x` beside this repository, nothing else."""
    links: dict[str, str] = {}
    path = url = ""
    for line in [*text.splitlines(), "[end]"]:
        line = line.strip()
        if line.startswith("["):
            if path and url and (address := submodule_address(repository.get_absolute_url(), url)):
                links[path] = address
            path = url = ""
            continue
        key, _, value = line.partition("=")
        if key.strip() == "path":
            path = value.strip()
        elif key.strip() == "url":
            url = value.strip()
    return links


def submodule_address(base: str, url: str) -> str:
    """Where a submodule's name leads; "" for schemes that a browser must not follow and addresses that leave the site sideways."""
    if url.startswith(("./", "../")):
        joined = normpath(f"{base}/{url}")
        return joined.removesuffix(".git") if joined.startswith("/") and joined.count("/") == 2 else ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme in ("http", "https") and parts.hostname and not parts.username and '"' not in url and "<" not in url:
        return url.removesuffix(".git")
    return ""


def _submodules(repository: Repository, position: Position) -> dict[str, str]:
    """Entry name of this directory → address, from the `.gitmodules` of the root (at most 64 KiB are read)."""
    entry = gitstore.entry_at(repository.path, position.oid, ".gitmodules")
    if entry is None or entry.kind not in ("blob", "executable"):
        return {}
    text = gitstore.blob(repository.path, entry.oid, limit=65536).data.decode("utf-8", "replace")
    prefix = f"{position.path}/" if position.path else ""
    return {path.removeprefix(prefix): url for path, url in submodule_links(repository, text).items() if path.startswith(prefix)}
