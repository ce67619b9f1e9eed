"""Making repositories."""

import threading

import pytest
from django.db import connection

from core.actors import Actor, Scope
from core.errors import Conflict, Forbidden, Invalid
from core.models import Event
from projects import commands
from projects.models import FormerAddress, Repository
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import git, repository

pytestmark = pytest.mark.django_db


def test_empty():
    owner = person()
    made = commands.create_repository(actor(owner), owner.namespace, name="Empty", description=" a \n b ", default_branch="trunk")
    assert made.is_empty
    assert made.description == "a b"
    assert git(made.path, "symbolic-ref", "HEAD") == "refs/heads/trunk"
    assert git(made.path, "for-each-ref") == ""
    assert not list((made.path / "hooks").glob("*")) if (made.path / "hooks").exists() else True
    assert Event.objects.filter(name="projects.RepositoryCreated").count() == 1


def test_with_first_files():
    owner = person()
    made = commands.create_repository(
        actor(owner),
        owner.namespace,
        name="full",
        description="Ein Ding",
        readme=True,
        gitignore="Python",
        licence="MulanPSL-2.0",
        default_branch="main",
    )
    made.refresh_from_db()
    assert git(made.path, "ls-tree", "--name-only", "main").split() == [".gitignore", "LICENSE", "README.md"]
    assert git(made.path, "show", "main:README.md") == "# full\n\nEin Ding"
    assert git(made.path, "log", "-1", "--format=%an <%ae>") == f"{owner.username} <{owner.email}>"
    assert not made.is_empty
    assert git(made.path, "fsck", "--strict") == ""
    assert Event.objects.get(name="projects.RefsUpdated").payload["updates"][0][0] == "refs/heads/main"


def test_every_offered_template_works():
    from core import gitignores, licences

    owner = person()
    offered = [licence.id for licence in licences.offered()]
    assert "MulanPSL-2.0" in offered
    for number, licence in enumerate(offered):
        made = commands.create_repository(actor(owner), owner.namespace, name=f"l{number}", licence=licence)
        assert git(made.path, "show", "main:LICENSE")
    for number, name in enumerate(gitignores.names()):
        commands.create_repository(actor(owner), owner.namespace, name=f"g{number}", gitignore=name)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a/b"),
        ("name", ".."),
        ("name", "x.git"),
        ("name", "x.GIT"),
        ("name", "a\x00b"),
        ("name", "а"),  # Cyrillic
        ("name", "x" * 300),
        ("name", "--upload-pack=x"),
        ("visibility", "secret"),
        ("default_branch", "-x"),
        ("default_branch", "a..b"),
        ("default_branch", "HEAD"),
        ("default_branch", "f" * 40),
        ("default_branch", "refs/heads/x"),
        ("gitignore", "../../etc/passwd"),
        ("licence", "../../etc/passwd"),
    ],
)
def test_refused(field, value):
    owner = person()
    with pytest.raises(Invalid) as caught:
        commands.create_repository(actor(owner), owner.namespace, **{"name": "fine", field: value})
    assert caught.value.field == field
    assert not Repository.objects.exists()


def test_taken_whatever_the_case():
    owner = person()
    repository(owner, name="Taken")
    with pytest.raises(Conflict) as caught:
        commands.create_repository(actor(owner), owner.namespace, name="tAKEN")
    assert caught.value.code == "name_taken"


def test_takes_over_a_former_address():
    owner = person()
    commands.rename_repository(actor(owner), repository(owner, name="a"), name="b")
    repository(owner, name="A")
    assert not FormerAddress.objects.exists()


def test_who_may():
    owner, developer, stranger = person(), person(), person()
    org = organization(owner=owner)
    commands.create_repository(actor(owner), org.namespace, name="by-owner")
    org.memberships.create(user=developer, role="developer")
    for who, where in (
        (actor(developer), org.namespace),
        (actor(stranger), org.namespace),
        (actor(stranger), owner.namespace),
        (actor(None), owner.namespace),
    ):
        with pytest.raises(Forbidden):
            commands.create_repository(who, where, name="x")
    with pytest.raises(Forbidden):
        commands.create_repository(Actor(person=owner, scopes=frozenset({Scope.READ})), owner.namespace, name="x")
    with pytest.raises(Forbidden):
        commands.create_repository(Actor(person=owner, repositories=frozenset({1})), owner.namespace, name="x")


def test_no_folder_is_left_when_the_row_is_not_written(settings, monkeypatch):
    owner = person()
    monkeypatch.setattr("projects.commands.creation.take_address", lambda *_: 1 / 0)
    before = sorted(settings.REPOSITORIES_DIR.glob("*/*/*"))
    with pytest.raises(ZeroDivisionError):
        commands.create_repository(actor(owner), owner.namespace, name="x", readme=True)
    assert sorted(settings.REPOSITORIES_DIR.glob("*/*/*")) == before


@pytest.mark.django_db(transaction=True)
def test_race_for_one_name(settings):
    owner = person()
    outcomes = []

    def create():
        try:
            commands.create_repository(actor(owner), owner.namespace, name="prize")
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["lost"] * 4 + ["won"]


def test_page(client):
    owner = person()
    assert client.get("/new")["Location"] == "/login?next=/new"
    sign_in(client, owner)
    assert client.get("/new").status_code == 200
    sent = {
        "namespace": owner.username,
        "name": "web",
        "visibility": "private",
        "default_branch": "main",
        "description": "kept",
        "readme": "on",
    }
    assert client.post("/new", sent)["Location"] == f"/{owner.username}/web"
    answer = client.post("/new", sent)
    assert answer.status_code == 422
    assert b"kept" in answer.content
    other = person()
    assert client.post("/new", {**sent, "namespace": other.username, "name": "x"}).status_code == 422
    assert not Repository.objects.filter(namespace=other.namespace).exists()
