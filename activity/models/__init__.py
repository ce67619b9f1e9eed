"""States and constraints only; `commands` write."""

from activity.models.hooks import Dispatch, Format, Hook

__all__ = ["Dispatch", "Format", "Hook"]
