"""The page on which conflicts with the base are settled."""

import pytest

import gitstore
from core import events
from pulls.commands import merging
from pulls.commands.opening import open_pull
from pulls.logic.names import path_key
from tests.factories.accounts import actor, sign_in
from tests.factories.projects import commit

pytestmark = pytest.mark.django_db


@pytest.fixture
def pull(world):
    """A pull request of carol with a text, a binary and a deleted file in conflict."""
    commit(world.demo, {"bin": b"\0a", "gone": b"g\n"})
    commit(world.demo, {"a.txt": b"<b>mine</b>\r\n", "bin": b"\0b", "gone": b"mine\n"}, branch="topic")
    commit(world.demo, {"a.txt": b"yours\r\n", "bin": b"\0c"})
    tip = gitstore.ref_oid(world.demo.path, "refs/heads/main")
    edits = [gitstore.Edit("gone", "")]
    who = gitstore.Signature("T", "t@example.org", None)
    oid = gitstore.write_commit(world.demo.path, parent=tip, edits=edits, message="gone", author=who, committer=who)
    gitstore.update_refs(world.demo.path, [("refs/heads/main", tip, oid)])
    made = open_pull(actor(world.carol), world.demo, head=world.demo, head_branch="topic", base_branch="main", title="Clash")
    events.drain()
    return merging.fresh(made)


def form(pull, **decided):
    sent = {"expected": pull.head_oid, "base": gitstore.ref_oid(pull.repository.path, "refs/heads/main")}
    for name, choice in decided.items():
        key = path_key({"a": "a.txt"}.get(name, name))
        sent |= {f"how-{key}": choice} if choice in ("ours", "theirs", "delete") else {f"how-{key}": "text", f"text-{key}": choice}
    return sent


def test_files_are_shown_and_settled(client, world, pull):
    address = f"{pull.get_absolute_url()}/conflicts"
    sign_in(client, world.bob)
    assert client.get(address).status_code == 403
    sign_in(client, world.carol)
    box = client.get(pull.get_absolute_url()).content.decode()
    assert address in box
    assert "双方都有修改，且不是文本" in box
    page = client.get(address).content.decode()
    assert "&lt;&lt;&lt;&lt;&lt;&lt;&lt; topic" in page
    assert "&lt;b&gt;mine&lt;/b&gt;" in page
    assert page.count('<section class="panel" id="c-') == 3
    assert page.count("<textarea") == 1, "the others are settled by a side"

    marked = "<<<<<<< topic\r\nmine\r\n=======\r\nyours\r\n>>>>>>> main\r\n"
    for sent, kept in ((form(pull, a=marked, bin="ours"), "a.txt"), (form(pull, a="both\r\n", bin="ours"), "gone")):
        refused = client.post(address, sent)
        assert refused.status_code == 422
        body = refused.content.decode()
        assert f'id="c-{path_key(kept)}"' in body
        assert 'role="alert"' in body
        assert "both" in body or "mine" in body
    moved = client.post(address, {**form(pull, a="both\r\n", bin="ours", gone="delete"), "expected": "0" * 40})
    assert moved.status_code == 422

    done = client.post(address, form(pull, a="both\r\n", bin="theirs", gone="delete"))
    assert (done.status_code, done.url) == (303, f"{pull.get_absolute_url()}#merge")
    events.drain()
    row = merging.fresh(pull)
    assert row.mergeability == "forward"
    content = {name: gitstore.blob(world.demo.path, oid).data for name, oid, _mode in gitstore.files(world.demo.path, row.head_oid)}
    assert (content["a.txt"], content["bin"], "gone" in content) == (b"both\r\n", b"\0c", False), "line ends stay as they were"
    assert client.get(address).status_code == 302


def test_what_only_git_can_settle(client, world, pull):
    commit(world.demo, {"d": b"file\n"}, branch="topic")
    commit(world.demo, {"d/f": b"inside\n"})
    events.drain()
    sign_in(client, world.carol)
    page = client.get(f"{pull.get_absolute_url()}/conflicts").content.decode()
    assert "git merge origin/main" in page
    assert "<textarea" not in page
