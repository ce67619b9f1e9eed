"""Tasks of task lists are ticked by a click."""

from django.utils.translation import gettext as _

from core import markdown, tasklists
from core.actors import Actor
from core.errors import Conflict
from issues.commands.talk import edit_comment
from issues.commands.threads import edit_thread
from issues.models import Comment, Thread


def set_task(actor: Actor, text: Thread | Comment, *, place: int, done: bool, version: int) -> Thread | Comment:
    """Mark the task at `place` of a body or comment as done or not: an edit like any other, of the version that the reader saw.

    Raises NotFound or Forbidden (rules.can_edit, can_edit_comment), Conflict (the text changed meanwhile; there is no such task).
    """
    tasks = markdown.tasks(text.body) if text.version == version else []
    if not 0 <= place < len(tasks):
        raise Conflict(_("The text changed meanwhile. Look again, then tick."), field="task", code="version")
    body = tasklists.with_line(text.body, tasks[place].line, done=done)
    if isinstance(text, Comment):
        return edit_comment(actor, text, body=body, version=version)
    return edit_thread(actor, text, body=body, version=version)
