"""Reading mirrors and nominations."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from core.actors import Actor
from projects import rules
from projects.mirrors import addresses, causes, states
from projects.models import Mirror, MirrorKey, MirrorRun, MirrorStore, Nomination, Repository, UpstreamKey
from projects.queries.mirror_moves import followed

PULSE_DAYS = 14


def mirror_of(repository: Repository) -> Mirror | None:
    """Its mirror row, None for a repository of our own; no query if it was selected with the repository."""
    found: Mirror | None = getattr(repository, "mirror", None)
    return found


def runs(mirror: Mirror) -> QuerySet[MirrorRun]:
    """Its log, newest first."""
    return MirrorRun.objects.filter(mirror=mirror).order_by("-at", "-pk")


def store_of(mirror: Mirror) -> MirrorStore | None:
    """What is known of its objects, and whose it shares; one query."""
    return MirrorStore.objects.select_related("lender__namespace").filter(mirror=mirror).first()


def key_of(mirror: Mirror) -> MirrorKey | None:
    """Its deploy key and the other side's, None for one that is not reached over SSH; a query for those alone that are."""
    return MirrorKey.objects.filter(mirror=mirror).first() if mirror.address.startswith("ssh:") else None


def upstream_key_of(repository: Repository) -> UpstreamKey | None:
    """The deploy key made for an upstream that it is to follow, None if there is none."""
    return UpstreamKey.objects.filter(repository=repository).first()


def with_lost_history() -> QuerySet[Mirror]:
    """Mirrors whose log names rewritten history: the only ones that may hold hidden refs."""
    told = MirrorRun.objects.exclude(rewritten=[]).values("mirror_id")
    return Mirror.objects.filter(pk__in=told, filled_at__isnull=False).select_related("repository")


def pulses(mirrors: list[Mirror]) -> dict[int, list[str]]:
    """Mirror id → one word for each of the last 14 days, oldest first: ok, late (no look that worked), fail, none (not yet here). One query."""
    now = timezone.now()
    today = now.date()
    days = [today - timedelta(days=back) for back in range(PULSE_DAYS - 1, -1, -1)]
    failed: dict[tuple[int, object], bool] = {}
    rows = MirrorRun.objects.filter(mirror__in=[one.pk for one in mirrors], at__gte=now - timedelta(days=PULSE_DAYS))
    for mirror_id, at, cause in rows.values_list("mirror_id", "at", "cause"):
        key = (mirror_id, at.date())
        failed[key] = failed.get(key, True) and bool(cause)
    return {one.pk: [_day(one, day, failed) for day in days] for one in mirrors}


def _day(mirror: Mirror, day: object, failed: dict[tuple[int, object], bool]) -> str:
    if mirror.filled_at is None or day < mirror.filled_at.date():  # type: ignore[operator]
        return "fail" if failed.get((mirror.pk, day)) else "none"
    if failed.get((mirror.pk, day)):
        return "fail"
    return "ok" if mirror.checked_at is not None and day <= mirror.checked_at.date() else "late"  # type: ignore[operator]


def mirror_at(text: str) -> Mirror | None:
    """The catalogue's mirror that a pasted address names, also by an address from which it moved away."""
    found = addresses.parse(text)
    return (mirrors().filter(key=found.key).first() or followed(found.key)) if found else None


def mirrors() -> QuerySet[Mirror]:
    """The catalogue's, with their repositories."""
    return Mirror.objects.filter(is_public_mirror=True, repository__deleted_at=None).select_related("repository__namespace")


def filtered(*, query: str = "", state: str = "", cause: str = "", host: str = "") -> QuerySet[Mirror]:
    """The desk's list: those that need a person first, then by when they are due."""
    rows = mirrors()
    if query:
        rows = rows.filter(Q(key__icontains=query) | Q(repository__description__icontains=query))
    if state in Mirror.States.values:
        rows = rows.filter(state=state)
    if cause in causes.CAUSES:
        rows = rows.filter(cause=cause)
    return (rows.filter(host=host) if host else rows).order_by("-failures", "next_at", "pk")


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Mirrors that fail for one cause."""

    code: str
    title: str
    advice: str
    total: int
    examples: list[Mirror]


def failures() -> list[FailureGroup]:
    """By cause, the commonest first, three examples each; two queries."""
    failing = mirrors().exclude(cause="").exclude(state__in=(states.State.PAUSED, states.State.PROMOTED))
    totals = dict(failing.order_by().values_list("cause").annotate(n=Count("pk")).values_list("cause", "n"))
    examples: dict[str, list[Mirror]] = {}
    for one in failing.order_by("-failures", "pk")[:300]:
        if len(examples.setdefault(one.cause, [])) < 3:
            examples[one.cause].append(one)
    return [
        FailureGroup(code, causes.title(code), str(causes.CAUSES.get(code, causes.CAUSES["other"]).advice), total, examples.get(code, []))
        for code, total in sorted(totals.items(), key=lambda pair: -pair[1])
    ]


def figures() -> dict[str, int]:
    """What the desk's strip shows; one query and the nominations'."""
    now = timezone.now()
    watched = Q(filled_at__isnull=False) & ~Q(state__in=(states.State.PAUSED, states.State.PROMOTED))
    counted = mirrors().aggregate(
        total=Count("pk"),
        fresh=Count("pk", filter=watched & Q(checked_at__gte=now - timedelta(days=1))),
        late=Count("pk", filter=watched & (Q(checked_at=None) | Q(checked_at__lt=now - timedelta(days=3)))),
        failing=Count("pk", filter=~Q(cause="") & ~Q(state__in=(states.State.PAUSED, states.State.PROMOTED))),
        listed=Count("pk", filter=Q(state=states.State.LISTED)),
        queue=Count("pk", filter=watched & Q(next_at__lte=now)),
    )
    return {**counted, "nominations": Nomination.objects.filter(state=Nomination.State.OPEN).count()}


def nominations(actor: Actor) -> QuerySet[Nomination]:
    """Open ones, oldest first, for curators; nobody else sees them."""
    rows = Nomination.objects.select_related("by", "by__namespace").filter(state=Nomination.State.OPEN).order_by("created_at", "pk")
    return rows if rules.can_curate(actor) else rows.none()


def nominations_of(person: User) -> QuerySet[Nomination]:
    """One's own with their answers, newest first."""
    return Nomination.objects.filter(by=person).select_related("mirror__repository__namespace").order_by("-created_at", "-pk")


def near_duplicates(text: str) -> list[Mirror]:
    """Mirrors of the same name elsewhere: what a nominator should look at first. At most five."""
    found = addresses.parse(text)
    if found is None:
        return []
    return list(mirrors().filter(repository__name__iexact=found.name).exclude(key=found.key).order_by("-upstream_stars")[:5])
