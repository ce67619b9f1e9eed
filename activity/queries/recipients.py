"""Whom a fact concerns, and who of them may read it; in batches by id."""

from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from accounts.models import Membership, User
from activity.logic.reasons import stronger
from activity.models import Kind, Round, Why
from core.actors import Actor
from issues.models import Participation
from projects import rules as projects_rules
from projects.models import Collaborator, Repository, TeamAccess, Visibility, Watch

BATCH = 500
ROLES = ("owner", "maintainer")  # of an organization: they look after its repositories
ACCESS = ("maintain", "admin")


def readers(repository: Repository, among: Collection[int]) -> set[int]:
    """Which of these people may read the repository: `projects.rules.readable_by` the other way round (a test holds them together)."""
    people = User.objects.filter(pk__in=among, is_active=True, state=User.State.ACTIVE)
    if repository.deleted_at is not None:
        return set()
    if repository.taken_down_at is not None:
        people = people.filter(is_staff=True)
    elif repository.visibility == Visibility.PRIVATE:
        people = people.filter(
            Q(is_staff=True)
            | Q(namespace=repository.namespace_id)
            | Q(pk__in=Membership.objects.filter(organization__namespace=repository.namespace_id).values("user"))
            | Q(pk__in=Collaborator.objects.filter(repository=repository).values("user"))
            | Q(pk__in=TeamAccess.objects.filter(repository=repository).values("team__members"))
        )
    return set(people.values_list("pk", flat=True))


def _caretakers(repository: Repository) -> Q:
    """Condition on User: who looks after a repository without having to watch it."""
    organization = Membership.objects.filter(organization__namespace=repository.namespace_id, role__in=ROLES)
    return (
        Q(namespace=repository.namespace_id)
        | Q(pk__in=organization.values("user"))
        | Q(pk__in=Collaborator.objects.filter(repository=repository, access__in=ACCESS).values("user"))
    )


def _levels(kind: str) -> tuple[str, ...]:
    return (Watch.Level.ALL, Watch.Level.RELEASES) if kind == Kind.RELEASE else (Watch.Level.ALL,)


def concerned(round: Round) -> QuerySet[User]:
    """Everybody a round may be told to, whoever did it left out; by id."""
    if "people" in round.facts:
        wanted = Q(pk__in=round.facts["people"])
    elif round.repository is None:
        return User.objects.none()
    else:
        wanted = Q(pk__in=Watch.objects.filter(repository=round.repository, level__in=_levels(round.kind)).values("user"))
        if round.kind == Kind.THREAD:
            wanted |= Q(pk__in=Participation.objects.filter(thread=round.object_id, is_muted=False).values("user")) | _caretakers(
                round.repository
            )
    return User.objects.filter(wanted, is_active=True, pk__gt=round.after).exclude(pk=round.by_id or 0).order_by("pk")


def batch(round: Round) -> tuple[list[int], dict[int, str]]:
    """The next people by id, and of them those to be told with the reason that weighs most. A constant number of queries."""
    ids = list(concerned(round).values_list("pk", flat=True)[:BATCH])
    if not ids or round.repository is None:
        return ids, dict.fromkeys(ids, str(round.facts.get("why", Why.OWNER)))
    chosen = dict(Watch.objects.filter(repository=round.repository, user__in=ids).values_list("user", "level"))
    parts = _parts(round, ids)
    caretakers = set(User.objects.filter(_caretakers(round.repository), pk__in=ids).values_list("pk", flat=True))
    told: dict[int, str] = {}
    for pk in readers(round.repository, ids):
        reason, muted = parts.get(pk, ("", False))
        level = chosen.get(pk, "")
        if muted or level == Watch.Level.NONE:
            continue
        told[pk] = _why(round, reason, level, pk in caretakers)
    return ids, {pk: why for pk, why in told.items() if why}


def _parts(round: Round, ids: Iterable[int]) -> dict[int, tuple[str, bool]]:
    """Person → (reason to take part in the thread, whether it is muted)."""
    if round.kind != Kind.THREAD:
        return {}
    rows = Participation.objects.filter(thread=round.object_id, user__in=ids).values_list("user", "reason", "is_muted")
    return {pk: (reason, muted) for pk, reason, muted in rows}


def _why(round: Round, reason: str, level: str, is_caretaker: bool) -> str:
    """The heaviest reason, "" for none: somebody who looks after a repository and wants to hear only where they take part has none."""
    given = str(round.facts.get("why", ""))
    found = [one for one in (given, reason) if one]
    if level in _levels(round.kind):
        found.append(Why.RELEASE if round.kind == Kind.RELEASE else Why.WATCHING)
    if is_caretaker and not level and round.kind == Kind.THREAD:
        found.append(Why.OWNER)
    heaviest = ""
    for one in found:
        heaviest = stronger(heaviest, one) if heaviest else one
    return heaviest


def may_still_read(person: User, repository: Repository | None) -> bool:
    """Asked again before a mail goes out."""
    return (
        repository is None
        or Repository.objects.filter(projects_rules.readable_by(Actor(person=person)), pk=repository.pk, taken_down_at=None).exists()
    )
