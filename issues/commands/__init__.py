"""The only writers of issues and threads."""

from issues.commands.attachments import (
    attach_file,
)
from issues.commands.boards import (
    add_card,
    change_board,
    delete_board,
    delete_column,
    make_board,
    move_card,
    move_column,
    remove_card,
    save_column,
)
from issues.commands.bulk import (
    MANY_MAX,
    Change,
    Outcome,
    change_threads,
)
from issues.commands.changing import change_issue, labels_named, milestone_numbered, people_named
from issues.commands.filters import (
    delete_filter,
    save_filter,
)
from issues.commands.following import follow_thread, turn_issues
from issues.commands.hiding import (
    hide_comment,
)
from issues.commands.labels import add_default_labels, delete_label, save_label
from issues.commands.milestones import change_milestone, delete_milestone, save_milestone, set_milestone_state
from issues.commands.moves import (
    transfer_issue,
)
from issues.commands.numbers import allocate_milestone_number, allocate_number, count_threads, recount
from issues.commands.pins import (
    order_pins,
)
from issues.commands.pushed import read_pushed_messages
from issues.commands.reactions import (
    set_reaction,
)
from issues.commands.referring import note_names, refer_by_commit
from issues.commands.relations import (
    add_dependency,
    add_part,
    mark_duplicate,
    move_part,
    remove_dependency,
    remove_part,
)
from issues.commands.states import change_state, close_issue, reopen_issue
from issues.commands.talk import add_comment, delete_comment, edit_comment
from issues.commands.tasks import (
    set_task,
)
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
    "MANY_MAX",
    "Change",
    "Outcome",
    "add_card",
    "add_comment",
    "add_default_labels",
    "add_dependency",
    "add_part",
    "allocate_milestone_number",
    "allocate_number",
    "attach_file",
    "change_assignees",
    "change_board",
    "change_issue",
    "change_labels",
    "change_milestone",
    "change_state",
    "change_threads",
    "clean_body",
    "clean_title",
    "close_issue",
    "count_threads",
    "delete_board",
    "delete_column",
    "delete_comment",
    "delete_filter",
    "delete_label",
    "delete_milestone",
    "edit_comment",
    "edit_thread",
    "follow_thread",
    "hide_comment",
    "label_thread",
    "labels_named",
    "lock_thread",
    "locked_thread",
    "make_board",
    "mark_duplicate",
    "milestone_numbered",
    "move_card",
    "move_column",
    "move_part",
    "note_names",
    "open_issue",
    "order_pins",
    "people_named",
    "pin_thread",
    "plan_thread",
    "put_on",
    "read_pushed_messages",
    "record",
    "recount",
    "refer_by_commit",
    "remove_card",
    "remove_dependency",
    "remove_part",
    "reopen_issue",
    "require_version",
    "save_column",
    "save_filter",
    "save_label",
    "save_milestone",
    "set_due",
    "set_milestone",
    "set_milestone_state",
    "set_reaction",
    "set_task",
    "start_thread",
    "take_part",
    "throttle",
    "touch",
    "transfer_issue",
    "turn_issues",
    "unlock_thread",
    "unpin_thread",
]
