"""The only writers of this app."""

from search.commands.code import index_code, keep_code, rebuild_code
from search.commands.index import index_changed, index_pending, keep_index, mark, rebuild_index
from search.commands.synonyms import delete_synonym, save_synonym

__all__ = [
    "delete_synonym",
    "index_changed",
    "index_code",
    "index_pending",
    "keep_code",
    "keep_index",
    "mark",
    "rebuild_code",
    "rebuild_index",
    "save_synonym",
]
