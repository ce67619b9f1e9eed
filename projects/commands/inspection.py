"""A look into each filled mirror for what a curator should know: whose copy it is, whether its licence changed, secrets, malware."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

import gitstore
from core.actors import Actor
from core.rules import HIDE
from projects import policies
from projects.models import Finding, Inspection, Repository, RootCommit

log = structlog.get_logger(__name__)
SECONDS = 120.0  # for each question put to git
FILES_MAX = 200  # with a secret; more are not named
FILE_BYTES = 1_000_000
ROOTS_MAX = 20
LINES_MAX = 20
SCAN_BYTES = 500_000_000  # what the virus scanner is given at most
# as policies.FOR_GREP, without the shape that every hash has
PATTERN = policies.FOR_GREP.removesuffix("|[0-9a-z]{40}")


def due_inspections(limit: int = 500) -> list[int]:
    """Mirrors whose default branch moved since the last look, or that had none; ids."""
    rows = Repository.objects.filter(deleted_at=None, mirror__filled_at__isnull=False).exclude(head_oid="")
    moved = Q(inspection=None) | ~Q(inspection__head_oid=F("head_oid"))
    return list(rows.filter(moved, indexed_oid=F("head_oid")).order_by("pk").values_list("pk", flat=True)[:limit])


def inspect_mirror(actor: Actor, repository_id: int) -> Inspection | None:
    """Look at the tip of the default branch; safe to repeat. None if there is nothing to look at. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.filter(pk=repository_id, deleted_at=None).exclude(head_oid="").first()
    if repository is None or not repository.path.is_dir():
        return None
    tip = repository.head_oid
    found: dict[str, list[str]] = {}
    try:
        roots = _roots(repository.path, tip)
        found[Finding.Kind.SECRET] = _secrets(repository.path, tip)
        if scanner():
            found[Finding.Kind.MALWARE] = _malware(repository.path, tip)
    except gitstore.GitError as error:
        log.info("inspection_failed", repository=repository.pk, error=str(error))
        roots = []
    with transaction.atomic():
        before = Inspection.objects.select_for_update().filter(repository=repository).first()
        if before is not None and before.licence and before.licence != repository.licence:
            found[Finding.Kind.LICENCE_CHANGED] = [before.licence, repository.licence or "–"]
        _store_roots(repository, roots, is_first=before is None)
        for kind, lines in found.items():
            _note(repository, kind, lines)
        made, _new = Inspection.objects.update_or_create(
            repository=repository, defaults={"head_oid": tip, "licence": repository.licence, "at": timezone.now()}
        )
    return made


def _roots(path: Path, tip: str) -> list[str]:
    said = gitstore.run(path, ["rev-list", "--max-parents=0", f"--max-count={ROOTS_MAX}", tip], timeout=SECONDS)
    return said.decode().split()


def _store_roots(repository: Repository, roots: Iterable[str], *, is_first: bool) -> None:
    """Adds what is missing (those of other branches come from the sync). Whoever is new asks the curators about all who share it once more."""
    known = set(RootCommit.objects.filter(repository=repository).values_list("oid", flat=True))
    fresh = set(roots) - known
    RootCommit.objects.bulk_create((RootCommit(repository=repository, oid=oid) for oid in sorted(fresh)), ignore_conflicts=True)
    if fresh or is_first:
        sharing = RootCommit.objects.filter(oid__in=[*fresh, *(known if is_first else ())]).values("repository_id")
        Finding.objects.filter(kind=Finding.Kind.DUPLICATE, repository__in=sharing).delete()


def _secrets(path: Path, tip: str) -> list[str]:
    """`file: kind` of what has the shape of a secret; the secret itself is nowhere kept."""
    said = gitstore.run(path, ["grep", "-I", "-l", "-z", "-E", "--threads=1", "-e", PATTERN, tip, "--"], timeout=SECONDS, ok=(0, 1))
    lines = []
    for raw in said.split(b"\0")[:FILES_MAX]:
        name = raw.decode("utf-8", "surrogateescape").removeprefix(f"{tip}:")
        if not name:
            continue
        entry = gitstore.entry_at(path, tip, name)
        content = gitstore.blob(path, entry.oid, limit=FILE_BYTES).data if entry is not None else b""
        kinds = sorted({what for what, _match in policies.secrets_in(content)})
        shown = name.encode("utf-8", "replace").decode()
        lines += [f"{shown}: {kind}" for kind in kinds]
    return lines[:LINES_MAX]


def scanner() -> str:
    """The path of ClamAV's scanner, "" where none is installed."""
    return shutil.which("clamdscan") or shutil.which("clamscan") or ""


def _malware(path: Path, tip: str) -> list[str]:
    """What the scanner says of the files at the tip."""
    with tempfile.NamedTemporaryFile(suffix=".tar.gz") as file:
        size = 0
        for piece in gitstore.archive(path, tip, "tar.gz", "tree"):
            size += len(piece)
            if size > SCAN_BYTES:
                break
            file.write(piece)
        file.flush()
        command = [scanner(), "--no-summary", "--infected", file.name]
        try:
            said = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return []
    if said.returncode != 1:  # 0: clean, 2: the scanner itself failed
        return []
    lines = said.stdout.decode("utf-8", "replace").splitlines()
    return [line.rpartition(": ")[2] for line in lines if line.strip()][:LINES_MAX] or [gettext_noop("infected")]


def _note(repository: Repository, kind: str, lines: list[str]) -> None:
    """The finding as it stands; what a person settled stays settled as long as it is the same."""
    rows = Finding.objects.filter(repository=repository, kind=kind)
    if not lines:
        rows.delete()
        return
    known = rows.first()
    if known is None or known.detail != lines:
        Finding.objects.update_or_create(
            repository=repository,
            kind=kind,
            defaults={"detail": lines, "found_at": timezone.now(), "settled_at": None, "settled_by": None},
        )


def has_virus_scanner() -> bool:
    """Whether ClamAV is installed here."""
    return bool(scanner())
