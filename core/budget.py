"""What anonymous readers may spend on expensive addresses, per network and in all. Signed-in people and Git never pay."""

import time

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.actors import ANONYMOUS, Actor
from core.clients import client_network
from core.errors import LimitReached
from core.limits import take

NETWORK_PER_MINUTE = 60  # points of one /24 or /48
OVERALL_PER_MINUTE = 600  # points of everybody without an account


class BudgetSpent(LimitReached):
    """The anonymous budget is used up; the page says how to clone or sign in."""

    default_code = "anonymous_budget"


def spend(request: HttpRequest, points: int = 1) -> None:
    """Count `points` for an anonymous request (1: a tree at an old commit; 5: blame, compare; 10: an archive).

    Raises BudgetSpent with `retry_after` (seconds) when the network or everybody together has used the minute's budget.
    """
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    if not actor.is_anonymous:
        return
    network = getattr(settings, "ANONYMOUS_NETWORK_BUDGET", NETWORK_PER_MINUTE)
    overall = getattr(settings, "ANONYMOUS_OVERALL_BUDGET", OVERALL_PER_MINUTE)
    try:
        left = take(f"expensive:{client_network(request)}", limit=network, seconds=60, cost=points)
        left = min(left, take("expensive:all", limit=overall, seconds=60, cost=points))
        request.budget = (network, left, 60 - int(time.time()) % 60)  # type: ignore[attr-defined] # the API prints it
    except LimitReached as error:
        request.budget = (network, 0, error.retry_after)  # type: ignore[attr-defined]
        raise BudgetSpent(
            _("This page takes much work, and readers who are not signed in share a budget for such pages. It is used up for now."),
            retry_after=error.retry_after,
        ) from error
