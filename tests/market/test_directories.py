"""Orders, feeds and what is new in the market; organisations; the place of datasets; old links of explore."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.actors import SYSTEM
from projects import commands
from projects.models import Category, HotOwner, Repository, Traffic
from projects.places import DirectoryBox, dataset_boxes
from projects.queries import market as reads
from tests.factories.accounts import actor, organization, person
from tests.factories.histories import repository

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


def page(path: str, **extra: str) -> str:
    answer = Client().get(path, headers={"accept-language": "en", **extra})
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def entries(path: str) -> list[str]:
    answer = Client().get(path, headers={"accept-language": "en"})
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    return [entry.findtext(f"{ATOM}title") for entry in ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")]


def three() -> list[Repository]:
    owner, rows = person("ada"), []
    for name, (views, downloads, rising) in {"a": (5, 9, 0.0), "b": (7, 1, 2.5), "c": (1, 4, 1.5)}.items():
        row, _history = repository(owner, name, updated_at=timezone.now())
        Traffic.objects.create(repository=row, views=views, downloads=downloads, rising=rising)
        rows.append(row)
    return rows


def test_orders_by_what_was_counted() -> None:
    three()
    wanted = {"views": "bac", "downloads": "acb", "rising": "bca", "name": "abc"}
    for sort, order in wanted.items():
        assert "".join(row.name for row in reads.page(actor(None), chosen={}, words=[], sort=sort, after=0).rows) == order
        html = page(f"/market?sort={sort}")
        assert [html.index(f'href="/ada/{name}"><span') for name in order] == sorted(
            html.index(f'href="/ada/{name}"><span') for name in order
        )
        assert f'<option value="{sort}" selected>' in html
    assert 'href="/ada/a/traffic"' in page("/market")


def test_the_feed_lists_what_the_page_lists() -> None:
    rows = three()
    Repository.objects.filter(pk=rows[0].pk).update(main_language="Python", description="<b>&\x01", updated_at=timezone.now())
    Repository.objects.filter(pk=rows[2].pk).update(visibility="private", updated_at=timezone.now())
    assert entries("/market.atom") == ["ada/b", "ada/a"]
    assert entries("/market.atom?language=Python") == ["ada/a"]
    assert entries("/market.atom?sort=views") == ["ada/b", "ada/a"]
    assert entries("/market.atom?q=nothing+here") == []
    assert 'href="/market.atom?language=Python"' in page("/market?language=Python")
    answer = Client().get("/market.atom?language=Python", headers={"accept-language": "en"})
    assert b"&amp;lt;b&amp;gt;" in answer.content
    assert (
        Client().get("/market.atom?language=Python", headers={"accept-language": "en", "if-none-match": answer["ETag"]}).status_code == 304
    )
    Category.objects.create(slug="old", name_zh="旧", name_en="Old", merged_into=Category.objects.get(slug="nlp"))
    assert Client().get("/market.atom?category=old")["Location"] == "/market.atom?category=nlp"


def test_new_this_week() -> None:
    rows = three()
    Repository.objects.filter(pk=rows[0].pk).update(created_at=timezone.now() - timedelta(days=8), updated_at=timezone.now())
    html = page("/market")
    assert 'New this week <span class="count">2</span>' in html
    assert "<b>2</b> projects" in page("/market?new=week")
    assert "new-h" not in page("/market?new=week")
    assert entries("/market.atom?new=week") == ["ada/c", "ada/b"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/explore", "/market"), ("/explore?q=a+b&language=C%2B%2B", "/market?q=a+b&language=C%2B%2B"), ("/explore?page=7&sort=forks", "/market?sort=forks"),
        ("/explore?topic=%E8%A7%86%E8%A7%89", "/market?topic=%E8%A7%86%E8%A7%89"), ("/explore?next=//evil.example", "/market"),
    ],
)  # fmt: skip
def test_old_links_of_explore_keep_their_filters(old: str, new: str) -> None:
    assert Client().get(old)["Location"] == new


def test_organizations_are_searched_sorted_and_counted() -> None:
    owner = person("ada")
    for slug, title, names in (("lab-b", "鹏城实验室", ["x", "y"]), ("lab-a", "", ["z"]), ("lab-c", "Empty", [])):
        lab = organization(slug, owner=owner)
        type(lab).objects.filter(pk=lab.pk).update(display_name=title, location="深圳" if slug == "lab-b" else "")
        for name in names:
            row = commands.create_repository(actor(owner), name=name, namespace=lab.namespace)
            Traffic.objects.create(repository=row, downloads=50 if slug == "lab-a" else 1, rising=1)
    commands.create_repository(actor(owner), name="unseen", namespace=lab.namespace, visibility="private")
    commands.list_mirror(SYSTEM, "https://github.com/elsewhere/model", stars=9)
    HotOwner.objects.create(namespace=lab.namespace)
    html = page("/organizations")
    order = [html.index(f'href="/{slug}">') for slug in ("lab-b", "github.com/elsewhere", "lab-a", "lab-c")]
    assert order == sorted(order)
    assert "<b>4</b> organizations" in html
    assert "2 projects" in html
    assert "unseen" not in html
    assert "0 projects" in html  # what is private is not counted
    assert 'On this site<span class="n">3</span>' in html
    assert ">Hot<" in html
    assert "<b>1</b> organization<" in page("/organizations?q=深圳")
    assert "<b>1</b> organization<" in page("/organizations?where=elsewhere")
    assert "No organization matches" in page("/organizations?q=nobody&where=here")
    first = page("/organizations?sort=downloads")
    assert first.index('href="/lab-a">') < first.index('href="/lab-b">')
    for broken in ("sort=evil", "where=evil", "after=x", "after=999999999999999999999", "q=%00"):
        assert "<b>4</b>" in page(f"/organizations?{broken}")


def test_pages_of_the_directory_reach_the_last_and_cost_the_same() -> None:
    owner, costs = person("ada"), []
    for many in (2, 65):
        for number in range(many):
            if not type(owner).objects.filter(namespace__slug=f"lab-{number}").exists() and number >= (2 if many > 2 else 0):
                organization(f"lab-{number}", owner=owner)
        cache.clear()
        page("/organizations")
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            page("/organizations")
        costs.append(len(queries))
    assert costs[0] == costs[1]
    seen, path = [], "/organizations?sort=name"
    for _turn in range(5):
        html = page(path)
        seen += [part.split('"')[0] for part in html.split('<a href="/lab-')[1:]]
        if 'rel="next" href="' not in html:
            break
        path = html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 65


def test_a_closed_organization_leaves_at_once() -> None:
    owner = person("ada")
    lab = organization("lab", owner=owner)
    assert 'href="/lab"' in page("/organizations")
    type(lab).objects.filter(pk=lab.pk).update(deleted_at=timezone.now())
    assert 'href="/lab"' not in page("/organizations")


def test_the_place_of_datasets_says_so_and_takes_what_others_add(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no datasets here yet" in page("/datasets")
    assert 'aria-current="page"' in page("/datasets")
    monkeypatch.setattr(dataset_boxes, "_entries", [])
    dataset_boxes.add(DirectoryBox("trial", "projects/_places.html", lambda _actor: {"n": 3}))
    assert "no datasets here yet" not in page("/datasets")
