"""Bodies that no client should send, and what browsers ask."""

import json

import pytest

from projects.transport.http import call_of
from tests.api.operations import OPERATIONS

BODIES = [one for one in OPERATIONS if one.body() is not None]
RAW = {
    "empty": (b"", 400, {400, 422}),
    "not JSON": (b"{", 400, {400}),
    "not UTF-8": (b'{"name": "\xff"}', 400, {400}),
    "NaN": (b'{"name": NaN}', 400, {400}),
    "deep": (b"[" * 100_000 + b"]" * 100_000, 400, {400}),
    "deep enough": (b'{"a":' * 40 + b"1" + b"}" * 40, 400, {400}),
    "a list": (b"[1]", 422, {422}),
    "null": (b"null", 422, {422}),
    "huge number": (b'{"max_blob_bytes": ' + b"9" * 5000 + b"}", 400, {400}),
}
NASTY = ["a\0b", "\ud800", 10**40, 1e308, True, None, [[]], {"a": 1}, "x" * 100_000, "", "../.."]


@pytest.mark.parametrize("kind", RAW)
def test_malformed_bodies_are_problems(kind, world, client):
    raw, _usual, good = RAW[kind]
    for operation in BODIES:
        answer = client.generic(
            operation.method, world.address(operation, world.demo), data=raw, content_type="application/json",
            headers={"Authorization": f"Bearer {world.tokens['admin']}"},
        )  # fmt: skip
        optional = {200, 201, 403, 404, 409, 412} if kind == "empty" else set()  # a body without required fields
        assert answer.status_code in good | optional, (operation.id, answer.content)


def test_every_field_survives_nasty_values(world):
    for operation in BODIES:
        for name in operation.body() or {"name": 1}:
            for value in NASTY:
                body = {**operation.body(), name: value}
                answer = world.ask(operation.method, world.address(operation, world.demo), world.tokens["admin"], body)
                assert answer.status_code < 500, (operation.id, name, value, answer.content)


def test_wrong_content_type_and_size(world, client):
    headers = {"Authorization": f"Bearer {world.tokens['admin']}"}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"):
        answer = client.generic("POST", "/api/v1/repositories", data=b'{"name":"x"}', content_type=kind, headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (415, "application/problem+json"), kind
    charset = client.generic(
        "POST", "/api/v1/repositories", data=b'{"name":"x"}', content_type="application/json; charset=utf-8", headers=headers
    )
    assert charset.status_code == 201
    big = client.generic("POST", "/api/v1/repositories", data=b" " * (16 * 1024**2 + 1), content_type="application/json", headers=headers)
    assert (big.status_code, big.json()["code"]) == (413, "body_too_large")
    chunked = client.generic(
        "POST", "/api/v1/repositories", data=b"", content_type="application/json", headers={**headers, "Transfer-Encoding": "chunked"},
        CONTENT_LENGTH="",
    )  # fmt: skip
    assert chunked.status_code == 411


def test_field_errors_name_their_fields_in_the_readers_language(world):
    for language, words in (("en", "This field is required."), ("zh-hans", "该字段是必填项。")):
        answer = world.ask("POST", "/api/v1/organizations", world.tokens["admin"], {"display_name": []}, **{"Accept-Language": language})
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"], problem["field"]) == (422, 422, "invalid", "slug")
        assert problem["errors"]["slug"][0]["message"] == words
        assert problem["errors"]["display_name"]
        assert problem["request_id"] == answer["X-Request-Id"]


def test_unknown_addresses_and_methods(world):
    nowhere = world.ask("GET", "/api/v1/nothing")
    assert (nowhere.status_code, nowhere["Content-Type"]) == (404, "application/problem+json")
    wrong = world.ask("DELETE", "/api/v1/repositories")
    assert (wrong.status_code, wrong["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert world.ask("GET", "/api/v1/repositories/ada/demo?format=xml", Accept="text/html")["Content-Type"] == "application/json"


def test_big_numbers_in_addresses(world):
    for address in ("user/keys/{}", "user/signing-keys/{}", "repositories/ada/demo/keys/{}", "repositories/ada/demo/protections/{}",
                    "organizations/pcl/invitations/{}"):  # fmt: skip
        for method in ("GET", "DELETE"):
            assert world.ask(method, "/api/v1/" + address.format(10**40), world.tokens["admin"]).status_code in (404, 405)


def test_other_origins_only_where_the_operator_says(world, settings):
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
    silent = world.ask("OPTIONS", "/api/v1/user", **asked)
    assert (silent.status_code, silent["Allow"]) == (204, "GET, HEAD, PATCH, OPTIONS")
    assert "Access-Control-Allow-Origin" not in silent
    settings.API_ORIGINS = ["https://app.example"]
    preflight = world.ask("OPTIONS", "/api/v1/user", **asked)
    assert preflight["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Authorization" in preflight["Access-Control-Allow-Headers"]
    assert "PATCH" in preflight["Access-Control-Allow-Methods"]
    for path, status in (("/api/v1/repositories", 200), ("/api/v1/user", 401)):
        answer = world.ask("GET", path, Origin="https://app.example")
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (status, "https://app.example")
        assert "Access-Control-Allow-Credentials" not in answer
        assert "Origin" in answer["Vary"]
    assert "Access-Control-Allow-Origin" not in world.ask("GET", "/api/v1/repositories", Origin="https://evil.example")


def test_anonymous_readers_share_a_budget_and_see_what_is_left(world, settings):
    settings.ANONYMOUS_NETWORK_BUDGET = 12
    first = world.ask("GET", "/api/v1/repositories/ada/demo/compare?base=v1.0&head=main")
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("12", "7")
    world.ask("GET", "/api/v1/repositories/ada/demo/blame?path=src/a.py")
    spent = world.ask("GET", "/api/v1/repositories/ada/demo/archive")
    assert (spent.status_code, spent.json()["code"], spent["RateLimit-Remaining"]) == (429, "anonymous_budget", "0")
    assert 0 < int(spent["Retry-After"]) <= 60
    assert world.ask("GET", "/api/v1/repositories/ada/demo").status_code == 200  # what is cheap stays open
    signed_in = world.ask("GET", "/api/v1/repositories/ada/demo/archive", world.outsider)
    assert signed_in.status_code == 200
    assert "RateLimit-Limit" not in signed_in


def test_a_session_needs_csrf_and_a_fresh_proof_for_credentials(world, settings):
    from django.test import Client

    from tests.factories import accounts as make

    client = Client(enforce_csrf_checks=True)
    make.sign_in(client, world.ada)
    assert client.get("/api/v1/user").json()["login"] == "ada"
    assert client.post("/api/v1/user/tokens", {}, content_type="application/json").status_code == 403
    client.get("/login")
    client.get("/settings/profile")
    secret = client.cookies["openi_csrf"].value
    ask = lambda: client.post(  # noqa: E731
        "/api/v1/user/tokens", json.dumps({"name": f"n{len(secret)}", "scope": "read"}), content_type="application/json",
        headers={"X-CSRFToken": secret},
    )  # fmt: skip
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 1.0, "username": "ada"}]
    session.save()
    stale = ask()
    assert (stale.status_code, stale.json()["code"]) == (403, "sudo")
    make.sign_in(client, world.ada)
    client.get("/settings/profile")
    secret = client.cookies["openi_csrf"].value
    assert ask().status_code == 201


@pytest.mark.parametrize("name", ["git-upload-pack", "git-receive-pack", "info/refs", "HEAD", "objects/info/packs"])
def test_a_name_that_git_uses_is_a_name_like_others(name, world):
    path = f"/api/v1/repositories/ada/demo.git/contents/{name}"
    assert call_of({"PATH_INFO": path, "QUERY_STRING": "service=git-upload-pack"}) is None
    assert call_of({"PATH_INFO": path.removeprefix("/api/v1/repositories").replace("contents/", ""), "QUERY_STRING": ""}) is not None
    assert world.ask("PUT", path.replace(".git", ""), world.tokens["write"], {"content": ""}).status_code == 200
