"""Topics, administration, API."""

import pytest

from accounts import commands as people
from projects import commands as projects
from search import queries
from search.models import Synonym
from tests.factories.accounts import actor, person, sign_in, token
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


def topical(owner, name, topics, **options):
    row = repository(owner, name=name, **options)
    projects.change_repository(actor(owner), row, description="", website="", topics=topics)
    return row


def test_topics(index, deliver, client):
    owner = person("ada")
    topical(owner, "one", ["目标检测", "pytorch"])
    topical(owner, "two", ["pytorch"])
    topical(owner, "three", ["pytorch", "secret"], visibility="private")
    deliver()
    assert queries.topics(actor(None), "") == [("pytorch", 2), ("目标检测", 1)]
    assert queries.topics(actor(owner), "pytorch") == [("pytorch", 3)]
    assert queries.topics(actor(None), "object detection") == [("目标检测", 1)]
    assert queries.topics(actor(None), "secret") == []
    page = client.get("/search?type=topics&q=pytorch", headers={"accept-language": "en"}).content.decode()
    assert "/search?q=topic:pytorch" in page


def test_administrators_keep_synonyms_that_hold_at_once(index, deliver, client):
    root = person("root", is_admin=True)
    repository(root, name="zongzi")
    deliver()
    sign_in(client, root)
    assert queries.results(actor(None), "ricedumpling", kind="projects").found.totals["projects"] == 0
    assert client.post("/-/admin/search", {"terms": "ricedumpling"}).status_code == 422
    assert client.post("/-/admin/search", {"terms": "ricedumpling\nzongzi"}).status_code == 302
    assert queries.results(actor(None), "ricedumpling", kind="projects").found.totals["projects"] == 1
    row = Synonym.objects.get(terms=["ricedumpling", "zongzi"])
    assert "ricedumpling" in client.get("/-/admin/search").content.decode()
    assert client.get(f"/-/admin/search/{row.pk}").status_code == 200
    assert client.post(f"/-/admin/search/{row.pk}", {"act": "delete"}).status_code == 302
    assert queries.results(actor(None), "ricedumpling", kind="projects").found.totals["projects"] == 0
    sign_in(client, person("ada"))
    assert client.get("/-/admin/search").status_code == 404
    assert client.post("/-/admin/search", {"terms": "a\nb"}).status_code == 404


def test_api(index, deliver, client):
    owner = person("ada")
    house = people.create_organization(actor(owner), "house")
    for n in range(3):
        repository(house, name=f"alpha{n}", by=owner, visibility="private" if n == 2 else "public")
    deliver()
    answer = client.get("/api/v1/search?q=alpha&limit=1&sort=name")
    assert answer.status_code == 200
    found = answer.json()
    assert [item["name"] for item in found["items"]] == ["alpha0"]
    assert found["totals"]["projects"] == 2
    assert found["next"]
    assert 'rel="next"' in answer["Link"]
    second = client.get("/api/v1/search", {"q": "alpha", "limit": 1, "sort": "name", "cursor": found["next"]}).json()
    assert {item["name"] for item in (*found["items"], *second["items"])} == {"alpha0", "alpha1"}
    assert second["next"] == ""
    mine = client.get("/api/v1/search?q=alpha", headers={"authorization": f"Bearer {token(owner, 'read')}"}).json()
    assert mine["totals"]["projects"] == 3
    for wrong in ("q=stars:many", "sort=zzz", "type=zzz", "cursor=zzz", "limit=0"):
        assert client.get(f"/api/v1/search?{wrong}").status_code == 422, wrong
    assert client.get("/api/v1/search?q=house&type=organizations").json()["items"][0]["name"] == "house"
    assert client.get("/api/v1/search/code?q=ab").status_code == 422
