"""The inbox of a person: what they were told, narrowed to what they may read now."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from activity import rules
from activity.models import Notification, Preferences, Why
from activity.queries.things import Thing, sentence, things
from core.actors import Actor
from core.errors import NotFound
from projects import rules as projects_rules
from projects.models import Repository, Watch

PAGE = 50
BOXES = ("inbox", "unread", "saved", "done")
FEW = 20  # unread rows that the bell looks at


@dataclass(frozen=True, slots=True)
class Entry:
    """A notification with the thing it is about."""

    row: Notification
    thing: Thing
    words: str


def readable(actor: Actor) -> Q:
    """Condition on Notification: its repository may be read (or it has none)."""
    return Q(repository=None) | Q(repository__in=Repository.objects.filter(projects_rules.readable_by(actor), taken_down_at=None))


def notifications(actor: Actor, *, box: str = "inbox", why: str = "", repository: str = "") -> QuerySet[Notification]:
    """Of the person who asks, the newest first. `box`: inbox | unread | saved | done; `repository`: "owner/name". Raises Forbidden."""
    person = rules.person_of(actor)
    rows = Notification.objects.filter(readable(actor), user=person).select_related("repository__namespace", "by")
    rows = {
        "inbox": rows.filter(is_done=False), "unread": rows.filter(is_done=False, is_unread=True), "saved": rows.filter(is_saved=True),
        "done": rows.filter(is_done=True),
    }.get(box, rows)  # fmt: skip
    if why in Why.values:
        rows = rows.filter(why=why)
    if repository:
        owner, _slash, name = repository.rpartition("/")
        rows = rows.filter(repository__namespace__slug__lower=owner.lower(), repository__name__lower=name.lower())
    return rows.order_by("-updated_at", "-pk")


def entries(rows: list[Notification]) -> list[Entry]:
    """With their things; what is gone is left out. A constant number of queries."""
    found = things((row.kind, row.object_id) for row in rows)
    return [Entry(row, found[row.kind, row.object_id], sentence(row)) for row in rows if (row.kind, row.object_id) in found]


def notification(actor: Actor, pk: int) -> Notification:
    """One of one's own. Raises NotFound, Forbidden."""
    row = notifications(actor, box="").filter(pk=min(pk, 2**62)).first()
    if row is None:
        raise NotFound(_("There is no such notification."))
    return row


@dataclass(frozen=True, slots=True)
class Facet:
    """A choice beside the list, with how many rows it has."""

    key: str
    label: str
    count: int


def facets(actor: Actor, box: str) -> tuple[list[Facet], list[Facet]]:
    """Reasons and repositories of a box, most first; two queries."""
    rows = notifications(actor, box=box).order_by()
    whys = [Facet(why, str(Why(why).label), n) for why, n in rows.values_list("why").annotate(n=Count("pk")).order_by("-n", "why")]
    names = rows.exclude(repository=None).values_list("repository__namespace__slug", "repository__name").annotate(n=Count("pk"))
    places = [Facet(f"{slug}/{name}", f"{slug}/{name}", n) for slug, name, n in names.order_by("-n", "repository__name")[:20]]
    return whys, places


def has_unread(actor: Actor) -> bool:
    """The dot of the bell: one query, two while something is unread."""
    person = actor.person
    if person is None:
        return False
    if "unread" not in actor.memo:
        actor.memo["unread"] = _has_unread(actor, person)
    return bool(actor.memo["unread"])


def _has_unread(actor: Actor, person: User) -> bool:
    held = list(
        Notification.objects.filter(user=person, is_unread=True, is_done=False).order_by().values_list("repository", flat=True)[:FEW]
    )
    if not held or None in held:
        return bool(held)
    if Repository.objects.filter(projects_rules.readable_by(actor), pk__in=held, taken_down_at=None).exists():
        return True
    return len(held) == FEW and notifications(actor, box="unread").exists()


def preferences(person: User) -> Preferences:
    """Theirs, or the defaults (not saved)."""
    return Preferences.objects.filter(user=person).first() or Preferences(user=person)


def watched(actor: Actor) -> QuerySet[Watch]:
    """What the person watches, and may read."""
    person = rules.person_of(actor)
    rows = Watch.objects.filter(user=person, repository__in=Repository.objects.filter(projects_rules.readable_by(actor)))
    return rows.select_related("repository__namespace").order_by("repository__namespace__slug", "repository__name")
