"""Who wants to hear of a thread, and whether a repository has issues at all."""

from django.db import transaction

from accounts.models import User
from core.actors import Actor
from core.rules import needs_sign_in
from issues import rules
from issues.commands.timeline import take_part
from issues.models import Counter, Participation, Reason, Thread
from projects.models import Repository


def follow_thread(actor: Actor, thread: Thread, *, follow: bool) -> None:
    """Hear of everything there, or of nothing more. Raises NotFound, Forbidden (nobody signed in)."""
    rules.can_read(actor, thread).require()
    if (refusal := needs_sign_in(actor)) is not None:
        refusal.require()
    person: User | None = actor.person
    if person is None:
        return
    with transaction.atomic():
        take_part(thread, [person.pk], Reason.SUBSCRIBED)
        Participation.objects.filter(thread=thread, user=person).update(is_muted=not follow)


def turn_issues(actor: Actor, repository: Repository, *, on: bool) -> None:
    """Have issues or not; those there are stay, hidden. Raises NotFound or Forbidden (rules.can_set_up)."""
    rules.can_set_up(actor, repository).require()
    row, _made = Counter.objects.update_or_create(repository=repository, defaults={"has_issues": on})
    repository.thread_counter = row
