"""Reads about issues and threads, complete with what pages and the API show."""

from issues.queries.attachments import (
    attachment,
    attachment_address,
    attachment_text,
)
from issues.queries.boards import (
    board,
    board_page,
    boards,
    column,
)
from issues.queries.history import (
    edits,
)
from issues.queries.keeping import (
    filters,
    own_filter,
    own_reactions,
)
from issues.queries.people import candidates, writers
from issues.queries.planning import Progress, counted_labels, label, labels, milestone, milestones, progress
from issues.queries.relations import (
    moved_thread,
    named_thread,
    relations,
)
from issues.queries.rendering import rendered, rendered_one
from issues.queries.templates import (
    fault_sentence,
    issue_template,
    issue_templates,
)
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
    "attachment",
    "attachment_address",
    "attachment_text",
    "board",
    "board_page",
    "boards",
    "candidates",
    "column",
    "comment",
    "counted_labels",
    "counts",
    "edits",
    "fault_sentence",
    "filters",
    "involving",
    "issue_template",
    "issue_templates",
    "kind_of",
    "label",
    "labels",
    "listed",
    "milestone",
    "milestones",
    "moved_thread",
    "named_thread",
    "own_filter",
    "own_reactions",
    "participants",
    "participation",
    "pinned",
    "progress",
    "relations",
    "rendered",
    "rendered_one",
    "thread",
    "threads_across",
    "threads_of",
    "timeline",
    "writers",
]
