"""Differences between two commits: names first, hunks only for the files of the page that is read."""

import difflib
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pygit2
from pygit2.enums import DeltaStatus, DiffFlag, DiffOption

from gitstore import process
from gitstore.errors import GitFailed, PathMissing, TimedOut
from gitstore.graph import borrowing
from gitstore.objects import commit
from gitstore.store import alternates, opened_with, root_tree
from gitstore.types import ZERO, Diff, FileDiff, Hunk, Line

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
SIDE_MAX = 2 * 1024**2  # bytes of one side of a file before its hunks wait to be asked for
WHOLE_MAX = 24 * 1024**2  # bytes even then
COUNTED_FILES = 400  # files whose lines are counted in process; more are counted by git, for COUNT_SECONDS at most
COUNT_SECONDS = 4.0
RENAME_PAIRS = 40_000  # similarity comparisons; beyond it only unchanged files are recognised as renamed
WHOLE_LINES = 20_000
_STATUS = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "deleted",
    DeltaStatus.MODIFIED: "modified",
    DeltaStatus.RENAMED: "renamed",
    DeltaStatus.COPIED: "copied",
    DeltaStatus.TYPECHANGE: "type",
}
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


def diff(
    path: Path,
    old: str,
    new: str,
    *,
    first: int = 0,
    limit: int = 40,
    lines: int = 2000,
    ignore_space: bool = False,
    whole: bool = False,
    context: int = 3,
    store: Path | None = None,
) -> Diff:
    """Files `first`…`first+limit-1` of what changed from `old` ("" for nothing) to `new`, both commits or trees.

    A file's hunks end after `lines` changed and context lines (`cut`) unless `whole`; a file over SIDE_MAX bytes has `hunks` None
    until it is asked for whole. `store` is another repository that holds the objects of one side. Raises PathMissing, RepositoryMissing.
    """
    repository = opened_with(path, store)
    found = _compared(repository, old, new, ignore_space, context)
    deltas = list(found.deltas)
    renamed = _exact_renames(deltas) if _too_many_pairs(deltas) else {}
    order = [index for index in range(len(deltas)) if index not in renamed.values()]
    bound, page = WHOLE_LINES if whole else lines, list(enumerate(order))[first : first + limit]
    with ThreadPoolExecutor(1) as beside:
        by_git = COUNTED_FILES < len(order) != len(page)
        counted = beside.submit(_count, path, old, new, ignore_space, store) if by_git else None
        files = [_file(repository, found, deltas, index, shown, renamed, bound, WHOLE_MAX if whole else SIDE_MAX) for shown, index in page]
        additions, deletions = counted.result() if counted else _totals(found, files, len(order))
    return Diff(files, len(order), additions, deletions)


def _compared(repository: pygit2.Repository, old: str, new: str, ignore_space: bool, context: int) -> pygit2.Diff:
    flags = DiffOption.INCLUDE_TYPECHANGE | DiffOption.INDENT_HEURISTIC
    if ignore_space:
        flags |= DiffOption.IGNORE_WHITESPACE
    one, other = _tree(repository, old), _tree(repository, new)
    if one is None and other is None:
        raise PathMissing(new)
    if one is None:
        assert other is not None  # noqa: S101 - for the type checker
        found = other.diff_to_tree(flags=flags, context_lines=context, swap=True)
    elif other is None:
        found = one.diff_to_tree(flags=flags, context_lines=context)
    else:
        found = one.diff_to_tree(other, flags=flags, context_lines=context)
    if not _too_many_pairs(list(found.deltas)):
        found.find_similar(rename_limit=1000)
    return found


def _tree(repository: pygit2.Repository, oid: str) -> pygit2.Tree | None:
    if oid in ("", ZERO, EMPTY_TREE):
        return None
    return root_tree(repository, oid)


def _too_many_pairs(deltas: list[Any]) -> bool:
    added = sum(delta.status == DeltaStatus.ADDED for delta in deltas)
    deleted = sum(delta.status == DeltaStatus.DELETED for delta in deltas)
    return bool(added * deleted > RENAME_PAIRS)


def _exact_renames(deltas: list[Any]) -> dict[int, int]:
    """Index of an added file → index of the deleted file with the same content."""
    gone = {str(delta.old_file.id): index for index, delta in enumerate(deltas) if delta.status == DeltaStatus.DELETED}
    pairs = {}
    for index, delta in enumerate(deltas):
        if delta.status == DeltaStatus.ADDED and (source := gone.pop(str(delta.new_file.id), None)) is not None:
            pairs[index] = source
    return pairs


def _file(
    repository: pygit2.Repository,
    found: pygit2.Diff,
    deltas: list[Any],
    index: int,
    shown: int,
    renamed: dict[int, int],
    lines: int,
    size_max: int,
) -> FileDiff:
    delta = deltas[index]
    status = _STATUS.get(delta.status, "modified")
    old, new = (deltas[renamed[index]].old_file if index in renamed else delta.old_file), delta.new_file
    binary, additions, deletions, cut = False, 0, 0, False
    hunks: list[Hunk] | None = []
    if index in renamed:
        status = "renamed"
    elif max(_size(repository, old), _size(repository, new)) > size_max:
        hunks = None
    else:
        patch = _patch(found, index)
        binary = bool(patch is None or patch.delta.flags & DiffFlag.BINARY)
        if patch is not None and not binary:
            _context, additions, deletions = patch.line_stats
            hunks, cut = _hunks(patch, lines)
    return FileDiff(
        index=shown,
        old_path=os.fsdecode(old.raw_path),
        new_path=os.fsdecode(new.raw_path),
        status=status,
        old_mode=0 if status == "added" else int(old.mode),
        new_mode=0 if status == "deleted" else int(new.mode),
        old_oid=str(old.id),
        new_oid=str(new.id),
        binary=binary,
        additions=additions,
        deletions=deletions,
        hunks=hunks,
        cut=cut,
    )


def _patch(found: pygit2.Diff, index: int) -> pygit2.Patch | None:
    """None also where an object of a damaged or partial history is missing."""
    try:
        return found[index]
    except (KeyError, pygit2.GitError):
        return None


def _size(repository: pygit2.Repository, side: Any) -> int:
    if int(side.mode) in (0, 0o160000) or str(side.id) == ZERO:
        return 0
    try:
        return int(repository.odb.read_header(side.id)[1])
    except (KeyError, ValueError):
        return 0


def _hunks(patch: pygit2.Patch, lines: int) -> tuple[list[Hunk], bool]:
    """Hunks of a file until `lines` lines are read; whether something was left out."""
    answer: list[Hunk] = []
    left = lines
    for hunk in patch.hunks:
        if left <= 0:
            return answer, True
        shown: list[Line] = []
        for line in hunk.lines:
            if line.origin not in (" ", "+", "-"):  # "no newline at end of file": the text itself has none
                continue
            if left <= 0:
                break
            left -= 1
            shown.append(
                Line(
                    line.origin,
                    line.old_lineno if line.origin != "+" else None,
                    line.new_lineno if line.origin != "-" else None,
                    line.raw_content,
                )
            )
        answer.append(Hunk(hunk.header.rstrip("\n"), hunk.old_start, hunk.new_start, shown))
        if left <= 0 and len(shown) < sum(line.origin in (" ", "+", "-") for line in hunk.lines):
            return answer, True
    return answer, False


def _totals(found: pygit2.Diff, files: list[FileDiff], total: int) -> tuple[int, int]:
    """Lines added and deleted, counted in process."""
    if len(files) == total:
        return sum(file.additions for file in files), sum(file.deletions for file in files)
    return found.stats.insertions, found.stats.deletions


def _count(path: Path, old: str, new: str, ignore_space: bool, store: Path | None) -> tuple[int | None, int | None]:
    """The same, counted by git; None for both if that takes too long."""
    arguments = [
        "diff-tree",
        "-r",
        "--shortstat",
        "-l400",
        "-M",
        *(["-w"] if ignore_space else []),
        "--end-of-options",
        old or EMPTY_TREE,
        new or EMPTY_TREE,
    ]
    extra = borrowing(store) if store else None
    try:
        text = process.run(path, arguments, timeout=COUNT_SECONDS, extra=extra).decode()
    except (TimedOut, GitFailed):
        return None, None
    added, gone = re.search(r"(\d+) insertion", text), re.search(r"(\d+) deletion", text)
    return int(added[1]) if added else 0, int(gone[1]) if gone else 0


def changed_names(path: Path, old: str, new: str, *, limit: int = 10_000) -> list[str]:
    """Old and new names of what changed from commit `old` ("" for nothing) to `new`, sorted, at most `limit`; no content is compared."""
    repository = opened_with(path, None)
    one, other = _tree(repository, old), _tree(repository, new)
    if one is None and other is None:
        return []
    found = one.diff_to_tree(other) if one and other else one.diff_to_tree() if one else other.diff_to_tree(swap=True)  # type: ignore[union-attr]
    names = {os.fsdecode(side.raw_path) for delta in found.deltas for side in (delta.old_file, delta.new_file)}
    return sorted(names)[:limit]


def commit_diff(path: Path, oid: str, **options: Any) -> Diff:
    """What a commit changed against its first parent (against nothing for a root)."""
    parents = commit(path, oid).parents
    return diff(path, parents[0] if parents else "", oid, **options)


def diff_stream(path: Path, old: str, new: str, *, store: Path | None = None) -> Iterator[bytes]:
    """The unified text of a whole diff, in blocks; `git apply` takes it."""
    arguments = ["diff-tree", "-p", "-r", "-M", "--full-index", "--binary", "--no-ext-diff", "--no-textconv", "--no-color"]
    yield from process.stream(
        path, [*arguments, "--end-of-options", old or EMPTY_TREE, new], extra=borrowing(store, *alternates(store)) if store else None
    )


def patch_stream(path: Path, tip: str, base: str = "", *, store: Path | None = None) -> Iterator[bytes]:
    """Mails for `git am`: one for the commit `tip`, or for each commit after `base`; `store` also holds objects of one side."""
    arguments = ["format-patch", "--stdout", "--full-index", "--binary", "--no-ext-diff", "--no-signature", "--no-color"]
    yield from process.stream(
        path,
        [*arguments, *([] if base else ["-1"]), "--end-of-options", f"{base}..{tip}" if base else tip],
        extra=borrowing(store, *alternates(store)) if store else None,
    )


def words(old: str, new: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Character ranges [start, end) that differ in a changed line, on the old and the new side; none where they have little in common."""
    one, other = _WORDS.findall(old), _WORDS.findall(new)
    if len(one) + len(other) > 600:
        return _middle(old, new)
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    kept = sum(len("".join(one[block.a : block.a + block.size]).strip()) for block in matcher.get_matching_blocks())
    if kept * 3 < max(len(old.strip()), len(new.strip())):
        return [], []
    gone: list[tuple[int, int]] = []
    come: list[tuple[int, int]] = []
    old_at, new_at = _offsets(one), _offsets(other)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            _extend(gone, old_at[a], old_at[b])
            _extend(come, new_at[c], new_at[d])
    return gone, come


def _middle(old: str, new: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Long lines: what lies between the common beginning and the common end."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return ([(start, len(old) - end)] if start < len(old) - end else []), ([(start, len(new) - end)] if start < len(new) - end else [])


def _common(one: str, other: str) -> int:
    """Length of the common beginning."""
    return next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _offsets(parts: list[str]) -> list[int]:
    answer = [0]
    for part in parts:
        answer.append(answer[-1] + len(part))
    return answer


def _extend(ranges: list[tuple[int, int]], start: int, end: int) -> None:
    if start == end:
        return
    if ranges and ranges[-1][1] == start:
        ranges[-1] = (ranges[-1][0], end)
    else:
        ranges.append((start, end))
