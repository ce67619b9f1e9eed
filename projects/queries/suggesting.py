"""What category suggestions are made from, the queue of suggestions, the blind sample."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

from django.core.cache import cache
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

import gitstore
from accounts.models import User
from core.encodings import decode
from core.site import setting
from projects.models import (
    CatalogueVersion,
    Category,
    Classifier,
    Label,
    LabelItem,
    LabelSample,
    Mirror,
    Repository,
    SortingAct,
    SortingDecision,
    Suggestion,
    Visibility,
)
from projects.queries.documents import README_NAMES, without_markup
from projects.suggesting.features import Project
from projects.suggesting.fields import STAYS, Field
from projects.suggesting.figures import ENOUGH, Agreement, Labelled, Precision, agreement, precision

T = TypeVar("T")
OTHER = "other"  # slug of 其他
README_BYTES = 6000
RETRAIN_DECISIONS = 50
RETRAIN_EVERY = timedelta(hours=24)
SILENT = timedelta(minutes=5)  # a run that gave no sign of life for so long is dead
UNDO_DAYS = 30
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def unsorted(prefix: str = "") -> Q:
    """Condition on Repository: without a category, or in “other”."""
    return Q(**{f"{prefix}category": None}) | Q(**{f"{prefix}category__in": Category.objects.filter(slug=OTHER).values("pk")})


def public(prefix: str = "") -> Q:
    """Condition on Repository: everybody may read it; only such words are learnt and shown."""
    return Q(**{f"{prefix}visibility": Visibility.PUBLIC, f"{prefix}deleted_at": None, f"{prefix}taken_down_at": None})


def pool() -> QuerySet[Repository]:
    """Mirrors of the catalogue that lie in “other” or have no category."""
    return Repository.objects.filter(public(), unsorted(), mirror__is_public_mirror=True).exclude(mirror__state=Mirror.States.PROMOTED)


def categories() -> dict[int, str]:
    """Id → slug; a merged one has the slug of what it was merged into."""
    rows = list(Category.objects.all())
    by_id = {row.pk: row for row in rows}
    found = {}
    for row in rows:
        end, seen = row, {row.pk}
        while end.merged_into_id and end.merged_into_id not in seen:
            seen.add(end.merged_into_id)
            end = by_id[end.merged_into_id]
        found[row.pk] = end.slug
    return found


def fields() -> list[Field]:
    """Every category that can be suggested, with its names and synonyms."""
    rows = Category.objects.filter(merged_into=None).exclude(slug=OTHER).select_related("parent")
    return [
        Field(row.slug, (row.slug.replace("-", " "), row.name_zh, row.name_en, *row.words), row.parent.slug if row.parent else "")
        for row in rows
    ]


def held_out() -> set[int]:
    """Projects of the blind sample: never examples."""
    return set(LabelItem.objects.values_list("repository_id", flat=True))


def decided() -> dict[int, tuple[str, str]]:
    """Project → (slug or STAYS, kind of the act): the last decision about it that was not undone."""
    slugs = categories()
    rows = SortingDecision.objects.filter(act__undone_at=None).order_by("pk").values_list("repository_id", "chosen_id", "act__kind")
    return {pk: (slugs.get(chosen, STAYS) if chosen else STAYS, kind) for pk, chosen, kind in rows.iterator(chunk_size=5000)}


@dataclass(frozen=True, slots=True)
class Material:
    """One project, the slug of its category ("" for none) and whether it is in the pool."""

    project: Project
    slug: str
    is_pool: bool


def material(*, chunk: int = 1000) -> Iterator[Material]:
    """Every project that is judged or learnt from: the pool, the sample, and what has a category. READMEs come from Git.

    Read in parts, each to its end: whoever takes them may write meanwhile (SQLite lets no reader in the middle of an answer become a writer).
    """
    slugs = categories()
    rows = Repository.objects.filter(public()).filter(
        Q(mirror__is_public_mirror=True) | Q(label_item__isnull=False) | Q(category__isnull=False)
    )
    names = ("pk", "storage_id", "name", "description", "topics", "main_language", "head_oid", "category_id")
    extra = rows.annotate(slug=F("namespace__slug"), state=F("mirror__state"), listed=F("mirror__is_public_mirror")).order_by("pk")
    last = 0
    while part := list(extra.filter(pk__gt=last).values(*names, "slug", "state", "listed")[:chunk]):
        last = part[-1]["pk"]
        for row in part:
            slug = slugs.get(row["category_id"], "")
            in_pool = bool(row["listed"]) and row["state"] != Mirror.States.PROMOTED and slug in ("", OTHER)
            yield Material(_project(row), slug, in_pool)


def _project(row: dict[str, Any]) -> Project:
    return Project(
        id=row["pk"],
        owner=row["slug"],
        name=row["name"],
        description=row["description"],
        topics=tuple(str(topic) for topic in row["topics"]),
        language=row["main_language"],
        readme=_readme(Repository(storage_id=row["storage_id"]), row["head_oid"]) if row["head_oid"] else "",
    )


def _readme(row: Repository, oid: str) -> str:
    """The beginning of the README at the root, as plain words; "" if there is none."""
    try:
        names = [entry for entry in gitstore.tree(row.path, oid) if entry.kind == "blob" and README_NAMES.fullmatch(entry.name)]
        if not names:
            return ""
        first = min(names, key=lambda entry: (len(entry.name), entry.name))
        return without_markup(decode(gitstore.blob(row.path, first.oid, limit=README_BYTES).data).text)
    except gitstore.GitError:
        return ""


def unlabelled() -> set[int]:
    """Projects of the blind sample that still lack a label, or the second one: not shown among suggestions."""
    rows = LabelItem.objects.annotate(given=Count("labels")).filter(Q(given=0) | Q(given=1, is_double=True))
    return set(rows.values_list("repository_id", flat=True))


def classifier() -> Classifier | None:
    """The newest that is ready, without its arrays."""
    return Classifier.objects.filter(state=Classifier.State.DONE).defer("arrays").order_by("-pk").first()


def unfinished_run() -> Classifier | None:
    """The run that waits or works now."""
    states = (Classifier.State.QUEUED, Classifier.State.RUNNING)
    return Classifier.objects.filter(state__in=states).defer("arrays").order_by("-pk").first()


def run_snapshot(pk: int) -> tuple[dict[str, Any], bool]:
    """What the live page shows of a run, and whether it is over."""
    row = Classifier.objects.filter(pk=pk).values("state", "percent").first()
    if row is None:
        return {"percent": 0, "phase": ""}, True
    return {"percent": row["percent"], "phase": ""}, row["state"] in (Classifier.State.DONE, Classifier.State.FAILED)


def last_run() -> Classifier | None:
    """The newest run, whatever became of it."""
    return Classifier.objects.defer("arrays").order_by("-pk").first()


def is_due() -> bool:
    """True if someone asked, if 50 decisions came since the last classifier, or a day has passed."""
    now = timezone.now()
    waits = unfinished_run()
    if waits is not None:
        return waits.state == Classifier.State.QUEUED or (waits.heartbeat_at or waits.created_at) <= now - SILENT
    last = last_run()
    if last is None:
        return pool().exists()
    if last.created_at <= now - RETRAIN_EVERY:
        return True
    new = SortingDecision.objects.filter(act__at__gt=last.created_at).exclude(act__kind=SortingAct.Kind.AUTOMATIC)
    return last.state == Classifier.State.DONE and new[:RETRAIN_DECISIONS].count() >= RETRAIN_DECISIONS


@dataclass(frozen=True, slots=True)
class Group:
    """Open suggestions of one category; None: stays in “other”."""

    category: Category | None
    total: int
    sure: int  # at or above the threshold


def open_suggestions() -> QuerySet[Suggestion]:
    """Those that wait for a decision and whose project is still unsorted and public."""
    return Suggestion.objects.filter(public("repository__"), unsorted("repository__"), is_open=True)


def groups(threshold: float) -> list[Group]:
    """By category, the one with most sure suggestions first, “stays” last; counted anew after every act, and twice a minute."""
    rows = _remembered(f"groups:{threshold}", lambda: list(_counted(threshold)))
    by_id = {row.pk: row for row in Category.objects.select_related("parent")}
    found = [Group(by_id.get(category_id) if category_id else None, total, sure) for category_id, total, sure in rows]
    return sorted(found, key=lambda group: (group.category is None, -group.sure, -group.total, group.category.pk if group.category else 0))


def _counted(threshold: float) -> QuerySet[Suggestion, tuple[int | None, int, int]]:
    sure = Count("pk", filter=Q(confidence__gte=threshold))
    return open_suggestions().order_by().values_list("category_id").annotate(total=Count("pk"), sure=sure)


def _remembered(name: str, count: Callable[[], T]) -> T:
    """What is counted over all suggestions, until an act, a draw or a version; at most half a minute old (private and deleted projects)."""
    acts = CatalogueVersion.objects.filter(pk=1).values_list("number", flat=True).first()
    said, drawn = Suggestion.objects.aggregate(last=Max("classifier_id"))["last"], LabelSample.objects.aggregate(last=Max("pk"))["last"]
    key = f"suggestions:{name}:{acts}:{said}:{drawn}"
    found = cache.get(key)
    if found is None:
        found = count()
        cache.set(key, found, 30)
    return cast(T, found)


def suggestions(category: Category | None, *, threshold: float = 0.0) -> QuerySet[Suggestion]:
    """Of one category, the surest first, with what a row shows."""
    rows = open_suggestions().filter(category=category)
    if threshold:
        rows = rows.filter(confidence__gte=threshold)
    return rows.select_related("repository__namespace", "repository__category", "category").order_by("-confidence", "id")


def acts() -> QuerySet[SortingAct]:
    """The last acts, newest first."""
    return SortingAct.objects.select_related("by__namespace").order_by("-at", "-pk")


def undoable_since() -> Any:
    """Acts after this moment can be undone."""
    return timezone.now() - timedelta(days=UNDO_DAYS)


def choices() -> list[Category]:
    """What a project can be sorted into, fields in order with their children after them, “other” left out; one query."""
    rows = list(Category.objects.filter(merged_into=None).exclude(slug=OTHER).select_related("parent"))
    place = {row.pk: row.position for row in rows}
    return sorted(rows, key=lambda row: (place.get(row.parent_id or row.pk, 0), row.parent_id is not None, row.position, row.pk))


def next_item(person: User) -> LabelItem | None:
    """What this person labels next: in the order of the samples, what nobody has labelled, and what a second person is asked for."""
    items = (
        LabelItem.objects.filter(public("repository__"))
        .annotate(given=Count("labels"), own=Count("labels", filter=Q(labels__by=person)))
        .filter(Q(given=0) | Q(given=1, is_double=True), own=0)
    )
    return items.select_related("repository__namespace", "repository__mirror", "sample").order_by("sample_id", "position").first()


def own_item(person: User, pk: int) -> LabelItem | None:
    """A project this person has labelled."""
    return (
        LabelItem.objects.filter(pk=pk, labels__by=person).select_related("repository__namespace", "repository__mirror", "sample").first()
    )


def item(pk: int) -> LabelItem | None:
    """One project of the sample."""
    return LabelItem.objects.filter(pk=pk).select_related("repository__namespace", "repository__mirror", "sample").first()


def readme_of(repository: Repository) -> str:
    """What whoever labels reads besides the description."""
    return _readme(repository, repository.head_oid)[:2000] if repository.head_oid else ""


def labels_of(person: User) -> QuerySet[Label]:
    """What a person gave, newest first."""
    return Label.objects.filter(by=person).select_related("item__repository__namespace", "category").order_by("-at", "-pk")


def samples() -> QuerySet[LabelSample]:
    """All draws with what is labelled."""
    return LabelSample.objects.annotate(
        drawn=Count("items", distinct=True), done=Count("items", filter=Q(items__labels__isnull=False), distinct=True)
    ).order_by("pk")


def labelled() -> list[Labelled]:
    """The labelled projects of all samples with what is suggested for them now; two queries."""
    slugs = categories()
    parents = dict(Category.objects.exclude(parent=None).values_list("slug", "parent__slug"))
    given: dict[int, list[str | None]] = {}
    rows = Label.objects.order_by("pk").values_list("item__repository_id", "category_id", "is_unclear")
    for repository_id, category_id, is_unclear in rows:
        slug = None if is_unclear else slugs.get(category_id, STAYS) if category_id else STAYS
        given.setdefault(repository_id, []).append(STAYS if slug == OTHER else slug)
    said = Suggestion.objects.filter(repository_id__in=LabelItem.objects.values("repository_id"))
    return [
        Labelled(
            slugs.get(category_id, STAYS) if category_id else STAYS, confidence, tuple(given[pk]),
            tuple(parents.get(slug or "", "") for slug in given[pk]),
        )
        for pk, category_id, confidence in said.values_list("repository_id", "category_id", "confidence")
        if pk in given
    ]  # fmt: skip


def agreement_of_people() -> Agreement:
    """Of the first two labels of each project that two people labelled."""
    pairs: dict[int, list[str | None]] = {}
    for item_id, slug, is_unclear in Label.objects.order_by("pk").values_list("item_id", "category__slug", "is_unclear"):
        pairs.setdefault(item_id, []).append(None if is_unclear else slug or STAYS)
    return agreement([(found[0], found[1]) for found in pairs.values() if len(found) > 1])


@dataclass(frozen=True, slots=True)
class Figure:
    """What is published: precision at the threshold, and the share of the unsorted it would sort."""

    precision: Precision
    above: int
    pool: int

    @property
    def share(self) -> float:
        """0…1 of the pool."""
        return self.above / self.pool if self.pool else 0.0

    @property
    def percent(self) -> str:
        """The share, for a page."""
        return f"{100 * self.share:.1f}"

    @property
    def at_percent(self) -> int:
        """The threshold, for a page."""
        return round(100 * self.precision.threshold)

    @property
    def bound_percent(self) -> str:
        """The lower bound, for a page; rounded down."""
        return f"{math.floor(1000 * self.precision.bound) / 10:.1f}"

    @property
    def needed(self) -> int:
        """About so many labels more until enough of them have a suggestion this sure; 0 where nothing is so sure."""
        return math.ceil((ENOUGH - self.precision.asked) / self.share) if self.share and not self.precision.is_enough else 0


def figure(threshold: float | None = None) -> Figure:
    """At one threshold (the site's if none is given)."""
    return figures((site_threshold() if threshold is None else threshold,))[0]


def figures(thresholds: tuple[float, ...] = THRESHOLDS) -> list[Figure]:
    """At several thresholds; four queries."""
    sample = labelled()
    counts = {f"t{place}": Count("pk", filter=Q(confidence__gte=at, category__isnull=False)) for place, at in enumerate(thresholds)}
    unsorted_ones = Suggestion.objects.filter(public("repository__"), unsorted("repository__"))
    current = _remembered("figures:" + "-".join(map(str, thresholds)), lambda: unsorted_ones.aggregate(total=Count("pk"), **counts))
    return [Figure(precision(sample, at), current[f"t{place}"], current["total"]) for place, at in enumerate(thresholds)]


def site_threshold() -> float:
    """From this confidence on a suggestion counts as sure."""
    return float(setting("suggestions")["threshold"])


def sorts_automatically() -> bool:
    """True if an administrator switched it on."""
    return bool(setting("suggestions")["automatic"])
