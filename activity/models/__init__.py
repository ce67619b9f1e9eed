"""States and constraints only; `commands` write."""

from activity.models.feed import Act, Follow
from activity.models.hooks import KEPT, WAITING_MOST, Dispatch, Format, Happens, Hook
from activity.models.notifications import Kind, Letter, Notification, Preferences, Round, Why

__all__ = [
    "KEPT",
    "WAITING_MOST",
    "Act",
    "Dispatch",
    "Follow",
    "Format",
    "Happens",
    "Hook",
    "Kind",
    "Letter",
    "Notification",
    "Preferences",
    "Round",
    "Why",
]
