"""The API does what the pages do: open, talk, sort, plan, close, whole or not at all."""

import json

import pytest
from django.test import Client

from issues.models import Thread
from tests.factories import accounts as make
from tests.factories.issues import issue, label
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/repositories/ada/demo"


@pytest.fixture
def ask():
    def call(method: str, path: str, token: str = "", body: object = None, **headers: str):
        given = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return Client().generic(method, path if path.startswith("/api/") else ADDRESS + path, headers=headers, **given)

    return call


def test_an_issue_from_opening_to_closing(ask):
    ada, bob = make.person("ada"), make.person("bob")
    demo = repository(ada, name="demo")
    label(demo, ada, "bug")
    owner, stranger = make.token(ada, "write"), make.token(bob, "write")
    assert ask("POST", "/issues", "", {"title": "x"}).status_code == 401
    made = ask("POST", "/issues", stranger, {"title": "Broken", "body": "**words**"})
    assert (made.status_code, made.json()["number"], made.json()["author"]) == (201, 1, "bob")
    assert ask("POST", "/issues", stranger, {"title": "x", "labels": ["bug"]}).status_code == 403
    wrong = ask("POST", "/issues", owner, {"title": "x", "labels": ["absent"]})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "labels")
    assert ask("POST", "/milestones", owner, {"title": "v1", "due_on": "2027-01-01"}).json()["number"] == 1
    tag = ask("GET", "/issues/1")["ETag"]
    body = {
        "labels": ["BUG"],
        "assignees": ["ada"],
        "milestone": 1,
        "due_on": "2026-12-24",
        "state": "closed",
        "state_reason": "not_planned",
    }
    refused = ask("PATCH", "/issues/1", stranger, body)
    assert refused.status_code == 403
    assert Thread.objects.get().state == "open", "all or nothing"
    changed = ask("PATCH", "/issues/1", owner, body, **{"If-Match": tag})
    assert changed.status_code == 200, changed.content
    told = changed.json()
    assert (told["labels"], told["assignees"], told["milestone"], told["state"], told["state_reason"]) == (
        ["bug"],
        ["ada"],
        1,
        "closed",
        "not_planned",
    )
    assert ask("PATCH", "/issues/1", owner, {"title": "Other"}, **{"If-Match": tag}).status_code == 412
    said = ask("POST", "/issues/1/comments", stranger, {"body": "Why? see #1"})
    assert said.status_code == 201
    pk = said.json()["id"]
    assert ask("PATCH", f"/comments/{pk}", stranger, {"body": "Why not?"}).json()["body"] == "Why not?"
    assert ask("PATCH", f"/comments/{pk}", make.token(make.person("eve"), "write"), {"body": "x"}).status_code == 403
    kinds = [row["kind"] for row in ask("GET", "/issues/1/timeline").json()["items"]]
    assert kinds == ["labelled", "assigned", "milestoned", "due", "closed", "commented"]
    assert ask("GET", "/milestones/1").json()["closed"] == 1
    assert [row["number"] for row in ask("GET", "/issues?q=is:closed%20label:bug").json()["items"]] == [1]
    assert ask("GET", "/issues").json()["items"] == []
    assert ask("GET", "/issues?q=labl:x").status_code == 422
    assert [row["number"] for row in ask("GET", "/api/v1/user/issues?of=assigned&q=is:closed", owner).json()["items"]] == [1]
    assert ask("DELETE", f"/comments/{pk}", owner).status_code == 204
    assert ask("DELETE", "/labels/bug", owner).status_code == 204
    assert ask("GET", "/issues/1").json()["labels"] == []


def test_words_too_long_are_refused_by_the_command(ask):
    ada = make.person("ada")
    demo = repository(ada, name="demo")
    issue(demo, ada)
    token = make.token(ada, "write")
    answer = ask("POST", "/issues/1/comments", token, {"body": "y" * 70_000})
    assert (answer.status_code, answer.json()["field"], answer.json()["code"]) == (422, "body", "too_long")
    assert ask("POST", "/issues", token, {"title": "y" * 256}).json()["field"] == "title"
