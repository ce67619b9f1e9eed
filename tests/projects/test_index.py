"""The index follows the refs: added from a pushed range, counted anew after a rewrite, and both give the same."""

import subprocess
import time
from datetime import UTC, datetime

import pytest

import gitstore
from core.actors import SYSTEM
from core.models import Event
from projects import commands
from projects.models import ContributionDay, Push, Repository
from projects.places import ZERO
from tests.factories import accounts
from tests.projects.wire import Git, refs_on_disk, repository

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    """Other tests leave folders of rolled-back rows behind; a finding must be of this test alone."""
    settings.REPOSITORIES_DIR = tmp_path / "repositories"
    settings.REPOSITORIES_DIR.mkdir()


@pytest.fixture
def demo():
    return repository(accounts.person("alice"), "demo")


def push(git: Git, repo: Repository, folder, *arguments: str) -> None:
    """A push behind the portal's back (straight to disk), then recorded."""
    before = refs_on_disk(repo)
    git.run("push", "-q", "--force", str(repo.path), *arguments, cwd=folder)
    after = refs_on_disk(repo)
    moved = [(ref, before.get(ref, ZERO), after.get(ref, ZERO)) for ref in sorted({*before, *after}) if before.get(ref) != after.get(ref)]
    commands.record_push(SYSTEM, repo, moved)


def counted(repo: Repository) -> tuple[int, dict[tuple[str, str], int]]:
    repo.refresh_from_db()
    return repo.commits, {(day.email, str(day.day)): day.commits for day in ContributionDay.objects.filter(repository=repo)}


def test_each_push_adds_its_range_and_equals_counting_anew(git: Git, demo, deliver):
    folder = git.new()
    push(git, demo, folder, "main")
    deliver()
    demo.refresh_from_db()
    assert demo.head_oid == demo.indexed_oid == git.head(folder)
    for number in range(3):
        git.commit(folder, {f"f{number}": "x"})
    push(git, demo, folder, "main")
    deliver()
    added = counted(demo)
    Repository.objects.filter(pk=demo.pk).update(indexed_oid="", commits=0)
    commands.index_repository(SYSTEM, demo.pk)
    assert counted(demo) == added
    assert added[0] == 4
    assert sum(added[1].values()) == 4


def test_delivered_twice_counts_once(git: Git, demo, deliver):
    push(git, demo, git.new(), "main")
    deliver()
    first = counted(demo)
    commands.index_repository(SYSTEM, demo.pk)
    assert counted(demo) == first


def test_rewritten_history_is_counted_anew(git: Git, demo, deliver):
    folder = git.new()
    git.commit(folder, {"a": "a"})
    push(git, demo, folder, "main")
    deliver()
    git.run("reset", "-q", "--hard", "HEAD~1", cwd=folder)
    push(git, demo, folder, "main")
    deliver()
    assert counted(demo)[0] == 1
    assert sum(counted(demo)[1].values()) == 1


def test_last_commits_are_ready_after_a_push(git: Git, demo, deliver):
    folder = git.new(files={"README.md": "a", "lib/x.py": "x"})
    push(git, demo, folder, "main")
    deliver()
    first = git.head(folder)
    second = git.commit(folder, {"lib/y.py": "y"})
    push(git, demo, folder, "main")
    deliver()
    assert gitstore.last_commits(demo.path, second) == {"README.md": first, "lib": second}
    assert gitstore.last_commits(demo.path, second, "lib") == {"x.py": first, "y.py": second}


def test_languages_are_counted_by_bytes(git: Git, demo, deliver):
    push(git, demo, git.new(files={"a.py": "x" * 300, "b.c": "y" * 100, "README.md": "z" * 900, "vendor/x.js": "v" * 5000}), "main")
    deliver()
    demo.refresh_from_db()
    assert demo.languages == {"Python": 300, "C": 100}
    assert demo.main_language == "Python"


def test_licence_is_found_in_the_tree(git: Git, demo, deliver):
    from core import licences

    push(git, demo, git.new(files={"LICENSE": licences.template("MulanPSL-2.0", holder="Alice")}), "main")
    deliver()
    demo.refresh_from_db()
    assert demo.licence == "MulanPSL-2.0"


def test_emptied_repository_is_empty_again(git: Git, demo, deliver):
    folder = git.new()
    push(git, demo, folder, "main")
    deliver()
    subprocess.run(["git", "--git-dir", str(demo.path), "update-ref", "-d", "refs/heads/main"], check=True)
    commands.index_repository(SYSTEM, demo.pk)
    demo.refresh_from_db()
    assert (demo.is_empty, demo.head_oid, demo.commits) == (True, "", 0)
    assert not ContributionDay.objects.exists()


def test_maintenance_resets_the_count_of_pushes_and_keeps_the_objects(git: Git, demo, deliver):
    folder = git.new()
    for number in range(3):
        git.commit(folder, {f"f{number}": "x"})
        push(git, demo, folder, "main")
    assert commands.due_repositories() == [demo.pk]
    assert commands.maintain_repository(SYSTEM, demo.pk)
    demo.refresh_from_db()
    assert demo.pushes_since_maintenance == 0
    assert commands.due_repositories() == []
    assert gitstore.fsck(demo.path, full=True) == []
    assert refs_on_disk(demo) == {"refs/heads/main": git.head(folder)}


def findings() -> list[str]:
    return [f"{'' if found.repaired else '!'}{found.what}" for found in commands.check_repositories(SYSTEM)]


def age(path, seconds: float = 60) -> None:
    import os

    os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_sound_repositories_have_no_findings(git: Git, demo, deliver):
    push(git, demo, git.new(), "main")
    deliver()
    assert findings() == []


def test_dead_push_is_recorded_with_its_author(git: Git, demo, deliver):
    folder = git.new()
    alice = demo.namespace.user
    oid = git.head(folder)
    intent = commands.pushes.open_intent(accounts.actor(alice), demo, [("refs/heads/main", ZERO, oid), ("refs/heads/never", ZERO, oid)])
    git.run("push", "-q", str(demo.path), "main", cwd=folder)
    assert commands.settle_intents() == 0  # its process lives
    intent.release()
    assert commands.settle_intents() == 0  # it may have died just now: its git could still be at work
    text = intent.path.read_text()
    intent.path.write_text(text.replace('"at": ', '"at": 0.5e0, "was": '))
    assert commands.settle_intents() == 1
    assert commands.settle_intents() == 0
    recorded = Push.objects.get()
    assert (recorded.user, recorded.updates) == (alice, [["refs/heads/main", ZERO, oid]])
    assert Event.objects.filter(name="projects.RefsUpdated").count() == 1


def test_stale_locks_and_temporary_files_are_removed(git: Git, demo, deliver):
    push(git, demo, git.new(), "main")
    deliver()
    for name in ("packed-refs.lock", "refs/heads/main.lock", "HEAD.lock", "objects/pack/tmp_pack_x"):
        (demo.path / name).touch()
        age(demo.path / name)
    (demo.path / "objects" / "tmp_objdir-incoming-x").mkdir()
    age(demo.path / "objects" / "tmp_objdir-incoming-x")
    assert len(findings()) == 5
    assert findings() == []


def test_head_follows_the_row_and_the_index_the_refs(git: Git, demo, deliver):
    folder = git.new()
    push(git, demo, folder, "main")
    deliver()
    (demo.path / "HEAD").write_text("ref: refs/heads/other\n")
    git.commit(folder, {"x": "x"})
    git.run("push", "-q", str(demo.path), "main", cwd=folder)
    assert len(findings()) == 2
    assert findings() == []
    demo.refresh_from_db()
    assert demo.head_oid == git.head(folder)


def test_folders_and_rows_that_lost_each_other(git: Git, demo, deliver, settings):
    import shutil
    import uuid

    stray = demo.path.with_name(f"{uuid.uuid4().hex}.git")
    shutil.copytree(demo.path, stray)
    age(stray)
    shutil.rmtree(demo.path)
    found = findings()
    assert any("lost/" in what for what in found)
    assert any("made anew" in what for what in found)
    assert findings() == []
    push(git, demo, git.new(), "main")
    deliver()
    shutil.rmtree(demo.path)
    assert findings()[0].startswith("!its folder is missing")


def test_lost_object_is_reported(git: Git, demo, deliver):
    push(git, demo, git.new(), "main")
    deliver()
    (demo.path / "refs" / "heads" / "bad").write_text("1" * 40 + "\n")
    gitstore.forget()
    assert findings() == ["!refs without objects: refs/heads/bad"]


def test_dates_beyond_the_calendar_do_not_stop_the_index(git: Git, demo, deliver):
    folder = git.new()
    git.run(
        "commit",
        "--allow-empty",
        "-q",
        "-m",
        "far",
        cwd=folder,
        env={"GIT_AUTHOR_DATE": "@99999999999 +0000", "GIT_COMMITTER_DATE": f"@{int(datetime.now(UTC).timestamp())} +0000"},
    )
    push(git, demo, folder, "main")
    deliver()
    assert counted(demo)[0] == 2
