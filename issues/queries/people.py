"""People of threads: whom one may be assigned to."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from accounts.models import Membership, User
from core.actors import Actor
from issues.models import Participation, Thread
from projects import rules as projects_rules
from projects.logic import ACCESS_ORDER, ROLE_ACCESS, includes
from projects.models import Collaborator, Repository, TeamAccess

CANDIDATES = 100


def unassignable(thread: Thread, people: Iterable[User]) -> list[User]:
    """Those of the people who neither may write nor take part; who may not read is among them."""
    asked = list(people)
    if not asked:
        return []
    taking_part = set(Participation.objects.filter(thread=thread, user__in=asked).values_list("user_id", flat=True))
    refused = []
    for person in asked:
        held = projects_rules.access(Actor(person=person), thread.repository)
        if not held or not (includes(held, "write") or person.pk in taking_part):
            refused.append(person)
    return refused


def writers(repository: Repository) -> QuerySet[User]:
    """Everybody with write access by name, team or organisation, by login; one query."""
    roles = [role for role, held in ROLE_ACCESS.items() if includes(held, "write")]
    levels = [level for level in ACCESS_ORDER if includes(level, "write")]
    organization = Membership.objects.filter(organization__namespace_id=repository.namespace_id, role__in=roles)
    wanted = (
        Q(namespace=repository.namespace_id)
        | Q(pk__in=organization.values("user"))
        | Q(pk__in=Collaborator.objects.filter(repository=repository, access__in=levels).values("user"))
        | Q(pk__in=TeamAccess.objects.filter(repository=repository, access__in=levels).values("team__members"))
    )
    return User.objects.filter(wanted, is_active=True, state=User.State.ACTIVE).order_by("username")


def candidates(thread: Thread) -> list[User]:
    """Whom the thread can be assigned to: writers and, after them, those who take part; at most CANDIDATES. Two queries."""
    found = list(writers(thread.repository)[:CANDIDATES])
    known = {person.pk for person in found}
    rows = User.objects.filter(participations__thread=thread, is_active=True).exclude(pk__in=known).order_by("username")
    return found + list(rows[: CANDIDATES - len(found)])
