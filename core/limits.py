"""Rate limits that count once across processes."""

import time

from django.core.cache import cache
from django.utils.translation import gettext as _

from core.errors import LimitReached


def take(key: str, *, limit: int, seconds: int, cost: int = 1) -> int:
    """Count `cost` against `key` in the current window; raises LimitReached when more than `limit` are used.

    Fixed windows of `seconds`; returns what is left.
    """
    now = int(time.time())
    window = now // seconds
    name = f"limit:{key}:{seconds}:{window}"
    cache.add(name, 0, seconds + 5)
    try:
        used = cache.incr(name, cost)
    except ValueError:  # expired between the two calls
        cache.set(name, cost, seconds + 5)
        used = cost
    if used > limit:
        wait = (window + 1) * seconds - now
        raise LimitReached(_("Too many requests. Try again in %d seconds.") % wait, retry_after=wait)
    return limit - used
