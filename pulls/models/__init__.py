"""Rows of pull requests. States and constraints only; `commands` write."""

from pulls.models.pulls import MergeSettings, Method, Pull, Version
from pulls.models.reviews import LineComment, LineThread, Review, ReviewRequest, ViewedFile

__all__ = [
    "LineComment",
    "LineThread",
    "MergeSettings",
    "Method",
    "Pull",
    "Review",
    "ReviewRequest",
    "Version",
    "ViewedFile",
]
