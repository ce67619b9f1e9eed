"""The pages of suggestions and of the blind sample, as people use them."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.actors import SYSTEM
from core.site import setting
from projects import commands
from projects.models import Category, Classifier, Label, LabelItem, LabelSample, Repository, SortingAct, Suggestion
from tests.factories.accounts import actor, person, sign_in
from tests.factories.suggesting import catalogue, mirror

pytestmark = pytest.mark.django_db
PAGE = "/-/admin/mirrors/suggestions"
LABELLING = "/-/admin/mirrors/labelling"
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def curator():
    client = Client()
    client.person = person(is_admin=True)
    sign_in(client, client.person)
    return client


@pytest.fixture
def suggested():
    rows = catalogue()
    commands.suggest_categories(SYSTEM)
    return rows


def html(client: Client, path: str = PAGE, status: int = 200) -> str:
    answer = client.get(path, headers=ENGLISH)
    assert answer.status_code == status
    return answer.content.decode()


def ids(slug: str) -> list[int]:
    return list(Suggestion.objects.filter(category__slug=slug).order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize("who", [None, "reader"])
def test_others_learn_nothing(who, suggested):
    client = Client()
    if who:
        sign_in(client, person())
    sample = LabelSample.objects.create(seed="s", size=1, pool=1)
    item = LabelItem.objects.create(sample=sample, repository=suggested["speech"][0], position=0)
    for path in (PAGE, LABELLING):
        assert client.get(path).status_code == 404
    for path, given in (
        (f"{PAGE}/decide", {"act": "accept", "suggestion": ids("speech")}),
        (f"{PAGE}/group", {"group": "speech", "threshold": 0}),
        (f"{PAGE}/train", {}),
        (f"{PAGE}/settings", {"threshold": 60}),
        (f"{PAGE}/acts/1/undo", {}),
        (f"{LABELLING}/draw", {"size": 20}),
        (f"{LABELLING}/{item.pk}", {"category": "speech"}),
    ):
        assert client.post(path, given).status_code in (302, 401, 403, 404)
    assert not SortingAct.objects.exists()
    assert not Label.objects.exists()
    assert LabelSample.objects.count() == 1
    assert Classifier.objects.count() == 1


def test_before_the_first_version(curator):
    mirror("a/b", "Quantum")
    text = html(curator)
    assert "No suggestions yet" in text
    assert curator.post(f"{PAGE}/train", headers=ENGLISH).status_code == 302
    assert Classifier.objects.get().by == curator.person
    assert "A new version is being made" in html(curator)
    curator.post(f"{PAGE}/train", headers=ENGLISH)
    assert Classifier.objects.count() == 1
    Classifier.objects.update(state="failed", error="out of memory")
    assert "out of memory" in html(curator)


def test_the_page_shows_groups_confidence_and_the_words_that_speak(curator, suggested):
    text = html(curator, f"{PAGE}?group=quantum-computing")
    shown = re.findall(r'<meter min="0" max="100" value="(\d+)"', text)
    assert len(shown) == 4
    assert shown == sorted(shown, key=int, reverse=True), "the surest first"
    assert "quantum" in text
    assert re.search(r"<small class=\"muted\">\d+ %</small>", text)
    assert "style=" not in text
    assert 'href="?group=speech"' in text
    assert "data-sorting" in text
    assert html(curator, f"{PAGE}?group=-").count("data-row") == 4
    assert "data-row" in html(curator, f"{PAGE}?group=nonsense&page=99"), "the first group"


def test_accept_one_by_one_and_undo(curator, suggested):
    one, two, *_rest = ids("speech")
    answer = curator.post(f"{PAGE}/decide", {"act": "accept", "suggestion": [one, two], "group": "speech"}, headers=ENGLISH)
    assert answer.headers["Location"] == f"{PAGE}?group=speech"
    text = html(curator, f"{PAGE}?group=speech")
    assert "2 projects sorted." in text
    assert text.count("data-row") == 2
    assert Repository.objects.filter(category__slug="speech").count() == 2
    act = SortingAct.objects.get()
    assert act.by == curator.person
    curator.post(f"{PAGE}/acts/{act.pk}/undo", {"group": "speech"}, headers=ENGLISH)
    text = html(curator, f"{PAGE}?group=speech")
    assert "2 projects are back where they were." in text
    assert text.count("data-row") == 4
    curator.post(f"{PAGE}/acts/{act.pk}/undo", headers=ENGLISH)
    assert "undone already" in html(curator)


def test_stays_and_another_category(curator, suggested):
    one, two, *_rest = ids("speech")
    curator.post(f"{PAGE}/decide", {"act": "stays", "suggestion": one})
    assert Repository.objects.get(suggestion=one).category.slug == "other"
    curator.post(f"{PAGE}/decide", {"act": "move", "suggestion": two, "category": "nlp"})
    assert Repository.objects.get(suggestion=two).category.slug == "nlp"
    assert [act.kind for act in SortingAct.objects.order_by("pk")] == ["stays", "changed"]
    assert html(curator, f"{PAGE}?group=speech").count("data-row") == 2


@pytest.mark.parametrize(
    "given, said",
    [
        ({"act": "accept"}, "Choose projects first."),
        ({"act": "move", "category": "", "suggestion": "1"}, "Choose a category."),
        ({"act": "move", "category": "nonsense", "suggestion": "1"}, "Choose a category."),
        ({"act": "explode", "suggestion": "1"}, "This act is not known."),
        ({"act": "accept", "suggestion": "999999"}, "None of these waits any more."),
        ({"act": "accept", "suggestion": "x' OR 1=1"}, "Choose projects first."),
        ({"act": "accept", "suggestion": "²"}, "Choose projects first."),
    ],
)
def test_a_bad_choice_is_told(curator, suggested, given, said):
    answer = curator.post(f"{PAGE}/decide", {**given, "group": "speech"}, headers=ENGLISH)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not SortingAct.objects.exists()


def test_a_bad_choice_keeps_what_was_chosen(curator, suggested):
    one = ids("speech")[0]
    answer = curator.post(f"{PAGE}/decide", {"act": "move", "category": "", "suggestion": one, "group": "speech"}, headers=ENGLISH)
    assert answer.status_code == 422
    assert re.search(rf'value="{one}"[^>]* checked', answer.content.decode())


def test_a_whole_group_from_a_confidence_on(curator, suggested):
    rows = Suggestion.objects.filter(category__slug="speech").order_by("-confidence")
    Suggestion.objects.filter(pk__in=[one.pk for one in rows[:2]]).update(confidence=0.97)
    Suggestion.objects.filter(category__slug="speech").exclude(confidence=0.97).update(confidence=0.6)
    answer = curator.post(f"{PAGE}/group", {"group": "speech", "threshold": "98"}, headers=ENGLISH)
    assert answer.status_code == 422
    assert "No suggestion of this group is so sure." in answer.content.decode()
    assert 'value="98"' in answer.content.decode()
    for bad in ("", "101", "-1", "x"):
        assert curator.post(f"{PAGE}/group", {"group": "speech", "threshold": bad}).status_code == 422
    assert curator.post(f"{PAGE}/group", {"group": "nonsense", "threshold": 10}).status_code == 422
    assert curator.post(f"{PAGE}/group", {"group": "speech", "threshold": 97}).status_code == 302
    assert Repository.objects.filter(category__slug="speech").count() == 2
    assert curator.post(f"{PAGE}/group", {"group": "-", "threshold": 0}).status_code == 302
    assert SortingAct.objects.get(kind="stays").total == 4


def test_settings_and_the_switch(curator, suggested):
    answer = curator.post(f"{PAGE}/settings", {"threshold": "80", "automatic": "on"}, headers=ENGLISH)
    assert answer.status_code == 422
    assert "Not yet: at least 100 projects labelled" in answer.content.decode()
    assert setting("suggestions")["automatic"] is False
    assert curator.post(f"{PAGE}/settings", {"threshold": "30"}).status_code == 422
    assert curator.post(f"{PAGE}/settings", {"threshold": "80"}).status_code == 302
    assert setting("suggestions") == {"threshold": 0.8, "automatic": False}
    assert "At 80 % or more" in html(curator)


def cost(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def test_pages_cost_the_same_for_few_and_many(curator):
    catalogue(each=2)
    commands.suggest_categories(SYSTEM)
    commands.draw_sample(actor(curator.person), size=20)
    LabelItem.objects.all().delete()
    Suggestion.objects.update(is_open=True)
    few = {path: cost(curator, path) for path in (f"{PAGE}?group=speech", LABELLING)}
    for number in range(30):
        mirror(f"more{number}/speech", f"Speech recognition and vocoder {number}")
    commands.suggest_categories(SYSTEM)
    assert Suggestion.objects.filter(category__slug="speech", is_open=True).count() > 30
    for one in list(Suggestion.objects.filter(category__slug="speech")[:3]):
        commands.accept_suggestions(actor(person(is_admin=True)), ids=[one.pk])
    assert {path: cost(curator, path) for path in few} == few


# labelling


def test_a_label_is_given_blind(curator, suggested):
    text = html(curator, LABELLING)
    assert "Nothing has been drawn yet." in text
    assert curator.post(f"{LABELLING}/draw", {"size": "5"}).status_code == 422
    bad = curator.post(f"{LABELLING}/draw", {"size": "20", "seed": "a b"}, headers=ENGLISH)
    assert bad.status_code == 422
    assert 'value="a b"' in bad.content.decode()
    assert curator.post(f"{LABELLING}/draw", {"size": "20", "seed": "s1"}).status_code == 302
    item = LabelItem.objects.order_by("position").select_related("repository").first()
    text = html(curator, LABELLING)
    assert str(item.repository.description) in text
    assert "<meter" not in text
    assert not re.search(r"(?i)confidence\W+\d", text.split("figure-h")[0])
    assert curator.post(f"{LABELLING}/{item.pk}", {"category": "nonsense"}, headers=ENGLISH).status_code == 422
    assert curator.post(f"{LABELLING}/{item.pk}", {"category": "speech"}).status_code == 302
    assert Label.objects.get().category == Category.objects.get(slug="speech")
    text = html(curator, LABELLING)
    assert "Your last labels" in text
    assert f'action="{LABELLING}/{item.pk}"' not in text, "the next one"
    assert f'action="{LABELLING}/{item.pk}"' in html(curator, f"{LABELLING}?item={item.pk}")
    curator.post(f"{LABELLING}/{item.pk}", {"category": "?"})
    assert Label.objects.get().is_unclear
    assert curator.post(f"{LABELLING}/999", {"category": "speech"}).status_code == 404
    assert re.search(r"No figure yet: [01] of at least 100", html(curator, LABELLING)), "cannot be told: asked, and not right"


def test_the_sample_is_not_among_the_suggestions_before_it_is_labelled(curator, suggested):
    assert html(curator).count("data-row") > 0
    curator.post(f"{LABELLING}/draw", {"size": "20"})
    assert "data-row" not in html(curator)


def test_the_figure_is_published_from_a_hundred_on(curator):
    rows = [mirror(f"q{number}/quantum", f"Quantum circuit qubit gates {number}") for number in range(101)]
    catalogue(each=1)
    commands.suggest_categories(SYSTEM)
    Suggestion.objects.update(confidence=0.95)
    sample = LabelSample.objects.create(seed="s", size=101, pool=120)
    quantum = Category.objects.get(slug="quantum-computing")
    for place, one in enumerate(rows):
        item = LabelItem.objects.create(sample=sample, repository=one, position=place)
        if place < 99:
            Label.objects.create(item=item, by=curator.person, category=quantum)
    text = html(curator, LABELLING)
    assert "99 of at least 100" in text
    assert "Of suggestions at" not in text
    for item in LabelItem.objects.filter(position__gte=99):
        Label.objects.create(item=item, by=curator.person, category=quantum)
    text = html(curator, LABELLING)
    assert "Of suggestions at 90 % or more, at least <b>96.3 %</b> are right (Wilson, 95 %): 101 of 101 labelled." in text
    assert "96.3 %" in html(curator)
