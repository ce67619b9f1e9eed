"""The API with tokens: one journey, refusals as problems."""

import base64
import json

import pytest

from projects import commands
from tests.factories import accounts as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return make.person("ada")


@pytest.fixture
def api(client, ada):
    token = make.token(ada)

    def call(method, path, body=None, **headers):
        options = {"content_type": "application/json"} if body is not None else {}
        return client.generic(
            method,
            f"/api/v1/{path}",
            data="" if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {token}", **headers},
            **options,
        )

    return call


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def test_a_repository_from_nothing(api, client, deliver):
    made = api("POST", "repositories", {"name": "demo", "description": "d", "readme": True, "licence": "MulanPSL-2.0"})
    assert made.status_code == 201, made.content
    deliver()
    assert client.get("/api/v1/repositories/ada/demo").json()["licence"] == "MulanPSL-2.0"
    put = api("PUT", "repositories/ada/demo/contents/src/a.py", {"content": encoded("print(1)\n"), "message": "Add a.py"})
    assert put.status_code == 200, put.content
    got = client.get("/api/v1/repositories/ada/demo/contents/src/a.py").json()
    assert base64.b64decode(got["content"]) == b"print(1)\n"
    stale = api("PUT", "repositories/ada/demo/contents/src/a.py", {"content": encoded("x"), "oid": "0" * 40})
    assert stale.status_code == 409
    assert api("PUT", "repositories/ada/demo/contents/src/a.py", {"content": encoded("print(2)\n"), "oid": got["oid"]}).status_code == 200
    history = client.get("/api/v1/repositories/ada/demo/commits?limit=1").json()
    assert history["items"][0]["author"]["email"] == "ada@example.org"
    older = client.get(f"/api/v1/repositories/ada/demo/commits?limit=2&cursor={history['next']}").json()
    assert [commit["message"].strip() for commit in older["items"]][0] == "Add a.py"
    assert client.get(f"/api/v1/repositories/ada/demo/blobs/{got['oid']}").json()["size"] == 9
    assert b"".join(client.get("/api/v1/repositories/ada/demo/raw?path=src/a.py").streaming_content) == b"print(2)\n"
    assert api("POST", "repositories/ada/demo/branches", {"name": "next", "start": "main"}).status_code == 201
    assert [ref["name"] for ref in client.get("/api/v1/repositories/ada/demo/branches").json()["items"]] == ["main", "next"]
    compared = client.get(f"/api/v1/repositories/ada/demo/compare?base={history['items'][0]['parents'][0]}&head=main").json()
    assert (compared["ahead"], compared["files"][0]["path"]) == (1, "src/a.py")
    assert (
        api(
            "DELETE",
            f"repositories/ada/demo/contents/src/a.py?oid={client.get('/api/v1/repositories/ada/demo/contents/src/a.py').json()['oid']}",
        ).status_code
        == 200
    )
    assert client.get("/api/v1/repositories/ada/demo/contents/src/a.py").status_code == 404
    assert api("POST", "repositories/ada/demo/releases", {"tag": "v1", "target": "main", "notes": "n"}).status_code == 201
    assert client.get("/api/v1/repositories/ada/demo/releases/v1").json()["draft"] is False


def test_etag_and_if_match(api, client, ada):
    commands.create_repository(make.actor(ada), ada.namespace, name="demo")
    first = api("GET", "repositories/ada/demo")
    assert api("GET", "repositories/ada/demo", **{"If-None-Match": first["ETag"]}).status_code == 304
    changed = api("PATCH", "repositories/ada/demo", {"description": "new"}, **{"If-Match": '"other"'})
    assert changed.status_code == 412
    assert api("PATCH", "repositories/ada/demo", {"description": "new"}, **{"If-Match": first["ETag"]}).status_code == 200


def test_private_things_are_missing(api, client, ada):
    commands.create_repository(make.actor(ada), ada.namespace, name="secret", visibility="private", readme=True)
    other = make.token(make.person())
    for path in ("", "/commits", "/tree", "/branches", "/forks", "/releases", "/contents/README.md", "/protections"):
        for headers in ({}, {"Authorization": f"Bearer {other}"}):
            answer = client.get(f"/api/v1/repositories/ada/secret{path}", headers=headers)
            assert answer.status_code == 404, path
            assert answer["Content-Type"] == "application/problem+json"
    assert client.get("/api/v1/repositories").json()["items"] == []
    assert len(api("GET", "repositories").json()["items"]) == 1


def test_scopes_and_limits_of_tokens(client, ada):
    first = commands.create_repository(make.actor(ada), ada.namespace, name="one", visibility="private", readme=True)
    commands.create_repository(make.actor(ada), ada.namespace, name="two", visibility="private", readme=True)
    reader = {"Authorization": f"Bearer {make.token(ada, 'read')}"}
    answer = client.post("/api/v1/repositories", {"name": "x"}, content_type="application/json", headers=reader)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope")
    narrow = {"Authorization": f"Bearer {make.token(ada, 'admin', repositories=[first.pk])}"}
    assert client.get("/api/v1/repositories/ada/one", headers=narrow).status_code == 200
    assert client.get("/api/v1/repositories/ada/two", headers=narrow).status_code == 404
    assert client.get("/api/v1/user", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_pages_have_no_gaps(api, client, ada):
    for number in range(7):
        commands.create_repository(make.actor(ada), ada.namespace, name=f"r{number}")
    seen, cursor = [], ""
    while True:
        answer = client.get("/api/v1/repositories", {"limit": 3, "cursor": cursor}).json()
        seen += [row["name"] for row in answer["items"]]
        cursor = answer["next"]
        if not cursor:
            break
    assert sorted(seen) == [f"r{number}" for number in range(7)]


def test_unknown_addresses_and_bad_bodies_are_problems(api, client):
    for path in ("nothing", "repositories/x/y/z/w"):
        assert client.get(f"/api/v1/{path}").json()["status"] == 404
    answer = api("POST", "repositories", {"name": "a..b"})
    assert (answer.status_code, answer.json()["field"]) == (422, "name")
    assert api("POST", "repositories", {}).status_code == 422
    assert api("POST", "repositories", [1]).status_code == 422


def test_docs_page(client):
    assert b"/api/v1/repositories" in client.get("/api/docs").content
