"""What no ref reached when a repository was last repacked lies in its cruft packs (gitformat-pack(5)) and never enters a pool or a fork.

A ref that is set while git repacks may lead to an object that was just set aside. So that a fork without the cruft packs still has
everything, the tips from before the repack are kept in `openi/closed`: what they reach is outside the cruft packs for certain, and only
what came later has to be looked at.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gitstore import process
from gitstore.errors import GitFailed
from gitstore.refs import refs


def is_cruft(pack: Path) -> bool:
    """True for a pack of unreachable objects."""
    return pack.with_suffix(".mtimes").exists()


def cruft_packs(path: Path) -> list[Path]:
    """The repository's own packs of unreachable objects."""
    return sorted(found.with_suffix(".pack") for found in (path / "objects" / "pack").glob("pack-*.mtimes"))


def _note(path: Path) -> Path:
    return path / "openi" / "closed"


@contextmanager
def setting_aside(path: Path) -> Iterator[None]:
    """Around a repack that makes cruft packs: afterwards it is known which tips have nothing in them."""
    note = _note(path)
    note.parent.mkdir(exist_ok=True)
    note.unlink(missing_ok=True)
    before = sorted(set(refs(path).values()))
    yield
    aside = note.with_name("closed.new")
    aside.write_text("".join(f"{oid}\n" for oid in before))
    aside.rename(note)


def rescue(source: Path, objects: Path, tips: Sequence[str], *, timeout: float = 600) -> None:
    """Pack into the object folder `objects` what `tips` reach and only a cruft pack or a loose file of `source` holds.

    Cheap: it walks what came after the last repack. Raises GitFailed or TimedOut.
    """
    if not tips or not cruft_packs(source):
        return
    try:
        closed = _note(source).read_text().split()
    except FileNotFoundError:  # a repack is under way, or died
        closed = []
    try:
        _pack(source, objects, tips, closed, timeout)
    except GitFailed:  # one of the old tips is gone
        _pack(source, objects, tips, [], timeout)


def _pack(source: Path, objects: Path, tips: Sequence[str], closed: Sequence[str], timeout: float) -> None:
    held = [pack.name for pack in (source / "objects" / "pack").glob("pack-*.pack") if not is_cruft(pack)]
    arguments = ["pack-objects", "--revs", "--delta-base-offset", "--local", "--non-empty", "-q", *(f"--keep-pack={name}" for name in held)]
    revisions = "".join(f"{oid}\n" for oid in tips) + ("--not\n" + "".join(f"{oid}\n" for oid in closed) if closed else "")
    process.run(source, [*arguments, str(objects / "pack" / "pack")], input=revisions.encode(), timeout=timeout)
