"""The edits of a text, with what changed."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from core.actors import Actor
from issues import rules
from issues.logic.changes import Piece, changes
from issues.models import Comment, Revision, Thread

MOST = 50


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: by whom, when, of what (title or body), and the pieces of the text: kept, gone, new."""

    by: User | None
    at: datetime
    field: str
    pieces: list[Piece]


def edits(actor: Actor, thread: Thread, comment: Comment | None) -> list[Edit]:
    """The newest MOST edits of a comment, or of the title and body of the thread; newest first. Raises NotFound."""
    rules.can_read(actor, thread).require()
    rows = Revision.objects.filter(thread=thread, comment=comment).select_related("by").order_by("-pk")[:MOST]
    after = {"title": thread.title, "body": comment.body if comment is not None else thread.body}
    found = []
    for row in rows:
        found.append(Edit(row.by, row.at, row.field, changes(row.text, after[row.field])))
        after[row.field] = row.text
    return found
