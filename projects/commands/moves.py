"""Branches moved and tags made without a push from outside: each is an ordinary push, with its policies and its event."""

from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from gitstore.writes import write_tag
from projects import rules
from projects.commands.branches import rename_branch
from projects.commands.identity import signature_of
from projects.commands.refs import apply_updates
from projects.models import Repository
from projects.queries.browsing import require_reached


def _reached(repository: Repository, name: str, *, field: str) -> str:
    """The commit of a branch, tag or oid that this repository leads to, whatever the shared store holds. Raises Invalid."""
    oid = gitstore.commit_oid(repository.path, name)
    try:
        if not oid:
            raise NotFound
        require_reached(repository, oid)
    except NotFound as error:
        raise Invalid(_("There is no branch, tag or commit “%s”.") % name, field=field) from error
    return oid


def move_branch(
    actor: Actor, repository: Repository, *, branch: str, to: str, name: str = "", expected: str = "", force: bool = False
) -> str:
    """Point `branch` at another commit of the repository, under another `name` if one is given; returns its oid.

    `expected` is the commit it must still be at. Of a move and a new name either both happen or neither.

    Raises NotFound (no such branch), Forbidden (rules.can_push, policies), Invalid (no such commit), Conflict (moved meanwhile, or no
    fast-forward without `force`), and as `rename_branch`. Publishes RefsUpdated.
    """
    rules.can_push(actor, repository).require()
    ref = f"refs/heads/{branch}"
    present = gitstore.ref_oid(repository.path, ref)
    if not present:
        raise NotFound(_("There is no branch “%s”.") % branch)
    if expected and present != expected:
        raise Conflict(_("Someone pushed meanwhile."), field="expected", code="moved")
    oid = _reached(repository, to, field="commit")
    if oid == present and not name:
        return oid
    if not force and not gitstore.is_ancestor(repository.path, present, oid):
        raise Conflict(_("This is no fast-forward: commits of the branch would be lost."), field="commit", code="not_fast_forward")
    if name:
        return rename_branch(actor, repository, branch=branch, name=name, to=oid)
    apply_updates(actor, repository, [(ref, present, oid)])
    return oid


def create_tag(actor: Actor, repository: Repository, *, tag: str, target: str = "", message: str = "") -> str:
    """Tag a branch, tag or commit (the default branch unless told), annotated where there is a message; returns what the ref holds.

    Raises NotFound or Forbidden (rules.can_push, policies), Invalid (name, target), Conflict (exists). Publishes RefsUpdated.
    """
    rules.can_push(actor, repository).require()
    ref = f"refs/tags/{tag}"
    try:
        gitstore.check_ref_name(ref)
    except gitstore.NameInvalid as error:
        raise Invalid(_("“%s” cannot be the name of a tag.") % tag, field="name", code="ref_name") from error
    oid = _reached(repository, target or repository.default_branch, field="target")
    if gitstore.ref_oid(repository.path, ref):
        raise Conflict(_("There is a tag “%s” already.") % tag, field="name")
    if message.strip():
        oid = write_tag(repository.path, tag, oid, message.strip() + "\n", signature_of(actor))
    apply_updates(actor, repository, [(ref, gitstore.ZERO, oid)])
    return oid
