"""A change of several fields happens whole or not at all, and tells what is wrong with each field."""

import pytest
from django.db import IntegrityError

import gitstore
from accounts.models import Organization
from core.models import Event
from projects.commands import settings as settings_commands
from projects.models import Push, Repository

ADDRESS = "/api/v1/repositories/ada/demo"


def facts(row: Repository) -> tuple:
    """What a PATCH may change, as rows and git have it."""
    fresh = Repository.objects.get(pk=row.pk)
    words = (fresh.description, fresh.website, fresh.topics, fresh.updated_at)
    return (*words, fresh.default_branch, fresh.head_oid, fresh.visibility, fresh.name, fresh.is_archived, gitstore.head(fresh.path))


@pytest.fixture
def patch(world):
    return lambda address, body, scope="admin": world.ask("PATCH", address, world.tokens[scope], body)


def test_all_fields_at_once(world, patch):
    body = {"description": "New", "website": "https://example.org", "topics": ["nlp"], "default_branch": "topic", "visibility": "private"}
    answer = patch(ADDRESS, {**body, "name": "renamed", "archived": True})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert {key: told[key] for key in body} == body
    assert (told["name"], told["archived"]) == ("renamed", True)
    row = Repository.objects.get(pk=world.demo.pk)
    assert gitstore.head(row.path) == ("topic", row.head_oid)
    answer = patch("/api/v1/repositories/ada/renamed", {"archived": False, "description": "Back"})
    assert (answer.status_code, answer.json()["description"], answer.json()["archived"]) == (200, "Back", False)


BAD = [
    ({"description": "New", "name": "secret"}, 409, "name"),
    ({"description": "New", "name": "-bad"}, 422, "name"),
    ({"website": "https://example.org", "default_branch": "missing"}, 422, "default_branch"),
    ({"default_branch": "topic", "topics": ["no topic!"]}, 422, "topics"),
    ({"default_branch": "topic", "visibility": "private", "name": "secret"}, 409, "name"),
    ({"archived": True, "topics": ["no topic!"]}, 422, "topics"),
    ({"description": "New", "visibility": "nobody"}, 422, "visibility"),
]


@pytest.mark.parametrize(("body", "status", "field"), BAD)
def test_one_bad_field_leaves_everything_as_it_was(world, patch, body, status, field):
    before, events = facts(world.demo), Event.objects.count()
    answer = patch(ADDRESS, body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert facts(world.demo) == before
    assert Event.objects.count() == events


def test_every_bad_field_is_named(world, patch):
    before = facts(world.demo)
    answer = patch(ADDRESS, {"description": "New", "topics": ["no topic!"], "default_branch": "missing", "name": "secret"})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert {field: faults[0]["code"] for field, faults in errors.items()} == {
        "topics": "invalid",
        "default_branch": "invalid",
        "name": "name_taken",
    }
    assert all(faults[0]["message"] for faults in errors.values())
    assert facts(world.demo) == before


def test_missing_right_for_one_field_changes_none(world, patch):
    before = facts(world.demo)
    assert patch(ADDRESS, {"description": "New", "name": "renamed"}, scope="write").status_code == 403
    assert facts(world.demo) == before
    assert patch(ADDRESS, {"visibility": "public"}, scope="write").status_code == 403, "though it is so already"
    archived = patch(ADDRESS, {"archived": True}).json()["updated"]
    assert patch(ADDRESS, {"description": "New"}).status_code == 403
    assert patch(ADDRESS, {"description": "New", "archived": True}).status_code == 403
    assert patch(ADDRESS, {}).json()["updated"] == archived


def test_name_lost_in_a_race_puts_head_back_too(world, patch, monkeypatch):
    before = facts(world.demo)

    def lost(*_args):
        raise IntegrityError("someone was quicker")

    monkeypatch.setattr(settings_commands, "take_address", lost)
    answer = patch(ADDRESS, {"description": "New", "default_branch": "topic", "name": "renamed"})
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert facts(world.demo) == before


def test_organization_changes_whole_or_not_at_all(world, patch):
    answer = patch("/api/v1/organizations/pcl", {"description": "New", "slug": "ada"})
    assert (answer.status_code, answer.json()["field"]) == (409, "slug")
    assert Organization.objects.get(namespace__slug="pcl").description == ""
    answer = patch("/api/v1/organizations/pcl", {"description": "New", "slug": "pcl2"})
    assert (answer.status_code, answer.json()["description"], answer.json()["slug"]) == (200, "New", "pcl2")


def test_branch_moves_and_is_renamed_in_one_push_or_not_at_all(world, patch):
    address, path = ADDRESS + "/branches/topic", world.demo.path
    first = gitstore.ref_oid(path, "refs/heads/topic")
    from tests.factories.projects import commit

    second = commit(world.demo, {"README.md": b"# More\n"})
    pushes = Push.objects.count()
    for name, status in (("main", 409), ("..", 422)):
        assert patch(address, {"name": name, "commit": "main"}).status_code == status
        assert gitstore.ref_oid(path, "refs/heads/topic") == first
    assert Push.objects.count() == pushes
    answer = patch(address, {"name": "subject", "commit": "main"})
    assert (answer.status_code, answer.json()["name"], answer.json()["commit"]) == (200, "subject", second)
    assert (gitstore.ref_oid(path, "refs/heads/topic"), gitstore.ref_oid(path, "refs/heads/subject")) == ("", second)
    assert Push.objects.count() == pushes + 1
