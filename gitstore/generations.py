"""A new generation of a shared pool: what one member alone reached is left behind with the old one."""

from collections.abc import Sequence
from pathlib import Path

from gitstore import process
from gitstore.graph import borrowing
from gitstore.refs import refs
from gitstore.repositories import _write_alternates, init_bare
from gitstore.store import forget

_ROUNDS = 3
# what was proposed; lost history of mirrors and former versions of proposals; what mirrors fetch now
_HELD = ("refs/heads", "refs/tags", "refs/pull", "refs/keep", "refs/internal/incoming")


def renew_pool(old: Path, new: Path, members: Sequence[Path], *, others: Sequence[Path] = (), timeout: float = 3600) -> None:
    """Make `new` hold what the branches and tags of `members` reach and nothing else; then each member borrows from it instead of `old`.

    Members of several pools become members of one: `others` are the pools beside `old` that some of them borrow from. Of mirrors also what they fetch at the moment, and for its 30 days what upstream rewrote.

    Safe to repeat with the same `new`. Refs that move meanwhile are looked at again before this returns. Raises GitFailed or TimedOut.
    """
    if not new.exists():
        init_bare(new, "none")
    packed: set[str] = set()
    for number in range(_ROUNDS):
        wanted = {oid for member in members for under in _HELD for oid in refs(member, under).values()}
        if number and wanted <= packed:
            break
        if wanted:
            process.run(
                new,
                ["pack-objects", "--revs", "--delta-base-offset", "--non-empty", "-q", str(new / "objects" / "pack" / "pack")],
                input="".join(f"{oid}\n" for oid in sorted(wanted)).encode(),
                extra=borrowing(*members, old, *others),
                timeout=timeout,
            )
        packed |= wanted
        for member in members:
            _write_alternates(member, member, new)
        forget()
