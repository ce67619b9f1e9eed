"""Reactions to facts; each module one noun."""

from activity.subscribers import feed, hooks, notifications

__all__ = ["feed", "hooks", "notifications"]
