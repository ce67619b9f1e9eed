"""Rows of issues and of what pull requests share with them. States and constraints only; `commands` write."""

from issues.models.planning import Label, Labelling, Milestone
from issues.models.talk import Comment, Happening, HiddenReason, Reaction, Reference, Revision
from issues.models.threads import Assignment, Counter, LockReason, Participation, Reason, Thread

__all__ = [
    "Assignment",
    "Comment",
    "Counter",
    "Happening",
    "HiddenReason",
    "Label",
    "Labelling",
    "LockReason",
    "Milestone",
    "Participation",
    "Reaction",
    "Reason",
    "Reference",
    "Revision",
    "Thread",
]
