"""Reactions to texts."""

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from core import limits
from core.actors import Actor
from core.errors import Forbidden, Invalid
from issues import rules
from issues.logic.reactions import SIGNS
from issues.models import Comment, Reaction, Thread

A_MINUTE = 40


def set_reaction(actor: Actor, thread: Thread, *, kind: str, comment: Comment | None = None, given: bool = True) -> dict[str, int]:
    """Give or take back one's reaction to the text of a thread or to a comment of it; returns the new sums. Twice is once.

    Raises NotFound or Forbidden (rules.can_comment: a locked talk takes none), Invalid (kind), LimitReached.
    """
    rules.can_comment(actor, thread).require()
    if kind not in SIGNS:
        raise Invalid(_("There is no such reaction."), field="kind")
    if actor.person is None:
        raise Forbidden(_("Only people can do this."))
    if comment is not None and comment.thread_id != thread.pk:
        raise Invalid(_("The comment is of another talk."), field="comment")
    limits.take(f"react:{actor.person.pk}", limit=A_MINUTE, seconds=60)
    rows = Reaction.objects.filter(thread=thread, comment=comment)
    with transaction.atomic():
        if comment is None:
            Thread.objects.select_for_update().only("pk").get(pk=thread.pk)
        else:
            Comment.objects.select_for_update().only("pk").get(pk=comment.pk)
        mine = rows.filter(user=actor.person, kind=kind)
        if not given:
            mine.delete()
        elif not mine.exists():
            Reaction.objects.create(thread=thread, comment=comment, user=actor.person, kind=kind)
        found = dict(rows.values_list("kind").annotate(n=Count("pk")))
        sums = {each: found[each] for each in SIGNS if each in found}
        if comment is None:
            Thread.objects.filter(pk=thread.pk).update(reactions=sums)
        else:
            Comment.objects.filter(pk=comment.pk).update(reactions=sums)
    return sums
