"""The last commit of each entry of a directory: Git's history simplification for all entries in one walk.

An entry belongs to the first commit (in topological order) that differs from every parent in it; where a parent has the
same entry, the question passes on to the first such parent. Answers are kept per (directory, commit) in a file of the
repository; a later commit is answered from the pushed range alone, because the walk stops at commits it has answers for.
"""

import json
import os
import sqlite3
import subprocess
import time
import zlib
from contextlib import closing
from pathlib import Path

import pygit2

from gitstore import process
from gitstore.errors import GitFailed, PathMissing
from gitstore.objects import tree_oid
from gitstore.store import opened

_EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_SYNC = "sync"
_KEPT = 6  # commits remembered per directory
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS answer(folder BLOB, commit_oid TEXT, at REAL, entries BLOB, PRIMARY KEY(folder, commit_oid)) WITHOUT ROWID"
)


def _database(path: Path) -> sqlite3.Connection:
    folder = path / "openi"
    folder.mkdir(exist_ok=True)
    connection = sqlite3.connect(folder / "lastcommits.sqlite", timeout=5, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(_SCHEMA)
    return connection


def last_commits(path: Path, commit: str, folder: str = "") -> dict[str, str] | None:
    """Entry name → oid of its last commit, None if nobody computed it yet (see `build_last_commits`)."""
    if not (path / "openi" / "lastcommits.sqlite").exists():
        return None
    with closing(_database(path)) as database:
        row = database.execute(
            "SELECT entries FROM answer WHERE folder=? AND commit_oid=?", (folder.encode("utf-8", "surrogateescape"), commit)
        ).fetchone()
    return json.loads(zlib.decompress(row[0])) if row else None


def build_last_commits(path: Path, commit: str, folder: str = "", *, seconds: float = 120) -> dict[str, str] | None:
    """Compute, keep and return the answer; None when `seconds` are over. Raises PathMissing."""
    known = last_commits(path, commit, folder)
    if known is not None:
        return known
    tree_oid(path, commit, folder)
    key = folder.encode("utf-8", "surrogateescape")
    with closing(_database(path)) as database:
        rows = database.execute("SELECT commit_oid, entries FROM answer WHERE folder=?", (key,)).fetchall()
        earlier = {oid: json.loads(zlib.decompress(entries)) for oid, entries in rows}
        found = _Walk(path, folder, earlier, time.monotonic() + seconds).run(commit)
        if found is None:
            return None
        packed = zlib.compress(json.dumps(found).encode())
        database.execute("REPLACE INTO answer VALUES(?,?,?,?)", (key, commit, time.time(), packed))
        database.execute(
            "DELETE FROM answer WHERE folder=? AND commit_oid NOT IN"
            " (SELECT commit_oid FROM answer WHERE folder=? ORDER BY at DESC LIMIT ?)",
            (key, key, _KEPT),
        )
    return found


class _Walk:
    """One computation; `git diff-tree --stdin` compares the pairs of trees that differ."""

    def __init__(self, path: Path, folder: str, earlier: dict[str, dict[str, str]], deadline: float) -> None:
        self.path, self.folder, self.earlier, self.deadline = path, folder, earlier, deadline
        self.repository = opened(path)
        self.answer: dict[str, str] = {}
        self.trees: dict[str, str] = {}
        self.child = process.start(
            path, ["diff-tree", "--stdin", "--raw", "-z", "--no-renames", "--abbrev=7"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def run(self, commit: str) -> dict[str, str] | None:
        try:
            return self._run(commit)
        except pygit2.GitError:  # libgit2 cannot walk over a malformed commit
            return None
        finally:
            process.end(self.child)

    def _tree(self, commit: pygit2.Commit) -> str:
        if not self.folder:
            return str(commit.tree_id)
        oid = str(commit.id)
        if oid not in self.trees:
            try:
                self.trees[oid] = tree_oid(self.path, oid, self.folder)
            except PathMissing:
                self.trees[oid] = _EMPTY
        return self.trees[oid]

    def _run(self, commit: str) -> dict[str, str] | None:
        start = self.repository[commit].peel(pygit2.Commit)
        listing = self.repository[self._tree(start)].peel(pygit2.Tree)
        wanted: dict[str, set[str]] = {commit: {os.fsdecode(child.raw_name or b"") for child in listing}}
        remaining = len(wanted[commit])
        walker = self.repository.walk(commit, pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.TIME)
        for number, here in enumerate(walker):
            names = wanted.pop(str(here.id), None)
            if number % 256 == 0 and time.monotonic() > self.deadline:
                return None
            if not names:
                continue
            remaining -= self._settle(here, names, wanted)
            if remaining == 0:
                break
        return self.answer

    def _settle(self, here: pygit2.Commit, names: set[str], wanted: dict[str, set[str]]) -> int:
        """Answer the names that changed here, pass the others on; returns how many were answered."""
        oid = str(here.id)
        before = len(self.answer)
        if oid in self.earlier:
            known = self.earlier[oid]
            self.answer.update({name: known[name] for name in names if name in known})
            names = {name for name in names if name not in known}
        mine = self._tree(here)
        for parent_oid in here.parent_ids:
            if not names:
                break
            parent = self.repository.get(parent_oid)
            if not isinstance(parent, pygit2.Commit):  # shallow
                continue
            theirs = self._tree(parent)
            same = names if mine == theirs else names - self._changed(theirs, mine)
            if same:
                wanted.setdefault(str(parent_oid), set()).update(same)
                names = names - same
        self.answer.update(dict.fromkeys(names, oid))
        return len(self.answer) - before

    def _changed(self, old: str, new: str) -> set[str]:
        """Names that differ between two trees."""
        assert self.child.stdin is not None  # noqa: S101 - for the type checker
        assert self.child.stdout is not None  # noqa: S101
        self.child.stdin.write(f"{old} {new}\n{_SYNC}\n".encode())  # diff-tree echoes a line that is no oid, and flushes
        self.child.stdin.flush()
        end = f"{_SYNC}\n".encode()
        output = b""
        while not output.endswith(end):
            piece = os.read(self.child.stdout.fileno(), 1 << 20)
            if not piece:
                raise GitFailed(["diff-tree"], self.child.poll() or 1, f"{old} {new}")
            output += piece
        records = output[output.index(b"\n") + 1 : -len(end)].split(b"\0")
        return {name.decode("utf-8", "surrogateescape") for name in records[1::2]}
