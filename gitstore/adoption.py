"""Taking over a bare repository that lies on this machine: its objects are linked, proved, and put in place as one of ours."""

import shutil
from pathlib import Path

from gitstore.cruft import rescue
from gitstore.errors import GitError, GitFailed, RepositoryMissing
from gitstore.maintenance import fsck
from gitstore.names import ref_name_fault
from gitstore.repositories import _aside, _linked, _packed_refs, _place, _skeleton, _tips_of

_HOURS = 6 * 3600.0


class CannotAdopt(GitError):
    """`code`: sha256, borrows (its objects lie in another repository), broken (`faults` of git fsck), empty."""

    def __init__(self, code: str, faults: list[str] | None = None) -> None:
        super().__init__(f"{code}: {'; '.join((faults or [])[:3])}")
        self.code, self.faults = code, faults or []


def adopt(source: Path, destination: Path, *, timeout: float = _HOURS) -> None:
    """Make `destination` of the branches and tags of `source`, which stays as it is. On one file system nothing is copied (hard links).

    Nothing of the source's settings or hooks comes along. Raises RepositoryMissing, CannotAdopt, FileExistsError, TimedOut.
    """
    _require(source)
    packed = _without_bad_names(_packed_refs(source))
    if not _tips_of(packed):
        raise CannotAdopt("empty")
    aside = _aside(destination)
    _skeleton(aside, _head_of(source))
    try:
        _linked(source, aside)
        rescue(source, aside / "objects", _tips_of(packed), timeout=timeout)
        (aside / "packed-refs").write_bytes(packed)
        if faults := fsck(aside, full=True, timeout=timeout):
            raise CannotAdopt("broken", faults)
        _place(aside, destination)
    except GitFailed as error:
        raise CannotAdopt("broken", error.stderr.splitlines()) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _require(source: Path) -> None:
    if not (source / "HEAD").is_file() or not (source / "objects").is_dir():
        raise RepositoryMissing(str(source))
    if (source / "objects" / "info" / "alternates").exists():
        raise CannotAdopt("borrows")
    if "sha256" in (source / "config").read_text(errors="replace").lower():
        raise CannotAdopt("sha256")


def _head_of(source: Path) -> str:
    """Its HEAD if it names a branch."""
    text = (source / "HEAD").read_text(errors="replace").strip()
    name = text.removeprefix("ref: ")
    return f"ref: {name}\n" if name.startswith("refs/heads/") and not ref_name_fault(name) else "ref: refs/heads/main\n"


def _without_bad_names(packed: bytes) -> bytes:
    """A packed-refs file without refs that we would not take from a pusher."""
    kept, good = [], True
    for line in packed.splitlines(keepends=True):
        if not line.startswith((b"#", b"^")):
            good = not ref_name_fault(line.partition(b" ")[2].rstrip(b"\n").decode("utf-8", "surrogateescape"))
        if good:
            kept.append(line)
    return b"".join(kept)
