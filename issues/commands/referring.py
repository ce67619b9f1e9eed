"""Texts name threads and people: references both ways, and who takes part because of it."""

from accounts.models import User
from core import events
from core.actors import Actor
from issues.commands.timeline import person_of, record, take_part
from issues.events import PersonMentioned
from issues.models import Comment, Happening, Reason, Reference, Thread
from issues.queries.naming import Names
from projects.models import Repository


def note_names(actor: Actor, thread: Thread, names: Names, *, before: Names | None = None, comment: Comment | None = None) -> None:
    """Write what a text of the thread (its body, or `comment`) names, in the transaction that writes the text.

    `before`: what the text named until now; who was called then is not called again. Publishes PersonMentioned.
    """
    key = f"comment:{comment.pk}" if comment is not None else f"thread:{thread.pk}"
    refer(
        Reference(key=key, source_repository=thread.repository, source=thread, comment=comment, by=actor.person),
        names.threads - {thread.pk}, names.closes,
    )  # fmt: skip
    earlier = before or Names()
    people = names.people - earlier.people - {person_of(actor)}
    teams = names.teams - earlier.teams - earlier.people - {person_of(actor)}
    take_part(thread, teams, Reason.TEAM, mentioned=True)
    take_part(thread, people, Reason.MENTIONED, mentioned=True)
    if called := sorted(people | teams):
        events.publish(
            PersonMentioned(
                thread_id=thread.pk, repository_id=thread.repository_id, by_id=person_of(actor), user_ids=called,
                comment_id=comment.pk if comment is not None else None,
            )
        )  # fmt: skip


def refer(sample: Reference, targets: frozenset[int], closes: frozenset[int]) -> list[Reference]:
    """Make the references of the text `sample.key` be exactly `targets` (ids of threads); returns those that are new.

    Each new one stands in the timeline of its target, unless another text of the same thread named it there already.
    """
    known = {row.target_id: row for row in Reference.objects.filter(key=sample.key)}
    gone = [row.pk for pk, row in known.items() if pk not in targets]
    if gone:
        Reference.objects.filter(pk__in=gone).delete()
    for pk, row in known.items():
        if pk in targets and row.closes != (pk in closes):
            Reference.objects.filter(pk=row.pk).update(closes=pk in closes)
    made = []
    for target in Thread.objects.filter(pk__in=targets - known.keys()).order_by("pk"):
        told = sample.source_id is not None and Reference.objects.filter(target=target, source=sample.source_id).exists()
        row = _copy(sample, target, closes)
        made.append(row)
        if not told:
            record(target, sample.by, Happening.Kind.REFERENCED, reference=row)
    return made


def _copy(sample: Reference, target: Thread, closes: frozenset[int]) -> Reference:
    return Reference.objects.create(
        target=target, key=sample.key, source_repository=sample.source_repository, source=sample.source, comment=sample.comment, oid=sample.oid,
        title=sample.title, closes=target.pk in closes, by=sample.by,
    )  # fmt: skip


def refer_by_commit(repository: Repository, oid: str, title: str, by: User | None, names: Names) -> list[Reference]:
    """References from the message of a commit of the default branch; returns those that are new."""
    sample = Reference(key=f"commit:{repository.pk}:{oid}", source_repository=repository, oid=oid, title=title[:200], by=by)
    return refer(sample, names.threads, names.closes)
