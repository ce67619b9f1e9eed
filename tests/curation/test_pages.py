"""The desk in the browser: queues, bulk bar, preview, progress, undo, tree, collections, first page."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projects import commands
from projects.models import BulkEdit, Category, Collection, CollectionMember, Curated, HotOwner, Mirror, Repository, Tag
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import repository
from tests.search.conftest import engine, index

__all__ = ["engine", "index"]
pytestmark = pytest.mark.django_db
DESK = "/-/admin/mirrors"
PAGES = [
    DESK,
    f"{DESK}/edits",
    f"{DESK}/categories",
    f"{DESK}/categories/nlp",
    f"{DESK}/tags",
    f"{DESK}/collections",
    f"{DESK}/shelf",
    f"{DESK}/reports",
]


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def posted(client: Client, address: str, data: dict, status: int = 302) -> str:
    answer = client.post(address, data)
    assert answer.status_code == status, (address, answer.status_code, answer.content[:300])
    return answer.headers.get("Location", "") or answer.content.decode()


@pytest.mark.parametrize("address", [*PAGES, f"{DESK}/selection.csv"])
def test_pages_are_the_curators_alone(address, desk) -> None:
    page(Client(), address, 404)
    member = Client()
    sign_in(member, person())
    page(member, address, 404)
    page(desk, address)
    for method in (member, Client()):
        for path in ("edits/new", "settle", "oversized"):
            assert method.post(f"{DESK}/{path}", {"pick": "1"}).status_code in (302, 403, 404)
    assert not BulkEdit.objects.exists()


@pytest.mark.parametrize("address", ["", "?queue=duplicate", "?queue=secret&kind=all", "?queue=licence"])
def test_the_desk_costs_the_same_for_one_and_for_twenty(address, desk, mirrors) -> None:
    counts = []
    tag = Tag.objects.create(slug="t", name_zh="t", name_en="t")
    for many in (2, 20):
        rows = mirrors(many, owner=f"lab{many}")
        for row in rows:
            row.tagged.create(tag=tag)
            row.roots.create(oid="1" * 40)
            for kind in ("secret", "licence"):
                row.findings.create(kind=kind, detail=["x", "y"])
        page(desk, DESK + address)
        with CaptureQueriesContext(connection) as asked:
            html = page(desk, DESK + address)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert html.count('name="pick"') >= 20


def test_choose_preview_apply_undo(desk, mirrors) -> None:
    rows = mirrors(3)
    html = page(desk, f"{DESK}?queue=uncategorised")
    assert html.count('name="pick"') == 3
    assert 'name="in_queue" value="uncategorised"' in html
    chosen = {"pick": [rows[0].pk, rows[1].pk], "scope": "chosen", "category": "nlp"}
    preview = posted(desk, f"{DESK}/edits/new", chosen, 200)
    assert "2 would change" in preview
    assert "Natural language processing" in preview
    assert not BulkEdit.objects.exists()
    made = posted(desk, f"{DESK}/edits/new", {**chosen, "act": "apply", "expected": "2", "reason": "tidy"})
    assert Repository.objects.filter(category__slug="nlp").count() == 2
    told = page(desk, made)
    assert "tidy" in told
    assert "Undo" in told
    undo = posted(desk, made, {})
    assert undo != made
    assert not Repository.objects.exclude(category=None).exists()
    trail = page(desk, f"{DESK}/edits")
    assert "Undo of" in trail
    assert "undone" in trail
    posted(desk, made, {})  # twice: told, not done
    assert BulkEdit.objects.count() == 2


def test_all_that_match_goes_by_the_query_and_a_moved_selection_is_shown_again(desk, mirrors) -> None:
    mirrors(60)
    every = {"scope": "all", "in_queue": "uncategorised", "category": "nlp"}
    assert 'name="expected" value="60"' in posted(desk, f"{DESK}/edits/new", every, 200)
    mirrors(1, owner="late")
    again = posted(desk, f"{DESK}/edits/new", {**every, "act": "apply", "expected": "60"}, 422)
    assert "61 instead of 60" in again
    posted(desk, f"{DESK}/edits/new", {**every, "act": "apply", "expected": "61"})
    assert Repository.objects.filter(category__slug="nlp").count() == 61
    assert posted(desk, f"{DESK}/edits/new", {"category": "nlp"}) == DESK  # nothing chosen


def test_a_bad_form_keeps_what_was_typed(desk, mirrors) -> None:
    (row,) = mirrors(1)
    html = posted(desk, f"{DESK}/edits/new", {"pick": row.pk, "featured": "on", "reason": "my words"}, 422)
    assert "Give the first day" in html
    assert 'value="my words"' in html
    assert "Choose what to change" in posted(desk, f"{DESK}/edits/new", {"pick": row.pk}, 422)
    assert "Choose what to change" not in posted(desk, f"{DESK}/edits/new", {"pick": row.pk, "act": "open"}, 200)
    for pick in ("x", "9" * 30, "-1", ""):
        assert posted(desk, f"{DESK}/edits/new", {"pick": pick, "category": "nlp"}) == DESK
    assert posted(desk, f"{DESK}/edits/new", {"pick": "999999", "category": "nlp", "act": "apply", "expected": "0"}, 422)


def test_one_act_for_a_whole_group_of_failures(desk, mirrors) -> None:
    mirrors(5)
    Mirror.objects.update(state="failing", cause="slow", failures=2, next_at="2030-01-01T00:00Z")
    html = page(desk, DESK)
    assert "The other side stopped sending" in html
    posted(desk, f"{DESK}/act", {"act": "retry", "cause": "slow"})
    assert Mirror.objects.filter(is_urgent=True).count() == 5
    made = posted(desk, f"{DESK}/act", {"act": "pause", "cause": "slow"})
    assert Mirror.objects.filter(state="paused").count() == 5
    posted(desk, made, {})
    assert Mirror.objects.filter(state="failing", cause="slow").count() == 5


def test_settle_and_the_size_that_is_oversized(desk, mirrors) -> None:
    (row,) = mirrors(1)
    Repository.objects.update(size_bytes=3 * 10**9)
    assert page(desk, f"{DESK}?queue=oversized").count('name="pick"') == 1
    posted(desk, f"{DESK}/settle", {"kind": "oversized", "pick": row.pk})
    assert page(desk, f"{DESK}?queue=oversized").count('name="pick"') == 0
    posted(desk, f"{DESK}/oversized", {"gigabytes": "5.5"})
    assert 'value="5.5"' in page(desk, f"{DESK}?queue=oversized")
    posted(desk, f"{DESK}/oversized", {"gigabytes": "many"})


def test_csv_of_a_selection_is_no_formula(desk, mirrors) -> None:
    mirrors(2)
    Category.objects.filter(slug="nlp").update(slug="-nlp")
    Repository.objects.update(category=Category.objects.get(slug="-nlp"))
    lines = list(csv.reader(io.StringIO(page(desk, f"{DESK}/selection.csv?queue=&q=m1").lstrip("\ufeff"))))
    assert [line[0] for line in lines] == ["path", "/github.com/lab/m1"]
    assert lines[1][4] == "'-nlp"


@pytest.mark.parametrize(
    "query",
    ["queue=nope", "kind=every", "state=x", "page=99999", "page=x", "sort=nope", "category=%00", "q=" + "a+" * 200, "host=%F0%9F%98%80"],
)
def test_bad_parameters_show_a_page(desk, query) -> None:
    page(desk, f"{DESK}?{query}")


def test_a_private_project_is_in_no_selection(desk, curator) -> None:
    repository(person(), name="hidden-thing", visibility="private")
    assert "hidden-thing" not in page(desk, f"{DESK}?kind=all")
    assert "hidden-thing" not in page(desk, f"{DESK}?kind=every")


def test_hidden_leaves_market_and_search_but_not_its_address(mirrors, curator, index, deliver) -> None:
    (row,) = mirrors(1)
    deliver()
    for address in ("/market", "/search?q=m0"):
        assert "/github.com/lab/m0" in page(Client(), address)
    edit = commands.request_edit(actor(curator), selection(row), {"hidden": True})
    deliver()
    for address in ("/market", "/search?q=m0"):
        assert "/github.com/lab/m0" not in page(Client(), address)
    page(Client(), "/github.com/lab/m0/mirror")
    commands.undo_edit(actor(curator), edit)
    deliver()
    assert "/github.com/lab/m0" in page(Client(), "/search?q=m0")


def selection(*rows: Repository):
    from projects.queries.curation import Selection

    return Selection(ids=tuple(row.pk for row in rows))


def test_a_category_moves_in_the_market_at_once(mirrors, curator) -> None:
    (row,) = mirrors(1)
    assert "/github.com/lab/m0" not in page(Client(), "/market?category=nlp")
    commands.request_edit(actor(curator), selection(row), {"category": Category.objects.get(slug="nlp").pk})
    assert "/github.com/lab/m0" in page(Client(), "/market?category=nlp")


def test_the_tree_in_the_browser(desk) -> None:
    words = {"name_zh": "工具链", "name_en": "Toolchains", "slug": "toolchains", "icon": "cpu", "words": "gcc、llvm, qemu"}
    bad = posted(desk, f"{DESK}/categories", {**words, "slug": "Bad Slug!", "parent": "risc-v"}, 422)
    assert "工具链" in bad
    assert "Small letters" in bad
    posted(desk, f"{DESK}/categories", {**words, "parent": "risc-v"})
    made = Category.objects.get(slug="toolchains")
    assert (made.parent.slug, made.words) == ("risc-v", ["gcc", "llvm", "qemu"])
    assert "gcc, llvm, qemu" in page(desk, f"{DESK}/categories/toolchains")
    posted(desk, f"{DESK}/categories/toolchains", {**words, "act": "save", "slug": "tools"})
    page(desk, f"{DESK}/categories/toolchains", 404)
    assert "toolchains" in page(desk, f"{DESK}/categories")  # among the old addresses
    posted(desk, f"{DESK}/categories/tools", {"act": "move", "parent": ""})
    posted(desk, f"{DESK}/categories", {"act": "up", "slug": "tools"})
    posted(desk, f"{DESK}/categories/tools", {"act": "split", "name_zh": "a", "name_en": "b", "slug": "c", "words": "zig"})
    posted(desk, f"{DESK}/categories/tools", {"act": "merge", "into": "tools"})  # told on the page
    posted(desk, f"{DESK}/categories/tools", {"act": "merge", "into": "risc-v"})
    assert Category.objects.get(slug="tools").merged_into.slug == "risc-v"
    posted(desk, f"{DESK}/categories/c", {"act": "remove"})
    assert not Category.objects.filter(slug="c").exists()


def test_tags_in_the_browser(desk, mirrors) -> None:
    (row,) = mirrors(1)
    posted(desk, f"{DESK}/tags", {"name_zh": "昇腾", "name_en": "Ascend", "slug": "ascend"})
    tag = Tag.objects.get()
    posted(desk, f"{DESK}/edits/new", {"pick": row.pk, "add_tags": [tag.pk], "act": "apply", "expected": "1"})
    assert page(desk, f"{DESK}?tag=ascend").count('name="pick"') == 1
    posted(desk, f"{DESK}/tags", {"tag": "ascend", "name_zh": "昇腾", "name_en": "Ascend", "slug": "npu"})
    posted(desk, f"{DESK}/tags", {"tag": "npu", "act": "remove"})
    assert not Tag.objects.exists()


def test_a_collection_from_draft_to_readers(desk, mirrors) -> None:
    rows = mirrors(3)
    words = {
        "title_zh": "大模型",
        "title_en": "Large models",
        "slug": "llm",
        "text_zh": "**好**的",
        "text_en": "<script>x</script>Good",
        "icon": "layers",
    }
    edit = posted(desk, f"{DESK}/collections", words)
    assert edit == f"{DESK}/collections/llm"
    page(Client(), "/collections/llm", 404)
    page(desk, "/collections/llm")
    for given in ("github.com/lab/m0", "https://github.com/Lab/m1.git", "/github.com/lab/m2"):
        posted(desk, edit, {"act": "add", "project": given, "note": "good"})
    assert "no public project" in posted(desk, edit, {"act": "add", "project": "nobody/nothing", "note": "kept"}, 422)
    assert "already" in posted(desk, edit, {"act": "add", "project": "github.com/lab/m0"}, 422)
    first = CollectionMember.objects.get(repository=rows[0])
    posted(desk, edit, {"act": "down", "member": first.pk})
    posted(desk, edit, {"act": "remove", "member": CollectionMember.objects.get(repository=rows[2]).pk})
    posted(desk, edit, {**words, "act": "save", "is_published": "on"})
    html = page(Client(headers={"accept-language": "en"}), "/collections/llm")
    assert re.findall(r'href="/github.com/lab/(m\d)"', html) == ["m1", "m0"]
    assert "<script>x" not in html
    assert "<strong>好</strong>" in page(Client(headers={"accept-language": "zh-hans"}), "/collections/llm")
    assert "**" not in page(Client(headers={"accept-language": "zh-hans"}), "/collections")
    assert "Large models" in page(Client(headers={"accept-language": "en"}), "/collections")
    Curated.objects.all().delete()
    Repository.objects.filter(pk=rows[0].pk).update(visibility="private")
    assert "m0" not in page(Client(), "/collections/llm")
    posted(desk, edit, {"act": "remove", "member": "x"}, 404)
    posted(desk, edit, {"act": "delete"})
    assert not Collection.objects.exists()


def test_many_into_a_collection_from_the_desk(desk, mirrors) -> None:
    mirrors(4)
    made = Collection.objects.create(slug="c", title_zh="甲", title_en="C")
    posted(desk, f"{DESK}/edits/new", {"scope": "all", "collection": made.pk, "act": "apply", "expected": "4"})
    assert list(made.members.values_list("position", flat=True)) == [1, 2, 3, 4]


def test_the_collection_costs_the_same_for_one_and_for_twenty(mirrors) -> None:
    made = Collection.objects.create(slug="c", title_zh="甲", title_en="C", is_published=True)
    rows, counts = mirrors(20), []
    for chosen in (rows[:1], rows[1:]):
        CollectionMember.objects.bulk_create(CollectionMember(collection=made, repository=row) for row in chosen)
        page(Client(), "/collections/c")
        with CaptureQueriesContext(connection) as asked:
            page(Client(), "/collections/c")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_markets_first_page_shows_what_curators_placed(desk, mirrors, curator) -> None:
    rows = mirrors(2)
    organization("pcl", owner=person())
    today = timezone.localdate().isoformat()
    posted(desk, f"{DESK}/edits/new", {"pick": rows[0].pk, "featured": "on", "featured_from": today, "act": "apply", "expected": "1"})
    posted(
        desk,
        f"{DESK}/edits/new",
        {"pick": rows[1].pk, "boutique": "on", "boutique_from": today, "boutique_until": today, "act": "apply", "expected": "1"},
    )
    posted(desk, f"{DESK}/shelf", {"owner": "github.com/lab"})
    posted(desk, f"{DESK}/shelf", {"owner": "pcl"})
    assert "no such organization" in posted(desk, f"{DESK}/shelf", {"owner": "nobody"}, 422)
    assert page(desk, f"{DESK}/shelf").count(today) == 3
    Collection.objects.create(slug="llm", title_zh="大模型", title_en="Large models", is_published=True)
    Collection.objects.create(slug="draft", title_zh="草稿", title_en="Draft")
    html = page(Client(headers={"accept-language": "en"}), "/market")
    assert "Featured" in html
    assert "Boutique" in html
    assert 'href="/collections/llm"' in html
    assert "/collections/draft" not in html
    assert html.index('href="/github.com/lab"') < html.index('href="/pcl"')
    assert "Boutique" not in page(Client(headers={"accept-language": "en"}), "/market?language=Python")
    posted(desk, f"{DESK}/shelf", {"act": "remove", "hot": HotOwner.objects.first().pk})
    assert HotOwner.objects.count() == 1
