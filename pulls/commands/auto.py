"""Merging by itself, once nothing hinders it any more."""

import structlog
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.rules import can_act
from core.actors import SYSTEM, Actor
from core.errors import Conflict, DomainError
from core.rules import HIDE
from issues import commands as talk
from pulls import rules
from pulls.commands.merging import fresh, merge_pull
from pulls.commands.opening import locked_pull, publish_change, set_pull
from pulls.models import Pull
from pulls.queries.merging import merge_state

log = structlog.get_logger(__name__)
WAITING = ("checking", "moved", "busy")  # codes of hindrances that pass by themselves


def set_auto_merge(actor: Actor, pull: Pull, *, method: str = "", title: str = "", message: str = "") -> Pull:
    """Let it be merged in the actor's name as soon as it may be; if it may be now, it is merged now.

    Raises NotFound or Forbidden (rules.can_merge), Conflict (closed, switched off, no such method). Publishes PullChanged, or as `merge_pull`.
    """
    row = fresh(pull)
    state = merge_state(actor, row)
    state.may.require()
    if row.is_merged or not row.is_open:
        raise Conflict(_("This pull request is closed."), code="closed")
    if not state.settings.allow_auto_merge:
        raise Conflict(_("This repository does not merge by itself."), code="auto_off")
    if not state.methods or (method and method not in state.methods):
        raise Conflict(_("This repository does not merge that way."), field="method", code="method")
    if actor.person is None:
        raise Conflict(_("Only people can do this."), code="person")
    if state.ready:
        return merge_pull(actor, row, method=method, title=title, message=message)
    with transaction.atomic():
        locked = locked_pull(row)
        set_pull(
            locked, auto_merge_by=actor.person, auto_merge_method=method or state.methods[0], auto_merge_title=title[:500],
            auto_merge_message=message, auto_merge_failed="",
        )  # fmt: skip
        talk.record(locked.thread, actor.person, "auto_merge_set", method=locked.auto_merge_method)
        talk.touch(locked.thread)
        publish_change(actor, locked, "auto_merge")
    return locked


def cancel_auto_merge(actor: Actor, pull: Pull) -> Pull:
    """No longer. Whoever set it, the author, and those with write access. Raises NotFound or Forbidden. Publishes PullChanged."""
    row = fresh(pull)
    if actor.person is None or row.auto_merge_by_id != actor.person.pk:
        rules.can_edit(actor, row).require()
    with transaction.atomic():
        locked = locked_pull(row)
        if locked.auto_merge_by_id is not None:
            _unset(locked)
            talk.record(locked.thread, actor.person, "auto_merge_cancelled")
            publish_change(actor, locked, "auto_merge")
    return locked


def _unset(pull: Pull, failed: str = "") -> None:
    set_pull(pull, auto_merge_by=None, auto_merge_method="", auto_merge_title="", auto_merge_message="", auto_merge_failed=failed[:500])


def try_auto_merge(actor: Actor, pull_id: int) -> bool:
    """Merge in the name of whoever asked for it, if nothing hinders it now; True if it was merged. Only the system may.

    What passes by itself is waited for. What the person may not do any more, or git cannot do, ends the wish with a sentence.
    """
    if not actor.is_system:
        HIDE.require()
    found = Pull.objects.select_related("auto_merge_by").filter(pk=pull_id, merged_at=None).exclude(auto_merge_by=None).first()
    if found is None or found.auto_merge_by is None:
        return False
    person, row = found.auto_merge_by, fresh(found)
    asking = Actor(person=person)
    with override(person.language or None):
        state = merge_state(asking, row)
        if not can_act(person) or not person.is_active or not state.may:
            _end(row, _("%s may not merge here any more.") % person.shown_name)
            return False
        if not state.ready:
            return False
        try:
            merge_pull(asking, row, method=row.auto_merge_method, title=row.auto_merge_title, message=row.auto_merge_message)
        except Conflict as error:
            if error.code not in WAITING:
                _end(row, error.message)
            return False
        except DomainError as error:
            log.info("auto_merge_failed", pull=pull_id, code=error.code)
            _end(row, error.message)
            return False
    return True


def _end(pull: Pull, why: str) -> None:
    with transaction.atomic():
        row = locked_pull(pull)
        if row.auto_merge_by_id is not None and not row.is_merged:
            _unset(row, why)
            talk.record(row.thread, None, "auto_merge_failed", why=why[:500])
            talk.touch(row.thread)
            publish_change(SYSTEM, row, "auto_merge")
