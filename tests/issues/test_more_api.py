"""The API of reactions, relations, moves, hidden comments, several at once, boards."""

import json

import pytest

from tests.factories import issues as make
from tests.factories.accounts import person, token
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db
HOME = "/api/v1/repositories/ada/home"


def test_a_program_plans(client):
    ada, bob = person("ada"), person("bob")
    home, hidden = repository(ada, name="home"), repository(ada, name="hidden", visibility="private")
    make.label(home, ada, "bug")
    one, two, secret = make.issue(home, ada), make.issue(home, ada), make.issue(hidden, ada)
    said = make.comment(one, bob)
    mine, his = token(ada), token(bob)

    def ask(method, path, body=None, who=mine):
        answer = client.generic(
            method,
            HOME + path,
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {who}"},
        )
        return answer.status_code, answer.json() if answer.content else None

    assert ask("PUT", "/issues/1/reactions", {"kind": "heart"}, his) == (200, {"reactions": {"heart": 1}})
    assert ask("PUT", f"/comments/{said.pk}/reactions", {"kind": "heart", "given": False}) == (200, {"reactions": {}})
    assert ask("PUT", "/issues/1/reactions", {"kind": "nothing"})[0] == 422
    assert ask("PUT", "/issues/1/relations", {"kind": "blocker", "issue": "2"})[0] == 200
    assert ask("PUT", "/issues/2/relations", {"kind": "blocker", "issue": "#1"})[0] == 422  # a circle
    assert ask("PUT", "/issues/1/relations", {"kind": "blocker", "issue": str(secret)})[0] == 200
    assert [row["number"] for row in ask("GET", "/issues/1/relations")[1]["blockers"]] == [2, 1]
    assert [row["number"] for row in ask("GET", "/issues/1/relations", who=his)[1]["blockers"]] == [2]
    assert ask("PUT", "/issues/1/relations", {"kind": "part", "issue": "2"})[1]["parts"][0]["title"] == two.title
    assert ask("PUT", "/issues/1/relations", {"kind": "part", "issue": "2", "present": False})[1]["parts"] == []
    assert ask("PUT", "/issues/1/relations", {"kind": "part", "issue": "2"}, his)[0] == 403
    assert ask("PUT", f"/comments/{said.pk}/hidden", {"reason": "spam"}, his)[0] == 403
    assert ask("PUT", f"/comments/{said.pk}/hidden", {"reason": "spam"}) == (204, None)
    assert ask("POST", "/issues/many", {"numbers": [1, 2, 99], "add_labels": ["bug"], "state": "completed"}) == (
        200,
        {"done": [1, 2], "refused": {}},
    )
    assert ask("POST", "/issues/many", {"numbers": [1], "add_labels": ["no such"]})[0] == 422
    assert ask("POST", "/boards", {"name": "Work", "columns": ["A", "B"]})[0] == 201
    page = ask("GET", "/boards/1", who=his)[1]
    assert [lane["name"] for lane in page["columns"]] == ["A", "B"]
    moved = ask("PUT", "/boards/1/cards", {"issue": "2", "column": page["columns"][1]["id"]})[1]
    assert [[card["number"] for card in lane["cards"]] for lane in moved["columns"]] == [[], [2]]
    assert ask("PUT", "/boards/1/cards", {"issue": "2", "column": None}, his)[0] == 403
    assert ask("POST", "/issues/2/transfer", {"into": "ada/nowhere"})[0] == 422
    status, gone = ask("POST", "/issues/2/transfer", {"into": "ada/hidden"})
    assert (status, gone["repository"], gone["number"]) == (200, "ada/hidden", 2)
    assert ask("GET", "/issues/2")[0] == 404
