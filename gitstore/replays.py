"""New commits made of old ones without a work tree: merge, squash, rebase, cherry-pick, revert. No ref moves here.

A commit is replayed by a merge with a common ancestor of our choice: three commits that exist for that moment only carry the three trees.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from pygit2.enums import ObjectType

from gitstore import process
from gitstore.errors import GitFailed, PathMissing, TooLarge
from gitstore.graph import is_ancestor
from gitstore.merges import (
    CHUNK_SECONDS,
    SECONDS,
    MergeConflicts,
    NothingToMerge,
    Trial,
    UnrelatedHistories,
    setting_apart,
    tried,
    tried_alone,
    writing_to,
)
from gitstore.objects import commit, parsed
from gitstore.store import opened, raw_object
from gitstore.types import Commit, Signature
from gitstore.writes import _native, _stored

REBASED_MAX = 500  # commits
_CO_AUTHOR = re.compile(r"^co-authored-by:\s*(.*?)\s*<([^<>\s]+)>\s*$", re.IGNORECASE | re.MULTILINE)
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_TRAILER = re.compile(r"^[A-Za-z0-9-]+: \S")


def merge_commit(path: Path, base: str, head: str, *, message: str, author: Signature, committer: Signature) -> str:
    """A commit with both as parents, `base` first. Raises MergeConflicts, NothingToMerge, UnrelatedHistories, GitFailed."""
    tree = _merged_tree(path, base, head)
    return commit_tree(path, tree, [base, head], message=message, author=author, committer=committer)


def squash(path: Path, base: str, head: str, *, message: str, author: Signature, committer: Signature) -> str:
    """One commit on `base` with all that `head` brings; everybody who had a part in it is named as co-author.

    Raises MergeConflicts, NothingToMerge, UnrelatedHistories, GitFailed.
    """
    tree = _merged_tree(path, base, head)
    if tree == _tree_of(path, base):
        raise NothingToMerge(head)
    people = co_authors(path, base, head, besides=(author,))
    return commit_tree(path, tree, [base], message=with_co_authors(message, people), author=author, committer=committer)


def fast_forward(path: Path, base: str, head: str) -> str:
    """`head`, if `base` only has to move forward to it. Raises NothingToMerge, MergeConflicts (there are commits on both sides)."""
    if is_ancestor(path, head, base):
        raise NothingToMerge(head)
    if not is_ancestor(path, base, head):
        raise MergeConflicts((), base)
    return head


def rebase(path: Path, onto: str, head: str, *, committer: Signature) -> str:
    """The commits that only `head` has, put on top of `onto` in their order; returns the last one.

    Authors, their dates and the messages stay; merges, commits that `onto` has already in another guise and those that become empty are
    left out. If they stand on `onto` already nothing is rewritten. Raises MergeConflicts (`commit` says which), NothingToMerge,
    UnrelatedHistories, TooLarge (more than REBASED_MAX), GitFailed.
    """
    if is_ancestor(path, head, onto):
        raise NothingToMerge(head)
    if is_ancestor(path, onto, head) and not _has_merges(path, onto, head):
        return head
    if not process.run(path, ["merge-base", onto, head], ok=(0, 1), timeout=SECONDS):
        raise UnrelatedHistories(head)
    arguments = ["rev-list", "--reverse", "--topo-order", "--no-merges", "--right-only", "--cherry-pick", f"--max-count={REBASED_MAX + 1}"]
    oids = process.run(path, [*arguments, "--end-of-options", f"{onto}...{head}"], timeout=SECONDS).decode().split()
    tip = _all_replayed(path, oids, onto, committer)
    if tip == onto:
        raise NothingToMerge(head)
    return tip


def cherry_pick(path: Path, oid: str, onto: str, *, committer: Signature, mainline: int = 1) -> str:
    """The change of a commit on top of `onto`, its author and message kept, with a line that says where it comes from.

    Of a merge: the change against its parent number `mainline`. Raises MergeConflicts, NothingToMerge (it changes nothing there).
    """
    made = _replayed(path, oid, onto, committer, mainline=mainline, note=f"(cherry picked from commit {oid})")
    if made is None:
        raise NothingToMerge(oid)
    return made


def replay(path: Path, base: str, head: str, onto: str, *, committer: Signature) -> str:
    """The commits of base..head, without merges, on top of `onto`; returns the last one.

    Raises MergeConflicts (`commit` says which), NothingToMerge, TooLarge, GitFailed.
    """
    arguments = ["rev-list", "--reverse", "--topo-order", "--no-merges", f"--max-count={REBASED_MAX + 1}", "--end-of-options"]
    oids = process.run(path, [*arguments, f"{base}..{head}"], timeout=SECONDS).decode().split()
    tip = _all_replayed(path, oids, onto, committer)
    if tip == onto:
        raise NothingToMerge(head)
    return tip


def _all_replayed(path: Path, oids: Sequence[str], onto: str, committer: Signature) -> str:
    if len(oids) > REBASED_MAX:
        raise TooLarge(f"{len(oids)} commits")
    tip = onto
    for oid in oids:
        tip = _replayed(path, oid, tip, committer) or tip
    return tip


def take_back(path: Path, before: str, after: str, onto: str, *, message: str, author: Signature, committer: Signature) -> str:
    """One commit on `onto` that undoes what came between two commits, however many they are. Raises MergeConflicts, NothingToMerge."""
    ours = _tree_of(path, onto)
    tree = _three_way(path, ancestor=_tree_of(path, after), ours=ours, theirs=_tree_of(path, before), of=after)
    if tree == ours:
        raise NothingToMerge(after)
    return commit_tree(path, tree, [onto], message=message, author=author, committer=committer)


def revert(path: Path, oid: str, onto: str, *, message: str, author: Signature, committer: Signature, mainline: int = 1) -> str:
    """A commit on `onto` that takes the change of `oid` back. Raises MergeConflicts, NothingToMerge."""
    found = commit(path, oid)
    tree = _three_way(path, ancestor=found.tree, ours=_tree_of(path, onto), theirs=_before(path, found, mainline), of=oid)
    if tree == _tree_of(path, onto):
        raise NothingToMerge(oid)
    return commit_tree(path, tree, [onto], message=message, author=author, committer=committer)


def revert_message(path: Path, oid: str) -> str:
    """What git says of a revert."""
    found = commit(path, oid)
    return f'Revert "{found.subject[:200]}"\n\nThis reverts commit {oid}.\n'


def co_authors(path: Path, base: str, head: str, *, besides: Iterable[Signature] = ()) -> list[Signature]:
    """Authors and co-authors of the commits that only `head` has, oldest first, each address once."""
    arguments = ["rev-list", "--reverse", "--no-merges", f"--max-count={REBASED_MAX}", "--end-of-options", f"{base}..{head}"]
    known = {who.email.lower() for who in besides}
    people = []
    for oid in process.run(path, arguments, timeout=SECONDS).decode().split():
        one = commit(path, oid)
        named = [Signature(name, email, None) for name, email in _CO_AUTHOR.findall(one.message)]
        for who in (one.author, *named):
            if who.email and who.email.lower() not in known:
                known.add(who.email.lower())
                people.append(who)
    return people


def with_co_authors(message: str, people: Sequence[Signature]) -> str:
    """The message with a trailer for each, those it has already left out (git-interpret-trailers(1))."""
    named = {email.lower() for _name, email in _CO_AUTHOR.findall(message)}
    lines = [f"Co-authored-by: {_plain(who.name)} <{_plain(who.email)}>" for who in people if who.email.lower() not in named]
    text = message.rstrip("\n")
    if not lines:
        return text + "\n"
    last = text.rpartition("\n\n")[2].split("\n")
    gap = "\n" if "\n\n" in text and all(_TRAILER.match(line) for line in last) else "\n\n"
    return text + gap + "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return re.sub(r"[<>\x00-\x1f\x7f]", "", text).strip() or "unknown"


def _merged_tree(path: Path, base: str, head: str) -> str:
    """The tree of a clean merge, written into the repository."""
    trial = _kept(path, base, head)
    if trial.state == "merged":
        raise NothingToMerge(head)
    return _clean(trial)


def _clean(trial: Trial, of: str = "") -> str:
    if trial.state == "unrelated":
        raise UnrelatedHistories(trial.head)
    if trial.state == "failed":
        raise GitFailed(["merge-tree"], 128, f"{trial.base} {trial.head}")
    if not trial.clean:
        raise MergeConflicts(trial.conflicts, of)
    return trial.tree


def _kept(path: Path, base: str, head: str) -> Trial:
    """A trial whose objects go into the repository itself."""
    return next(tried(path, [(base, head)], aside=path / "objects", timeout=SECONDS))


def _tree_of(path: Path, oid: str) -> str:
    return commit(path, oid).tree


def _before(path: Path, found: Commit, mainline: int) -> str:
    """The tree that a commit changed: its parent's, an empty one for a first commit."""
    if not found.parents:
        return _EMPTY_TREE
    if not 1 <= mainline <= len(found.parents):
        raise PathMissing(f"{found.oid}^{mainline}")
    return _tree_of(path, found.parents[mainline - 1])


def _has_merges(path: Path, base: str, head: str) -> bool:
    arguments = ["rev-list", "--min-parents=2", "--max-count=1", "--end-of-options", f"{base}..{head}"]
    return bool(process.run(path, arguments, timeout=SECONDS).strip())


def _replayed(path: Path, oid: str, onto: str, committer: Signature, *, mainline: int = 1, note: str = "") -> str | None:
    """The commit on top of `onto`, None if nothing of it is left there."""
    kind, raw = raw_object(opened(path), oid)
    if kind != "commit":
        raise PathMissing(oid)
    found, ours = parsed(oid, raw), _tree_of(path, onto)
    before = _before(path, found, mainline)
    tree = found.tree if before == ours else _three_way(path, ancestor=before, ours=ours, theirs=found.tree, of=oid)
    if tree == ours:
        return None
    return _rewritten(path, raw, tree, onto, committer, note)


def _three_way(path: Path, *, ancestor: str, ours: str, theirs: str, of: str) -> str:
    """The tree of a merge of two trees with a given ancestor. Raises MergeConflicts."""
    return _clean(three_way(path, ancestor, ours, theirs), of)


def three_way(path: Path, ancestor: str, ours: str, theirs: str) -> Trial:
    """A trial of trees whose ancestor we choose; the merged tree is written into the repository, marked up where it conflicts."""
    with setting_apart(path) as aside:
        root = loose_commit(aside, ancestor, [])
        one, other = loose_commit(aside, ours, [root]), loose_commit(aside, theirs, [root], "other")
        return tried_alone(path, one, other, extra={"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(aside)})


def loose_commit(objects: Path, tree: str, parents: Sequence[str], message: str = "", who: Signature | None = None) -> str:
    """Write a commit as a loose file into an object folder (gitformat-loose(5)); returns its oid."""
    line = _line(who) if who else "openi <openi> 0 +0000"
    head = f"tree {tree}\n" + "".join(f"parent {oid}\n" for oid in parents) + f"author {line}\ncommitter {line}\n\n{message}"
    content = head.encode("utf-8", "surrogateescape")
    whole = b"commit %d\0" % len(content) + content
    oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    folder = objects / oid[:2]
    folder.mkdir(exist_ok=True)
    (folder / oid[2:]).write_bytes(zlib.compress(whole, 1))
    return oid


def _line(who: Signature) -> str:
    """A signature as commits hold it."""
    native = _native(who)
    minutes = abs(native.offset)
    return f"{native.name} <{native.email}> {native.time} {'-' if native.offset < 0 else '+'}{minutes // 60:02}{minutes % 60:02}"


def _rewritten(path: Path, raw: bytes, tree: str, parent: str, committer: Signature, note: str) -> str:
    """A commit with another tree, parent and committer; author and message keep every byte, a signature is left out for it would be wrong."""
    head, _blank, message = raw.partition(b"\n\n")
    kept = [line for line in head.split(b"\n") if line.startswith((b"author ", b"encoding "))]
    author = next((line for line in kept if line.startswith(b"author ")), b"author unknown <unknown> 0 +0000")
    encoding = [line for line in kept if line.startswith(b"encoding ")]
    if note:
        message = message.rstrip(b"\n") + b"\n\n" + note.encode() + b"\n"
    by = f"committer {_line(committer)}".encode("utf-8", "replace")
    lines = [b"tree " + tree.encode(), b"parent " + parent.encode(), author, by, *encoding]
    content = b"\n".join(lines) + b"\n\n" + message
    return _stored(lambda: opened(path).odb.write(ObjectType.COMMIT, content))


def commit_tree(path: Path, tree: str, parents: Sequence[str], *, message: str, author: Signature, committer: Signature) -> str:
    """Write a commit of a tree that is in the repository; no ref moves."""
    repository = opened(path)
    return _stored(lambda: repository.create_commit(None, _native(author), _native(committer), message, tree, list(parents)))


def kept_merges(path: Path, pairs: Sequence[tuple[str, str]], *, who: Signature) -> list[tuple[Trial, str]]:
    """Trials of (base, head), and for each clean one the commit of the merge, which is in the repository then; "" for the others.

    All new objects come as one pack, so that 500 of them do not leave thousands of files.
    """
    with setting_apart(path) as aside:
        trials = list(tried(path, pairs, aside=aside))
        made = [_trial_commit(aside, trial, who) if trial.clean else "" for trial in trials]
        if any(made):
            revisions = [oid for oid in made if oid] + ["--not"] + sorted({oid for pair in pairs for oid in pair})
            arguments = ["pack-objects", "--revs", "--local", "--delta-base-offset", "--non-empty", "-q"]
            stdin = "".join(f"{line}\n" for line in revisions).encode()
            store = str(path / "objects" / "pack" / "pack")
            process.run(path, [*arguments, store], input=stdin, extra=writing_to(path, aside), timeout=CHUNK_SECONDS)
    return list(zip(trials, made, strict=True))


def _trial_commit(aside: Path, trial: Trial, who: Signature) -> str:
    return loose_commit(aside, trial.tree, [trial.base, trial.head], f"Merge {trial.head} into {trial.base}\n", who)
