"""`manage.py adopt_mirrors`: folders of another site become mirrors, nothing is fetched."""

import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from core.actors import SYSTEM
from core.errors import NotFound
from core.models import Event
from projects import commands
from projects.mirrors import lists
from projects.models import Mirror, MirrorRun, Repository
from tests.factories.accounts import actor, person
from tests.factories.histories import History
from tests.factories.projects import git

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """What the old site left: one by its usual place, one elsewhere, one broken, one that borrows."""
    folder = tmp_path / "old"
    for name in ("github.com/lab/one.git", "store/17.git", "store/broken.git", "store/borrows.git"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        History(folder / name).write({"a": name, "b/c": os.urandom(40).hex()})
    (folder / "store/borrows.git/objects/info").mkdir(exist_ok=True)
    (folder / "store/borrows.git/objects/info/alternates").write_text("/nowhere/objects\n")
    tree = git(folder / "store/broken.git", "rev-parse", "HEAD^{tree}").strip()
    loose = folder / "store/broken.git" / "objects" / tree[:2] / tree[2:]
    if not loose.exists():
        unpack(folder / "store/broken.git")
    loose.chmod(0o644)
    loose.unlink()
    (folder / "github.com/lab/one.git/config").open("a").write(
        '[core]\n\thooksPath = /tmp\n[remote "origin"]\n\turl = https://me:secret@github.com/lab/one\n'
    )
    git(folder / "store/17.git", "tag", "-a", "-m", "t", "v1", "HEAD")
    (folder / "list.csv").write_text(
        "address,folder,category,stars\n"
        "https://github.com/lab/one,,计算机视觉,5\n"
        "https://gitee.com/lab/two,store/17.git,,\n"
        "https://gitee.com/lab/three,store/broken.git,,\n"
        "https://gitee.com/lab/four,store/borrows.git,,\n"
        "https://gitee.com/lab/five,../../etc,,\n"
        "https://unknown.example/a/b,store/17.git,,\n"
    )
    return folder


def unpack(path: Path) -> None:
    """Packs into loose objects."""
    for pack in (path / "objects/pack").glob("*.pack"):
        content = pack.read_bytes()
        for part in pack.parent.glob(f"{pack.stem}.*"):
            part.unlink()
        git(path, "unpack-objects", "-q", data=content)


def adopted(old: Path, capsys) -> tuple[str, int]:
    code = 0
    try:
        call_command("adopt_mirrors", str(old), str(old / "list.csv"))
    except CommandError as error:
        code = error.returncode
    return capsys.readouterr().out, code


def test_folders_become_mirrors_row_by_row(old: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("projects.fetching.fetch", None)  # nothing may be fetched
    out, code = adopted(old, capsys)
    assert code == 1
    for line in (
        "row 2: adopted github.com/lab/one (1 branches and tags)",
        "row 3: adopted gitee.com/lab/two (2 branches and tags)",
        "row 4: refused by git fsck gitee.com/lab/three",
        "row 5: borrowing objects of another repository",
        "row 6: without a folder below DIR",
        "row 7: of a host that is not configured",
    ):
        assert line in out
    one = Mirror.objects.select_related("repository__category").get(key="github.com/lab/one")
    assert (one.state, one.lease, one.repository.is_empty, one.repository.category.slug) == ("fresh", "", False, "computer-vision")
    assert git(one.repository.path, "rev-parse", "HEAD") == git(old / "github.com/lab/one.git", "rev-parse", "HEAD")
    assert "secret" not in (one.repository.path / "config").read_text()
    assert "hooksPath" not in (one.repository.path / "config").read_text()
    assert MirrorRun.objects.count() == 0
    assert Event.objects.filter(name="projects.RefsUpdated").count() == 2
    links = [entry.stat().st_nlink for entry in (one.repository.path / "objects").rglob("*") if entry.is_file()]
    assert links
    assert min(links) == 2  # nothing was copied
    left = Mirror.objects.get(key="gitee.com/lab/three")
    assert (left.state, left.lease, left.repository.path.exists()) == ("listed", "", False)


def test_run_again_it_goes_on_with_those_that_are_missing(old: Path, capsys) -> None:
    adopted(old, capsys)
    unrefused = Repository.objects.get(name="two")
    git(old / "store/17.git", "branch", "later", "HEAD")
    History(old / "store/new.git").write({"a": "mended"})
    (old / "list.csv").write_text("address,folder\nhttps://gitee.com/lab/two,store/17.git\nhttps://gitee.com/lab/three,store/new.git\n")
    out, code = adopted(old, capsys)
    assert code == 0
    assert "row 2: filled here already" in out
    assert "row 3: adopted gitee.com/lab/three" in out
    assert "later" not in git(unrefused.path, "branch")


def test_killed_in_the_middle_the_next_run_finishes(old: Path, capsys, monkeypatch) -> None:
    from projects.commands import adoption

    def dies(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(adoption, "_fill", dies)
        with pytest.raises(KeyboardInterrupt):
            call_command("adopt_mirrors", str(old), str(old / "list.csv"))
    Mirror.objects.update(lease="", leased_until=None)  # it ended
    out, _code = adopted(old, capsys)
    assert "row 2: adopted" in out
    assert git(Repository.objects.get(name="one").path, "fsck", "--full") == ""


def test_the_next_look_finds_it_unchanged(upstream, tmp_path: Path) -> None:
    wish = lists.Wish(1, "https://github.com/lab/model", folder="lab/model.git")
    (done,) = commands.adopt_mirrors(SYSTEM, iter([wish]), under=upstream.root)
    assert done.code == "adopted"
    Mirror.objects.update(address=upstream.url)
    commands.sync_mirror(SYSTEM, Mirror.objects.get().pk)
    assert [method for method, _path, _auth in upstream.requests] == ["GET"]
    assert MirrorRun.objects.count() == 0


def test_bad_arguments(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("name,size\na,1\n")
    for folder, file in (("/nowhere", tmp_path / "names.csv"), (tmp_path, "/nowhere.csv"), (tmp_path, tmp_path / "names.csv")):
        with pytest.raises(CommandError) as caught:
            call_command("adopt_mirrors", str(folder), str(file))
        assert caught.value.returncode == 2
    with pytest.raises(NotFound):
        list(commands.adopt_mirrors(actor(person()), iter([]), under=tmp_path))
