"""What a push brings: its new commits and files, read from the quarantine alone, so the cost follows the push and not the history."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pygit2

from projects.places import ZERO, Proposal

MAX_OBJECTS = 200_000  # beyond this a push is an import; the rest of its files is not looked at one by one


@dataclass(frozen=True, slots=True)
class NewBlob:
    """A file that is new to the repository, where the push first has it. `size` in bytes, `commit` as hex oid."""

    oid: str
    path: str
    size: int
    commit: str


def _is_new(proposal: Proposal) -> Any:
    """A predicate on pygit2 oids: does the push bring this object?"""
    if proposal.quarantine is not None:
        odb = pygit2.Odb(str(proposal.quarantine))
        return lambda oid: oid in odb
    return lambda oid: True


def new_commits(proposal: Proposal) -> list[Any]:
    """Commits the push adds, newest first (pygit2 commits), at most MAX_OBJECTS."""
    if "commits" not in proposal.memo:
        proposal.memo["commits"] = list(_new_commits(proposal))
    return list(proposal.memo["commits"])


def _new_commits(proposal: Proposal) -> Iterator[Any]:
    store = proposal.store
    tips = [_commit(store, new) for _ref, _old, new in proposal.updates if new != ZERO]
    starts = [tip for tip in tips if tip is not None]
    if proposal.quarantine is not None:
        is_new = _is_new(proposal)
        yield from _walk_new(store, [tip for tip in starts if is_new(tip.id)], is_new)
        return
    walker = store.walk(None, pygit2.enums.SortMode.TOPOLOGICAL)
    for tip in starts:
        walker.push(tip.id)
    for _ref, old, _new in proposal.updates:
        if old != ZERO and old in store:
            walker.hide(old)
    if all(old == ZERO for _ref, old, _new in proposal.updates):  # a new branch: hide what other refs have
        moved = {ref for ref, _old, _new in proposal.updates}
        for name in store.references:
            known = None if name in moved else _commit(store, str(store.references[name].resolve().target))
            if known is not None:
                walker.hide(known.id)
    for count, commit in enumerate(walker):
        if count >= MAX_OBJECTS:
            return
        yield commit


def _walk_new(store: Any, starts: list[Any], is_new: Any) -> Iterator[Any]:
    seen, queue = {tip.id for tip in starts}, list(starts)
    while queue and len(seen) <= MAX_OBJECTS:
        commit = queue.pop()
        yield commit
        for parent in commit.parent_ids:
            if parent not in seen and is_new(parent):
                seen.add(parent)
                queue.append(store[parent])


def _commit(store: Any, oid: str) -> Any:
    """The commit behind a commit or tag, None for other things."""
    try:
        return store[oid].peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.InvalidSpecError):
        return None


def new_blobs(proposal: Proposal) -> list[NewBlob]:
    """Files the push adds or changes, each content once, with the path it is first met at."""
    if "blobs" not in proposal.memo:
        proposal.memo["blobs"] = list(_new_blobs(proposal))
    return list(proposal.memo["blobs"])


def _new_blobs(proposal: Proposal) -> Iterator[NewBlob]:
    store, is_new = proposal.store, _is_new(proposal)
    seen: set[Any] = set()
    for commit in new_commits(proposal):
        known = _known_entries(proposal, commit)
        stack = [("", commit.tree_id)]
        while stack and len(seen) <= MAX_OBJECTS:
            prefix, oid = stack.pop()
            if oid in seen or oid in known or not is_new(oid):
                continue
            seen.add(oid)
            for entry in store[oid]:
                path = prefix + entry.raw_name.decode(errors="surrogateescape") if entry.raw_name else prefix
                if entry.type_str == "tree":
                    stack.append((path + "/", entry.id))
                elif entry.type_str == "blob" and entry.id not in seen and entry.id not in known and is_new(entry.id):
                    seen.add(entry.id)
                    yield NewBlob(str(entry.id), path, _size(store, entry.id), str(commit.id))


def _known_entries(proposal: Proposal, commit: Any) -> set[Any]:
    """Without a quarantine, what the first parent's tree has at its top is not new (a cheap cut for web edits)."""
    if proposal.quarantine is not None or not commit.parents:
        return set()
    known: set[Any] = set()
    stack = [(commit.tree, commit.parents[0].tree)]
    while stack:
        now, before = stack.pop()
        old = {entry.raw_name: entry for entry in before}
        for entry in now:
            other = old.get(entry.raw_name)
            if other is None:
                continue
            if other.id == entry.id:
                known.add(entry.id)
            elif entry.type_str == other.type_str == "tree":
                stack.append((entry, other))
    return known


def _size(store: Any, oid: Any) -> int:
    return int(store.odb.read_header(oid)[1]) if hasattr(store.odb, "read_header") else int(store[oid].size)
