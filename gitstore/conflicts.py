"""What a person sees and decides where git cannot merge: the text with markers, and the merge made of the chosen texts."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from gitstore import process
from gitstore.errors import GitFailed, PathMissing
from gitstore.merges import Conflict, MergeConflicts, NothingToMerge, Stage, Trial, UnrelatedHistories, tried
from gitstore.names import check_path
from gitstore.objects import blob, blob_size
from gitstore.replays import commit_tree
from gitstore.types import Edit, Signature
from gitstore.writes import edited_tree, write_blob

TEXT_MAX = 512 * 1024  # bytes of one side that is shown in an editor
_REGULAR = (0o100644, 0o100755)
_TEXT_KINDS = ("content", "add/add")
_KINDS = (*_TEXT_KINDS, "modify/delete", "binary", "distinct modes")
TAKE_OURS, TAKE_THEIRS, DELETE = "ours", "theirs", "delete"


def is_text(path: Path, conflict: Conflict) -> bool:
    """True if both sides are ordinary text files of a size that an editor takes."""
    sides = [side for side in (conflict.base, conflict.ours, conflict.theirs) if side is not None]
    if conflict.kind not in _TEXT_KINDS or conflict.ours is None or conflict.theirs is None:
        return False
    if any(side.mode not in _REGULAR or blob_size(path, side.oid) > TEXT_MAX for side in sides):
        return False
    return not any(b"\0" in blob(path, side.oid, limit=TEXT_MAX).data for side in sides)


def is_resolvable(conflict: Conflict) -> bool:
    """True if choosing a text or a side for the path settles it; names that clash are settled with git."""
    sides = [side for side in (conflict.ours, conflict.theirs) if side is not None]
    return conflict.kind in _KINDS and bool(sides) and all(side.mode in _REGULAR for side in sides)


def marked_text(path: Path, conflict: Conflict, *, ours: str, theirs: str) -> bytes:
    """The file with conflict markers, the sides named `ours` and `theirs` (git-merge-file(1)). Raises PathMissing for what is no text."""
    if not is_text(path, conflict):
        raise PathMissing(conflict.path)
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for name, side in (("ours", conflict.ours), ("base", conflict.base), ("theirs", conflict.theirs)):
            file = Path(folder) / name
            file.write_bytes(blob(path, side.oid, limit=TEXT_MAX).data if side is not None else b"")
            names.append(str(file))
        arguments = ["merge-file", "-p", "-q", "-L", _label(ours), "-L", "base", "-L", _label(theirs), "--", *names]
        return process.run(None, arguments, ok=range(128), timeout=20)


def _label(name: str) -> str:
    return name.replace("\n", " ")[:200] or "-"


def resolve(
    path: Path, ours: str, theirs: str, choices: Mapping[str, bytes | str], *, message: str, author: Signature, committer: Signature
) -> str:
    """A merge of `theirs` into `ours` with each conflict settled by `choices`; returns the commit, its first parent is `ours`.

    A choice is the whole text of the file (bytes), or TAKE_OURS, TAKE_THEIRS, DELETE.
    Raises MergeConflicts for what is left without a choice or cannot be settled so, NothingToMerge, UnrelatedHistories, GitFailed.
    """
    trial: Trial = next(tried(path, [(ours, theirs)], aside=path / "objects"))
    if trial.state == "merged":
        raise NothingToMerge(theirs)
    if trial.state == "unrelated":
        raise UnrelatedHistories(theirs)
    if trial.state == "failed":
        raise GitFailed(["merge-tree"], 128, f"{ours} {theirs}")
    left = [one for one in trial.conflicts if one.path not in choices or not is_resolvable(one)]
    if left:
        raise MergeConflicts(left)
    edits = [_edit(path, one, choices[one.path]) for one in trial.conflicts]
    tree = edited_tree(path, trial.tree, edits) if edits else trial.tree
    return commit_tree(path, tree, [ours, theirs], message=message, author=author, committer=committer)


def _edit(path: Path, conflict: Conflict, choice: bytes | str) -> Edit:
    check_path(conflict.path)
    if isinstance(choice, bytes):
        side = conflict.ours or conflict.theirs
        return Edit(conflict.path, write_blob(path, choice), side.mode if side else 0o100644)
    taken: Stage | None = {TAKE_OURS: conflict.ours, TAKE_THEIRS: conflict.theirs, DELETE: None}[choice]
    return Edit(conflict.path, taken.oid, taken.mode) if taken else Edit(conflict.path, "")
