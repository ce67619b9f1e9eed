"""Branches and tags made, renamed and deleted in the browser: each is an ordinary push, with its policies and its event."""

from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from projects import rules
from projects.commands.creation import require_branch_name
from projects.commands.refs import apply_updates
from projects.commands.settings import set_default_branch
from projects.models import Repository
from projects.queries.browsing import require_reached


def _oid(repository: Repository, ref: str, *, field: str) -> str:
    oid = gitstore.ref_oid(repository.path, ref)
    if not oid:
        raise NotFound(_("There is no “%s” any more.") % ref.split("/", 2)[2], field=field)
    return oid


def create_branch(actor: Actor, repository: Repository, *, branch: str, start: str) -> str:
    """Make `branch` at `start` (branch, tag or commit); returns the oid.

    Raises NotFound or Forbidden (rules.can_push, policies), Invalid (name, start), Conflict (exists). Publishes RefsUpdated.
    """
    rules.can_push(actor, repository).require()
    require_branch_name(branch, field="branch")
    oid = gitstore.commit_oid(repository.path, start)
    if not oid:
        raise Invalid(_("There is no branch, tag or commit “%s”.") % start, field="start")
    require_reached(repository, oid)
    ref = f"refs/heads/{branch}"
    if gitstore.ref_oid(repository.path, ref):
        raise Conflict(_("There is a branch “%s” already.") % branch, field="branch")
    apply_updates(actor, repository, [(ref, gitstore.ZERO, oid)])
    return oid


def delete_branch(actor: Actor, repository: Repository, *, branch: str, oid: str = "") -> str:
    """Delete `branch`, if it still is at `oid` where one is given; returns the oid it was at (to make it again).

    Raises NotFound (no such branch), Forbidden (rules.can_push, policies), Conflict (default branch, moved meanwhile). Publishes
    RefsUpdated.
    """
    rules.can_push(actor, repository).require()
    if branch == repository.default_branch:
        raise Conflict(_("The default branch cannot be deleted."), field="branch", code="default_branch")
    return _delete(actor, repository, f"refs/heads/{branch}", oid)


def delete_tag(actor: Actor, repository: Repository, *, tag: str, oid: str = "") -> str:
    """Delete `tag`; a release keeps its notes but says that the tag is gone. As `delete_branch`."""
    rules.can_push(actor, repository).require()
    return _delete(actor, repository, f"refs/tags/{tag}", oid)


def _delete(actor: Actor, repository: Repository, ref: str, expected: str) -> str:
    present = _oid(repository, ref, field="branch")
    if expected and present != expected:
        raise Conflict(_("Someone pushed meanwhile. Look at it again before you delete it."), field="branch", code="moved")
    apply_updates(actor, repository, [(ref, present, gitstore.ZERO)])
    return present


def rename_branch(actor: Actor, repository: Repository, *, branch: str, name: str, to: str = "") -> str:
    """Give a branch another name, and the commit `to` if it is to move as well; the default branch stays the default one. Returns the oid.

    Raises NotFound, Forbidden (rules.can_push, policies; rules.can_administer for the default branch), Invalid, Conflict. Publishes
    RefsUpdated.
    """
    rules.can_push(actor, repository).require()
    require_branch_name(name, field="name")
    old, new = f"refs/heads/{branch}", f"refs/heads/{name}"
    oid = _oid(repository, old, field="branch")
    if gitstore.ref_oid(repository.path, new):
        raise Conflict(_("There is a branch “%s” already.") % name, field="name")
    there = to or oid
    if branch != repository.default_branch:
        apply_updates(actor, repository, [(new, gitstore.ZERO, there), (old, oid, gitstore.ZERO)])
        return there
    rules.can_administer(actor, repository).require()
    apply_updates(actor, repository, [(new, gitstore.ZERO, there)])
    set_default_branch(actor, repository, branch=name)
    apply_updates(actor, repository, [(old, oid, gitstore.ZERO)])
    return there
