"""An issue goes to another repository; its old address leads there."""

import re
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import events
from core.actors import Actor
from core.errors import Invalid
from issues import rules
from issues.commands.numbers import allocate_number, count_threads, hold_numbers
from issues.commands.timeline import locked_thread, person_of, record, touch
from issues.events import ThreadChanged
from issues.models import Assignment, Attachment, Comment, FormerNumber, Happening, Label, Labelling, Milestone, Reference, Revision, Thread
from issues.queries.naming import people_who_read
from projects.models import Repository

_KEY = re.compile(r"/-/files/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/")


def transfer_issue(actor: Actor, thread: Thread, into: Repository) -> Thread:
    """Move an issue with its talk, history, files and relations. It gets a new number there; labels and the milestone stay where the other
    repository has some of the same name, and people stay on it who may read there.

    Raises NotFound, Forbidden (rules.can_triage here, and rules.can_triage and can_open there), Invalid (a pull request; the same place).
    Publishes ThreadChanged.
    """
    rules.can_triage(actor, thread.repository).require()
    rules.can_triage(actor, into).require()
    rules.can_open(actor, into).require()
    if not thread.is_issue:
        raise Invalid(_("A pull request stays where its branches are."), field="into")
    if into.pk == thread.repository_id:
        raise Invalid(_("It is there already."), field="into")
    with transaction.atomic():
        source = thread.repository
        for repository in sorted((source, into), key=lambda each: each.pk):
            hold_numbers(repository)
        row = locked_thread(thread)
        old = row.number
        _settle(row, into)
        opened = int(row.is_open)
        count_threads(source, row.kind, opened=-opened, closed=opened - 1)
        count_threads(into, row.kind, opened=opened, closed=1 - opened)
        FormerNumber.objects.create(repository=source, number=old, thread=row)
        touch(row, repository=into, number=allocate_number(into), pinned_at=None, pin_order=0)
        _follow(row, into)
        record(row, actor.person, Happening.Kind.TRANSFERRED, source=source.pk, number=old)
        facts = {"transfer": {"from": source.pk, "to": into.pk}}
        events.publish(ThreadChanged(thread_id=row.pk, repository_id=into.pk, by_id=person_of(actor), changes=["transfer"], facts=facts))
    return row


def _settle(thread: Thread, into: Repository) -> None:
    """Labels, milestone and people as the other repository knows them."""
    names = {name.lower() for name in Labelling.objects.filter(thread=thread).values_list("label__name", flat=True)}
    Labelling.objects.filter(thread=thread).delete()
    same = [label for label in Label.objects.filter(repository=into) if label.name.lower() in names]
    Labelling.objects.bulk_create([Labelling(thread=thread, label=label) for label in same], ignore_conflicts=True)
    title = thread.milestone.title if thread.milestone else ""
    milestone = Milestone.objects.filter(repository=into, title__iexact=title).first() if title else None
    touch(thread, milestone=milestone)
    held = [row.user for row in Assignment.objects.filter(thread=thread).select_related("user")]
    Assignment.objects.filter(thread=thread).exclude(user__in=people_who_read(into, held)).delete()


def _follow(thread: Thread, into: Repository) -> None:
    """What says for itself which repository it is of: references made by its texts, and its files."""
    Reference.objects.filter(source=thread).update(source_repository=into)
    texts = [thread.body, *Comment.objects.filter(thread=thread).values_list("body", flat=True)]
    texts += Revision.objects.filter(thread=thread).values_list("text", flat=True)
    keys = {UUID(key) for text in texts for key in _KEY.findall(text)}
    if keys:
        Attachment.objects.filter(key__in=keys).exclude(repository=into).filter(_is_of(thread)).update(repository=into)


def _is_of(thread: Thread) -> Q:
    """Files of the repository it left: a text that names the file of a third one does not move it."""
    former = FormerNumber.objects.filter(thread=thread).order_by("-pk").values_list("repository_id", flat=True)[:1]
    return Q(repository__in=list(former))
