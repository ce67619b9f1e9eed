"""Comments are written, changed and removed."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import events
from core.actors import Actor
from issues import rules
from issues.commands.referring import note_names
from issues.commands.texts import TWICE, clean_body, throttle
from issues.commands.threads import require_version
from issues.commands.timeline import locked_thread, person_of, record, take_part, touch
from issues.events import CommentAdded, CommentDeleted, CommentEdited
from issues.models import Comment, Happening, Reason, Revision, Thread
from issues.queries.naming import names_of


def add_comment(actor: Actor, thread: Thread, *, body: str) -> Comment:
    """Comment on an issue or pull request. The same words twice within TWICE are the first comment again (a double click).

    Raises NotFound or Forbidden (rules.can_comment), Invalid, LimitReached. Publishes CommentAdded, and PersonMentioned.
    """
    rules.can_comment(actor, thread).require()
    body = clean_body(body, required=True)
    throttle(actor, "comment", minute=30, day=1000)
    names = names_of(actor, thread.repository, body)
    with transaction.atomic():
        row = locked_thread(thread)
        rules.can_comment(actor, row).require()  # it may have been locked since
        recent = Comment.objects.filter(thread=row, author=actor.person, body=body, created_at__gt=timezone.now() - TWICE)
        if actor.person is not None and (twin := recent.first()) is not None:
            twin.thread = row
            return twin
        comment = Comment.objects.create(thread=row, author=actor.person, body=body)
        record(row, actor.person, Happening.Kind.COMMENTED, comment=comment, at=comment.created_at)
        touch(row, comment_count=F("comment_count") + 1)
        if actor.person is not None:
            take_part(row, [actor.person.pk], Reason.COMMENTED)
        note_names(actor, row, names, comment=comment)
        events.publish(CommentAdded(thread_id=row.pk, repository_id=row.repository_id, comment_id=comment.pk, by_id=person_of(actor)))
    return comment


def edit_comment(actor: Actor, comment: Comment, *, body: str, version: int | None = None) -> Comment:
    """Other words; what stood there is kept as a revision. `version`: the one the writer saw.

    Raises NotFound or Forbidden (rules.can_edit_comment), Invalid, Conflict (it changed meanwhile). Publishes CommentEdited, and PersonMentioned.
    """
    rules.can_edit_comment(actor, comment).require()
    body = clean_body(body, required=True)
    throttle(actor, "edit-thread", minute=60, day=2000)
    thread = comment.thread
    before, names = names_of(actor, thread.repository, comment.body), names_of(actor, thread.repository, body)
    with transaction.atomic():
        row = Comment.objects.select_for_update(of=("self",), no_key=True).select_related("author", "edited_by").get(pk=comment.pk)
        row.thread = thread
        require_version(row.version, version)
        if row.body == body:
            return row
        Revision.objects.create(thread=thread, comment=row, text=row.body, by=actor.person)
        row.body, row.version, row.edited_at, row.edited_by = body, row.version + 1, timezone.now(), actor.person
        row.save(update_fields=["body", "version", "edited_at", "edited_by"])
        note_names(actor, thread, names, before=before, comment=row)
        events.publish(CommentEdited(thread_id=thread.pk, repository_id=thread.repository_id, comment_id=row.pk, by_id=person_of(actor)))
    return row


def delete_comment(actor: Actor, comment: Comment) -> None:
    """Remove a comment with its history and references. Raises NotFound or Forbidden (rules.can_delete_comment). Publishes CommentDeleted."""
    rules.can_delete_comment(actor, comment).require()
    thread = comment.thread
    with transaction.atomic():
        locked_thread(thread)
        gone, _rows = Comment.objects.filter(pk=comment.pk).delete()
        if not gone:
            return
        touch(thread, comment_count=F("comment_count") - 1)
        events.publish(
            CommentDeleted(thread_id=thread.pk, repository_id=thread.repository_id, comment_id=comment.pk, by_id=person_of(actor))
        )
