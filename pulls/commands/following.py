"""Pull requests follow their branches: what is pushed to the head is a version, what reaches the base is merged, what goes is noted."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

import gitstore
from accounts.models import User
from core.actors import SYSTEM, Actor
from core.errors import DomainError, LimitReached
from core.rules import HIDE
from gitstore import ZERO
from issues import commands as talk
from issues.commands import close_issue
from issues.models import Reference, Thread
from projects.models import Repository
from pulls.commands.heads import delete_head_branch
from pulls.commands.mergeability import check_pulls
from pulls.commands.merging import finish_merge, fresh, settle_merges, turn
from pulls.commands.opening import close_pull, locked_pull, retarget_pull, set_pull
from pulls.commands.versions import add_version
from pulls.models import Method, Pull
from pulls.rules import settings_of

log = structlog.get_logger(__name__)
HEADS = "refs/heads/"


def follow_push(actor: Actor, repository_id: int, *, by_id: int | None, updates: Sequence[Sequence[str]], total: int) -> None:
    """After refs of a repository moved. Looks at where branches are now, so it may come late and twice. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id, deleted_at=None).first()
    if repository is None or not repository.path.is_dir():
        return
    moved = {ref.removeprefix(HEADS): (old, new) for ref, old, new in updates if ref.startswith(HEADS)}
    if total > len(updates):  # the event names only the first of many refs
        moved |= {name: ("", "") for name in _used(repository) if name not in moved}
    if not moved:
        return
    person = User.objects.select_related("namespace").filter(pk=by_id).first() if by_id is not None else None
    if Pull.objects.filter(repository=repository, merged_at=None).exclude(merged_oid="").exists():
        settle_merges(SYSTEM, repository.pk)
    by = Actor(person=person) if person is not None else SYSTEM
    for pull in _open(head_repository=repository, head_branch__in=list(moved)):
        sync_head(by, pull, *moved[pull.head_branch])
    for branch in sorted(set(_open(repository=repository, base_branch__in=list(moved)).values_list("base_branch", flat=True))):
        if gitstore.ref_oid(repository.path, f"{HEADS}{branch}"):
            _base_moved(by, repository, branch, moved[branch][0])
        else:
            _base_gone(repository, branch)


def _open(**which: Any) -> "QuerySet[Pull]":
    rows = Pull.objects.filter(thread__state=Thread.State.OPEN, repository__deleted_at=None, **which)
    return rows.select_related("repository__namespace", "thread__author", "head_repository__namespace").order_by("pk")


def _used(repository: Repository) -> set[str]:
    """Branches that open pull requests come from or go to."""
    heads = _open(head_repository=repository).values_list("head_branch", flat=True)
    return {*heads, *_open(repository=repository).values_list("base_branch", flat=True)} - {""}


def sync_head(actor: Actor, pull: Pull, old: str = "", new: str = "") -> None:
    """Let the newest version be what the head branch holds; a branch that is gone is noted, its commits stay here.

    `old` and `new`: one push, which becomes a version of its own even if another came since; the branch itself if they are not known.
    """
    head = pull.head_repository
    if head is None or head.deleted_at is not None or not pull.head_branch or not head.path.is_dir():
        return
    with turn(pull.repository, pull.base_branch):
        row = fresh(pull)
        tip = gitstore.ref_oid(head.path, f"{HEADS}{row.head_branch}")
        wanted = new if new not in ("", ZERO) and old == row.head_oid else tip
        if not row.is_open or wanted == row.head_oid or (new not in ("", ZERO, wanted)):
            return  # a later push: its own event tells who made it
        if not wanted:
            _note_gone(actor, row, old)
            return
        try:
            add_version(actor, row, source=head, head_oid=wanted)
        except (
            LimitReached
        ) as error:  # what is pushed does not fit here: the branch is further than the pull request, which cannot be merged so
            log.info("version_refused", pull=row.pk, code=error.code)


def _note_gone(actor: Actor, pull: Pull, old: str) -> None:
    """The branch was deleted: the pull request stays open, and the branch can be made again."""
    if pull.branch_deleted_oid == pull.head_oid:
        return
    with transaction.atomic():
        row = locked_pull(pull)
        set_pull(row, branch_deleted_oid=row.head_oid)
        talk.record(row.thread, actor.person, "head_deleted", branch=row.head_branch, oid=old if old not in ("", ZERO) else row.head_oid)
        talk.touch(row.thread)


def _base_moved(actor: Actor, repository: Repository, branch: str, old: str) -> None:
    """Look at every open pull request for it in one batch; those whose commits came in by this push are merged."""
    before = {pull.pk: pull for pull in _open(repository=repository, base_branch=branch)}
    for pull in check_pulls(SYSTEM, repository.pk, base_branch=branch):
        if pull.mergeability == Pull.Mergeability.CONTAINED and pull.pk in before and not _was_contained(before[pull.pk], old):
            with turn(repository, branch):
                row = fresh(pull)
                if row.is_open and row.head_oid == pull.head_oid:
                    tip = gitstore.ref_oid(repository.path, f"{HEADS}{branch}")
                    finish_merge(actor.person, row, before=row.merge_base, oid=tip, method=Method.BY_HAND)


def _was_contained(pull: Pull, old: str) -> bool:
    """True if the base had it all before this push: then there was nothing to merge, and nothing is merged now."""
    if pull.mergeability == Pull.Mergeability.CONTAINED and pull.checked_head == pull.head_oid:
        return True
    if old in ("", ZERO):
        return False
    try:
        return gitstore.is_ancestor(pull.repository.path, pull.head_oid, old)
    except (KeyError, ValueError, gitstore.GitError):
        return False


def _base_gone(repository: Repository, branch: str) -> None:
    """The base was deleted. If it was itself merged somewhere, what stands on it goes there; else there is nowhere to go, and it is closed."""
    parent = Pull.objects.filter(repository=repository, head_repository=repository, head_branch=branch, merged_at__isnull=False)
    found = parent.order_by("-merged_at").first()
    for pull in _open(repository=repository, base_branch=branch):
        row = fresh(pull)
        if found is not None and found.base_branch != branch:
            try:
                retarget_pull(SYSTEM, row, base_branch=found.base_branch)
                continue
            except DomainError as error:
                log.info("not_retargeted", pull=row.pk, code=error.code)
        with transaction.atomic():
            talk.record(row.thread, None, "base_deleted", branch=branch)
        close_pull(SYSTEM, row)


def after_merge(actor: Actor, pull_id: int) -> None:
    """What follows a merge: the head branch goes where the repository wants it, unless others use it. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    pull = Pull.objects.filter(pk=pull_id, merged_at__isnull=False).first()
    if pull is None:
        return
    row = fresh(pull)
    if row.merged_by is None or not settings_of(row.repository).delete_branch or row.head_repository_id != row.repository_id:
        return
    if row.branch_deleted_oid or not gitstore.ref_oid(row.repository.path, f"{HEADS}{row.head_branch}"):
        return
    try:
        delete_head_branch(Actor(person=row.merged_by), row)
    except DomainError as error:
        log.info("branch_kept", pull=row.pk, code=error.code)


def close_named(actor: Actor, pull_id: int) -> list[int]:
    """Close the issues that the text of a merged pull request says it closes, if whoever merged may; returns the ids of threads.

    Merges into other branches than the default one close nothing. Only the system may. Publishes IssueClosed.
    """
    if not actor.is_system:
        HIDE.require()
    pull = Pull.objects.select_related("repository__namespace", "thread", "merged_by__namespace").filter(pk=pull_id).first()
    if pull is None or not pull.is_merged or pull.merged_by is None or pull.base_branch != pull.repository.default_branch:
        return []
    by, closed = Actor(person=pull.merged_by), []
    for thread in _named(pull):
        try:
            close_issue(by, thread, pull=pull.thread)
        except DomainError as error:
            log.info("issue_stays_open", thread=thread.pk, code=error.code)
        else:
            closed.append(thread.pk)
    return closed


def _named(pull: Pull) -> Iterable[Thread]:
    rows = Reference.objects.filter(source=pull.thread, closes=True, target__state=Thread.State.OPEN, target__kind=Thread.Kind.ISSUE)
    related = ("target__repository__namespace", "target__repository__mirror", "target__author")
    found = {row.target_id: row.target for row in rows.select_related(*related).order_by("target")}
    return found.values()
