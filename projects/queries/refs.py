"""Branches and tags of a repository, read once per state of its ref files."""

import os
from collections import OrderedDict
from hashlib import blake2b
from pathlib import Path
from threading import Lock

import gitstore
from projects.models import Repository

_KEPT = 64  # repositories whose refs stay in memory
_known: OrderedDict[tuple[Path, str], tuple[list[gitstore.Ref], list[gitstore.Ref]]] = OrderedDict()
_lock = Lock()


def ref_state(repository: Repository) -> str:
    """Changes whenever a branch, a tag or HEAD may have: names, times and inodes of the ref files (no file is opened)."""
    path = repository.path
    digest = blake2b(digest_size=12)
    for name in ("HEAD", "packed-refs"):
        try:
            found = os.stat(path / name)
            digest.update(f"{name} {found.st_ino} {found.st_mtime_ns} {found.st_size}\n".encode())
        except FileNotFoundError:
            continue
    stack = [str(path / "refs" / "heads"), str(path / "refs" / "tags")]
    while stack:
        try:
            entries = sorted(os.scandir(stack.pop()), key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                stack.append(entry.path)
            elif not entry.name.endswith(".lock"):
                found = entry.stat(follow_symlinks=False)
                digest.update(f"{entry.path} {found.st_ino} {found.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def refs(repository: Repository) -> tuple[list[gitstore.Ref], list[gitstore.Ref]]:
    """(branches, tags) by name; from memory while the ref files did not change."""
    key = (repository.path, ref_state(repository))
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = gitstore.branches(repository.path), gitstore.tags(repository.path)
    with _lock:
        _known[key] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found
