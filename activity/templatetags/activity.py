"""Boxes of this package on pages that others make: the dashboard's feed, the follow button."""

from typing import Any

from django import template

from accounts.models import User
from activity.queries import feeds

register = template.Library()


@register.inclusion_tag("activity/_dashboard.html", takes_context=True)
def dashboard_feed(context: dict[str, Any]) -> dict[str, Any]:
    """What happened among the people and repositories one follows; `pushes` of the page where nothing did."""
    groups = feeds.grouped(feeds.of_dashboard(context["actor"]))
    return {"groups": groups, "pushes": context.get("pushes", ()), "actor": context["actor"]}


@register.inclusion_tag("activity/_follow.html", takes_context=True)
def follow_box(context: dict[str, Any], person: User) -> dict[str, Any]:
    """How many follow, and the button."""
    actor = context["actor"]
    followers, following = feeds.follow_counts(person)
    return {
        "person": person, "actor": actor, "followers": followers, "following": following, "csrf_token": context.get("csrf_token"),
        "may": actor.person is not None and actor.person.pk != person.pk, "is_following": feeds.is_following(actor, person),
        "request": context.get("request"),
    }  # fmt: skip
