"""Protected branches and tags."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from core.errors import Conflict, Invalid
from projects import rules
from projects.models import Access, Protection, Repository

LEVELS = (*Access.values, "nobody")
PATTERN_MAX = 200


def save_protection(
    actor: Actor,
    repository: Repository,
    *,
    kind: str,
    pattern: str,
    push_access: str,
    merge_access: str,
    allow_force: bool = False,
    allow_delete: bool = False,
    push_users: Iterable[User] = (),
    protection: Protection | None = None,
) -> Protection:
    """Make a rule, or change `protection`.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (pattern, levels), Conflict (there is one for this pattern).
    """
    rules.can_administer(actor, repository).require()
    pattern = pattern.strip()
    if not pattern or len(pattern) > PATTERN_MAX or any(ord(character) < 33 for character in pattern) or pattern.startswith("-"):
        raise Invalid(_("Give a pattern such as main or release/*."), field="pattern")
    if kind not in Protection.Kind.values:
        raise Invalid(_("Choose branches or tags."), field="kind")
    for field, level in (("push_access", push_access), ("merge_access", merge_access)):
        if level not in LEVELS:
            raise Invalid(_("Choose who may."), field=field)
    protection = protection or Protection(repository=repository)
    protection.kind, protection.pattern = kind, pattern
    protection.push_access, protection.merge_access = push_access, merge_access
    protection.allow_force, protection.allow_delete = allow_force, allow_delete
    try:
        with transaction.atomic():
            protection.save()
            protection.push_users.set(push_users)
    except IntegrityError as error:
        raise Conflict(_("There is a rule for this pattern."), field="pattern") from error
    return protection


def delete_protection(actor: Actor, protection: Protection) -> None:
    """Remove a rule. Raises NotFound or Forbidden (rules.can_administer)."""
    rules.can_administer(actor, protection.repository).require()
    protection.delete()
