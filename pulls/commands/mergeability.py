"""What a merge would do, looked at in the background: one batch for a repository, whatever the number of its open pull requests."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

import gitstore
from core.actors import SYSTEM, Actor
from core.rules import HIDE
from issues.models import Thread
from projects.commands.identity import signature_of
from projects.models import Repository
from pulls.logic.names import merge_ref
from pulls.models import Pull

log = structlog.get_logger(__name__)
AT_ONCE = 500  # pull requests of one batch
STATES = {
    "clean": Pull.Mergeability.CLEAN,
    "conflicts": Pull.Mergeability.CONFLICTS,
    "merged": Pull.Mergeability.CONTAINED,
    "unrelated": Pull.Mergeability.FAILED,
    "failed": Pull.Mergeability.FAILED,
}
CONFLICTS_KEPT = 200  # paths of one pull request


def check_pulls(actor: Actor, repository_id: int, *, base_branch: str = "", pull_ids: Iterable[int] = ()) -> list[Pull]:
    """Look at the open pull requests of a repository whose two tips are not those that were looked at; returns those that were.

    `base_branch` narrows it, or `pull_ids`. Makes `refs/pull/N/merge` for those without conflicts. Safe to repeat. Only the system may.
    """
    if not actor.is_system:
        HIDE.require()
    rows = Pull.objects.filter(repository=repository_id, repository__deleted_at=None, thread__state=Thread.State.OPEN)
    rows = rows.select_related("repository", "thread").order_by("pk")
    if base_branch:
        rows = rows.filter(base_branch=base_branch)
    if ids := list(pull_ids):
        rows = rows.filter(pk__in=ids)
    waiting, tips = [], dict[str, str]()
    for pull in rows:
        if pull.base_branch not in tips:
            tips[pull.base_branch] = gitstore.ref_oid(pull.repository.path, f"refs/heads/{pull.base_branch}")
        tip = tips[pull.base_branch]
        if tip and (pull.checked_base, pull.checked_head) != (tip, pull.head_oid):
            pull.base_oid = tip
            waiting.append(pull)
    for at in range(0, len(waiting), AT_ONCE):
        _check(waiting[at : at + AT_ONCE])
    return waiting


def _check(pulls: Sequence[Pull]) -> None:
    path = pulls[0].repository.path
    tried = gitstore.kept_merges(path, [(pull.base_oid, pull.head_oid) for pull in pulls], who=signature_of(SYSTEM))
    with transaction.atomic():
        for pull, (trial, _oid) in zip(pulls, tried, strict=True):
            _write(pull, trial)
    _point(pulls[0].repository, {merge_ref(pull.thread.number): oid for pull, (_trial, oid) in zip(pulls, tried, strict=True)})


def _write(pull: Pull, trial: gitstore.Trial) -> None:
    """The answer, unless another version came meanwhile; the ancestor is the one the pages compare with."""
    state = Pull.Mergeability.FORWARD if trial.forward else STATES[trial.state]
    values: dict[str, Any] = {
        "base_oid": trial.base, "mergeability": state, "checked_base": trial.base, "checked_head": trial.head, "checked_at": timezone.now(),
        "conflicts": [{"path": shown(one.path), "kind": one.kind} for one in trial.conflicts[:CONFLICTS_KEPT]],
    }  # fmt: skip
    if trial.ahead and trial.merge_base:
        values |= {"merge_base": trial.merge_base, "commits": trial.ahead}
        if trial.merge_base != pull.merge_base:  # part of it came into the base: what is left has to be counted anew
            diff = gitstore.diff(pull.repository.path, trial.merge_base, trial.head, limit=0)
            values |= {"files": diff.total, "additions": diff.additions, "deletions": diff.deletions}
    if Pull.objects.filter(pk=pull.pk, head_oid=trial.head, base_branch=pull.base_branch).update(**values):
        for name, value in values.items():
            setattr(pull, name, value)


def shown(path: str) -> str:
    """A path as JSON takes it."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _point(repository: Repository, wanted: dict[str, str]) -> None:
    """Let the refs be at their commits; "" takes one away. Whoever moves one at the same time has looked later."""
    present = gitstore.refs(repository.path, "refs/pull")
    updates = [
        (ref, present.get(ref, gitstore.ZERO), oid or gitstore.ZERO)
        for ref, oid in wanted.items()
        if present.get(ref, "") != oid
    ]  # fmt: skip
    try:
        if updates:
            gitstore.update_refs(repository.path, updates)
    except gitstore.RefConflict as error:
        log.info("merge_refs_moved", repository=repository.pk, error=str(error))


def forget_merge(actor: Actor, pull_id: int) -> None:
    """A closed pull request has no `refs/pull/N/merge`; opened again it is looked at anew. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    pull = Pull.objects.select_related("repository", "thread").filter(pk=pull_id, thread__state=Thread.State.CLOSED).first()
    if pull is None or pull.repository.deleted_at is not None or not pull.repository.path.is_dir():
        return
    Pull.objects.filter(pk=pull.pk).update(checked_base="")
    _point(pull.repository, {merge_ref(pull.thread.number): ""})


def unchecked(limit: int = 50) -> list[int]:
    """Repositories with open pull requests that were not looked at since something moved; ids. For the sweep."""
    stale = Q(checked_at=None) | ~Q(checked_base=F("base_oid")) | ~Q(checked_head=F("head_oid"))
    rows = Pull.objects.filter(stale, repository__deleted_at=None, thread__state=Thread.State.OPEN)
    return list(rows.order_by("repository").values_list("repository", flat=True).distinct()[:limit])
