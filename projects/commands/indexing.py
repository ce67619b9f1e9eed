"""What pages show of a repository without asking Git: counted from the pushed range alone where that is possible."""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path

import structlog
from django.db import transaction

import gitstore
from core import events, filetypes, licences
from core.actors import Actor
from core.rules import HIDE
from projects.commands.pools import size_of
from projects.events import RepositoryChanged
from projects.models import ContributionDay, Repository

log = structlog.get_logger(__name__)
LANGUAGES = 30
LICENCE_BYTES = 200_000
CHUNK = 500  # rows written in one transaction
FOLDERS = 30  # directories whose last commits are brought up to date after a push
Days = dict[tuple[str, str], tuple[str, int]]  # (e-mail, UTC day) → (name, commits)


def index_repository(actor: Actor, repository_id: int) -> None:
    """Bring head, counts, contribution days, languages, licence, size and last commits up to what is on disk.

    Safe to repeat and to interrupt. Publishes RepositoryChanged where something moved. Raises gitstore.RepositoryBusy while another process indexes the same repository.
    """
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id, deleted_at=None).first()
    if repository is None or not repository.path.is_dir():
        return
    with _alone(repository.path):
        repository.refresh_from_db()
        tip = gitstore.ref_oid(repository.path, f"refs/heads/{repository.default_branch}")
        tip = gitstore.commit_oid(repository.path, tip) if tip else ""
        facts = {
            "head_oid": tip,
            "is_empty": not tip and not gitstore.branches(repository.path),
            "size_bytes": size_of(repository),
        }
        Repository.objects.filter(pk=repository.pk).update(**facts)
        if tip != repository.indexed_oid:
            _count(repository, tip)
            Repository.objects.filter(pk=repository.pk).update(**_of_tree(repository, tip))
            with transaction.atomic():
                events.publish(RepositoryChanged(repository_id=repository.pk))
            _last_commits(repository, tip)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    (path / "openi").mkdir(exist_ok=True)
    with open(path / "openi" / "index.lock-file", "wb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise gitstore.RepositoryBusy(str(path)) from error
        yield


def _count(repository: Repository, tip: str) -> None:
    """Commits and contribution days: added from the new range if the history only grew, else counted anew."""
    base = repository.indexed_oid
    grew = bool(base and tip) and _is_ancestor(repository.path, base, tip)
    if grew:
        added = gitstore.count(repository.path, tip, base=base)
        days = gitstore.authored(repository.path, tip, base=base)
        if len(days) <= CHUNK:
            with transaction.atomic():
                _add_days(repository, days)
                Repository.objects.filter(pk=repository.pk).update(indexed_oid=tip, commits=repository.commits + added)
            return
    total = gitstore.count(repository.path, tip) if tip else 0
    days = gitstore.authored(repository.path, tip) if tip else {}
    _replace_days(repository, days)
    Repository.objects.filter(pk=repository.pk).update(indexed_oid=tip, commits=total)


def _is_ancestor(path: Path, base: str, tip: str) -> bool:
    try:
        return gitstore.is_ancestor(path, base, tip)
    except gitstore.GitError:
        return False  # the old tip is gone


def _rows(repository: Repository, days: Days) -> Iterator[ContributionDay]:
    """One row for each (e-mail, day), cut to the columns' lengths."""
    merged: Days = {}
    for (email, day), (name, commits) in days.items():
        key = (_text(email)[:254], day)
        merged[key] = (_text(name)[:200], merged.get(key, ("", 0))[1] + commits)
    for (email, day), (name, commits) in merged.items():
        try:
            moment = date.fromisoformat(day)
        except ValueError:  # a date beyond what a calendar holds
            continue
        yield ContributionDay(repository=repository, email=email, name=name, day=moment, commits=commits)


def _text(raw: str) -> str:
    """What a database can hold: bytes that are no text become question marks, NUL goes."""
    return raw.encode("utf-8", "replace").decode().replace("\0", "")


def _add_days(repository: Repository, days: Days) -> None:
    rows = list(_rows(repository, days))
    known = {
        (row.email, row.day): row.commits
        for row in ContributionDay.objects.filter(
            repository=repository, email__in={row.email for row in rows}, day__in={row.day for row in rows}
        )
    }
    for row in rows:
        row.commits += known.get((row.email, row.day), 0)
    _store(rows)


def _replace_days(repository: Repository, days: Days) -> None:
    """Count anew in short transactions; until it is done the repository says that nothing is counted."""
    Repository.objects.filter(pk=repository.pk).update(indexed_oid="")
    while ids := list(ContributionDay.objects.filter(repository=repository).values_list("pk", flat=True)[:CHUNK]):
        ContributionDay.objects.filter(pk__in=ids).delete()
    rows = _rows(repository, days)
    while chunk := list(islice(rows, CHUNK)):
        with transaction.atomic():
            _store(chunk)


def _store(rows: Iterable[ContributionDay]) -> None:
    ContributionDay.objects.bulk_create(
        rows, update_conflicts=True, update_fields=["commits", "name"], unique_fields=["repository", "email", "day"], batch_size=CHUNK
    )


def _of_tree(repository: Repository, tip: str) -> dict[str, object]:
    """Languages by bytes, largest first, and the licence; of no commit: nothing."""
    if not tip:
        return {"languages": {}, "main_language": "", "licence": ""}
    languages = tree_languages(repository.path, tip)
    return {"languages": languages, "main_language": next(iter(languages), ""), "licence": tree_licence(repository.path, tip)}


def tree_languages(path: Path, tip: str) -> dict[str, int]:
    """Language → bytes of the commit's files, largest first, at most LANGUAGES."""
    totals: dict[str, int] = {}
    for name, size, head in gitstore.sizes(path, tip, head_of=filetypes.needs_content):
        if language := filetypes.counts(name, head):
            totals[language] = totals.get(language, 0) + size
    ranked = sorted(((size, language) for language, size in totals.items() if size), key=lambda pair: (-pair[0], pair[1]))
    return {language: size for size, language in ranked[:LANGUAGES]}


def tree_licence(path: Path, tip: str) -> str:
    """SPDX id of the licence file at the root, "" if there is none or it is unknown."""
    for entry in gitstore.tree(path, tip):
        if entry.kind in ("blob", "executable") and licences.is_licence_file(entry.name):
            content = gitstore.blob(path, entry.oid, limit=LICENCE_BYTES).data
            if found := licences.detect(content.decode("utf-8", "replace")):
                return found
    return ""


def _last_commits(repository: Repository, tip: str) -> None:
    """The root's last commits, and those of the directories the push touched, so that the next reader finds them ready."""
    path = repository.path
    folders = [""]
    if repository.indexed_oid:
        changed = (
            gitstore.run(path, ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", repository.indexed_oid, tip])
            if _exists(path, repository.indexed_oid) and tip
            else b""
        )
        touched = {name.decode("utf-8", "surrogateescape").rpartition("/")[0] for name in changed.split(b"\0") if name}
        folders += sorted(touched - {""})[:FOLDERS]
    for folder in folders if tip else ():
        try:
            gitstore.build_last_commits(path, tip, folder, seconds=60)
        except gitstore.GitError as error:
            log.info("last_commits_skipped", repository=repository.pk, error=str(error))


def _exists(path: Path, oid: str) -> bool:
    try:
        gitstore.commit(path, oid)
    except gitstore.GitError:
        return False
    return True
