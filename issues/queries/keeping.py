"""What people keep: filters, reactions."""

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import NotFound
from issues.models import Reaction, SavedFilter, Thread
from projects.models import Repository


def filters(actor: Actor, repository: Repository | None) -> QuerySet[SavedFilter]:
    """The repository's first, then the person's own there (or across all), by name."""
    mine = Q(user=actor.person) if actor.person is not None else Q(pk__in=[])
    shared = Q(user=None) if repository is not None else Q(pk__in=[])
    return SavedFilter.objects.filter(mine | shared, repository=repository).order_by(F("user").asc(nulls_first=True), "name")


def own_filter(actor: Actor, repository: Repository | None, pk: int) -> SavedFilter:
    """One of them. Raises NotFound."""
    found = filters(actor, repository).filter(pk=pk).first() if pk < 2**62 else None
    if found is None:
        raise NotFound(_("There is no such filter."))
    if repository is not None:
        found.repository = repository
    return found


def own_reactions(actor: Actor, thread: Thread) -> set[tuple[int | None, str]]:
    """What the person gave in a thread: (comment, None for the body; kind)."""
    if actor.person is None:
        return set()
    return set(Reaction.objects.filter(thread=thread, user=actor.person).values_list("comment_id", "kind"))
