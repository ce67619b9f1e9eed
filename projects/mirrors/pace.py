"""How often a mirror is looked at: additive increase, multiplicative decrease (AIMD) of the interval, as TCP does with its window.

A look that finds news halves the interval, one that finds none adds ten minutes. What was pushed in the last 30 days is looked at within
the hour, so that its lag stays below one; everything else within a day. Failures back off by doubling from ten minutes to a day.
"""

import random
from datetime import datetime, timedelta

SHORTEST = timedelta(minutes=10)
STEP = timedelta(minutes=10)
LIVELY = timedelta(days=30)  # pushed within: a project people work on
LIVELY_LONGEST = timedelta(minutes=50)  # + jitter stays below the hour promised
LONGEST = timedelta(hours=22)  # + jitter stays below the day promised
JITTER = 0.1


def interval_after(interval: timedelta, *, changed: bool, last_change: datetime | None, now: datetime) -> timedelta:
    """The next interval after a look that worked."""
    longest = LIVELY_LONGEST if last_change is not None and now - last_change <= LIVELY else LONGEST
    following: timedelta = interval / 2 if changed else interval + STEP
    return max(SHORTEST, min(following, longest))


def backoff(failures: int) -> timedelta:
    """How long to leave an upstream alone after so many failures in a row (1 or more)."""
    return min(SHORTEST * (1 << min(failures - 1, 10)), LONGEST)


def due(now: datetime, interval: timedelta, *, chance: random.Random | None = None) -> datetime:
    """`now` and the interval, spread by ±10 % so that mirrors made together do not come back together."""
    roll = (chance or random).uniform(-JITTER, JITTER)  # spread, not secrecy
    return now + interval * (1 + roll)
