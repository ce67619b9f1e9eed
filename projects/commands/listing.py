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
from projects.queries.mirror_moves import followed_keys

BATCH = 200  # rows a transaction; some 50 ms
FAULTS_KEPT = 1000
Outcome = tuple[int, str, str]  # row, what became of it, its address or what is wrong with it


@dataclass
class Listed:
    """What became of a list. `counts` by outcome: listed, duplicate, known, and the codes of faults; `faults` are (row, code, text)."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    unknown_categories: Counter[str] = field(default_factory=Counter)

    def note(self, number: int, code: str, text: str) -> None:
        """Count one; the first thousand that were not listed are kept."""
        self.counts[code] += 1
        if code != "listed" and len(self.faults) < FAULTS_KEPT:
            self.faults.append((number, code, text))


def list_mirrors(
    actor: Actor,
    wishes: Iterable[Wish],
    *,
    after: int = -1,
    keep: Callable[[list[Outcome]], object] | None = None,
    on_batch: Callable[[Listed], object] | None = None,
) -> Listed:
    """Put every good row into the catalogue; running it again adds only what is missing. Publishes MirrorsListed for each batch.

    Rows up to number `after` are settled already. `keep` is called inside the transaction of each batch with what became of its rows.
    Rows of a category we do not have stay uncategorised and are counted. Raises NotFound (rules.can_curate).
    """
    rules.can_curate(actor).require()
    lister = _Lister(actor, keep)
    for wish in wishes:
        if wish.number <= after:
            lister.skip(wish)
        else:
            lister.take(wish)
        if lister.is_full and lister.flush() and on_batch:
            on_batch(lister.report)
    if lister.flush() and on_batch:
        on_batch(lister.report)
    return lister.report


class _Lister:
    """Gathers rows to batches and stores them."""

    def __init__(self, actor: Actor, keep: Callable[[list[Outcome]], object] | None) -> None:
        self.actor, self.keep, self.report, self.categories = actor, keep, Listed(), _categories()
        self.seen: set[str] = set()
        self.batch: dict[str, tuple[Wish, Address]] = {}
        self.outcomes: list[Outcome] = []

    @property
    def is_full(self) -> bool:
        return len(self.batch) >= BATCH or len(self.outcomes) >= 5 * BATCH

    def skip(self, wish: Wish) -> None:
        """A row that an earlier run settled; the same address again is told as such."""
        address = addresses.parse(wish.address) if not wish.fault else None
        if address is not None:
            self.seen.add(address.key)

    def take(self, wish: Wish) -> None:
        address, code, text = _judged(wish)
        if address is not None and address.key in self.seen:
            code, text = "duplicate", address.key
        if address is None or code:
            self.outcomes.append((wish.number, code, text[:200]))
            return
        self.seen.add(address.key)
        self.batch[address.key] = (wish, address)

    def flush(self) -> bool:
        """One batch in one transaction; what the catalogue has is left as it is. True if there was anything."""
        if not self.batch and not self.outcomes:
            return False
        with transaction.atomic():
            known = set(Mirror.objects.filter(key__in=self.batch, is_public_mirror=True).values_list("key", flat=True))
            known |= followed_keys(list(self.batch))  # its mirror is here, at the address it moved to
            fresh = {key: pair for key, pair in self.batch.items() if key not in known}
            stored = [(wish.number, "known" if key in known else "listed", key) for key, (wish, _address) in self.batch.items()]
            outcomes = sorted([*self.outcomes, *stored])
            _store(self.actor, fresh, self.categories, self.report)
            if self.keep:
                self.keep(outcomes)
        for number, code, text in outcomes:
            self.report.note(number, code, text)
        self.batch, self.outcomes = {}, []
        return True


def _judged(wish: Wish) -> tuple[Address | None, str, str]:
    """The row's address; or None, a code and what it is about."""
    if wish.fault:
        return None, wish.fault, ""
    address = addresses.parse(wish.address)
    if address is None or len(address.name) > 96 or len(address.slug) > 200:
        return None, "address", wish.address.rpartition("@")[2]
    if address.host not in settings.MIRROR_HOSTS:
        return None, "host", address.host
    return address, "", ""


def _categories() -> dict[str, Category]:
    """By every spelling: slug, both names, synonyms."""
    found: dict[str, Category] = {}
    for one in Category.objects.filter(merged_into=None):
        for word in (*one.words, one.name_en, one.slug, one.name_zh):
            found[word.lower()] = one
    return found


def _store(actor: Actor, fresh: dict[str, tuple[Wish, Address]], categories: dict[str, Category], report: Listed) -> None:
    """Rows of those the catalogue does not have, and one event for all of them."""
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
