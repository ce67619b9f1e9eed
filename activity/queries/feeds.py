"""What happened, for dashboards, activity pages and Atom: rows of `Act`, narrowed to what the reader may see, grouped."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import queries as people
from accounts.models import User
from activity.models import Act, Follow, Preferences
from activity.queries.things import Thing, things
from core.actors import Actor
from core.errors import NotFound
from core.secrets import keyed_hash
from projects import rules as projects_rules
from projects.models import Repository, Star, Watch

WINDOW = 300  # acts that a page of groups is made from
GROUPS = 40
TOGETHER = timedelta(hours=24)
NAMED = 3  # people or repositories named in a group
Kind = Act.Kind
OF_REPOSITORY = frozenset({Kind.STAR.value, Kind.FORK.value})  # several people, one repository
OF_PERSON = frozenset({Kind.PUSH.value})  # one person, one repository, several times


def key_of(person: User) -> str:
    """What their feed's address must carry; others cannot guess it, and a new `feed_key` makes it void."""
    held = Preferences.objects.filter(user=person).values_list("feed_key", flat=True).first()
    return keyed_hash(f"{person.pk}:{held or ''}", purpose="feed")[:40]


def own_address(person: User) -> str:
    """The dashboard's feed for a feed reader, which has no session."""
    return f"{settings.BASE_URL}/-/feeds/{person.username}.atom?key={key_of(person)}"


def person_of_feed(login: str, key: str) -> User:
    """Whose feed it is. Raises NotFound for a wrong key, and for nobody alike."""
    person = User.objects.select_related("namespace").filter(username__lower=login.lower(), is_active=True, state=User.State.ACTIVE).first()
    if person is None or not hmac.compare_digest(key_of(person).encode(), key.encode("utf-8", "replace")):
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    return person


def visible(actor: Actor) -> QuerySet[Act]:
    """Acts in repositories that the reader may read now, by people who are still here."""
    readable = Repository.objects.filter(projects_rules.readable_by(actor), taken_down_at=None)
    rows = Act.objects.filter(repository__in=readable, by__is_active=True, by__state=User.State.ACTIVE)
    return rows.select_related("by__namespace", "repository__namespace__user", "repository__namespace__organization").order_by("-at", "-pk")


def of_dashboard(actor: Actor) -> QuerySet[Act]:
    """What people one follows did, and what happened in repositories one watches, starred or works on; not one's own doing."""
    person = actor.person
    if person is None:
        return Act.objects.none()
    watched = Watch.objects.filter(user=person).exclude(level=Watch.Level.NONE).values("repository")
    starred = Star.objects.filter(user=person).values("repository")
    mine = Repository.objects.filter(projects_rules.belongs_to(person)).values("pk")
    wanted = (
        Q(by__in=Follow.objects.filter(follower=person).values("followed"))
        | Q(repository__in=watched)
        | Q(repository__in=starred)
        | Q(repository__in=mine)
    )
    silent = Watch.objects.filter(user=person, level=Watch.Level.NONE).values("repository")
    return visible(actor).filter(wanted).exclude(by=person).exclude(repository__in=silent)


def of_repository(actor: Actor, repository: Repository) -> QuerySet[Act]:
    """Of one repository."""
    return visible(actor).filter(repository=repository)


def of_person(actor: Actor, person: User) -> QuerySet[Act]:
    """Of one person."""
    return visible(actor).filter(by=person)


@dataclass(slots=True)
class Group:
    """Acts that are told together: `people` and `names` are the first few, `count` says of how many."""

    kind: str
    at: datetime
    repository: Repository
    people: list[User]
    acts: list[Act] = field(default_factory=list)
    thing: Thing | None = None

    @property
    def first(self) -> Act:
        """The newest act."""
        return self.acts[0]

    @property
    def sentence(self) -> str:
        """What happened, without the people's names before it."""
        return told(self)

    @property
    def others(self) -> int:
        """People besides those named."""
        return len({one.by_id for one in self.acts}) - len(self.people)

    @property
    def branches(self) -> list[str]:
        """Of pushes: the branches, each once."""
        return list(dict.fromkeys(name for one in self.acts for name in one.facts.get("branches", [])))[:NAMED]

    @property
    def who(self) -> str:
        """The people in words."""
        names = "、".join(one.shown_name for one in self.people)
        return names + (" " + ngettext("and %d more", "and %d more", self.others) % self.others if self.others > 0 else "")


def _key(act: Act) -> tuple[object, ...]:
    if act.kind in OF_REPOSITORY:
        return (act.kind, act.repository_id)
    if act.kind in OF_PERSON:
        return (act.kind, act.repository_id, act.by_id)
    return ("one", act.pk)


def grouped(rows: QuerySet[Act], *, limit: int = GROUPS, before: int = 0) -> list[Group]:
    """“3 people starred X”: acts of one kind within a day are one line, at the newest one's place. Two queries and one a kind of thing."""
    acts = list((rows.filter(pk__lt=before) if before else rows)[:WINDOW])
    groups: list[Group] = []
    open_groups: dict[tuple[object, ...], Group] = {}
    for act in acts:
        key = _key(act)
        group = open_groups.get(key)
        if group is None or group.at - act.at > TOGETHER:
            group = Group(act.kind, act.at, act.repository, [])
            open_groups[key] = group
            groups.append(group)
        group.acts.append(act)
        if len(group.people) < NAMED and all(one.pk != act.by_id for one in group.people):
            group.people.append(act.by)
    groups = groups[:limit]
    _with_things(groups)
    return [one for one in groups if one.thing is not None or one.kind not in THINGS]


THINGS = {
    Kind.RELEASE.value: "release", Kind.ISSUE_OPENED.value: "thread", Kind.ISSUE_CLOSED.value: "thread", Kind.PULL_OPENED.value: "thread",
    Kind.PULL_MERGED.value: "thread",
}  # fmt: skip


def _with_things(groups: Iterable[Group]) -> None:
    wanted = [(THINGS[one.kind], one.first.object_id) for one in groups if one.kind in THINGS]
    found = things(wanted)
    for one in groups:
        if one.kind in THINGS:
            one.thing = found.get((THINGS[one.kind], one.first.object_id))


def told(group: Group) -> str:
    """What happened, in words that stand between the people and the repository."""
    n = len(group.acts)
    words = {
        Kind.PUSH.value: _("pushed %d times to") % n if n > 1 else _("pushed to"),
        Kind.CREATE.value: _("made"),
        Kind.FORK.value: _("forked"),
        Kind.STAR.value: _("starred"),
        Kind.RELEASE.value: _("published a release of"),
        Kind.ISSUE_OPENED.value: _("opened an issue in"),
        Kind.ISSUE_CLOSED.value: _("closed an issue in"),
        Kind.PULL_OPENED.value: _("opened a pull request in"),
        Kind.PULL_MERGED.value: _("merged a pull request in"),
    }
    return words[group.kind]


def is_following(actor: Actor, person: User) -> bool:
    """Whether the reader follows the person."""
    return actor.person is not None and Follow.objects.filter(follower=actor.person, followed=person).exists()


def follow_counts(person: User) -> tuple[int, int]:
    """(followers, following)."""
    return Follow.objects.filter(followed=person).count(), Follow.objects.filter(follower=person).count()


def shown_person(actor: Actor, login: str) -> User:
    """Somebody whose page is shown. Raises NotFound."""
    person = people.person(login)
    if person.state != User.State.ACTIVE and not actor.is_staff:
        raise NotFound(_("There is nobody of this name."))
    return person


def follows(person: User, *, followers: bool, page: str | None = None) -> Page[User]:
    """Who follows them, or whom they follow, the latest first."""
    if followers:
        rows = User.objects.filter(following__followed=person).order_by("-following__since", "-pk")
    else:
        rows = User.objects.filter(followers__follower=person).order_by("-followers__since", "-pk")
    return Paginator(rows.filter(is_active=True, state=User.State.ACTIVE).select_related("namespace"), 60).get_page(page)
