"""What curators arrange for readers: the tree of categories, tags, collections, featured projects, 精品, hot organisations."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import Namespace
from core.actors import ANONYMOUS
from projects.models import Category, Collection, CollectionMember, Curated, HotOwner, Repository, Tag, Visibility
from projects.queries.curation import catalogue
from projects.queries.repositories import repositories


def tags() -> QuerySet[Tag]:
    """All, with the number of projects."""
    return Tag.objects.annotate(total=Count("tagged", filter=Q(tagged__repository__deleted_at=None)))


def tag(slug: str) -> Tag | None:
    """One of them."""
    return Tag.objects.filter(slug=slug).first()


def category(slug: str) -> Category | None:
    """With its parent; merged ones too."""
    return Category.objects.select_related("parent", "merged_into").filter(slug=slug).first()


@dataclass(frozen=True, slots=True)
class Branch:
    """A field, how many projects it and what lies below has, and what lies below."""

    category: Category
    total: int
    own: int
    children: "list[Branch]"


def tree() -> list[Branch]:
    """The whole tree with exact counts of public projects; two queries."""
    counts = dict(catalogue("all").order_by().values_list("category_id").annotate(n=Count("pk")).values_list("category_id", "n"))
    below: dict[int | None, list[Branch]] = {}
    rows = list(Category.objects.filter(merged_into=None).order_by("position", "pk"))
    for row in rows:
        if row.parent_id:
            below.setdefault(row.parent_id, []).append(Branch(row, counts.get(row.pk, 0), counts.get(row.pk, 0), []))
    return [
        Branch(
            row, counts.get(row.pk, 0) + sum(child.total for child in below.get(row.pk, [])), counts.get(row.pk, 0), below.get(row.pk, [])
        )
        for row in rows
        if row.parent_id is None
    ]


def former_categories() -> QuerySet[Category]:
    """Addresses that lead elsewhere."""
    return Category.objects.filter(merged_into__isnull=False).select_related("merged_into").order_by("slug")


def collections(*, published: bool = True) -> QuerySet[Collection]:
    """In order, with the number of public projects."""
    public = Q(
        members__repository__deleted_at=None, members__repository__visibility=Visibility.PUBLIC, members__repository__taken_down_at=None
    )
    rows = Collection.objects.annotate(total=Count("members", filter=public)).order_by("position", "pk")
    return rows.filter(is_published=True) if published else rows


def collection(slug: str, *, published: bool = True) -> Collection | None:
    """One of them."""
    return collections(published=published).filter(slug=slug).first()


def members(one: Collection) -> list[CollectionMember]:
    """Public projects of a collection in its order, with all that a line shows; two queries."""
    rows = CollectionMember.objects.filter(
        collection=one, repository__deleted_at=None, repository__visibility=Visibility.PUBLIC, repository__taken_down_at=None
    )
    found = list(rows.order_by("position", "pk"))
    projects = in_market([row.repository_id for row in found])
    return [row for row in found if _attach(row, projects)]


def _attach(row: CollectionMember, projects: dict[int, Repository]) -> bool:
    if row.repository_id not in projects:
        return False
    row.repository = projects[row.repository_id]
    return True


def in_market(ids: list[int]) -> dict[int, Repository]:
    """Id → public project with owner, mirror and category; one query."""
    rows = repositories(ANONYMOUS).filter(pk__in=ids, taken_down_at=None)
    return {row.pk: row for row in rows.select_related("namespace", "namespace__user", "namespace__organization", "mirror", "category")}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What curators put on the market's first page today."""

    featured: list[Repository]
    boutique: list[Repository]
    collections: list[Collection]
    hot: list[Namespace]


def shelf(*, size: int = 6) -> Shelf:
    """Featured projects and 精品 whose days include today, collections, hot organisations; five queries at most."""
    today = timezone.localdate()
    rows = Curated.objects.filter(is_hidden=False)
    ids: dict[str, list[int]] = {}
    for name in ("featured", "boutique"):
        until = Q(**{f"{name}_until": None}) | Q(**{f"{name}_until__gte": today})
        shown_now = rows.filter(until, **{f"{name}_from__lte": today}).order_by(f"-{name}_from", "-pk")
        ids[name] = list(shown_now.values_list("repository_id", flat=True)[: size * 2])
    projects = in_market([*ids["featured"], *ids["boutique"]])
    lists = {name: [projects[pk] for pk in found if pk in projects][:size] for name, found in ids.items()}
    return Shelf(lists["featured"], lists["boutique"], list(collections()[:size]), hot_namespaces())


def hot_owners() -> QuerySet[HotOwner]:
    """In order."""
    return HotOwner.objects.select_related("namespace", "namespace__organization").order_by("position", "pk")


def hot_namespaces() -> list[Namespace]:
    """Those that curators chose."""
    return [row.namespace for row in hot_owners()]


def placed() -> QuerySet[Curated]:
    """Projects that are, were or will be featured or 精品; the latest first."""
    rows = Curated.objects.filter(Q(featured_from__isnull=False) | Q(boutique_from__isnull=False), repository__deleted_at=None)
    return rows.select_related("repository__namespace").order_by("-featured_from", "-boutique_from", "-pk")
