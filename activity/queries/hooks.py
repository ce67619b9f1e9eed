"""Reading webhooks and their logs."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Organization
from activity import rules
from activity.models import Dispatch, Hook
from core.actors import Actor
from core.errors import NotFound
from projects.models import Repository


def hooks(actor: Actor, place: Repository | Organization) -> QuerySet[Hook]:
    """Of a repository or an organization, in the order they were made. Raises NotFound, Forbidden (rules.can_administer_hooks)."""
    rules.can_administer_hooks(actor, place).require()
    here = Q(repository=place) if isinstance(place, Repository) else Q(organization=place)
    rows = Hook.objects.filter(here).select_related(
        "owner", "organization__namespace", "repository__namespace__user", "repository__namespace__organization"
    )
    return rows.order_by("pk")


def hook(actor: Actor, place: Repository | Organization, pk: int) -> Hook:
    """One of them. Raises NotFound, Forbidden."""
    found = hooks(actor, place).filter(pk=min(pk, 2**62)).first()
    if found is None:
        raise NotFound(_("There is no such webhook."))
    return found


def any_hook(actor: Actor, pk: int) -> Hook:
    """A hook by its number alone. Raises NotFound, Forbidden (rules.can_administer_hooks)."""
    rows = Hook.objects.select_related(
        "owner", "organization__namespace", "repository__namespace__user", "repository__namespace__organization"
    )
    found = rows.filter(pk=min(pk, 2**62)).first()
    if found is None:
        raise NotFound(_("There is no such webhook."))
    rules.can_administer_hooks(actor, rules.place_of(found)).require()
    return found


def dispatches(hook: Hook) -> QuerySet[Dispatch]:
    """What was sent and what waits, newest first, without contents."""
    rows = Dispatch.objects.filter(hook=hook).defer("request_headers", "request_body", "answer_headers", "answer_body")
    return rows.order_by("-pk")


def dispatch(hook: Hook, pk: int) -> Dispatch:
    """One of them, whole. Raises NotFound."""
    found = Dispatch.objects.filter(hook=hook, pk=min(pk, 2**62)).first()
    if found is None:
        raise NotFound(_("There is no such delivery."))
    found.hook = hook
    return found
