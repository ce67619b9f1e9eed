"""Reactions to facts; each module one noun."""

from activity.subscribers import hooks, notifications

__all__ = ["hooks", "notifications"]
