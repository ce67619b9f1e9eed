"""`{% can "projects.fork" repository as may_fork %}`: asks `projects.rules.can_fork(actor, repository)`."""

from importlib import import_module
from typing import Any

from django import template

from core.rules import Decision

register = template.Library()


@register.simple_tag(takes_context=True)
def can(context: dict[str, Any], rule: str, *things: object) -> Decision:
    """The Decision of `<app>.rules.can_<verb>`; its `.reason` is what the page shows."""
    app, verb = rule.split(".")
    decision: Decision = getattr(import_module(f"{app}.rules"), f"can_{verb}")(context["actor"], *things)
    return decision
