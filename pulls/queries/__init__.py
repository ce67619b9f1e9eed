"""Reads about pull requests."""

from pulls.queries.judging import Ownership, Verdict, changed_paths, ownership, verdicts, writers_among
from pulls.queries.merging import MergeState, merge_state, unsigned

__all__ = ["MergeState", "Ownership", "Verdict", "changed_paths", "merge_state", "ownership", "unsigned", "verdicts", "writers_among"]
