"""Reads about issues and threads, complete with what pages and the API show."""

from issues.queries.people import candidates, writers
from issues.queries.planning import Progress, counted_labels, label, labels, milestone, milestones, progress
from issues.queries.rendering import rendered, rendered_one
from issues.queries.threads import (
    Counts,
    comment,
    counts,
    involving,
    kind_of,
    listed,
    participants,
    participation,
    pinned,
    thread,
    threads_across,
    threads_of,
)
from issues.queries.timelines import Entry, Timeline, timeline

__all__ = [
    "Counts",
    "Entry",
    "Progress",
    "Timeline",
    "candidates",
    "comment",
    "counted_labels",
    "counts",
    "involving",
    "kind_of",
    "label",
    "labels",
    "listed",
    "milestone",
    "milestones",
    "participants",
    "participation",
    "pinned",
    "progress",
    "rendered",
    "rendered_one",
    "thread",
    "threads_across",
    "threads_of",
    "timeline",
    "writers",
]
