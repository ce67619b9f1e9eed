"""Merging without a work tree (git-merge-tree(1), --write-tree)."""

from dataclasses import dataclass
from pathlib import Path

from gitstore import process
from gitstore.graph import borrowing
from gitstore.store import alternates


@dataclass(frozen=True, slots=True)
class Merged:
    """The tree of a merge; with `conflicts` (paths) it holds conflict markers and must not be committed."""

    tree: str
    conflicts: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """True if nothing conflicts."""
        return not self.conflicts


def merge_trees(path: Path, ours: str, theirs: str, *, store: Path | None = None, timeout: float = 30) -> Merged:
    """Merge two commits; `store` holds the objects of `theirs` if they are elsewhere. Raises GitFailed (no common history), TimedOut."""
    arguments = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs]
    extra = borrowing(store, *alternates(store)) if store else None
    output = process.run(path, arguments, ok=(0, 1), timeout=timeout, extra=extra).decode("utf-8", "surrogateescape")
    tree, *names = output.split("\0")
    return Merged(tree.strip(), tuple(name for name in names if name))
