"""The only writers of issues and threads."""

from issues.commands.following import follow_thread, turn_issues
from issues.commands.labels import add_default_labels, delete_label, save_label
from issues.commands.milestones import delete_milestone, save_milestone, set_milestone_state
from issues.commands.numbers import allocate_milestone_number, allocate_number, count_threads, recount
from issues.commands.pushed import read_pushed_messages
from issues.commands.referring import note_names, refer_by_commit
from issues.commands.states import change_state, close_issue, reopen_issue
from issues.commands.talk import add_comment, delete_comment, edit_comment
from issues.commands.texts import BODY_MAX, clean_body, clean_title, throttle
from issues.commands.threads import edit_thread, open_issue, require_version, start_thread
from issues.commands.timeline import locked_thread, record, take_part, touch
from issues.commands.triage import (
    change_assignees,
    change_labels,
    label_thread,
    lock_thread,
    pin_thread,
    plan_thread,
    put_on,
    set_due,
    set_milestone,
    unlock_thread,
    unpin_thread,
)

__all__ = [
    "BODY_MAX",
    "add_comment",
    "add_default_labels",
    "allocate_milestone_number",
    "allocate_number",
    "change_assignees",
    "change_labels",
    "change_state",
    "clean_body",
    "clean_title",
    "close_issue",
    "count_threads",
    "delete_comment",
    "delete_label",
    "delete_milestone",
    "edit_comment",
    "edit_thread",
    "follow_thread",
    "label_thread",
    "lock_thread",
    "locked_thread",
    "note_names",
    "open_issue",
    "pin_thread",
    "plan_thread",
    "put_on",
    "read_pushed_messages",
    "record",
    "recount",
    "refer_by_commit",
    "reopen_issue",
    "require_version",
    "save_label",
    "save_milestone",
    "set_due",
    "set_milestone",
    "set_milestone_state",
    "start_thread",
    "take_part",
    "throttle",
    "touch",
    "turn_issues",
    "unlock_thread",
    "unpin_thread",
]
