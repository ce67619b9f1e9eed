"""What a bulk edit can change of a project: how the present value is read, what it becomes, how it is written back.

A value is plain JSON, so that it can be kept and put back later. Each works on up to 500 projects with a number of queries that does not grow.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db.models import F, Max
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import events
from core.actors import Actor
from core.errors import Invalid
from projects.events import CatalogueChanged, RepositoryDeleted, RepositoryRestored
from projects.mirrors import states
from projects.mirrors.states import State, Turn
from projects.models import Category, Collection, CollectionMember, Curated, Mirror, Repository, Tag, Tagged

T = TypeVar("T")
Values = dict[int, Any]  # project id → value


@dataclass(frozen=True, slots=True)
class Aspect:
    """`wanted(old, asked)` gives the old value where the change does not apply. `put` returns the ids it could not change."""

    label: Promise
    clean: Callable[[Any], Any]  # raises Invalid
    say: Callable[[Any], str]  # what is asked, in words
    read: Callable[[list[int], Any], Values]
    wanted: Callable[[Any, Any], Any]
    put: Callable[[Actor, Values, Any], set[int]]
    words: Callable[[], Callable[[Any], str]]  # of a value; one query at most for any number
    is_kept: bool = True  # False: nothing to undo


def _yes_or_no() -> Callable[[Any], str]:
    return lambda value: _("yes") if value else _("no")


def _grouped(values: Values, of: Callable[[Any], T]) -> dict[T, list[int]]:
    groups: dict[T, list[int]] = {}
    for pk, value in values.items():
        groups.setdefault(of(value), []).append(pk)
    return groups


# --- category ------------------------------------------------------------------------------------------------------------


def _clean_category(asked: Any) -> int:
    """An id, 0 for none."""
    if not asked:
        return 0
    row = Category.objects.filter(pk=asked, merged_into=None).first()
    if row is None:
        raise Invalid(_("There is no such category."), field="category")
    return row.pk


def _say_category(asked: Any) -> str:
    row = Category.objects.filter(pk=asked).first() if asked else None
    return row.name if row else _("Uncategorised")


def _category_words() -> Callable[[Any], str]:
    names = {row.pk: row.name for row in Category.objects.all()}
    return lambda value: names.get(value) or _("Uncategorised")


def _put_category(actor: Actor, values: Values, asked: Any) -> set[int]:
    known = {row.pk: row.merged_into_id or row.pk for row in Category.objects.all()}
    for category, ids in _grouped(values, lambda value: known.get(value)).items():
        Repository.objects.filter(pk__in=ids).update(category=category)
    return set()


# --- tags ----------------------------------------------------------------------------------------------------------------


def _clean_tags(asked: Any) -> list[int]:
    wanted = sorted(set(asked))
    if Tag.objects.filter(pk__in=wanted).count() != len(wanted):
        raise Invalid(_("There is no such tag."), field="add_tags")
    return wanted


def _say_tags(asked: Any) -> str:
    return ", ".join(tag.name for tag in Tag.objects.filter(pk__in=asked))


def _tag_words() -> Callable[[Any], str]:
    names = {row.pk: row.name for row in Tag.objects.all()}
    return lambda value: ", ".join(names.get(tag, "") for tag in value) or "–"


def _read_tags(ids: list[int], asked: Any) -> Values:
    found: Values = {pk: [] for pk in ids}
    for pk, tag in Tagged.objects.filter(repository__in=ids).order_by("tag_id").values_list("repository_id", "tag_id"):
        found[pk].append(tag)
    return found


def _put_tags(actor: Actor, values: Values, asked: Any) -> set[int]:
    known = set(Tag.objects.values_list("pk", flat=True))
    Tagged.objects.filter(repository__in=values).delete()
    Tagged.objects.bulk_create(Tagged(repository_id=pk, tag_id=tag) for pk, tags in values.items() for tag in tags if tag in known)
    return set()


# --- keeping in sync -----------------------------------------------------------------------------------------------------


def _one_of(*allowed: Any) -> Callable[[Any], Any]:
    def clean(asked: Any) -> Any:
        if asked not in allowed:
            raise Invalid(_("This act is not known."))
        return asked

    return clean


def _read_state(ids: list[int], asked: Any) -> Values:
    """[state, cause, what was said, whether it was ever filled] of mirrors."""
    rows = Mirror.objects.filter(repository__in=ids).values_list("repository_id", "state", "cause", "said", "filled_at")
    return {pk: [state, cause, said, filled is not None] for pk, state, cause, said, filled in rows}


def _state_words() -> Callable[[Any], str]:
    names = dict(Mirror.States.choices)
    return lambda value: str(names.get(value[0], value[0]))


def _wanted_state(old: Any, asked: Any) -> Any:
    state, _cause, _said, is_filled = old
    if asked == "pause":
        return [State.PAUSED.value, "", "", is_filled] if state in states.WATCHED else old
    if state != State.PAUSED:
        return old
    # one that was never filled waits for its turn again: thousands resumed at once must not all be fetched now
    return [states.after(state, Turn.RESUME).value if is_filled else State.LISTED.value, "", "", is_filled]


def _put_state(actor: Actor, values: Values, asked: Any) -> set[int]:
    """A worker that is at one of them loses its lease and so writes nothing over this."""
    for (state, cause, said, _filled), ids in _grouped(values, tuple).items():
        changes: dict[str, Any] = {"state": state, "cause": cause, "said": said, "lease": "", "leased_until": None}
        if asked == "resume" and state == State.FAILING:
            changes |= {"failures": 0, "is_urgent": True, "next_at": timezone.now()}
        Mirror.objects.filter(repository__in=ids).update(**changes)
    return set()


def _read_due(ids: list[int], asked: Any) -> Values:
    rows = Mirror.objects.filter(repository__in=ids, state__in=states.WATCHED)
    return dict(rows.values_list("repository_id", "is_urgent"))


def _put_due(actor: Actor, values: Values, asked: Any) -> set[int]:
    Mirror.objects.filter(repository__in=values).update(is_urgent=True, next_at=timezone.now())
    return set()


# --- place in the catalogue ----------------------------------------------------------------------------------------------


def _put_curated(values: Values, columns: Iterable[str], of: Callable[[Any], dict[str, Any]]) -> None:
    rows = [Curated(repository_id=pk, **of(value)) for pk, value in values.items()]
    Curated.objects.bulk_create(rows, update_conflicts=True, unique_fields=["repository"], update_fields=list(columns))


def _read_hidden(ids: list[int], asked: Any) -> Values:
    hidden = set(Curated.objects.filter(repository__in=ids, is_hidden=True).values_list("repository_id", flat=True))
    return {pk: pk in hidden for pk in ids}


def _put_hidden(actor: Actor, values: Values, asked: Any) -> set[int]:
    _put_curated(values, ["is_hidden"], lambda value: {"is_hidden": value})
    events.publish(CatalogueChanged(repository_ids=sorted(values)))
    return set()


def _read_removed(ids: list[int], asked: Any) -> Values:
    """Of mirrors of the catalogue alone: a hosted project is its owner's."""
    rows = Repository.objects.filter(pk__in=ids, mirror__is_public_mirror=True).values_list("pk", "deleted_at")
    return {pk: deleted is not None for pk, deleted in rows}


def _put_removed(actor: Actor, values: Values, asked: Any) -> set[int]:
    by_id = actor.person.pk if actor.person else None
    going = [pk for pk, value in values.items() if value]
    Repository.objects.filter(pk__in=going).update(deleted_at=timezone.now(), deleted_name=F("name"))
    events.publish(*(RepositoryDeleted(repository_id=pk, by_id=by_id) for pk in going))
    coming = {pk for pk, value in values.items() if not value}
    refused = _taken(coming)
    back = sorted(coming - refused)
    Repository.objects.filter(pk__in=back).update(deleted_at=None, deleted_name="")
    events.publish(*(RepositoryRestored(repository_id=pk, by_id=by_id) for pk in back))
    return refused


def _taken(ids: set[int]) -> set[int]:
    """Those whose address somebody else has now."""
    rows = Repository.objects.filter(pk__in=ids).values_list("pk", "namespace_id", "name")
    wanted = {(namespace, name.lower()): pk for pk, namespace, name in rows}
    living = Repository.objects.filter(deleted_at=None, namespace__in={namespace for namespace, _name in wanted}).exclude(
        kind=Repository.Kind.DATASET
    )
    return {wanted[key] for namespace, name in living.values_list("namespace_id", "name") if (key := (namespace, name.lower())) in wanted}


def _dates(field: str) -> Aspect:
    """Featured, or 精品: [first day, last day or ""], [] for off."""
    columns = (f"{field}_from", f"{field}_until")

    def clean(asked: Any) -> list[str]:
        if not asked:
            return []
        begin, end = asked
        first, last = date.fromisoformat(str(begin)), date.fromisoformat(str(end)) if end else None
        if last is not None and last < first:
            raise Invalid(_("The last day lies before the first."), field=f"{field}_until")
        return [first.isoformat(), last.isoformat() if last else ""]

    def say(asked: Any) -> str:
        if not asked:
            return _("off")
        return _("from %(first)s until %(last)s") % {"first": asked[0], "last": asked[1] or "…"}

    def read(ids: list[int], asked: Any) -> Values:
        found: Values = {pk: [] for pk in ids}
        rows = Curated.objects.filter(repository__in=ids, **{f"{columns[0]}__isnull": False}).values_list("repository_id", *columns)
        return {**found, **{pk: [begin.isoformat(), end.isoformat() if end else ""] for pk, begin, end in rows}}

    def put(actor: Actor, values: Values, asked: Any) -> set[int]:
        _put_curated(
            values, columns, lambda value: dict(zip(columns, (value[0], value[1] or None) if value else (None, None), strict=True))
        )
        return set()

    label = gettext_lazy("Featured") if field == "featured" else gettext_lazy("Boutique")
    return Aspect(label, clean, say, read, lambda old, asked: asked, put, lambda: say)


# --- collections ---------------------------------------------------------------------------------------------------------


def _clean_collection(asked: Any) -> int:
    if not Collection.objects.filter(pk=asked).exists():
        raise Invalid(_("There is no such collection."), field="collection")
    return int(asked)


def _say_collection(asked: Any) -> str:
    row = Collection.objects.filter(pk=asked).first()
    return row.title if row else ""


def _read_member(ids: list[int], asked: Any) -> Values:
    there = set(CollectionMember.objects.filter(collection=asked, repository__in=ids).values_list("repository_id", flat=True))
    return {pk: pk in there for pk in ids}


def _put_member(actor: Actor, values: Values, asked: Any) -> set[int]:
    going = [pk for pk, value in values.items() if not value]
    CollectionMember.objects.filter(collection=asked, repository__in=going).delete()
    if not Collection.objects.filter(pk=asked).exists():
        return {pk for pk, value in values.items() if value}
    start = CollectionMember.objects.filter(collection=asked).aggregate(n=Max("position"))["n"] or 0
    coming = [pk for pk, value in values.items() if value]
    CollectionMember.objects.bulk_create(
        CollectionMember(collection_id=asked, repository_id=pk, position=start + number) for number, pk in enumerate(coming, start=1)
    )
    return set()


ASPECTS: dict[str, Aspect] = {
    "category": Aspect(
        gettext_lazy("Category"), _clean_category, _say_category,
        lambda ids, asked: dict(Repository.objects.filter(pk__in=ids).values_list("pk", "category_id")),
        lambda old, asked: asked or None, _put_category, _category_words,
    ),
    "add_tags": Aspect(
        gettext_lazy("Add tags"), _clean_tags, _say_tags, _read_tags, lambda old, asked: sorted({*old, *asked}), _put_tags, _tag_words
    ),
    "remove_tags": Aspect(
        gettext_lazy("Take tags away"), _clean_tags, _say_tags, _read_tags, lambda old, asked: sorted({*old} - {*asked}), _put_tags, _tag_words
    ),
    "sync": Aspect(
        gettext_lazy("Sync"), _one_of("now"), lambda asked: _("now"), _read_due, lambda old, asked: True, _put_due, _yes_or_no, is_kept=False
    ),
    "watch": Aspect(
        gettext_lazy("Keep in sync"), _one_of("pause", "resume"), lambda asked: _("Pause") if asked == "pause" else _("Resume"),
        _read_state, _wanted_state, _put_state, _state_words,
    ),
    "hidden": Aspect(
        gettext_lazy("Hidden"), _one_of(True, False), lambda asked: _("yes") if asked else _("no"), _read_hidden, lambda old, asked: asked, _put_hidden, _yes_or_no
    ),
    "featured": _dates("featured"),
    "boutique": _dates("boutique"),
    "collection": Aspect(
        gettext_lazy("Collection"), _clean_collection, _say_collection, _read_member, lambda old, asked: True, _put_member, _yes_or_no
    ),
    "removed": Aspect(
        gettext_lazy("Removed from the catalogue"), _one_of(True), lambda asked: _("yes"), _read_removed, lambda old, asked: True, _put_removed, _yes_or_no
    ),
}  # fmt: skip
