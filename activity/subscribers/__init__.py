"""Reactions to facts; each module one noun."""

from activity.subscribers import hooks

__all__ = ["hooks"]
