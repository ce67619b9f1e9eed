"""A merged pull request taken back, or brought to another branch: each as a new branch and a new pull request."""

from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.errors import Conflict
from projects import rules as hosting
from projects.commands.identity import signature_of
from projects.commands.refs import apply_updates
from pulls import rules
from pulls.commands.merging import cannot, fresh
from pulls.commands.opening import AlreadyOpen, open_pull
from pulls.models import Method, Pull

NAMES_TRIED = 20


def revert_pull(actor: Actor, pull: Pull) -> Pull:
    """Propose a commit that undoes what the pull request brought, on top of what its base branch is now.

    Raises NotFound or Forbidden (rules.can_open, projects.rules.can_push), Conflict (not merged, conflicts, nothing left of it). Publishes
    RefsUpdated and PullOpened.
    """
    row = _merged(actor, pull)
    onto, by = _tip(row, row.base_branch), signature_of(actor)
    title = f'Revert "{row.thread.title[:200]}"'
    message = f"{title}\n\n" + _("This takes back #%(number)d (%(oid)s).") % {"number": row.number, "oid": row.merged_oid} + "\n"
    try:
        oid = gitstore.take_back(row.repository.path, row.base_oid, row.merged_oid, onto, message=message, author=by, committer=by)
    except gitstore.NothingToMerge as error:
        raise Conflict(_("Nothing of it is left in “%s”.") % row.base_branch, code="nothing_left") from error
    except gitstore.GitError as error:
        raise cannot(error, row, Method.MERGE) from error
    return _propose(
        actor, row, f"revert-{row.number}", onto, oid, base=row.base_branch, title=title, body=_("Takes back #%d.") % row.number
    )


def cherry_pick_pull(actor: Actor, pull: Pull, *, onto: str) -> Pull:
    """Propose the commits of a merged pull request for the branch `onto` as well.

    Raises NotFound or Forbidden (rules.can_open, projects.rules.can_push), Conflict (not merged, no such branch, conflicts, it has them).
    Publishes RefsUpdated and PullOpened.
    """
    row = _merged(actor, pull)
    tip, by = _tip(row, onto), signature_of(actor)
    try:
        oid = gitstore.replay(row.repository.path, row.merge_base, row.head_oid, tip, committer=by)
    except gitstore.NothingToMerge as error:
        raise Conflict(_("“%s” has all of these commits already.") % onto, code="contained") from error
    except gitstore.GitError as error:
        raise cannot(error, row, Method.REBASE) from error
    name = f"pick-{row.number}-{onto.replace('/', '-')}"[:150]
    title = f"{row.thread.title[:200]} ({onto[:40]})"
    return _propose(
        actor,
        row,
        name,
        tip,
        oid,
        base=onto,
        title=title,
        body=_("Brings #%(number)d to “%(branch)s”.") % {"number": row.number, "branch": onto},
    )


def _merged(actor: Actor, pull: Pull) -> Pull:
    row = fresh(pull)
    rules.can_open(actor, row.repository).require()
    hosting.can_push(actor, row.repository).require()
    if not row.is_merged:
        raise Conflict(_("It is not merged."), code="not_merged")
    return row


def _tip(pull: Pull, branch: str) -> str:
    tip = gitstore.ref_oid(pull.repository.path, f"refs/heads/{branch}") if branch else ""
    if not tip:
        raise Conflict(_("There is no branch “%s”.") % branch, field="branch", code="no_branch")
    return tip


def _propose(actor: Actor, pull: Pull, name: str, start: str, oid: str, *, base: str, title: str, body: str) -> Pull:
    """A branch of its own in the base repository, and the pull request of it."""
    branch = _free(pull, name)
    apply_updates(actor, pull.repository, [(f"refs/heads/{branch}", gitstore.ZERO, oid)])
    try:
        return open_pull(actor, pull.repository, head=pull.repository, head_branch=branch, base_branch=base, title=title, body=body)
    except AlreadyOpen as error:
        return error.pull


def _free(pull: Pull, name: str) -> str:
    """A branch name nobody has taken. Raises Conflict."""
    for number in range(1, NAMES_TRIED):
        branch = name if number == 1 else f"{name}-{number}"
        if not gitstore.ref_oid(pull.repository.path, f"refs/heads/{branch}"):
            return branch
    raise Conflict(_("There is a branch “%s” already.") % name, code="exists")
