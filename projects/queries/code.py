"""Code of default branches, for the code search."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gitstore
from core import filetypes
from core.encodings import decode, is_binary
from projects.models import Repository

FILES = 50_000  # of a project
BYTES = 512 * 1024  # of a file
LONG_LINE = 5_000  # bytes a line on average: minified or data
_REGULAR = (0o100644, 0o100755, 0o100664)


@dataclass(frozen=True, slots=True)
class CodeState:
    """What the code index must know of a project; `head` "" while it is empty."""

    pk: int
    label: str
    owner: str
    level: str
    head: str
    path: Path


@dataclass(frozen=True, slots=True)
class CodeText:
    """A source file as text."""

    language: str
    text: str


def code_states(pks: Iterable[int]) -> dict[int, CodeState]:
    """Of the projects among the ids that exist; one query."""
    rows = Repository.objects.filter(pk__in=list(pks), deleted_at=None).exclude(kind=Repository.Kind.DATASET).select_related("namespace")
    return {
        row.pk: CodeState(
            row.pk, str(row), row.namespace.slug, "taken-down" if row.taken_down_at else row.visibility, row.head_oid, row.path
        )
        for row in rows
    }


def code_files(state: CodeState) -> Iterator[tuple[str, str]]:
    """(path, oid) of the files of the default branch that a reader would call code: no generated, vendored or linked ones."""
    try:
        found = gitstore.files(state.path, state.head, limit=FILES)
    except gitstore.GitError:
        return
    for path, oid, mode in found:
        if mode in _REGULAR and not filetypes.is_generated(path):
            yield path, oid


def code_text(state: CodeState, path: str, oid: str) -> CodeText | None:
    """The text of a file; None for what is binary, too large, minified, an LFS pointer or no longer there."""
    try:
        if gitstore.blob_size(state.path, oid) > BYTES:
            return None
        data = gitstore.blob(state.path, oid, limit=BYTES).data
    except gitstore.GitError:
        return None
    if not data or is_binary(data) or filetypes.lfs_pointer(data) or len(data) / (data.count(b"\n") + 1) > LONG_LINE:
        return None
    text = decode(data).text
    return CodeText(filetypes.language(path, data[:8192]), text)
