"""One name, two who want it: exactly one gets it, the other is told; a rename during a push loses nothing."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from core.actors import SYSTEM
from core.errors import Conflict
from projects import commands
from projects.models import FormerAddress, Push, Repository
from tests.factories.accounts import actor, person, token
from tests.factories.projects import git as on_disk
from tests.factories.projects import repository
from tests.projects import wire

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Callable[[], object]) -> list[str]:
    """What became of each, run at the same time: won or lost."""
    outcomes: list[str] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait(20)
            act()
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return sorted(outcomes)


def fresh(row: Repository) -> Repository:
    return Repository.objects.select_related("namespace").get(pk=row.pk)


@pytest.mark.parametrize("names", [("wanted", "wanted"), ("Wanted", "wANTED")])
def test_two_renames_to_one_name(names):
    owner = person()
    rows = [repository(owner, name=name, files={"a": name.encode()}) for name in ("one", "two")]
    outcomes = together(
        *(
            lambda row=row, name=name: commands.rename_repository(actor(owner), fresh(row), name=name)
            for row, name in zip(rows, names, strict=True)
        )
    )
    assert outcomes == ["lost", "won"]
    assert Repository.objects.filter(namespace=owner.namespace, name__iexact="wanted").count() == 1
    assert sorted(row.name.lower() for row in Repository.objects.all()) in (["one", "wanted"], ["two", "wanted"])
    assert FormerAddress.objects.count() == 1


def test_two_renames_of_one_repository():
    owner = person()
    row = repository(owner, name="one", files={"a": b"1"})
    outcomes = together(*(lambda name=name: commands.rename_repository(actor(owner), fresh(row), name=name) for name in ("left", "right")))
    assert "won" in outcomes
    row = fresh(row)
    assert row.name in ("left", "right")
    assert set(FormerAddress.objects.values_list("name", flat=True)) <= {"one", "left", "right"} - {row.name}


def test_rename_and_create():
    owner = person()
    row = repository(owner, name="one", files={"a": b"1"})
    outcomes = together(
        lambda: commands.rename_repository(actor(owner), fresh(row), name="wanted"),
        lambda: commands.create_repository(actor(owner), owner.namespace, name="Wanted", readme=True),
    )
    assert outcomes == ["lost", "won"]
    found = Repository.objects.get(namespace=owner.namespace, name__iexact="wanted")
    assert on_disk(found.path, "cat-file", "-t", "main") == "commit"
    assert len(list(row.path.parents[2].glob("??/??/.*"))) == 0


def test_a_rename_while_a_push_runs(web, git: wire.Git):
    owner = person()
    demo = repository(owner, name="before", files={"a": b"1"})
    folder = git.home / "copy"
    key = token(owner, "write")
    git.run("clone", "-q", wire.url(web, demo, key), str(folder))
    oids = [git.commit(folder, {f"f{number}": "x" * 1000}) for number in range(6)]
    pushed: list[int] = []

    def push() -> None:
        for oid in oids:
            git.run("push", "-q", "origin", f"{oid}:refs/heads/main", cwd=folder)  # the old address goes on working
            pushed.append(1)

    def rename() -> None:
        for number in range(6):
            commands.rename_repository(actor(owner), fresh(demo), name=f"after{number}")

    assert together(push, rename) == ["won", "won"]
    demo = fresh(demo)
    assert (len(pushed), demo.name) == (6, "after5")
    assert on_disk(demo.path, "rev-parse", "main") == oids[-1]
    assert Push.objects.filter(repository=demo).count() == 7


def test_sha256_repositories_are_refused_in_words(web, git: wire.Git, tmp_path):
    owner = person()
    demo = repository(owner, name="plain", files={"a": b"1"})
    folder = tmp_path / "sha256"
    git.run("init", "-q", "--object-format=sha256", str(folder))
    git.commit(folder, {"a": "1"}, "first")
    said = git.run("push", wire.url(web, demo, token(owner, "write")), "main", cwd=folder, ok=False).stderr
    assert "hash algorithm" in said  # git itself refuses before it sends anything
    run = commands.request_import_of_folder(SYSTEM, owner.namespace, folder=folder, name="imported", visibility="public", description="")
    done = commands.run_import(SYSTEM, run.pk)
    assert (done.state, "SHA-256" in done.error) == ("failed", True)
