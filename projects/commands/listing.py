"""Many mirrors into the catalogue at once: validated row by row, duplicates recognised, repeatable."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from accounts.models import Namespace
from core import events
from core.actors import Actor
from projects import rules
from projects.commands.creation import DESCRIPTION_MAX
from projects.events import MirrorsListed
from projects.market.tree import UNSORTED
from projects.mirrors import addresses
from projects.mirrors.addresses import Address
from projects.mirrors.lists import Wish
from projects.models import Category, Mirror, Repository

BATCH = 200  # rows a transaction; some 50 ms
FAULTS_KEPT = 1000


@dataclass
class Listed:
    """What became of a list. `counts` by outcome: listed, duplicate, known, and the codes of faults; `faults` are (row, code, text)."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    unknown_categories: Counter[str] = field(default_factory=Counter)

    def fault(self, number: int, code: str, text: str) -> None:
        """Count one; the first thousand are kept."""
        self.counts[code] += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append((number, code, text[:200]))


def list_mirrors(actor: Actor, wishes: Iterable[Wish], *, on_batch: Callable[[Listed], object] | None = None) -> Listed:
    """Put every good row into the catalogue; running it again adds only what is missing. Publishes MirrorsListed for each batch.

    Rows of a category we do not have stay uncategorised and are counted. Raises NotFound (rules.can_curate).
    """
    rules.can_curate(actor).require()
    report, categories = Listed(), _categories()
    batch: dict[str, tuple[Wish, Address]] = {}
    for wish in wishes:
        address = _judged(wish, report)
        if address is None:
            continue
        if address.key in batch:
            report.fault(wish.number, "duplicate", address.key)
            continue
        batch[address.key] = (wish, address)
        if len(batch) >= BATCH:
            _store(actor, batch, categories, report)
            batch = {}
            if on_batch:
                on_batch(report)
    if batch:
        _store(actor, batch, categories, report)
    return report


def _judged(wish: Wish, report: Listed) -> Address | None:
    """The row's address, or None with its fault noted."""
    if wish.fault:
        report.fault(wish.number, wish.fault, "")
        return None
    address = addresses.parse(wish.address)
    if address is None or len(address.name) > 96 or len(address.slug) > 200:
        report.fault(wish.number, "address", wish.address.rpartition("@")[2])
        return None
    if address.host not in settings.MIRROR_HOSTS:
        report.fault(wish.number, "host", address.host)
        return None
    return address


def _categories() -> dict[str, Category]:
    """By every spelling: slug, both names, synonyms."""
    found: dict[str, Category] = {}
    for one in Category.objects.filter(merged_into=None):
        for word in (*one.words, one.name_en, one.slug, one.name_zh):
            found[word.lower()] = one
    return found


def _store(actor: Actor, batch: dict[str, tuple[Wish, Address]], categories: dict[str, Category], report: Listed) -> None:
    """One batch in one transaction; what the catalogue has is left as it is."""
    with transaction.atomic():
        known = set(Mirror.objects.filter(key__in=batch, is_public_mirror=True).values_list("key", flat=True))
        fresh = {key: pair for key, pair in batch.items() if key not in known}
        for key in known:
            report.fault(batch[key][0].number, "known", key)
        namespaces = _namespaces([address.slug for _wish, address in fresh.values()])
        repositories = [_repository(wish, address, namespaces, categories, report) for wish, address in fresh.values()]
        Repository.objects.bulk_create(repositories)
        mirrors = [
            Mirror(
                repository=repository, address=Address(address.host, address.path).url, key=key, host=address.host,
                upstream_stars=wish.stars, created_by=actor.person,
            )
            for repository, (key, (wish, address)) in zip(repositories, fresh.items(), strict=True)
        ]  # fmt: skip
        Mirror.objects.bulk_create(mirrors)
        if mirrors:
            events.publish(MirrorsListed(repository_ids=[mirror.repository_id for mirror in mirrors]))
    report.counts["listed"] += len(mirrors)


def _namespaces(slugs: list[str]) -> dict[str, Namespace]:
    """By lower-case slug; the missing ones are made in the first spelling met."""
    wanted = {slug.lower(): slug for slug in reversed(slugs)}
    found = {row.slug.lower(): row for row in Namespace.objects.filter(slug__lower__in=wanted)} if wanted else {}
    missing = [Namespace(slug=slug, kind=Namespace.Kind.HOST) for lower, slug in wanted.items() if lower not in found]
    Namespace.objects.bulk_create(missing)
    return {**found, **{row.slug.lower(): row for row in missing}}


def _repository(
    wish: Wish, address: Address, namespaces: dict[str, Namespace], categories: dict[str, Category], report: Listed
) -> Repository:
    category = categories.get(wish.category.lower())
    if category is None and wish.category not in UNSORTED:
        report.unknown_categories[wish.category] += 1
    return Repository(
        namespace=namespaces[address.slug.lower()],
        name=address.name,
        description=" ".join(wish.description.split())[:DESCRIPTION_MAX],
        topics=list(wish.topics),
        category=category,
    )
