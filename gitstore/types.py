"""Plain values. Oids are lower-case hex; paths are text with surrogate escapes for bytes that are not UTF-8; times are aware."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

ZERO = "0" * 40


@dataclass(frozen=True, slots=True)
class Signature:
    """Who and when; `when` is None where the date is malformed."""

    name: str
    email: str
    when: datetime | None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; `message` is decoded by the commit's own encoding, leniently."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def subject(self) -> str:
        """First line."""
        return self.message.strip("\n").partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree. kind: tree | blob | executable | symlink | submodule."""

    name: str
    path: str
    mode: int
    kind: str
    oid: str


@dataclass(frozen=True, slots=True)
class Blob:
    """The first bytes of a blob; `truncated` when `size` is more than was asked for."""

    oid: str
    size: int
    data: bytes
    truncated: bool


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch or tag. `oid` is what the ref holds, `commit` what it peels to (the same for branches)."""

    name: str
    oid: str
    commit: str
    kind: str  # branch | tag | other

    @property
    def short(self) -> str:
        """Without refs/heads/ or refs/tags/."""
        return self.name.split("/", 2)[2] if self.kind != "other" else self.name


@dataclass(frozen=True, slots=True)
class TagDetails:
    """An annotated tag: who made it and why; `tagger` None for a lightweight one."""

    tagger: Signature | None
    message: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where `<ref>/<path>` points. kind: branch | tag | commit; `oid` is the commit's."""

    kind: str
    name: str
    oid: str
    path: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some commits, newest first, and the cursor for the older ones ("" at the end)."""

    commits: list[Commit]
    next: str
    paths: dict[str, str] = field(default_factory=dict)  # commit → the file's name there, when following renames


class Divergence(NamedTuple):
    """Commits only on one side and only on the other."""

    ahead: int
    behind: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a diff: kind is " ", "+" or "-"; numbers are None on the side where the line is not."""

    kind: str
    old: int | None
    new: int | None
    text: bytes


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines with context."""

    header: str
    old_start: int
    new_start: int
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One changed file. status: added | deleted | modified | renamed | copied | type. `hunks` is None until loaded."""

    index: int
    old_path: str
    new_path: str
    status: str
    old_mode: int
    new_mode: int
    old_oid: str
    new_oid: str
    binary: bool
    additions: int
    deletions: int
    hunks: list[Hunk] | None
    cut: bool = False  # hunks end early because the file has too many changed lines

    @property
    def path(self) -> str:
        """The name to show: the new one unless the file is gone."""
        return self.new_path if self.status != "deleted" else self.old_path


@dataclass(frozen=True, slots=True)
class Diff:
    """A page of files; `total` counts all of them, `additions` and `deletions` all their lines (None: too many to count)."""

    files: list[FileDiff]
    total: int
    additions: int | None
    deletions: int | None


@dataclass(frozen=True, slots=True)
class BlameRange:
    """Lines `start`…`start+count-1` (from 1) last touched by `oid`; `previous` is (commit, path) before that change."""

    oid: str
    start: int
    count: int
    path: str
    author: Signature
    summary: str
    previous: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a web commit: put blob `oid` with `mode` at `path`; oid "" deletes the path."""

    path: str
    oid: str
    mode: int = 0o100644


@dataclass(frozen=True, slots=True)
class Put:
    """One change of a web commit by content."""

    path: str
    content: bytes
    mode: int = 0o100644
