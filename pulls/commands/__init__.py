"""The only writers of pull requests."""

from pulls.commands.objects import bring_objects, keep_versions
from pulls.commands.opening import (
    AlreadyOpen,
    Ends,
    close_pull,
    edit_pull,
    let_maintainers_push,
    locked_pull,
    open_pull,
    reopen_pull,
    retarget_pull,
    set_draft,
    set_pull,
    start_pull,
)
from pulls.commands.versions import add_version

__all__ = [
    "AlreadyOpen",
    "Ends",
    "add_version",
    "bring_objects",
    "close_pull",
    "edit_pull",
    "keep_versions",
    "let_maintainers_push",
    "locked_pull",
    "open_pull",
    "reopen_pull",
    "retarget_pull",
    "set_draft",
    "set_pull",
    "start_pull",
]
