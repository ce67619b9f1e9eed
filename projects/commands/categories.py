"""The tree of categories and the curators' tags: rename, order, move, merge, split. Projects move by bulk edits, which can be undone."""

import re
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.commands import note_act
from core.actors import Actor
from core.errors import Conflict, Invalid
from projects import rules
from projects.commands.bulk import request_edit, touch_catalogue
from projects.models import BulkEdit, Category, Repository, Tag
from projects.queries.curation import Selection

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
WORDS_MAX = 50


def _require_slug(slug: str) -> str:
    slug = slug.strip().lower()
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        raise Invalid(_("Small letters, digits and single hyphens, at most 60."), field="slug")
    return slug


def _require_names(zh: str, en: str) -> tuple[str, str]:
    zh, en = " ".join(zh.split())[:60], " ".join(en.split())[:80]
    if not zh:
        raise Invalid(_("Give a Chinese name."), field="name_zh")
    if not en:
        raise Invalid(_("Give an English name."), field="name_en")
    return zh, en


def _clean_words(words: Iterable[str]) -> list[str]:
    found = list(dict.fromkeys(" ".join(word.split())[:60] for word in words if word.strip()))
    if len(found) > WORDS_MAX:
        raise Invalid(_("At most %d words.") % WORDS_MAX, field="words")
    return found


def _place(parent: Category | None) -> int:
    return int(Category.objects.filter(parent=parent, merged_into=None).aggregate(n=Max("position"))["n"] or 0) + 1


def create_category(
    actor: Actor, *, slug: str, name_zh: str, name_en: str, parent: Category | None = None, icon: str = "", words: Iterable[str] = ()
) -> Category:
    """A new field, or one below `parent`, at the end. Raises NotFound (rules.can_curate), Invalid, Conflict (address taken)."""
    rules.can_curate(actor).require()
    slug, (name_zh, name_en), words = _require_slug(slug), _require_names(name_zh, name_en), _clean_words(words)
    _require_level(parent)
    try:
        with transaction.atomic():
            made = Category.objects.create(
                slug=slug, name_zh=name_zh, name_en=name_en, parent=parent, position=_place(parent), icon=icon, words=words
            )
            note_act(actor, "create_category", slug)
            touch_catalogue()
    except IntegrityError as error:
        raise Conflict(_("This address is taken."), field="slug") from error
    return made


def _require_level(parent: Category | None) -> None:
    if parent is not None and (parent.parent_id is not None or parent.merged_into_id is not None):
        raise Invalid(_("The tree has two levels; choose a field."), field="parent")


def change_category(
    actor: Actor, category: Category, *, slug: str, name_zh: str, name_en: str, icon: str, words: Iterable[str]
) -> Category:
    """Names, address, icon, words; an old address goes on leading here. Raises NotFound (rules.can_curate), Invalid, Conflict."""
    rules.can_curate(actor).require()
    slug, (name_zh, name_en), words = _require_slug(slug), _require_names(name_zh, name_en), _clean_words(words)
    try:
        with transaction.atomic():
            former, before = category.slug, category.name_zh
            if slug != former:
                Category.objects.filter(slug=slug, merged_into=category).delete()  # back to an address it had before
            Category.objects.filter(pk=category.pk).update(slug=slug, name_zh=name_zh, name_en=name_en, icon=icon, words=words)
            if slug != former:
                Category.objects.create(slug=former, name_zh=before, name_en=category.name_en, merged_into=category)
            note_act(actor, "change_category", slug, detail={"before": former, "name": name_zh})
            touch_catalogue()
    except IntegrityError as error:
        raise Conflict(_("This address is taken."), field="slug") from error
    category.refresh_from_db()
    return category


def move_category(actor: Actor, category: Category, *, parent: Category | None) -> None:
    """Below another field, or to the top. Raises NotFound (rules.can_curate), Invalid (itself, a third level)."""
    rules.can_curate(actor).require()
    _require_level(parent)
    if parent is not None and (parent.pk == category.pk or category.children.filter(merged_into=None).exists()):
        raise Invalid(_("The tree has two levels; a field with others below it stays at the top."), field="parent")
    with transaction.atomic():
        Category.objects.filter(pk=category.pk).update(parent=parent, position=_place(parent))
        note_act(actor, "move_category", category.slug, detail={"parent": parent.slug if parent else ""})
        touch_catalogue()


def shift_category(actor: Actor, category: Category, *, up: bool) -> None:
    """One place up or down among its neighbours; at the end it stays. Raises NotFound (rules.can_curate)."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        rows = list(Category.objects.select_for_update().filter(parent=category.parent_id, merged_into=None).order_by("position", "pk"))
        at = next(number for number, row in enumerate(rows) if row.pk == category.pk)
        to = at - 1 if up else at + 1
        if 0 <= to < len(rows):
            rows[at], rows[to] = rows[to], rows[at]
        for number, row in enumerate(rows):
            row.position = number
        Category.objects.bulk_update(rows, ["position"])
        note_act(actor, "shift_category", category.slug)
        touch_catalogue()


def merge_category(actor: Actor, category: Category, *, into: Category) -> BulkEdit:
    """Its projects, words and what lies below go to `into`; its address leads there. The edit it returns can be undone.

    Raises NotFound (rules.can_curate), Invalid (into itself, below itself, or merged already).
    """
    rules.can_curate(actor).require()
    if into.pk == category.pk or category.merged_into_id or into.merged_into_id or into.parent_id == category.pk:
        raise Invalid(_("Choose another category, one that does not lie below this one."), field="into")
    with transaction.atomic():
        gone = _hand_over(category, into)
        edit = request_edit(
            actor,
            Selection(kind="every", category=f"={category.slug}"),
            {"category": into.pk},
            reason=_("%(old)s merged into %(new)s") % {"old": category.name, "new": into.name},
            detail={"merged": [category.pk, into.pk], **gone},
        )
        Category.objects.filter(pk=category.pk).update(merged_into=into)
        note_act(actor, "merge_category", category.slug, detail={"into": into.slug})
        touch_catalogue()
    return edit


def _hand_over(category: Category, into: Category) -> dict[str, Any]:
    """Old addresses, what lies below and words go over; what went, as `bulk.part_again` reads it."""
    below = into.parent_id or into.pk
    former = list(Category.objects.filter(merged_into=category).order_by("pk").values_list("pk", flat=True))
    children = list(Category.objects.filter(parent=category).order_by("pk").values_list("pk", flat=True))
    words = list(dict.fromkeys([*into.words, category.name_zh, category.name_en.lower(), category.slug, *category.words]))[:WORDS_MAX]
    Category.objects.filter(pk__in=former).update(merged_into=into)
    Category.objects.filter(pk__in=children).update(parent=below)
    Category.objects.filter(pk=into.pk).update(words=words)
    return {"former": former, "children": children, "below": below, "words": [word for word in words if word not in into.words]}


def split_category(
    actor: Actor, category: Category, *, slug: str, name_zh: str, name_en: str, words: Iterable[str], below: bool = True
) -> BulkEdit:
    """A new category of those whose name, description or topics hold one of `words`; below this one, or beside it.

    Raises NotFound (rules.can_curate), Invalid (no words, names), Conflict (address taken).
    """
    rules.can_curate(actor).require()
    found = _clean_words(words)
    if not found:
        raise Invalid(_("Give the words by which projects move."), field="words")
    parent = category.parent if category.parent_id or not below else category
    with transaction.atomic():
        made = create_category(actor, slug=slug, name_zh=name_zh, name_en=name_en, parent=parent, words=found)
        return request_edit(
            actor,
            Selection(kind="every", category=f"={category.slug}", words=tuple(found)),
            {"category": made.pk},
            reason=_("%(new)s split from %(old)s") % {"old": category.name, "new": made.name},
            detail={"split": [category.pk, made.pk]},
        )


def remove_category(actor: Actor, category: Category) -> None:
    """An empty one, with the addresses that led to it. Raises NotFound (rules.can_curate), Conflict (it has projects or others below it)."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        if Repository.objects.filter(category=category).exists() or category.children.exists():
            raise Conflict(_("It has projects, or categories below it. Merge it into another one."))
        Category.objects.filter(merged_into=category).delete()
        Category.objects.filter(pk=category.pk).delete()
        note_act(actor, "remove_category", category.slug)
        touch_catalogue()


def save_tag(actor: Actor, tag: Tag | None, *, slug: str, name_zh: str, name_en: str) -> Tag:
    """A new tag, or another name. Raises NotFound (rules.can_curate), Invalid, Conflict (address taken)."""
    rules.can_curate(actor).require()
    slug, (name_zh, name_en) = _require_slug(slug), _require_names(name_zh, name_en)
    try:
        with transaction.atomic():
            values = {"slug": slug, "name_zh": name_zh, "name_en": name_en[:60]}
            if tag is None:
                tag = Tag.objects.create(**values)
            else:
                Tag.objects.filter(pk=tag.pk).update(**values)
                tag.refresh_from_db()
            note_act(actor, "save_tag", slug)
    except IntegrityError as error:
        raise Conflict(_("This address is taken."), field="slug") from error
    return tag


def remove_tag(actor: Actor, tag: Tag) -> None:
    """From all projects. Raises NotFound (rules.can_curate)."""
    rules.can_curate(actor).require()
    with transaction.atomic():
        note_act(actor, "remove_tag", tag.slug, detail={"projects": tag.tagged.count()})
        tag.delete()
        touch_catalogue()
