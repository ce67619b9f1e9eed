"""Reads about pull requests."""

from pulls.queries.conversations import Conversation, conversations, line_comment, line_thread, shown_comments
from pulls.queries.judging import Ownership, Verdict, changed_paths, ownership, verdicts, writers_among
from pulls.queries.merging import MergeState, merge_state, unsigned
from pulls.queries.places import Spot, spots
from pulls.queries.pulls import (
    asked_of,
    by_threads,
    commits,
    commits_between,
    forks_to_propose_from,
    head_shown,
    is_issue,
    open_pull_of,
    pending_review,
    pull,
    pulls_of,
    readable_pulls,
    requests,
    require_commit,
    reviews_sent,
    version,
)

__all__ = [
    "Conversation",
    "MergeState",
    "Ownership",
    "Spot",
    "Verdict",
    "asked_of",
    "by_threads",
    "changed_paths",
    "commits",
    "commits_between",
    "conversations",
    "forks_to_propose_from",
    "head_shown",
    "is_issue",
    "line_comment",
    "line_thread",
    "merge_state",
    "open_pull_of",
    "ownership",
    "pending_review",
    "pull",
    "pulls_of",
    "readable_pulls",
    "requests",
    "require_commit",
    "reviews_sent",
    "shown_comments",
    "spots",
    "unsigned",
    "verdicts",
    "version",
    "writers_among",
]
