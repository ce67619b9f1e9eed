"""Git LFS pointers in a tree: which large objects a repository names without holding them (git-lfs, docs/spec.md)."""

import re
from pathlib import Path

import pygit2

from gitstore import process
from gitstore.store import opened

_POINTER = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n"
)
_SIZES = range(100, 1024)  # bytes of a pointer
_ATTRIBUTES_MAX = 1024**2


def names_lfs(path: Path, commit: str, *, timeout: float = 120) -> bool:
    """True if the attributes of the commit's tree, at its root or in a folder, send files through LFS. Raises GitFailed, TimedOut.

    The root's are read in process; only where they are silent does git look for others.
    """
    repository = opened(path)
    try:
        entry = repository[commit].peel(pygit2.Tree)[".gitattributes"]
        if isinstance(entry, pygit2.Blob) and entry.size < _ATTRIBUTES_MAX and b"filter=lfs" in entry.data:
            return True
    except (KeyError, ValueError, pygit2.GitError):
        pass
    pattern = ["--fixed-strings", "--name-only", "-e", "filter=lfs", commit, "--", ":(glob)**/.gitattributes"]
    return bool(process.run(path, ["grep", "--max-count=1", "-I", "--threads=1", *pattern], timeout=timeout, ok=(0, 1)))  # 1: no match


def lfs_objects(path: Path, commit: str, *, timeout: float = 120) -> dict[str, int]:
    """SHA-256 → size (bytes) of what the pointers in the commit's tree name. Raises GitFailed, TimedOut."""
    repository, found = opened(path), {}
    listing = process.run(path, ["ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", commit], timeout=timeout)
    for entry in listing.split(b"\0")[:-1]:
        head, _tab, name = entry.partition(b"\t")
        mode, kind, oid, size = head.split()
        if kind != b"blob" or mode == b"120000" or not size.isdigit() or int(size) not in _SIZES or name.endswith(b".gitattributes"):
            continue
        if pointer := _POINTER.match(repository.odb.read(oid.decode())[1]):
            found[pointer[1].decode()] = int(pointer[2])
    return found
