"""Bare repositories that were mirrors elsewhere become mirrors here, without a byte fetched."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

import gitstore
from core.actors import SYSTEM, Actor
from core.rules import HIDE
from gitstore.adoption import CannotAdopt, adopt
from projects import fetching
from projects.commands import families
from projects.commands.claims import LEASE, free
from projects.commands.leases import beating
from projects.commands.listing import list_mirrors
from projects.commands.pushes import record_push
from projects.mirrors import addresses, advertisement, pace, states
from projects.mirrors.addresses import Address
from projects.mirrors.lists import Wish
from projects.mirrors.states import Turn
from projects.models import Mirror, Repository
from projects.places import ZERO
from projects.queries.mirror_moves import followed


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of one row: adopted, known (filled here already), busy, or why not: a fault of the list, folder, outside, sha256, …"""

    number: int
    code: str
    what: str = ""  # the mirror's key or folder, and for a broken one what git fsck said
    refs: int = 0


def adopt_mirrors(actor: Actor, wishes: Iterator[Wish], *, under: Path) -> Iterator[Adopted]:
    """Take over the folder of each row, below `under`; only the system may. Running it again goes on with those that are missing.

    A row without a folder means `<host>/<owner>/<name>.git`. Publishes MirrorsListed and RefsUpdated for each.
    """
    if not actor.is_system:
        HIDE.require()
    for wish in wishes:
        yield _adopted(wish, under.resolve())


def _adopted(wish: Wish, under: Path) -> Adopted:
    address = addresses.parse(wish.address) if not wish.fault else None
    if address is None:
        return Adopted(wish.number, wish.fault or "address", wish.address.rpartition("@")[2])
    folder = _folder(wish, address, under)
    if folder is None:
        return Adopted(wish.number, "folder", wish.folder or address.key)
    known = Mirror.objects.filter(key=address.key, is_public_mirror=True).exclude(filled_at=None).exists()
    if known or followed(address.key) is not None:
        return Adopted(wish.number, "known", address.key)
    report = list_mirrors(SYSTEM, [wish])
    if report.faults and not report.counts["known"]:
        number, code, text = report.faults[0]
        return Adopted(number, code, text)
    mirror = Mirror.objects.select_related("repository__namespace").get(key=address.key, is_public_mirror=True)
    return _take_over(mirror, folder, wish.number)


def _folder(wish: Wish, address: Address, under: Path) -> Path | None:
    """Where the row's repository lies; None if it lies nowhere or outside of `under`."""
    names = [wish.folder] if wish.folder else [f"{address.host}/{address.path}.git", f"{address.host}/{address.path}"]
    for name in names:
        found = (under / name).resolve()
        if found.is_dir() and found.is_relative_to(under):
            return found
    return None


def _take_over(mirror: Mirror, folder: Path, number: int) -> Adopted:
    """Under the mirror's lease, as if it had been fetched."""
    now, lease = timezone.now(), uuid.uuid4().hex
    rows = Mirror.objects.filter(pk=mirror.pk, lease=lease)
    if not Mirror.objects.filter(free(now), pk=mirror.pk, filled_at=None).update(lease=lease, leased_until=now + LEASE):
        return Adopted(number, "busy", mirror.key)
    try:
        with beating(lambda: rows.update(leased_until=timezone.now() + LEASE), lease=LEASE, name=f"adopt-{mirror.pk}"):
            if mirror.repository.path.exists():  # of a run that was killed
                families.begin_anew(mirror.repository)
            adopt(folder, mirror.repository.path)
            refs = fetching.refs_of(mirror.repository.path)
            _fill(mirror, refs)
        return Adopted(number, "adopted", mirror.key, len(refs))
    except (gitstore.GitError, families.Incomplete) as error:
        families.begin_anew(mirror.repository)
        faults = error.faults if isinstance(error, CannotAdopt) else [str(error)]
        return Adopted(number, error.code if isinstance(error, CannotAdopt) else "broken", f"{mirror.key} {' '.join(faults)}".strip()[:300])
    finally:
        rows.update(lease="", leased_until=None)


def _fill(mirror: Mirror, refs: dict[str, str]) -> None:
    """Share, tell of the refs, and let the engine look some time within the day."""
    repository, now = mirror.repository, timezone.now()
    branch = fetching.default_branch(gitstore.head(repository.path)[0], refs)
    if not branch:
        raise CannotAdopt("empty")
    gitstore.set_head(repository.path, branch)
    families.settle(mirror, [], [refs[f"refs/heads/{branch}"]])
    with transaction.atomic():
        Repository.objects.filter(pk=repository.pk).update(default_branch=branch)
        repository.default_branch = branch
        record_push(SYSTEM, repository, [(ref, ZERO, oid) for ref, oid in refs.items()])
        Mirror.objects.filter(pk=mirror.pk).update(
            state=states.after(mirror.state, Turn.SYNCED), cause="", said="", failures=0, is_urgent=False, filled_at=now, synced_at=now,
            digest=advertisement.digest_of(refs, branch), next_at=now + pace.LONGEST * random.random(),  # noqa: S311 - spread, not secrecy
        )  # fmt: skip
