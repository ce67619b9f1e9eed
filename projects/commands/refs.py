"""Refs moved by the portal itself: the same policies and the same event as a push."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

import gitstore
from core.actors import Actor
from core.errors import Conflict
from projects import policies
from projects.commands.pushes import open_intent, record_push
from projects.models import Repository
from projects.places import Update


def apply_updates(actor: Actor, repository: Repository, updates: Sequence[Update], *, merging: bool = False) -> None:
    """Judge, move, record. The objects are in the repository already. `merging`: a pull request is merged, as `Proposal`.

    Raises Forbidden (a policy refuses), Conflict (a ref is not at its old oid any more). Publishes RefsUpdated.
    """
    policies.require(actor, repository, updates, merging=merging)
    intent = open_intent(actor, repository, updates)
    try:
        gitstore.update_refs(repository.path, updates)
    except gitstore.RefConflict as error:
        intent.close()
        raise Conflict(_("Someone pushed meanwhile. Reload the page and try again."), code="moved") from error
    try:
        record_push(actor, repository, list(updates))
    except BaseException:
        intent.release()  # the refs have moved: the sweep records it
        raise
    intent.close()
