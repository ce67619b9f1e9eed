"""Would two commits merge, and if not, where (git-merge-tree(1), --write-tree); no work tree, no index on disk.

Trials write what they make into a folder of their own, which goes with them, so that asking 500 times leaves nothing in the repository.
"""

import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gitstore import process
from gitstore.errors import GitError, GitFailed, TimedOut
from gitstore.graph import borrowing, merge_base
from gitstore.store import alternates

CHUNK = 100  # merges asked of one process
SECONDS = 30.0  # for one merge
CHUNK_SECONDS = 60.0
STALE_SECONDS = 3600.0
_MERGE = ("merge-tree", "--write-tree", "-z", "--stdin")
_CONFLICT = re.compile(r"CONFLICT \((.*)\)")


@dataclass(frozen=True, slots=True)
class Stage:
    """One side of a conflict: what lies at the path there."""

    mode: int
    oid: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """One path that git cannot merge.

    kind: content | add/add | modify/delete | rename/rename | rename/delete | file/directory | binary | submodule | distinct modes | other
    words of git. A side is None where the path does not exist there. `message` is git's own sentence.
    """

    path: str
    kind: str
    base: Stage | None
    ours: Stage | None
    theirs: Stage | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a merge of `head` into `base` comes to.

    state: clean | conflicts | merged (base has all of head already) | unrelated (no common history) | failed (too long, or broken).
    `tree` is the merged tree of a clean trial; it is not in the repository unless the trial was kept. `ahead`: commits that only `head` has.
    """

    base: str
    head: str
    state: str
    tree: str = ""
    conflicts: tuple[Conflict, ...] = ()
    merge_base: str = ""
    ahead: int = 0

    @property
    def clean(self) -> bool:
        """True if it can be merged as it is."""
        return self.state == "clean"

    @property
    def forward(self) -> bool:
        """True if the base only has to move forward to the head."""
        return self.clean and self.merge_base == self.base


class MergeConflicts(GitError):
    """A merge, rebase, cherry-pick or revert that git cannot do alone; `commit` is the one that did not apply."""

    def __init__(self, conflicts: Sequence[Conflict], commit: str = "") -> None:
        super().__init__(", ".join(conflict.path for conflict in conflicts[:5]) or commit)
        self.conflicts, self.commit = tuple(conflicts), commit


class NothingToMerge(GitError):
    """The other side has it all already."""


class UnrelatedHistories(GitError):
    """The two share no commit."""


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


def mergeable(path: Path, base: str, head: str, *, timeout: float = SECONDS) -> Trial:
    """One trial; nothing of it stays. Raises GitError for a commit that is not here."""
    return mergeability(path, [(base, head)], timeout=timeout)[0]


def mergeability(path: Path, pairs: Sequence[tuple[str, str]], *, timeout: float = CHUNK_SECONDS) -> list[Trial]:
    """Trials of (base, head), in their order, by one process for CHUNK of them; one that fails or takes too long spoils only itself."""
    with setting_apart(path) as aside:
        return list(tried(path, pairs, aside=aside, timeout=timeout))


@contextlib.contextmanager
def setting_apart(path: Path) -> Iterator[Path]:
    """An object folder beside the repository's own, gone afterwards; those of processes that were killed go too."""
    own = path / "openi"
    own.mkdir(exist_ok=True)
    for left in own.glob("trial.*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="trial.", dir=own) as folder:
        yield Path(folder)


def tried(path: Path, pairs: Sequence[tuple[str, str]], *, aside: Path, timeout: float = CHUNK_SECONDS) -> Iterator[Trial]:
    """Trials whose new objects go into the object folder `aside`."""
    (aside / "pack").mkdir(exist_ok=True)
    for at in range(0, len(pairs), CHUNK):
        chunk = list(dict.fromkeys(pairs[at : at + CHUNK]))
        known = _ancestry(path, chunk)
        asked = [pair for pair in chunk if pair not in known or known[pair][1]]
        found = dict(zip(asked, _asked(path, asked, aside, timeout), strict=True))
        for pair in pairs[at : at + CHUNK]:
            base, ahead = known.get(pair, ("", 0))
            trial = found.get(pair) or Trial(*pair, "merged")
            yield replace(trial, merge_base=base, ahead=ahead)


def writing_to(path: Path, aside: Path) -> dict[str, str]:
    """Environment of a git child that reads `path` and writes its objects into the folder `aside`."""
    stores = (path / "objects", *alternates(path))
    return {"GIT_OBJECT_DIRECTORY": str(aside), "GIT_ALTERNATE_OBJECT_DIRECTORIES": ":".join(map(str, stores))}


def _ancestry(path: Path, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, int]]:
    """(base, head) → (merge base, commits ahead), by one walk for each base. A pair that cannot be walked is left out."""
    found: dict[tuple[str, str], tuple[str, int]] = {}
    for base in dict.fromkeys(base for base, _head in pairs):
        heads = [head for one, head in pairs if one == base]
        stdin = "".join(f"{head}\n" for head in heads) + f"^{base}\n"
        try:
            output = process.run(path, ["rev-list", "--parents", "--stdin"], input=stdin.encode(), timeout=CHUNK_SECONDS)
        except (GitFailed, TimedOut):
            if len(heads) > 1:  # one of them is not here: the others are walked alone
                for head in heads:
                    found |= _ancestry(path, [(base, head)])
            continue
        parents = {oid: before for oid, *before in (line.split() for line in output.decode().splitlines())}
        for head in heads:
            ahead, edge = _walked(parents, head)
            single = next(iter(edge)) if len(edge) == 1 else ""
            found[base, head] = (single or (merge_base(path, base, head) if edge else ""), ahead)
    return found


def _walked(parents: dict[str, list[str]], head: str) -> tuple[int, set[str]]:
    """How many commits of `parents` the head leads to, and the commits outside that they stand on."""
    seen, edge, queue = {head}, set[str](), [head]
    ahead = 0
    while queue:
        oid = queue.pop()
        if oid not in parents:
            edge.add(oid)
            continue
        ahead += 1
        fresh = [parent for parent in parents[oid] if parent not in seen]
        seen.update(fresh)
        queue += fresh
    return ahead, edge


def _asked(path: Path, pairs: Sequence[tuple[str, str]], aside: Path, timeout: float) -> list[Trial]:
    """All of them by one process; where it ended early the next one has a fault of its own, and the rest is asked anew.

    If together they take too long, each is asked alone, so that the slow one spoils itself only.
    """
    answers: list[Trial] = []
    together = len(pairs) > 1
    while len(answers) < len(pairs):
        if together:
            try:
                answers += _batch(path, pairs[len(answers) :], aside, timeout)
            except TimedOut:
                together = False
        if len(answers) < len(pairs):
            answers.append(tried_alone(path, *pairs[len(answers)], extra=writing_to(path, aside), timeout=min(timeout, SECONDS)))
    return answers


def _batch(path: Path, pairs: Sequence[tuple[str, str]], aside: Path, timeout: float) -> list[Trial]:
    """The answers git gave before it ended, be it at a merge that cannot be tried (status 128)."""
    stdin = "".join(f"{base} {head}\n" for base, head in pairs).encode()
    try:
        output = process.run(path, _MERGE, input=stdin, extra=writing_to(path, aside), ok=(0, 1, 128), timeout=timeout)
    except GitFailed:
        return []
    return list(_parsed(pairs, output))


def tried_alone(path: Path, base: str, head: str, *, extra: dict[str, str], timeout: float = SECONDS) -> Trial:
    """One merge in a process of its own, and a name for what is wrong with it; `extra` says where objects are read and written."""
    try:
        output = process.run(path, _MERGE, input=f"{base} {head}\n".encode(), extra=extra, ok=(0, 1), timeout=timeout)
    except GitFailed as error:
        return Trial(base, head, "unrelated" if "unrelated histories" in error.stderr else "failed")
    except TimedOut:
        return Trial(base, head, "failed")
    return next(_parsed([(base, head)], output), Trial(base, head, "failed"))


def _parsed(pairs: Sequence[tuple[str, str]], output: bytes) -> Iterator[Trial]:
    """The answers of `merge-tree -z --stdin`: `status NUL tree NUL` and, where status is 0, `stage NUL`…, an empty field, messages; an empty field."""
    fields = iter(output.decode("utf-8", "surrogateescape").split("\0"))
    for base, head in pairs:
        status, tree = next(fields, ""), next(fields, "")
        if status not in ("0", "1") or len(tree) != 40:
            return
        if status == "1":
            next(fields, "")
            yield Trial(base, head, "clean", tree)
            continue
        stages = list(_until_empty(fields))
        yield Trial(base, head, "conflicts", tree, tuple(_conflicts(stages, list(_messages(fields)))))


def _until_empty(fields: Iterator[str]) -> Iterator[str]:
    for field in fields:
        if not field:
            return
        yield field


def _messages(fields: Iterator[str]) -> Iterator[tuple[list[str], str, str]]:
    """(paths, kind, sentence): `count NUL path NUL… kind NUL sentence NUL`. Advice about submodules comes unasked, before the field that ends it all."""
    for count in _until_empty(fields):
        if not count.isdigit():
            return
        paths = [next(fields, "") for _ in range(int(count))]
        yield paths, next(fields, ""), next(fields, "").strip()


def _conflicts(stages: Iterable[str], messages: list[tuple[list[str], str, str]]) -> Iterator[Conflict]:
    """One for each path with stages, its kind the most telling of git's messages about it."""
    sides: dict[str, dict[str, Stage]] = {}
    for line in stages:
        head, _tab, name = line.partition("\t")
        mode, oid, number = head.split(" ")
        sides.setdefault(name, {})[number] = Stage(int(mode, 8), oid)
    said: dict[str, list[tuple[str, str]]] = {}
    for paths, kind, text in messages:
        if (found := _CONFLICT.match(kind)) is not None:
            for name in paths:
                said.setdefault(name, []).append((found[1], text))
    for name, held in sides.items():
        base, ours, theirs = held.get("1"), held.get("2"), held.get("3")
        kind, text = _telling(said.get(name, []))
        if kind == "content" and base is None:
            kind = "add/add"
        yield Conflict(name, kind or _kind_of(base, ours, theirs), base, ours, theirs, text)
    for name in said.keys() - sides.keys():
        if not sides:  # a conflict about names alone, such as a directory that was renamed to two places
            kind, text = _telling(said[name])
            yield Conflict(name, kind, None, None, None, text)


def _telling(said: list[tuple[str, str]]) -> tuple[str, str]:
    """The kind and sentence that say more than `contents`, if there are any."""
    for kind, text in said:
        if kind != "contents":
            return ("submodule" if kind.startswith("submodule") else kind), text
    return ("content", said[0][1]) if said else ("", "")


def _kind_of(base: Stage | None, ours: Stage | None, theirs: Stage | None) -> str:
    if ours is None or theirs is None:
        return "modify/delete"
    return "content" if base is not None else "add/add"
