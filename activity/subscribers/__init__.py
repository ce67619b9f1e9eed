"""Reactions to facts; each module one noun."""
