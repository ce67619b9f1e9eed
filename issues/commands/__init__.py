"""The only writers of issues and threads."""

from issues.commands.numbers import allocate_number, count_threads, recount

__all__ = ["allocate_number", "count_threads", "recount"]
