"""Views and downloads: noted in memory by whoever serves, counted by a task, rolled up by day."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from core.actors import Actor
from core.rules import HIDE
from core.spool import Batch, Fact, Spool
from projects.counting import agents, rising, visits
from projects.counting.visits import Admission
from projects.models import CountedBatch, Repository, Star, Traffic, TrafficDay, Visit

BATCHES = 200  # looked at together
VISITS = 1000  # counted in one transaction, and a batch more: SQLite has one writer
CHUNK = 500
VISITS_KEPT = timedelta(days=2)
BATCHES_KEPT = timedelta(days=30)
T = TypeVar("T")


def _encoded(fact: Fact, secret: Callable[[str], bytes]) -> list[object]:
    day, repository, kind, account, is_settled, address, agent = fact
    seen = visits.anonymous(day, repository, kind, account=account, is_settled=is_settled, address=address, agent=agent, secret=secret(day))
    return visits.packed(seen)


spool = Spool("visits", _encoded)


def note_visit(actor: Actor, repository_id: int, kind: str, *, address: str = "", agent: str = "") -> None:
    """Somebody opened a page of the repository (the caller knows it was a browser) or downloaded from it; robots are left out.

    Writes nothing: `core.spool` puts it aside within a second.
    """
    agent = agent or actor.user_agent
    if actor.is_system or (kind != visits.VIEW and not agents.is_downloading(agent)):
        return
    now = datetime.now(UTC)
    person = actor.person
    account = f"person {person.pk}" if person else f"key {actor.deploy_key}" if actor.deploy_key else ""
    is_settled = person is not None and now - person.date_joined >= timedelta(days=visits.SETTLED)
    spool.note(now.date().isoformat(), repository_id, kind, account, is_settled, address or actor.ip, agent)


def count_visits(actor: Actor) -> int:
    """Count the batches that wait; returns how many new visits counted. What a batch holds is used in the transaction that records its id."""
    if not actor.is_system:
        HIDE.require()
    counted = 0
    while batches := spool.batches(BATCHES):
        for some in _portions(batches):
            try:
                with transaction.atomic():
                    counted += _count(_unknown(some))
            except IntegrityError:  # another worker has one of them
                return counted
            spool.forget(some)
        if len(batches) < BATCHES:
            break
    return counted


def _portions(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    some: list[Batch] = []
    for batch in batches:
        some.append(batch)
        if sum(len(one.facts) for one in some) >= VISITS:
            yield some
            some = []
    if some:
        yield some


def _unknown(batches: Sequence[Batch]) -> list[visits.Visit]:
    """The visits of batches that nobody has counted, which are marked as counted."""
    known = set(CountedBatch.objects.filter(pk__in=[batch.id for batch in batches]).values_list("pk", flat=True))
    fresh = [batch for batch in batches if batch.id not in known]
    CountedBatch.objects.bulk_create(CountedBatch(key=batch.id) for batch in fresh)
    rows = [visits.unpacked(row) for batch in fresh for row in batch.facts]
    return [row for row in rows if row is not None and _is_day(row.day)]


def _is_day(text: str) -> bool:
    try:
        return abs(date.fromisoformat(text) - datetime.now(UTC).date()) < timedelta(days=60)
    except ValueError:
        return False


def _count(seen: list[visits.Visit]) -> int:
    found = visits.once(seen)
    for keys in _chunks(list(found)):
        for key in Visit.objects.filter(key__in=keys).values_list("key", flat=True):
            del found[key]
    there: set[int] = set()
    for ids in _chunks(sorted({one.repository for one in found.values()})):
        there |= set(Repository.objects.filter(pk__in=ids, deleted_at=None).values_list("pk", flat=True))
    new = [one for one in found.values() if one.repository in there]
    admission = _before(new)
    rows = [_row(one, is_counted=admission.admits(one)) for one in new]
    Visit.objects.bulk_create(rows, batch_size=CHUNK)
    counted = [row for row in rows if row.is_counted]
    _add(counted, +1)
    taken_back = _machines({(row.day, row.who) for row in counted if row.kind == visits.VIEW})
    return len(counted) - taken_back


def _row(one: visits.Visit, *, is_counted: bool) -> Visit:
    return Visit(
        key=one.key, repository_id=one.repository, day=date.fromisoformat(one.day), kind=one.kind, who=one.who, network=one.network,
        region=one.region, is_known=one.is_known, is_counted=is_counted,
    )  # fmt: skip


def _before(new: list[visits.Visit]) -> Admission:
    """What strangers of the same networks have added already."""
    found = Admission()
    for ids in _chunks(sorted({one.repository for one in new})):
        rows = Visit.objects.filter(repository__in=ids, day__in={one.day for one in new}, is_counted=True, is_known=False)
        grouped = rows.order_by().values_list("day", "repository", "kind", "network", "region").annotate(n=Count("pk"))
        for day, repository, kind, network, region, n in grouped:
            found.near[(day.isoformat(), repository, kind, network)] += n
            found.far[(day.isoformat(), repository, kind, region)] += n
    for some in _chunks(sorted({one.network for one in new if not one.is_known})):
        rows = Visit.objects.filter(network__in=some, day__in={one.day for one in new}, is_counted=True, is_known=False)
        for day, network, n in rows.order_by().values_list("day", "network").annotate(n=Count("pk")):
            found.in_all[(day.isoformat(), network)] = n
    return found


def _machines(readers: set[tuple[date, str]]) -> int:
    """Take back the views of readers who opened more projects in a day than a person does; returns how many views went."""
    gone = 0
    for some in _chunks(sorted(readers)):
        rows = Visit.objects.filter(who__in={who for _day, who in some}, day__in={day for day, _who in some}, kind=visits.VIEW)
        many = rows.order_by().values_list("day", "who").annotate(n=Count("pk")).filter(n__gt=visits.MANY)
        for day, who, _n in many:
            wrong = list(rows.filter(day=day, who=who, is_counted=True))
            _add(wrong, -1)
            gone += Visit.objects.filter(pk__in=[row.pk for row in wrong]).update(is_counted=False)
    return gone


def _add(rows: Iterable[Visit], sign: int) -> None:
    """Bring the days and the sums up to it; both tables are written here alone, in order of their keys."""
    days: dict[tuple[int, date], Counter[str]] = defaultdict(Counter)
    for row in rows:
        tally = days[(row.repository_id, row.day)]
        tally[f"{row.kind}s"] += sign
        tally["known"] += sign * row.is_known
    sums: dict[int, Counter[str]] = defaultdict(Counter)
    for (repository, _day), tally in days.items():
        sums[repository]["views"] += tally["views"]
        sums[repository]["downloads"] += tally["clones"] + tally["archives"] + tally["assets"]
    _write_days(days)
    _write_sums(sums)


def _write_days(days: dict[tuple[int, date], Counter[str]]) -> None:
    names = ["views", "clones", "archives", "assets", "known"]
    for keys in _chunks(sorted(days)):
        TrafficDay.objects.bulk_create((TrafficDay(repository_id=pk, day=day) for pk, day in keys), ignore_conflicts=True)
        rows = TrafficDay.objects.filter(repository__in={pk for pk, _day in keys}, day__in={day for _pk, day in keys})
        known = {(row.repository_id, row.day): row for row in rows.order_by("repository", "day").select_for_update()}
        changed = [
            TrafficDay(repository_id=key[0], day=key[1], **{name: getattr(known[key], name) + days[key][name] for name in names})
            for key in keys
        ]
        TrafficDay.objects.bulk_create(changed, update_conflicts=True, unique_fields=["repository", "day"], update_fields=names)


def _write_sums(sums: dict[int, Counter[str]]) -> None:
    names = ["views", "downloads"]
    for pks in _chunks(sorted(sums)):
        Traffic.objects.bulk_create((Traffic(repository_id=pk) for pk in pks), ignore_conflicts=True)
        known = Traffic.objects.filter(repository__in=pks).order_by("repository").select_for_update()
        changed = [
            Traffic(repository_id=row.repository_id, **{name: getattr(row, name) + sums[row.repository_id][name] for name in names})
            for row in known
        ]
        Traffic.objects.bulk_create(changed, update_conflicts=True, unique_fields=["repository"], update_fields=names)


def forget_visits(actor: Actor) -> int:
    """What is only kept to count nobody twice goes after two days; returns the number of visits."""
    if not actor.is_system:
        HIDE.require()
    now = timezone.now()
    CountedBatch.objects.filter(at__lt=now - BATCHES_KEPT).delete()
    gone = 0
    while ids := list(Visit.objects.filter(at__lt=now - VISITS_KEPT).values_list("pk", flat=True)[:CHUNK]):
        gone += Visit.objects.filter(pk__in=ids).delete()[0]
    return gone


def rate_rising(actor: Actor) -> int:
    """Work out anew what is rising; returns how many projects are. Two reads, and a write for each 500 projects whose score moved."""
    if not actor.is_system:
        HIDE.require()
    scores = _scores(datetime.now(UTC).date())
    known = dict(Traffic.objects.exclude(rising=0).values_list("repository_id", "rising"))
    moved = sorted(pk for pk, score in scores.items() if abs(score - known.get(pk, 0.0)) > 1e-6) + sorted(known.keys() - scores.keys())
    for pks in _chunks(moved):
        there = Repository.objects.filter(pk__in=pks).values_list("pk", flat=True)
        rows = [Traffic(repository_id=pk, rising=scores.get(pk, 0.0)) for pk in there]
        Traffic.objects.bulk_create(rows, update_conflicts=True, unique_fields=["repository"], update_fields=["rising"])
    return sum(1 for score in scores.values() if score)


def _scores(today: date) -> dict[int, float]:
    """Of every project with attention since SINCE; the days are read one project after the other, so that they need no memory."""
    since = today - timedelta(days=rising.SINCE)
    earliest = datetime(since.year, since.month, since.day, tzinfo=UTC)
    stars: dict[int, dict[date, int]] = defaultdict(dict)
    starred = Star.objects.filter(at__gte=earliest).order_by().annotate(day=TruncDate("at", tzinfo=UTC)).values_list("repository", "day")
    for repository, day, n in starred.annotate(n=Count("pk")):
        stars[repository][day] = n
    rows = TrafficDay.objects.filter(day__gte=since).order_by("repository", "day")
    columns = rows.values_list("repository", "day", "known", "views", "clones", "archives", "assets").iterator(chunk_size=2000)
    scores = {}
    for repository, group in groupby(columns, key=itemgetter(0)):
        liked = stars.pop(repository, {})
        days = []
        for _pk, day, known, *visited in group:
            days.append(rising.Day((today - day).days, known, max(0, sum(visited) - known), liked.pop(day, 0)))
        scores[repository] = rising.score([*days, *_liked(liked, today)])
    return scores | {repository: rising.score(_liked(liked, today)) for repository, liked in stars.items()}


def _liked(stars: dict[date, int], today: date) -> list[rising.Day]:
    return [rising.Day((today - day).days, stars=n) for day, n in stars.items()]


def _chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
