"""Protected branches and tags."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from core.errors import Conflict, Invalid
from projects import rules
from projects.models import Access, Protection, Repository

LEVELS = (*Access.values, "nobody")
PATTERN_MAX = 200
APPROVALS_MAX = 10
CHECKS_MAX = 20
REQUIREMENTS = (
    "required_approvals", "require_owners", "dismiss_stale", "require_resolved", "required_checks", "linear_history", "signed_commits",
)  # fmt: skip


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
    **requirements: Any,
) -> Protection:
    """Make a rule, or change `protection`; `requirements` are what a merge needs (REQUIREMENTS), those not named are off.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (pattern, levels, requirements), Conflict (there is one for this pattern).
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
    _require(protection, **requirements)
    try:
        with transaction.atomic():
            protection.save()
            protection.push_users.set(push_users)
    except IntegrityError as error:
        raise Conflict(_("There is a rule for this pattern."), field="pattern") from error
    return protection


def _require(
    protection: Protection,
    *,
    required_approvals: int = 0,
    require_owners: bool = False,
    dismiss_stale: bool = False,
    require_resolved: bool = False,
    required_checks: Iterable[str] = (),
    linear_history: bool = False,
    signed_commits: bool = False,
) -> None:
    """Set what a merge needs. Raises Invalid."""
    if not 0 <= required_approvals <= APPROVALS_MAX:
        raise Invalid(_("Give a number from 0 to %d.") % APPROVALS_MAX, field="required_approvals")
    checks = list(dict.fromkeys(name.strip() for name in required_checks if name.strip()))
    if len(checks) > CHECKS_MAX or any(len(name) > 200 for name in checks):
        raise Invalid(_("At most %d checks, each with a name of at most 200 characters.") % CHECKS_MAX, field="required_checks")
    protection.required_approvals, protection.required_checks = required_approvals, checks
    protection.require_owners, protection.dismiss_stale, protection.require_resolved = require_owners, dismiss_stale, require_resolved
    protection.linear_history, protection.signed_commits = linear_history, signed_commits


def delete_protection(actor: Actor, protection: Protection) -> None:
    """Remove a rule. Raises NotFound or Forbidden (rules.can_administer)."""
    rules.can_administer(actor, protection.repository).require()
    protection.delete()
