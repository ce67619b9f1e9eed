"""Rows of issues and of what pull requests share with them. States and constraints only; `commands` write."""

from issues.models.boards import Board, Card, Column
from issues.models.keeping import Attachment, SavedFilter
from issues.models.planning import Label, Labelling, Milestone
from issues.models.relations import Dependency, FormerNumber, Parentage
from issues.models.talk import Comment, Happening, HiddenReason, Reaction, Reference, Revision
from issues.models.threads import Assignment, Counter, LockReason, Participation, Reason, Thread

__all__ = [
    "Assignment",
    "Attachment",
    "Board",
    "Card",
    "Column",
    "Comment",
    "Counter",
    "Dependency",
    "FormerNumber",
    "Happening",
    "HiddenReason",
    "Label",
    "Labelling",
    "LockReason",
    "Milestone",
    "Parentage",
    "Participation",
    "Reaction",
    "Reason",
    "Reference",
    "Revision",
    "SavedFilter",
    "Thread",
]
