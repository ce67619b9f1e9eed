"""The head branch: brought up to date with the base, freed of conflicts, deleted after a merge and made again."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.errors import Conflict, Invalid, LimitReached, NotFound, Unavailable
from gitstore.conflicts import DELETE, TAKE_OURS, TAKE_THEIRS
from projects import rules as hosting
from projects.commands.identity import signature_of
from projects.commands.refs import apply_updates
from projects.models import Repository
from projects.queries.quota import quota_left
from pulls import rules
from pulls.commands.merging import Moved, cannot, fresh, turn
from pulls.commands.opening import set_pull
from pulls.commands.versions import add_version
from pulls.models import Method, Pull

MERGE, REBASE = "merge", "rebase"
SIDES = (TAKE_OURS, TAKE_THEIRS, DELETE)


def update_branch(actor: Actor, pull: Pull, *, method: str = MERGE, expected: str = "") -> Pull:
    """Bring what is new in the base into the head branch, by a merge or by a rebase of the pull request's commits.

    Raises NotFound or Forbidden (rules.can_apply, push policies), Invalid (method), Conflict (Moved, conflicts, nothing new), Unavailable.
    Publishes RefsUpdated and PullSynchronized.
    """
    rules.can_apply(actor, pull).require()
    if method not in (MERGE, REBASE):
        raise Invalid(_("Choose how to bring it up to date."), field="method")
    with turn(pull.repository, pull.base_branch):
        row = _seen(pull, expected)
        path, by = row.repository.path, signature_of(actor)
        base = _base_tip(row)
        try:
            if gitstore.is_ancestor(path, base, row.head_oid):
                raise Conflict(_("The branch is up to date."), code="up_to_date")
            if method == REBASE:
                oid = gitstore.rebase(path, base, row.head_oid, committer=by)
            else:
                message = f"Merge branch '{row.base_branch}' into {row.head_branch}\n"
                oid = gitstore.merge_commit(path, row.head_oid, base, message=message, author=by, committer=by)
        except gitstore.GitError as error:
            raise cannot(error, row, Method.REBASE if method == REBASE else Method.MERGE) from error
        return put_head(actor, row, oid)


def resolve_conflicts(actor: Actor, pull: Pull, choices: Mapping[str, bytes | str], *, expected: str = "", base: str = "") -> Pull:
    """Merge the base into the head branch with each conflict settled: by the whole text (bytes), or by a side (SIDES).

    `expected` and `base` are the two tips the person saw. Raises NotFound or Forbidden (rules.can_apply, push policies), Invalid (choices),
    Conflict (Moved; something is left), LimitReached (quota), Unavailable. Publishes RefsUpdated and PullSynchronized.
    """
    rules.can_apply(actor, pull).require()
    if any(isinstance(choice, str) and choice not in SIDES for choice in choices.values()):
        raise Invalid(_("Choose a side."), field="choice")
    _require_room(pull.repository, choices)
    with turn(pull.repository, pull.base_branch):
        row = _seen(pull, expected)
        tip, by = _base_tip(row), signature_of(actor)
        if base and base != tip:
            raise Moved
        message = f"Merge branch '{row.base_branch}' into {row.head_branch}\n"
        try:
            oid = gitstore.resolve_conflicts(row.repository.path, row.head_oid, tip, choices, message=message, author=by, committer=by)
        except gitstore.GitError as error:
            raise cannot(error, row, Method.MERGE) from error
        return put_head(actor, row, oid)


def _seen(pull: Pull, expected: str) -> Pull:
    row = fresh(pull)
    if not row.is_open:
        raise Conflict(_("This pull request is closed."), code="closed")
    if expected and expected != row.head_oid:
        raise Moved
    return row


def _base_tip(pull: Pull) -> str:
    tip = gitstore.ref_oid(pull.repository.path, f"refs/heads/{pull.base_branch}")
    if not tip:
        raise Conflict(_("The branch “%s” is gone; choose another base first.") % pull.base_branch, code="no_base")
    return tip


def _require_room(repository: Repository, choices: Mapping[str, bytes | str]) -> None:
    size = sum(len(choice) for choice in choices.values() if isinstance(choice, bytes))
    if size > quota_left(repository):
        raise LimitReached(_("The quota of “%s” is used up.") % repository.namespace.slug, code="quota")


def put_head(actor: Actor, pull: Pull, oid: str) -> Pull:
    """Move the head branch to a commit that the base repository holds, and make it the newest version. Raises Conflict, Forbidden, Unavailable."""
    head = pull.head_repository
    if head is None or not pull.head_branch:
        raise Conflict(_("The branch of this pull request is gone."), code="no_branch")
    if head.pk != pull.repository_id:
        try:
            gitstore.fetch_objects(head.path, pull.repository.path, [oid])
        except gitstore.GitError as error:
            raise Unavailable(_("Git could not answer in time. Try again."), retry_after=10) from error
    apply_updates(actor, head, [(f"refs/heads/{pull.head_branch}", pull.head_oid, oid)])
    add_version(actor, pull, source=pull.repository, head_oid=oid)
    return fresh(pull)


def delete_head_branch(actor: Actor, pull: Pull) -> Pull:
    """Delete the head branch of a merged or closed pull request, if nothing came after; its tip is remembered for `restore_head_branch`.

    Raises NotFound or Forbidden (may not push there, push policies), Conflict (open; others use it; it moved). Publishes RefsUpdated.
    """
    row = fresh(pull)
    head = _pushable(actor, row)
    if row.is_open:
        raise Conflict(_("This pull request is open; its branch stays."), code="open")
    ref = f"refs/heads/{row.head_branch}"
    tip = gitstore.ref_oid(head.path, ref)
    if not tip:
        raise NotFound(_("There is no “%s” any more.") % row.head_branch)
    if row.head_branch == head.default_branch:
        raise Conflict(_("The default branch cannot be deleted."), code="default_branch")
    if tip != row.head_oid:
        raise Conflict(_("There are commits on “%s” that are not in this pull request.") % row.head_branch, code="moved")
    used = Pull.objects.filter(head_repository=head, head_branch=row.head_branch, thread__state="open").select_related("thread").first()
    if used is not None:
        raise Conflict(_("Another open pull request uses this branch: #%d.") % used.number, code="in_use")
    apply_updates(actor, head, [(ref, tip, gitstore.ZERO)])
    set_pull(row, branch_deleted_oid=tip)
    return row


def restore_head_branch(actor: Actor, pull: Pull) -> Pull:
    """Make the head branch again where it was. Raises NotFound or Forbidden, Conflict (not deleted, or there again), Unavailable."""
    row = fresh(pull)
    head = _pushable(actor, row)
    if not row.branch_deleted_oid:
        raise Conflict(_("The branch of this pull request was not deleted."), code="not_deleted")
    ref = f"refs/heads/{row.head_branch}"
    if gitstore.ref_oid(head.path, ref):
        raise Conflict(_("There is a branch “%s” already.") % row.head_branch, code="exists")
    if head.pk != row.repository_id:
        try:
            gitstore.fetch_objects(head.path, row.repository.path, [row.branch_deleted_oid])
        except gitstore.GitError as error:
            raise Unavailable(_("Git could not answer in time. Try again."), retry_after=10) from error
    apply_updates(actor, head, [(ref, gitstore.ZERO, row.branch_deleted_oid)])
    set_pull(row, branch_deleted_oid="")
    return row


def _pushable(actor: Actor, pull: Pull) -> Repository:
    """The head's repository, if the actor may push there. Raises NotFound or Forbidden, Conflict."""
    hosting.can_read(actor, pull.repository).require()
    head = pull.head_repository
    if head is None or not pull.head_branch or head.deleted_at is not None:
        raise Conflict(_("The branch of this pull request is gone."), code="no_branch")
    hosting.can_push(actor, head).require()
    return head
