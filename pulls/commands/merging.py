"""Merging. The commit is made beside everything, then the base branch moves if nobody was faster, then the rows say so.

Before the branch moves, the row names the commit that is about to come (`merged_oid` without `merged_at`). A process that dies in between
leaves exactly that: `settle_merges` finds the commit in the branch and finishes, or takes the name back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.models import User
from core import events
from core.actors import SYSTEM, Actor
from core.errors import Conflict, DomainError, Unavailable
from core.rules import HIDE
from gitstore import Signature
from gitstore.locks import waiting_for
from issues import commands as talk
from issues.models import Thread
from projects.commands.identity import signature_of
from projects.commands.refs import apply_updates
from projects.models import Repository
from pulls import rules
from pulls.commands.mergeability import check_pulls
from pulls.commands.opening import locked_pull, set_pull
from pulls.events import PullMerged
from pulls.logic import names
from pulls.models import MergeSettings, Method, Pull
from pulls.queries.merging import merge_state

log = structlog.get_logger(__name__)
TRIES = 5  # pushes to the base branch that may come between
TURN_SECONDS = 30.0
MESSAGE_MAX = 100_000  # characters


class Moved(Conflict):
    """The pull request is not as the person saw it."""

    def __init__(self) -> None:
        super().__init__(_("New commits were pushed meanwhile. Look at them, then merge."), code="moved")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How somebody wants it merged."""

    method: str
    title: str = ""
    message: str = ""


@contextmanager
def turn(repository: Repository, branch: str) -> Iterator[None]:
    """One change of the pull requests for a branch at a time, over all processes. Raises Unavailable."""
    try:
        with waiting_for(repository.path, f"merge {branch}", seconds=TURN_SECONDS):
            yield
    except gitstore.RepositoryBusy as error:
        raise Unavailable(_("Another merge into this branch is under way. Try again in a moment."), retry_after=5) from error


def merge_pull(actor: Actor, pull: Pull, *, method: str = "", expected: str = "", title: str = "", message: str = "") -> Pull:
    """Bring the commits into the base branch by `method` ("" for the repository's first one); `expected` is the head that the person saw.

    Asked twice by the same person for the same head, the second answer is the first. Raises NotFound or Forbidden (rules.can_merge, push
    policies), Conflict (whatever hinders; Moved; conflicts; too much traffic), Unavailable. Publishes RefsUpdated and PullMerged.
    """
    rules.can_merge(actor, pull, rules.protection_of(pull.repository, pull.base_branch)).require()
    if not pull.is_checked and pull.is_open:
        check_pulls(SYSTEM, pull.repository_id, pull_ids=[pull.pk])
    with turn(pull.repository, pull.base_branch):
        row = fresh(pull)
        if _is_done(actor, row) and expected in ("", row.head_oid):
            return row
        _require_seen(row, expected)
        state = merge_state(actor, row)
        state.require(method)
        wanted = Wanted(method or state.methods[0], title, message)
        before, oid = _move(actor, row, wanted, state.settings)
        return finish_merge(actor.person, row, before=before, oid=oid, method=wanted.method)


def _is_done(actor: Actor, pull: Pull) -> bool:
    """True if this person merged it already: a double click."""
    return pull.is_merged and actor.person is not None and pull.merged_by_id == actor.person.pk


def fresh(pull: Pull) -> Pull:
    """The row as it is now, with what commands need."""
    rows = Pull.objects.select_related("repository__namespace", "repository__merge_settings", "thread__author", "merged_by")
    row = rows.select_related("head_repository__namespace").get(pk=pull.pk)
    row.thread.repository = row.repository
    return row


def _require_seen(pull: Pull, expected: str) -> None:
    """Raises Moved: the page was older, or the branch is further than the rows know yet."""
    if expected and expected != pull.head_oid:
        raise Moved
    head = pull.head_repository
    if pull.is_open and head is not None and pull.head_branch and head.deleted_at is None and head.path.is_dir():
        tip = gitstore.ref_oid(head.path, f"refs/heads/{pull.head_branch}")
        if tip and tip != pull.head_oid:
            raise Moved


def _move(actor: Actor, pull: Pull, wanted: Wanted, settings: MergeSettings) -> tuple[str, str]:
    """Make the commit and move the branch; a push that comes between is merged onto. Returns the tip before and the one after."""
    ref = f"refs/heads/{pull.base_branch}"
    for attempt in range(TRIES):
        base = gitstore.ref_oid(pull.repository.path, ref)
        if not base:
            raise Conflict(_("The branch “%s” is gone; choose another base first.") % pull.base_branch, code="no_base")
        oid = made_commit(actor, pull, wanted, settings, base)
        _announce(actor, pull, oid, wanted.method)
        try:
            apply_updates(actor, pull.repository, [(ref, base, oid)], merging=True)
        except Conflict:
            _take_back(pull)
            if attempt == TRIES - 1:
                raise
        except DomainError:
            _take_back(pull)
            raise
        else:
            return base, oid
    raise AssertionError("unreachable")


def made_commit(actor: Actor, pull: Pull, wanted: Wanted, settings: MergeSettings, base: str) -> str:
    """The new tip of the base branch, by the method. Raises Conflict."""
    path, head, by = pull.repository.path, pull.head_oid, signature_of(actor)
    message = message_of(pull, wanted, settings)
    try:
        if wanted.method == Method.FORWARD:
            return gitstore.fast_forward(path, base, head)
        if wanted.method == Method.REBASE:
            return gitstore.rebase(path, base, head, committer=by)
        if wanted.method == Method.SQUASH:
            return gitstore.squash(path, base, head, message=message, author=_author(pull, by), committer=by)
        return gitstore.merge_commit(path, base, head, message=message, author=by, committer=by)
    except gitstore.GitError as error:
        raise cannot(error, pull, wanted.method) from error


def cannot(error: gitstore.GitError, pull: Pull, method: str) -> DomainError:
    """What the person reads when git cannot do it."""
    if isinstance(error, gitstore.MergeConflicts) and method == Method.FORWARD:
        return Conflict(
            _("“%s” has commits of its own by now, so it cannot simply be moved forward.") % pull.base_branch, code="not_forward"
        )
    if isinstance(error, gitstore.MergeConflicts):
        paths = ", ".join(one.path.encode("utf-8", "replace").decode() for one in error.conflicts[:5])
        if error.commit:
            return Conflict(_("Commit %(oid)s conflicts in %(paths)s.") % {"oid": error.commit[:10], "paths": paths}, code="conflicts")
        return Conflict(_("There are conflicts in %s.") % paths, code="conflicts")
    if isinstance(error, gitstore.NothingToMerge):
        return Conflict(_("“%s” has all of these commits already.") % pull.base_branch, code="contained")
    if isinstance(error, gitstore.UnrelatedHistories):
        return Conflict(_("The two branches share no history."), code="unrelated")
    if isinstance(error, gitstore.TooLarge):
        return Conflict(_("There are too many commits to rewrite them one by one. Choose another way to merge."), code="too_many")
    return Unavailable(_("Git could not answer in time. Try again."), retry_after=10)


def _author(pull: Pull, by: Signature) -> Signature:
    """Who is the author of a squashed commit: whoever proposed it; of an account that is gone, the author of the newest commit."""
    if pull.thread.author is not None:
        return signature_of(Actor(person=pull.thread.author))
    found = gitstore.commit(pull.repository.path, pull.head_oid).author
    return Signature(found.name, found.email, by.when)


def message_of(pull: Pull, wanted: Wanted, settings: MergeSettings) -> str:
    """What was typed, else what the repository's templates say."""
    title, body = default_message(pull, wanted.method, settings)
    title = " ".join((wanted.title or title).split())[:500] or f"#{pull.number}"
    body = (wanted.message if wanted.title or wanted.message else body).replace("\r\n", "\n").replace("\0", "").strip()[:MESSAGE_MAX]
    return f"{title}\n\n{body}\n" if body else f"{title}\n"


def default_message(pull: Pull, method: str, settings: MergeSettings) -> tuple[str, str]:
    """Title and text of the commit by the repository's templates."""
    head = pull.head_branch or pull.topic or pull.head_oid[:10]
    if pull.head_repository is not None and pull.head_repository_id != pull.repository_id:
        head = f"{pull.head_repository.namespace.slug}:{head}"
    words = {
        "title": pull.thread.title, "number": str(pull.number), "body": pull.thread.body, "head": head, "base": pull.base_branch,
        "author": pull.thread.author.shown_name if pull.thread.author is not None else pull.thread.author_name,
    }  # fmt: skip
    if method == Method.SQUASH:
        templates = settings.squash_title or names.SQUASH_TITLE, settings.squash_message or names.SQUASH_MESSAGE
    else:
        templates = settings.merge_title or names.MERGE_TITLE, settings.merge_message or names.MERGE_MESSAGE
    return names.from_template(templates[0], words), names.from_template(templates[1], words)


def _announce(actor: Actor, pull: Pull, oid: str, method: str) -> None:
    """Name the commit that is about to come. Raises Conflict: closed, merged or pushed to meanwhile."""
    rows = Pull.objects.filter(pk=pull.pk, merged_at=None, head_oid=pull.head_oid, thread__state=Thread.State.OPEN)
    if not rows.update(merged_oid=oid, merge_method=method, merged_by=actor.person):
        now = fresh(pull)
        if now.head_oid != pull.head_oid:
            raise Moved
        raise Conflict(_("It is merged already.") if now.is_merged else _("This pull request is closed."), code="closed")


def _take_back(pull: Pull) -> None:
    Pull.objects.filter(pk=pull.pk, merged_at=None).update(merged_oid="", merge_method="", merged_by=None)


def finish_merge(by: User | None, pull: Pull, *, before: str, oid: str, method: str) -> Pull:
    """Write that it is merged: the branch has it. Whoever closed it in the same moment was too late. Publishes PullMerged."""
    with transaction.atomic():
        row = locked_pull(pull)
        if row.is_merged:
            return row
        facts: dict[str, Any] = {"oid": oid, "method": method, "base": row.base_branch}
        if not talk.change_state(row.thread, Thread.State.CLOSED, by, reason=Thread.StateReason.MERGED, facts=facts):
            talk.touch(row.thread, state_reason=Thread.StateReason.MERGED)
            talk.record(row.thread, by, "closed", reason=Thread.StateReason.MERGED, **facts)
        set_pull(
            row, merged_at=timezone.now(), merged_by=by, merged_oid=oid, merge_method=method, base_oid=before, auto_merge_by=None,
            auto_merge_method="",
        )  # fmt: skip
        events.publish(
            PullMerged(
                pull_id=row.pk, thread_id=row.thread_id, repository_id=row.repository_id, by_id=by.pk if by is not None else None,
                author_id=row.thread.author_id, oid=oid, method=method,
            )
        )  # fmt: skip
    return row


def settle_merges(actor: Actor, repository_id: int | None = None) -> int:
    """Finish merges whose process died after it moved the branch, take the others back; returns how many were merged. Only the system may."""
    if not actor.is_system:
        HIDE.require()
    rows = Pull.objects.filter(merged_at=None, repository__deleted_at=None).exclude(merged_oid="")
    if repository_id is not None:
        rows = rows.filter(repository=repository_id)
    done = 0
    for pull in rows.select_related("repository").order_by("pk")[:200]:
        with turn(pull.repository, pull.base_branch):  # whoever is at it now has finished then
            done += _settle(fresh(pull))
    return done


def _settle(pull: Pull) -> bool:
    if pull.is_merged or not pull.merged_oid:
        return False
    path = pull.repository.path
    tip = gitstore.ref_oid(path, f"refs/heads/{pull.base_branch}")
    try:
        came = bool(tip) and gitstore.is_ancestor(path, pull.merged_oid, tip)
    except (KeyError, ValueError, gitstore.GitError):
        came = False
    if not came:
        _take_back(pull)
        return False
    log.warning("merge_finished_late", pull=pull.pk)
    before = pull.base_oid
    if parents := gitstore.commit(path, pull.merged_oid).parents:
        before = parents[0] if pull.merge_method in (Method.MERGE, Method.SQUASH) else before
    finish_merge(pull.merged_by, pull, before=before, oid=pull.merged_oid, method=pull.merge_method)
    return True
