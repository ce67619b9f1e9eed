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
from pulls.commands.reviewing import (
    comment_on_lines,
    delete_line_comment,
    discard_review,
    dismiss_review,
    edit_line_comment,
    mark_viewed,
    reply,
    request_owners,
    request_review,
    resolve_conversation,
    submit_review,
    withdraw_request,
)
from pulls.commands.settings import change_merge_settings
from pulls.commands.suggesting import apply_suggestions
from pulls.commands.versions import add_version

__all__ = [
    "AlreadyOpen",
    "Ends",
    "add_version",
    "apply_suggestions",
    "bring_objects",
    "change_merge_settings",
    "close_pull",
    "comment_on_lines",
    "delete_line_comment",
    "discard_review",
    "dismiss_review",
    "edit_line_comment",
    "edit_pull",
    "keep_versions",
    "let_maintainers_push",
    "locked_pull",
    "mark_viewed",
    "open_pull",
    "reopen_pull",
    "reply",
    "request_owners",
    "request_review",
    "resolve_conversation",
    "retarget_pull",
    "set_draft",
    "set_pull",
    "start_pull",
    "submit_review",
    "withdraw_request",
]
