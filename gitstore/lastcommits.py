"""The last commit of each entry of a directory: Git's history simplification for all entries in one walk.

An entry belongs to the first commit that differs from every parent in it; where a parent has the same entry, the question
passes on to the first such parent (git-log(1), History Simplification). Answers are kept per (directory, commit) in a file of the
repository; a later commit is answered from the pushed range alone, because the walk stops at commits it has answers for.
"""

import heapq
import json
import os
import sqlite3
import subprocess
import time
import zlib
from contextlib import closing
from pathlib import Path

from gitstore import process
from gitstore.errors import GitFailed, PathMissing
from gitstore.objects import Node, node, tree_oid
from gitstore.store import opened, raw_object, root_tree

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
    """One computation. Each name is at one commit at a time and moves to one parent, so the newest commit with names is always next.

    `git diff-tree --stdin` compares the pairs of trees that differ.
    """

    def __init__(self, path: Path, folder: str, earlier: dict[str, dict[str, str]], deadline: float) -> None:
        self.path, self.folder, self.earlier, self.deadline = path, folder, earlier, deadline
        self.repository = opened(path)
        self.answer: dict[str, str] = {}
        self.nodes: dict[str, Node | None] = {}
        self.wanted: dict[str, set[str]] = {}
        self.heap: list[tuple[int, str]] = []
        self.child = process.start(
            path, ["diff-tree", "--stdin", "--raw", "-z", "--no-renames", "--abbrev=7"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def run(self, commit: str) -> dict[str, str] | None:
        """The answer, None after the deadline. Raises PathMissing."""
        try:
            start = self._node(commit)
            if start is None:
                raise PathMissing(commit)
            self._pass_on(commit, start, {os.fsdecode(child.raw_name or b"") for child in root_tree(self.repository, start.tree)})
            while self.heap:
                if time.monotonic() > self.deadline:
                    return None
                self._settle(heapq.heappop(self.heap)[1])
            return self.answer
        finally:
            process.end(self.child)

    def _node(self, oid: str) -> Node | None:
        """None where a shallow history ends. `tree` is that of the folder."""
        if oid not in self.nodes:
            try:
                found = node(raw_object(self.repository, oid)[1])
                self.nodes[oid] = found._replace(tree=self._tree(found.tree))
            except PathMissing:
                self.nodes[oid] = None
        return self.nodes[oid]

    def _tree(self, root: str) -> str:
        if not self.folder:
            return root
        try:
            return tree_oid(self.path, root, self.folder)
        except PathMissing:
            return _EMPTY

    def _pass_on(self, oid: str, here: Node, names: set[str]) -> None:
        """Ask commit `oid` about the names, unless the answer is known already."""
        known = self.earlier.get(oid, {})
        self.answer.update({name: known[name] for name in names if name in known})
        names = {name for name in names if name not in known}
        if not names:
            return
        if oid not in self.wanted:
            self.wanted[oid] = set()
            heapq.heappush(self.heap, (-here.when, oid))
        self.wanted[oid] |= names

    def _settle(self, oid: str) -> None:
        """Answer the names that changed here, pass the others on."""
        names = self.wanted.pop(oid)
        here = self.nodes.pop(oid)
        assert here is not None  # noqa: S101 - only commits that were read are asked
        for parent_oid in here.parents:
            parent = self._node(parent_oid)
            if parent is None:
                continue
            same = names if here.tree == parent.tree else names - self._changed(parent.tree, here.tree)
            if same:
                self._pass_on(parent_oid, parent, same)
                names = names - same
            if not names:
                return
        self.answer.update(dict.fromkeys(names, oid))

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
