"""How long a hook waits after failures, and when it is given up."""

from datetime import timedelta

GIVE_UP = timedelta(hours=24)  # of one message, since it came
SWITCH_OFF = timedelta(hours=72)  # of a hook, since it worked last


def pause(failures: int) -> timedelta:
    """10 s after the first failure in a row, then four times as long each, an hour at most."""
    return timedelta(seconds=min(10 * 4 ** min(max(failures - 1, 0), 6), 3600))
