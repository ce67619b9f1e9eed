"""What the words of texts mean to a reader: threads, people and organisations that exist and that he may know of. A constant number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.models import Namespace, Team, User
from core import markdown
from core.actors import Actor
from issues import rules
from issues.logic import references
from issues.logic.references import Named
from issues.models import Thread
from projects import rules as projects_rules
from projects.models import Repository

MENTIONS_MAX = 50  # people of one text that are told of it
TEAM_MAX = 200  # members of a team that are


@dataclass
class Meanings:
    """What names stand for."""

    threads: dict[Named, Thread] = field(default_factory=dict)
    namespaces: dict[Named, Namespace] = field(default_factory=dict)  # of people and organisations; of teams: the organisation's
    repositories: dict[Named, Repository] = field(default_factory=dict)  # of commits elsewhere


def meanings(actor: Actor, repository: Repository, names: Iterable[Named]) -> Meanings:
    """Of the names in texts of `repository`; at most four queries, none for what is not named."""
    wanted = list(names)
    found = Meanings()
    elsewhere = _repositories(actor, {each.path for each in wanted if each.kind in ("thread", "commit") and each.path})
    homes = {each: repository if not each.path else elsewhere.get(each.path) for each in wanted if each.kind in ("thread", "commit")}
    _find_threads(actor, found, {each: home for each, home in homes.items() if home is not None and each.kind == "thread"})
    found.repositories = {each: home for each, home in homes.items() if home is not None and each.kind == "commit"}
    people = {each for each in wanted if each.kind in ("person", "team")}
    if people:
        kinds = (Namespace.Kind.PERSON, Namespace.Kind.ORGANIZATION)
        rows = Namespace.objects.filter(slug__lower__in={each.path for each in people}, kind__in=kinds)
        by_slug = {row.slug.lower(): row for row in rows}
        found.namespaces = {each: by_slug[each.path] for each in people if each.path in by_slug}
    return found


def _repositories(actor: Actor, paths: set[str]) -> dict[str, Repository]:
    """Readable ones by their lower-case path."""
    wanted = Q(pk__in=[])
    for path in sorted(paths)[: references.MAX_NAMED]:
        namespace, _slash, name = path.rpartition("/")
        wanted |= Q(namespace__slug__lower=namespace, name__lower=name)
    if not paths:
        return {}
    rows = Repository.objects.filter(wanted, projects_rules.readable_by(actor), taken_down_at=None).exclude(kind=Repository.Kind.DATASET)
    return {str(row).lower(): row for row in rows.select_related("namespace", "mirror", "thread_counter")}


def _find_threads(actor: Actor, found: Meanings, homes: dict[Named, Repository]) -> None:
    if not homes:
        return
    numbers: dict[int, list[int]] = {}
    for each, home in homes.items():
        numbers.setdefault(home.pk, []).append(int(each.key))
    wanted = Q(pk__in=[])
    for home_id, several in numbers.items():
        wanted |= Q(repository_id=home_id, number__in=several)
    rows = (
        Thread.objects.filter(wanted)
        .defer("body")
        .select_related("repository__namespace", "repository__mirror", "repository__thread_counter")
    )
    by_key = {(row.repository_id, row.number): row for row in rows if rules.is_shown(row)}
    found.threads = {each: by_key[home.pk, int(each.key)] for each, home in homes.items() if (home.pk, int(each.key)) in by_key}


@dataclass(frozen=True, slots=True)
class Names:
    """What a text of a person names, ready to be written: ids of threads it refers to, of those it closes, of people it calls (by name, by team)."""

    threads: frozenset[int] = frozenset()
    closes: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()


def names_of(actor: Actor, repository: Repository, text: str) -> Names:
    """Read a text for `actor`, who wrote it: what he may not read he does not name, and nobody is called who may not read the repository."""
    runs = markdown.runs(text) if "#" in text or "@" in text else []
    named = references.named(runs)
    if not named:
        return Names()
    known = meanings(actor, repository, [each for each in named if each.kind == "thread"])
    closes = references.closing(runs)
    people, teams = _called(actor, repository, named)
    return Names(
        threads=frozenset(row.pk for row in known.threads.values()),
        closes=frozenset(row.pk for each, row in known.threads.items() if each in closes),
        people=people,
        teams=teams - people,
    )


def _called(actor: Actor, repository: Repository, named: list[Named]) -> tuple[frozenset[int], frozenset[int]]:
    """Ids of people called by name, and by a team that the writer may call."""
    logins = [each.path for each in named if each.kind == "person"][:MENTIONS_MAX]
    people = list(User.objects.filter(username__lower__in=logins, is_active=True, state=User.State.ACTIVE)) if logins else []
    asked = Q(pk__in=[])
    for each in named:
        if each.kind == "team":
            asked |= Q(organization__namespace__slug__lower=each.path, slug__lower=each.key)
    members: list[User] = []
    if any(each.kind == "team" for each in named):
        for team in Team.objects.filter(asked, organization__deleted_at=None).select_related("organization"):
            if may_call(actor, repository, team):
                members += team.members.filter(is_active=True, state=User.State.ACTIVE).order_by("pk")[:TEAM_MAX]
    readers = people_who_read(repository, [*people, *members])
    return frozenset(row.pk for row in people if row.pk in readers), frozenset(row.pk for row in members if row.pk in readers)


def may_call(actor: Actor, repository: Repository, team: Team) -> bool:
    """Members of the organisation call its teams anywhere, others in the organisation's own projects."""
    if actor.is_system or repository.namespace_id == team.organization.namespace_id:
        return True
    return actor.person is not None and actor.person.memberships.filter(organization=team.organization).exists()


def people_who_read(repository: Repository, people: Iterable[User]) -> set[int]:
    """Which of the people may read the repository; everybody, without a query, unless it is private. `people`: at most some hundreds."""
    if not repository.is_private:
        return {person.pk for person in people}
    return {person.pk for person in people if projects_rules.access(Actor(person=person), repository)}
