"""What the browsing pages read from Git, with Git's own refusals turned into the domain's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

import gitstore
from accounts import queries as people
from accounts.models import User
from core import filenames
from core.errors import Conflict, NotFound, Unavailable
from projects.models import Repository
from projects.queries.later import later
from projects.queries.positions import Position
from projects.queries.refs import ref_state, refs

FATAL = 128  # git's exit status where it refuses what it reads
SWITCHER = 20  # refs of a kind in the branch menu; the rest is one link away


@contextmanager
def reading() -> Iterator[None]:
    """Missing repositories, refs, paths and objects are 404, malformed ones 409; a Git that takes too long or dies is 503."""
    try:
        yield
    except (gitstore.RepositoryMissing, gitstore.RefMissing, gitstore.PathMissing) as error:
        raise NotFound(_("There is nothing at this address, or you may not see it.")) from error
    except gitstore.GitFailed as error:
        if error.returncode == FATAL:
            raise Conflict(_("Git cannot read this: objects of the history are missing or malformed."), code="malformed") from error
        raise Unavailable(_("Git could not answer in time. Try again."), retry_after=10) from error
    except gitstore.TimedOut as error:
        raise Unavailable(_("Git could not answer in time. Try again."), retry_after=10) from error


def begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces after the first was made, so that a Git that refuses at once becomes a page. Raises Conflict."""
    try:
        first = next(pieces, b"")
    except (gitstore.GitFailed, gitstore.PathMissing) as error:
        raise Conflict(_("Git cannot pack this: the history holds names, dates or objects that it refuses."), code="malformed") from error
    return _from(first, pieces)


def _from(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A generator, so that closing the answer closes the child too."""
    yield first
    yield from pieces


def position(repository: Repository, tail: str) -> Position:
    """Split `tail` (`<ref>/<path>`) at the longest ref that exists: branch before tag before commit oid (4 to 40 digits).

    Raises NotFound; an oid that no ref of this repository reaches does not exist here, whatever the shared store holds.
    """
    with reading():
        found = gitstore.resolve(repository.path, tail)
        if found.kind == "commit":
            require_reached(repository, found.oid)
        inside = found.path.strip("/")
        if (other := filenames.unbroken(inside)) != inside and gitstore.entry_at(repository.path, found.oid, inside) is None:
            inside = other
    return Position(found.kind, found.name, found.oid, inside)


def commit_position(repository: Repository, oid: str) -> Position:
    """The commit of a full oid, at the root. Raises NotFound, also where no ref of this repository reaches it."""
    with reading():
        gitstore.commit(repository.path, oid)
        require_reached(repository, oid)
    return Position("commit", oid, oid)


def require_reached(repository: Repository, oid: str) -> None:
    """Raises NotFound unless a branch or tag of this repository leads to the commit, whatever the shared store holds.

    A positive answer is kept: with the ref that gave it while that ref only moves forward, else for one state of all refs.
    """
    if any(ref.commit == oid for every in refs(repository) for ref in every):
        return
    witness: tuple[str, str] | None = cache.get(_witness_key(repository, oid))
    if witness is not None:
        ref, seen = witness
        now = gitstore.ref_oid(repository.path, ref)
        if now == seen:
            return
        if now and ref.startswith("refs/heads/") and gitstore.is_ancestor(repository.path, seen, now):
            cache.set(_witness_key(repository, oid), (ref, now), 7 * 86400)
            return
    key = f"reached:{repository.pk}:{oid}:{ref_state(repository)}"
    if cache.get(key):
        return
    if not gitstore.reaches(repository.path, oid):
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    cache.set(key, True, 86400)


def _witness_key(repository: Repository, oid: str) -> str:
    return f"reached:{repository.pk}:{oid}"


def containing(repository: Repository, oid: str) -> list[str] | None:
    """Full names of branches and tags that contain the commit, at most 100, none when Git takes too long to say; None while it is asked."""

    def make() -> list[str]:
        try:
            return gitstore.containing(repository.path, oid, limit=100)
        except (gitstore.TimedOut, gitstore.GitFailed):
            return []

    names = later(("containing", repository.pk, oid, ref_state(repository)), make)
    if names:
        cache.set(_witness_key(repository, oid), (names[0], gitstore.ref_oid(repository.path, names[0])), 7 * 86400)
    return names


def default_position(repository: Repository) -> Position | None:
    """The tip of the default branch, else of the first branch by name; None while there is no commit."""
    with reading():
        oid = gitstore.ref_oid(repository.path, f"refs/heads/{repository.default_branch}")
        if oid:
            return Position("branch", repository.default_branch, oid)
        branches = refs(repository)[0]
    return Position("branch", branches[0].short, branches[0].oid) if branches else None


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the branch menu."""

    name: str
    shown: str
    ref: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """The branch and tag menu: the first of each, and how many there are."""

    branches: list[Choice]
    tags: list[Choice]
    branches_total: int
    tags_total: int

    @property
    def more_branches(self) -> bool:
        """True when some are not listed."""
        return self.branches_total > len(self.branches)

    @property
    def more_tags(self) -> bool:
        """True when some are not listed."""
        return self.tags_total > len(self.tags)


def switch(repository: Repository, here: Position, *, page: str = "tree") -> Switch:
    """Branches (default first) and tags (newest name last in Git's order, so reversed), each leading to `page` at the same path."""
    base = repository.get_absolute_url()
    with reading():
        every = refs(repository)
        branches, tags = [ref.short for ref in every[0]], [ref.short for ref in every[1]]
    branches.sort(key=lambda name: (name != here.name, name != repository.default_branch, name))
    tags.reverse()

    def choice(name: str, kind: str) -> Choice:
        ref = filenames.quoted(name)
        address = base if page == "tree" and name == repository.default_branch and kind == "branch" and not here.path else ""
        return Choice(
            name, filenames.shown(name), ref, address or f"{base}/{page}/{ref}{here.quoted_path}", here.kind == kind and here.name == name
        )

    return Switch(
        [choice(name, "branch") for name in branches[:SWITCHER]],
        [choice(name, "tag") for name in tags[:SWITCHER]],
        len(branches),
        len(tags),
    )


def authors(commits: list[gitstore.Commit]) -> dict[str, User]:
    """Lower-case author and committer address → the person who confirmed it; one query."""
    return people.people_by_email({address.lower() for commit in commits for address in (commit.author.email, commit.committer.email)})


def clone_addresses(repository: Repository, origin: str) -> dict[str, str]:
    """`http`, `ssh` and the scheme's name; `origin` is scheme and host the reader came by (an allowed host)."""
    address = f"{repository.get_absolute_url()}.git"
    port = settings.SSH_PORT
    ssh = f"git@{settings.SSH_HOST}:{address[1:]}" if port == 22 else f"ssh://git@{settings.SSH_HOST}:{port}{address}"
    return {"http": origin + address, "ssh": ssh, "scheme": origin.partition(":")[0].upper()}


def blob_pieces(repository: Repository, oid: str, first: int, end: int) -> Iterator[bytes]:
    """Bytes `first` up to `end` of a blob in blocks; memory stays flat whatever the size, and the second look is quick wherever it is."""
    return gitstore.blob_range(repository.path, oid, first, end, folder=spools())


def spools() -> Path:
    """Where large blobs that are read in ranges lie inflated for a while."""
    return Path(settings.DATA_DIR) / "cache" / "blobs"


def _seal(repository: Repository, cursor: str) -> str:
    return signing.Signer(salt=f"history of {repository.pk}").signature(cursor)[:16]


def sealed(repository: Repository, cursor: str) -> str:
    """A history cursor that only this site can have made: it names commits, and those of a shared store are not everybody's."""
    return f"{cursor}.{_seal(repository, cursor)}" if cursor else ""


def opened_cursor(repository: Repository, text: str) -> str:
    """The cursor inside `text`. Raises NotFound for one we did not make for this repository."""
    if not text:
        return ""
    cursor, _dot, seal = text.rpartition(".")
    if not constant_time_compare(seal, _seal(repository, cursor)):
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    return cursor
