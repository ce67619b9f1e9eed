"""The market: exact counts under all other filters, rights, pages to the last, addresses."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.actors import SYSTEM
from projects import commands, rules
from projects.market import index as market
from projects.models import Category, Mirror, Repository
from projects.queries import market as reads
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.histories import repository

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def rows(count: int) -> list[market.Row]:
    chance = random.Random(7)
    return [
        market.Row(
            id=number * 3 + 1, is_public=chance.random() < 0.8, name=f"p{number:05}", text=f"owner{number % 7}\np{number:05}\n{'vision' if number % 3 else 'speech'}",
            owner=f"Owner{number % 7}", type=chance.choice(market.TYPES), categories=chance.choice([(), ("cv",), ("seg", "cv"), ("nlp",)]),
            language=chance.choice(["", "Python", "C++", "Rust"]), licence=chance.choice(["", "MIT", "Apache-2.0"]),
            topics=tuple(chance.sample(["a", "b", "c"], chance.randrange(3))), health=chance.choice(["", *market.HEALTH]),
            has_release=chance.random() < 0.3, stars=chance.randrange(50), updated_at=NOW - timedelta(days=chance.randrange(900)),
            created_at=NOW - timedelta(days=chance.randrange(900)),
        )
        for number in range(count)
    ]  # fmt: skip


def plain(all_rows: list[market.Row], chosen: dict[str, str], words: list[str], visible: set[int]) -> list[market.Row]:
    """The same by a loop over rows: the reference."""
    found = []
    for row in all_rows:
        values = set(market._values(row, NOW))
        if (
            (row.is_public or row.id in visible)
            and all(word in row.text for word in words)
            and all((k, v) in values for k, v in chosen.items())
        ):
            found.append(row)
    return found


def test_totals_counts_and_orders_equal_a_plain_loop() -> None:
    all_rows = rows(700)
    made = market.build(all_rows, now=NOW)
    chance = random.Random(11)
    choices = {
        "type": market.TYPES,
        "category": ("cv", "nlp", "seg", "-"),
        "language": ("Python", "Rust"),
        "licence": ("MIT", "-"),
        "topic": ("a", "c"),
    }
    for _ in range(60):
        chosen = {name: chance.choice(values) for name, values in choices.items() if chance.random() < 0.4}
        words = chance.choice([[], ["vision"], ["owner3", "speech"], ["nothing at all"]])
        visible = {row.id for row in chance.sample(all_rows, 40)}
        expected = plain(all_rows, chosen, words, visible)
        found = made.search(chosen=chosen, visible=visible, words=words, sort="stars", size=10_000)
        assert found.total == len(expected)
        assert found.ids == [row.id for row in sorted(expected, key=lambda row: (-row.stars, -row.id))]
        for facet in market.FACETS:
            others = {name: value for name, value in chosen.items() if name != facet}
            counts: dict[str, int] = {}
            for row in plain(all_rows, others, words, visible):
                for name, value in market._values(row, NOW):
                    if name == facet:
                        counts[value] = counts.get(value, 0) + 1
            assert found.counts.get(facet, {}) == counts


def test_keyset_pages_reach_the_last_row_once() -> None:
    made = market.build(rows(205), now=NOW)
    for sort in ("updated", "created", "stars", "name"):
        seen, after = [], 0
        while True:
            found = made.search(chosen={}, sort=sort, after=after, size=20)
            seen += found.ids
            if not found.has_more:
                break
            after = found.ids[-1]
        assert len(seen) == len(set(seen)) == found.total


def test_an_empty_market() -> None:
    found = market.build([], now=NOW).search(chosen={"type": "mirror"}, words=["x"])
    assert (found.ids, found.total, found.has_more) == ([], 0, False)


pytestmark = pytest.mark.django_db


def page(path: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(path, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_rights_are_those_of_every_page() -> None:
    owner, member, stranger = person(), person(), person()
    lab = organization(owner=owner)
    public, _ = repository(owner, "open")
    private, _ = repository(owner, "secret-project", visibility="private")
    internal, _ = repository(owner, "inside", visibility="internal")
    down, _ = repository(owner, "down")
    Repository.objects.filter(pk=down.pk).update(taken_down_at=timezone.now(), updated_at=timezone.now())
    commands.set_collaborator(actor(owner), private, member, access="read")
    assert lab
    for who in (None, owner, member, stranger, person(is_admin=True)):
        found = reads.page(actor(who), chosen={}, words=[], sort="updated", after=0)
        readable = Repository.objects.filter(rules.readable_by(actor(who)))
        if who is None or not who.is_staff:
            readable = readable.filter(taken_down_at=None)
        assert {row.pk for row in found.rows} == set(readable.values_list("pk", flat=True))
        assert found.total == readable.count()
    assert "secret-project" not in page("/market")
    assert "secret-project" not in page("/market?q=secret")
    assert public.pk != internal.pk


def test_what_turns_private_leaves_list_and_counts_at_once() -> None:
    owner = person()
    made, _ = repository(owner, "shown")
    assert reads.page(actor(None), chosen={}, words=[], sort="", after=0).total == 1
    commands.set_visibility(actor(owner), made, visibility="private")
    found = reads.page(actor(None), chosen={}, words=[], sort="", after=0)
    assert (found.total, found.rows, found.counts["type"]) == (0, [], {})


def test_filters_keep_each_other_and_show_counts() -> None:
    owner = person()
    for number, (language, licence) in enumerate([("Python", "MIT"), ("Python", "Apache-2.0"), ("C++", "MIT")]):
        made, _ = repository(owner, f"p{number}")
        category = Category.objects.get(slug="object-detection") if number == 0 else None
        Repository.objects.filter(pk=made.pk).update(main_language=language, licence=licence, category=category, updated_at=timezone.now())
    commands.list_mirror(SYSTEM, "https://github.com/lab/model", description="mirrored", stars=3)
    html = page("/market?language=Python")
    assert "language=Python&amp;licence=MIT" in html
    assert "<b>2</b> projects" in html
    assert "<b>1</b> project" in page("/market?category=computer-vision")  # a field includes what lies below
    assert "<b>1</b> project" in page("/market?category=object-detection&language=Python&licence=MIT")
    assert "No project matches" in page("/market?category=object-detection&language=C%2B%2B")
    mirrors = page("/market?type=mirror")
    assert "github.com/lab/model" in mirrors
    assert "Not copied yet" in mirrors


def test_a_pasted_address_leads_to_its_mirror_or_to_nominating_it() -> None:
    commands.list_mirror(SYSTEM, "https://github.com/Lab/Model")
    assert Client().get("/market", {"q": "git@github.com:lab/model.git"}).headers["Location"] == "/github.com/Lab/Model"
    assert (
        Client().get("/market", {"q": "https://gitee.com/a/b"}).headers["Location"]
        == "/-/mirrors/nominate?address=https%3A%2F%2Fgitee.com%2Fa%2Fb"
    )
    assert Client().get("/market", {"q": "model 模型"}).status_code == 200


def test_a_merged_category_redirects() -> None:
    old = Category.objects.create(slug="old", name_zh="旧", name_en="Old", merged_into=Category.objects.get(slug="nlp"))
    assert old
    assert Client().get("/market?category=old&language=Python").headers["Location"] == "/market?category=nlp&language=Python"


@pytest.mark.parametrize(
    "query", ["after=x", "after=99999999999999999999", "sort=nope", "category=%00", "language=%F0%9F%98%80", "q=" + "a+" * 300, "type=evil"]
)
def test_bad_parameters_show_a_page(query: str) -> None:
    assert Client().get(f"/market?{query}").status_code == 200


def test_the_same_queries_for_one_and_for_twenty(client: Client) -> None:
    owner, counts = person(), []
    sign_in(client, owner)
    for many in (1, 20):
        for number in range(Repository.objects.count(), many):
            commands.list_mirror(SYSTEM, f"https://github.com/lab/m{number}")
        page("/market", client)
        with CaptureQueriesContext(connection) as queries:
            page("/market", client)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Mirror.objects.count() == 20


def test_the_old_sites_ten_categories_are_fields_of_the_default_tree() -> None:
    old = ["计算机视觉", "自然语言处理", "大数据", "语音语义", "RISC-V", "量子计算", "机器人", "人工智能芯片", "其他"]
    names = set(Category.objects.filter(parent=None).values_list("name_zh", flat=True))
    assert set(old) <= names
    assert len(names) == 26  # 25 fields and “other”
