"""The tree as data: names, order, moves, merges and splits with addresses that lead on; tags."""

from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client

from core.errors import Conflict, Invalid, NotFound
from projects import commands
from projects.forms.curation import ICONS
from projects.models import Category, Repository, Tag, Tagged
from projects.queries import shelves
from tests.factories.accounts import actor, person
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


def category(slug: str) -> Category:
    return Category.objects.get(slug=slug)


def slugs(parent: str | None = None) -> list[str]:
    return (
        [branch.category.slug for branch in shelves.tree()]
        if parent is None
        else [child.category.slug for branch in shelves.tree() if branch.category.slug == parent for child in branch.children]
    )


def test_only_curators() -> None:
    member, nlp = actor(person()), category("nlp")
    for act in (
        lambda: commands.create_category(member, slug="x", name_zh="x", name_en="x"),
        lambda: commands.change_category(member, nlp, slug="x", name_zh="x", name_en="x", icon="", words=[]),
        lambda: commands.move_category(member, nlp, parent=None),
        lambda: commands.shift_category(member, nlp, up=True),
        lambda: commands.merge_category(member, nlp, into=category("speech")),
        lambda: commands.split_category(member, nlp, slug="x", name_zh="x", name_en="x", words=["x"]),
        lambda: commands.remove_category(member, nlp),
        lambda: commands.save_tag(member, None, slug="x", name_zh="x", name_en="x"),
        lambda: commands.remove_tag(member, Tag(slug="x")),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_new_field_below_another(curator) -> None:
    made = commands.create_category(actor(curator), slug="toolchains", name_zh="工具链", name_en="Toolchains", parent=category("risc-v"))
    assert slugs("risc-v") == ["toolchains"]
    with pytest.raises(Conflict):
        commands.create_category(actor(curator), slug="toolchains", name_zh="x", name_en="x")
    with pytest.raises(Invalid) as told:
        commands.create_category(actor(curator), slug="deeper", name_zh="x", name_en="x", parent=made)
    assert told.value.field == "parent"
    for field, values in (
        ("slug", {"slug": "Ü"}),
        ("name_zh", {"name_zh": " "}),
        ("name_en", {"name_en": ""}),
        ("words", {"words": map(str, range(99))}),
    ):
        with pytest.raises(Invalid) as told:
            commands.create_category(actor(curator), **{"slug": "x", "name_zh": "x", "name_en": "x", **values})
        assert told.value.field == field


def test_order_and_place(curator) -> None:
    before = slugs()
    commands.shift_category(actor(curator), category(before[1]), up=True)
    assert slugs()[:2] == [before[1], before[0]]
    commands.shift_category(actor(curator), category(before[1]), up=True)  # first already
    commands.shift_category(actor(curator), category(before[1]), up=False)
    assert slugs() == before
    commands.move_category(actor(curator), category("risc-v"), parent=category("ai-chips"))
    assert "risc-v" not in slugs()
    assert slugs("ai-chips") == ["risc-v"]
    with pytest.raises(Invalid):  # it has others below it
        commands.move_category(actor(curator), category("ai-chips"), parent=category("nlp"))
    commands.move_category(actor(curator), category("risc-v"), parent=None)
    assert slugs()[-1] == "risc-v"


def test_an_old_address_leads_to_the_new_one_and_back(curator) -> None:
    nlp = category("nlp")
    values = {"name_zh": nlp.name_zh, "name_en": nlp.name_en, "icon": "", "words": nlp.words}
    commands.change_category(actor(curator), nlp, slug="language", **values)
    assert Client().get("/market?category=nlp&licence=MIT").headers["Location"] == "/market?category=language&licence=MIT"
    with pytest.raises(Conflict):
        commands.change_category(actor(curator), nlp, slug="speech", **values)
    commands.change_category(actor(curator), category("language"), slug="nlp", **values)
    assert Client().get("/market?category=language").headers["Location"] == "/market?category=nlp"
    assert Client().get("/market?category=nlp").status_code == 200


def test_merge_moves_projects_children_words_and_addresses_and_its_undo_puts_all_of_it_back(mirrors, curator) -> None:
    nlp, before = category("nlp"), category("speech").words
    commands.change_category(actor(curator), nlp, slug="text", name_zh="文本", name_en="Text", icon="", words=[*nlp.words, before[0]])
    commands.change_category(
        actor(curator), category("text"), slug="nlp", name_zh="自然语言处理", name_en="NLP", icon="", words=["nlp", before[0]]
    )
    rows, private = mirrors(2), repository(curator, name="p", visibility="private")
    Repository.objects.filter(pk__in=[rows[0].pk, private.pk]).update(category=category("nlp"))
    Repository.objects.filter(pk=rows[1].pk).update(category=category("language-models"))  # below it
    edit = commands.merge_category(actor(curator), category("nlp"), into=category("speech"))
    assert Repository.objects.filter(category__slug="speech").count() == 2  # the private one too
    assert slugs("speech") == ["language-models", "translation", "dialogue"]
    assert "自然语言处理" in category("speech").words
    for former in ("nlp", "text"):
        assert Client().get(f"/market?category={former}").headers["Location"] == "/market?category=speech"
    speech = category("speech")
    commands.move_category(actor(curator), category("dialogue"), parent=category("multimodal"))  # a later decision stays
    commands.change_category(
        actor(curator), speech, slug="speech", name_zh=speech.name_zh, name_en=speech.name_en, icon="", words=[*speech.words, "whisper"]
    )
    for wrong in ("speech", "nlp"):
        with pytest.raises(Invalid):
            commands.merge_category(actor(curator), category("nlp"), into=category(wrong))
    commands.undo_edit(actor(curator), edit)
    assert Repository.objects.filter(category__slug="nlp").count() == 2
    assert Client().get("/market?category=nlp").status_code == 200
    assert Client().get("/market?category=text").headers["Location"] == "/market?category=nlp"
    assert (slugs("speech"), slugs("nlp"), slugs("multimodal")) == ([], ["language-models", "translation"], ["dialogue"])
    assert category("speech").words == [*before, "whisper"]
    assert category("nlp").words == ["nlp", before[0]]


def test_default_categories_have_icons_and_a_chosen_one_stays(curator) -> None:
    assert not Category.objects.filter(icon="").exists()
    Category.objects.update(icon="")
    Category.objects.filter(slug="nlp").update(icon="trophy")
    import_module("projects.migrations.0016_category_icons").give_icons(apps, None)
    assert (category("nlp").icon, category("speech").icon) == ("trophy", "audio-lines")
    assert not Category.objects.filter(icon="").exists()
    assert {row.icon for row in Category.objects.all()} <= set(ICONS)


def test_an_empty_category_comes_back_too(curator) -> None:
    edit = commands.merge_category(actor(curator), category("risc-v"), into=category("ai-chips"))
    commands.undo_edit(actor(curator), edit)
    assert category("risc-v").merged_into is None
    with pytest.raises(Conflict):
        commands.undo_edit(actor(curator), edit)


def test_merged_twice_leads_to_the_last(curator) -> None:
    commands.merge_category(actor(curator), category("nlp"), into=category("speech"))
    commands.merge_category(actor(curator), category("speech"), into=category("multimodal"))
    assert Client().get("/market?category=nlp").headers["Location"] == "/market?category=multimodal"


def test_split_moves_those_with_the_words(mirrors, curator) -> None:
    rows = mirrors(4)
    Repository.objects.update(category=category("nlp"))
    Repository.objects.filter(pk=rows[0].pk).update(description="A Tokenizer for Chinese")
    Repository.objects.filter(pk=rows[1].pk).update(topics=["分词"])
    edit = commands.split_category(
        actor(curator), category("nlp"), slug="tokenizers", name_zh="分词", name_en="Tokenizers", words=["tokenizer", "分词"]
    )
    assert edit.changed == 2
    assert set(Repository.objects.filter(category__slug="tokenizers")) == set(rows[:2])
    assert "tokenizers" in slugs("nlp")
    with pytest.raises(Invalid):
        commands.split_category(actor(curator), category("nlp"), slug="x", name_zh="x", name_en="x", words=[" "])
    commands.undo_edit(actor(curator), edit)
    assert Repository.objects.filter(category__slug="nlp").count() == 4
    commands.remove_category(actor(curator), category("tokenizers"))
    with pytest.raises(Conflict):
        commands.remove_category(actor(curator), category("nlp"))


def test_tags(mirrors, curator) -> None:
    (row,) = mirrors(1)
    made = commands.save_tag(actor(curator), None, slug="ascend", name_zh="昇腾", name_en="Ascend")
    commands.save_tag(actor(curator), made, slug="npu", name_zh="昇腾", name_en="Ascend")
    Tagged.objects.create(repository=row, tag=made)
    assert [(one.slug, one.total) for one in shelves.tags()] == [("npu", 1)]
    with pytest.raises(Conflict):
        commands.save_tag(actor(curator), None, slug="npu", name_zh="x", name_en="x")
    commands.remove_tag(actor(curator), made)
    assert not Tagged.objects.exists()
