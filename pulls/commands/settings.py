"""How a repository merges."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Invalid
from projects.models import Repository
from pulls import rules
from pulls.models import MergeSettings, Method

FIELDS = (
    "pulls_enabled", "allow_merge", "allow_squash", "allow_rebase", "allow_forward", "default_method", "allow_auto_merge", "delete_branch",
    "merge_title", "merge_message", "squash_title", "squash_message",
)  # fmt: skip


def change_merge_settings(actor: Actor, repository: Repository, **values: Any) -> MergeSettings:
    """Change some of FIELDS. Raises NotFound or Forbidden (rules.can_change_settings), Invalid (no way to merge left; the default not allowed)."""
    rules.can_change_settings(actor, repository).require()
    row = rules.settings_of(repository)
    for name, value in values.items():
        if name not in FIELDS:
            raise Invalid(_("There is no such setting."), field=name)
        setattr(row, name, value)
    allowed = {
        Method.MERGE: row.allow_merge, Method.SQUASH: row.allow_squash, Method.REBASE: row.allow_rebase, Method.FORWARD: row.allow_forward,
    }  # fmt: skip
    if not any(allowed.values()):
        raise Invalid(_("Allow at least one way to merge."), field="allow_merge")
    if not allowed.get(Method(row.default_method) if row.default_method in Method.values else Method.BY_HAND, False):
        raise Invalid(_("The first choice has to be one of the allowed ways."), field="default_method")
    with transaction.atomic():
        kept = {name: getattr(row, name) for name in FIELDS}
        row, _made = MergeSettings.objects.update_or_create(repository=repository, defaults=kept)
    repository.merge_settings = row
    return row
