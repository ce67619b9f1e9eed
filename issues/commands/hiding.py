"""Comments are folded away, and shown again."""

from django.db import transaction
from django.utils.translation import gettext as _

from core import events
from core.actors import Actor
from core.errors import Invalid
from issues import rules
from issues.commands.timeline import person_of
from issues.events import CommentEdited
from issues.models import Comment, HiddenReason


def hide_comment(actor: Actor, comment: Comment, *, reason: str) -> Comment:
    """Fold a comment away for a reason (HiddenReason), or show it again (""). Its words stay; whoever wants to read them unfolds it.

    Raises NotFound or Forbidden (rules.can_triage), Invalid (reason). Publishes CommentEdited.
    """
    rules.can_triage(actor, comment.thread.repository).require()
    if reason not in HiddenReason.values:
        raise Invalid(_("There is no such reason."), field="reason")
    with transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(hidden_reason=reason, hidden_by=actor.person if reason else None)
        comment.hidden_reason, comment.hidden_by = reason, actor.person if reason else None
        thread = comment.thread
        events.publish(
            CommentEdited(thread_id=thread.pk, repository_id=thread.repository_id, comment_id=comment.pk, by_id=person_of(actor))
        )
    return comment
