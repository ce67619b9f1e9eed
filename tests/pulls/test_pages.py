"""The pages of pull requests as a reader, a stranger, a reviewer and an owner see them."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pulls import commands, queries
from pulls.models import LineThread, Review
from tests.factories import accounts as make
from tests.factories.projects import commit, git
from tests.factories.pulls import TEXT, changed, line_comment, pull

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client):
    """A reader of English."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def text_of(answer):
    return answer.content.decode()


def test_open_from_the_form(client, world):
    commit(world.demo, {"a.txt": changed(l5=b"five")}, branch="fix-five", message="Make five five\n\nBecause it is.")
    make.sign_in(client, world.carol)
    page = client.get(f"{world.base}/pulls/new?base=main&head=fix-five")
    assert page.status_code == 200
    assert 'value="Make five five"' in text_of(page)
    assert "Because it is." in text_of(page)
    refused = client.post(f"{world.base}/pulls/new?base=main&head=fix-five", {"title": "", "body": "my long words"})
    assert refused.status_code == 422
    assert "my long words" in text_of(refused)
    stranger = client.post(f"{world.base}/pulls/new?base=main&head=fix-five", {"title": "T", "reviewers": "nobody-here"})
    assert stranger.status_code == 422
    assert not queries.pulls_of(world.demo).exists()
    made = client.post(f"{world.base}/pulls/new?base=main&head=fix-five", {"title": "Five", "body": "x", "reviewers": world.ada.username})
    assert made.status_code == 302
    assert made["Location"] == f"{world.base}/pulls/1"
    page = text_of(client.get(f"{world.base}/pulls/1"))
    assert "Five" in page
    assert f"{world.ada.username}</a><small>" in page
    again = client.get(f"{world.base}/pulls/new?base=main&head=fix-five")
    assert f'href="{world.base}/pulls/1"' in text_of(again)
    assert git(world.demo.path, "rev-parse", "refs/pull/1/head") == git(world.demo.path, "rev-parse", "fix-five")
    listed = text_of(client.get(f"{world.base}/pulls"))
    assert f'href="{world.base}/pulls/1"' in listed
    assert client.get(f"{world.base}/discussions/1")["Location"] == f"{world.base}/pulls/1"
    assert client.get(f"{world.base}/issues/1")["Location"] == f"{world.base}/pulls/1"
    assert client.get(f"{world.base}/pulls/new?base=main&head=nowhere").status_code == 404


def test_files_with_conversations_without_a_script(client, world):
    made = pull(world.demo, world.carol, files={"a.txt": changed(l5=b"five"), "package-lock.json": b"{}\n"})
    base = made.get_absolute_url()
    make.sign_in(client, world.ada)
    page = text_of(client.get(f"{base}/files"))
    cell = re.search(r'id=(f\d+R5)><a href="(\?comment=f\d+R5)#', page)
    assert cell, "line numbers lead to the form"
    assert re.search(r'<details class="panel diff-file" id="f\d+"><summary[^>]*>.{0,400}package-lock', page, re.S), (
        "generated files are folded"
    )
    form = text_of(client.get(f"{base}/files{cell[2]}"))
    assert 'id="new-line"' in form
    sent = {"act": "line", "path": "a.txt", "side": "new", "line": "5", "start_line": "4", "oid": made.head_oid, "when": "now"}
    refused = client.post(f"{base}/files", {**sent, "body": "x" * 70_000})
    assert refused.status_code == 422
    assert "x" * 70_000 in text_of(refused)
    assert client.post(f"{base}/files", {**sent, "line": "500", "start_line": "500", "body": "kept words"}).status_code == 422
    suggestion = "Why?\n```suggestion\nline four\nfive!\n```\n<script>alert(1)</script>"
    answer = client.post(f"{base}/files?view=split", {**sent, "body": suggestion})
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"{base}/files?view=split#line-")
    page = text_of(client.get(f"{base}/files"))
    assert "<script>alert" not in page
    assert "Suggested change" in page
    assert page.index('class="note-box') > page.index(f"id={cell[1]}>")
    talk = text_of(client.get(base))
    assert "Suggested change" in talk
    assert "five!" in talk
    split = text_of(client.get(f"{base}/files?view=split"))
    assert "Suggested change" in split


def test_viewed_marks_go_when_the_file_changes(client, world):
    made = pull(world.demo, world.carol, files={"a.txt": changed(l5=b"five")})
    base = made.get_absolute_url()
    make.sign_in(client, world.ada)
    blob = re.search(r'name="blob" value="([0-9a-f]{40})"', text_of(client.get(f"{base}/files")))[1]
    client.post(f"{base}/files", {"act": "viewed", "file": "0", "path": "a.txt", "blob": blob, "viewed": "1"})
    page = text_of(client.get(f"{base}/files"))
    assert 'aria-pressed="true">' in page.split("diff-file", 1)[1]
    assert '<details class="panel diff-file" id="f0">' in page
    new = commit(world.demo, {"a.txt": changed(l5=b"5!")}, branch=made.head_branch)
    commands.add_version(make.actor(world.carol), made, source=world.demo, head_oid=new)
    assert '<details class="panel diff-file" id="f0" open>' in text_of(client.get(f"{base}/files"))


def test_pending_review_is_nobody_elses(client, world):
    made = pull(world.demo, world.carol, files={"a.txt": changed(l5=b"five")})
    base = made.get_absolute_url()
    make.sign_in(client, world.ada)
    line = {"act": "line", "path": "a.txt", "side": "new", "line": "5", "oid": made.head_oid, "body": "secret remark"}
    client.post(f"{base}/files", {**line, "when": "review"})
    assert "secret remark" in text_of(client.get(f"{base}/files"))
    make.sign_in(client, world.carol)
    for address in (base, f"{base}/files"):
        assert "secret remark" not in text_of(client.get(address))
    thread = LineThread.objects.get()
    assert client.post(base, {"act": "reply", "thread": thread.pk, "body": "?"}).status_code == 404
    make.sign_in(client, world.ada)
    answer = client.post(f"{base}/files", {"act": "review", "verdict": "changes", "body": "Please", "oid": made.head_oid})
    assert answer["Location"].startswith(f"{base}#review-")
    make.sign_in(client, world.carol)
    page = text_of(client.get(base))
    assert "secret remark" in page
    assert "requests changes" in page
    own = client.post(f"{base}/files", {"act": "review", "verdict": "approved", "body": "", "oid": made.head_oid})
    assert own.status_code == 403, "nobody approves their own"


def test_private_ones_are_not_there(client, world):
    made = pull(world.demo, world.carol)
    base = made.get_absolute_url()
    from projects import commands as hosting

    hosting.set_visibility(make.actor(world.ada), world.demo, visibility="private")
    make.sign_in(client, world.bob)
    for suffix in ("", "/files", "/commits", f"/commits/{made.head_oid}", "/versions"):
        assert client.get(base + suffix).status_code == 404, suffix
    for address in (f"{world.base}/pulls", f"{world.base}/pulls/new", f"{world.base}/discussions/1"):
        assert client.get(address).status_code == 404
    assert client.post(base, {"act": "merge"}).status_code == 404
    assert client.get(f"{world.base}/pulls/999").status_code == 404


def test_pages_cost_the_same_with_many(client, world):
    made = pull(world.demo, world.carol, files={"a.txt": changed(l5=b"five", l9=b"nine")})
    base = made.get_absolute_url()
    make.sign_in(client, world.ada)

    def talk(number):
        line_comment(made, world.ada, path="a.txt", line=5, body=f"comment {number}")
        line_comment(made, world.bob, path="a.txt", line=9, body=f"```suggestion\n{number}\n```")
        commands.submit_review(make.actor(make.person()), made, verdict=Review.State.COMMENT, body=f"review {number}")
        pull(world.demo, world.carol)

    def cost(address):
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(address).status_code == 200
        return len(found)

    talk(0)
    addresses = (base, f"{base}/files", f"{base}/commits", f"{base}/versions", f"{world.base}/pulls", "/pulls?of=created")
    before = [cost(address) for address in addresses]
    for number in range(1, 4):
        talk(number)
    assert [cost(address) for address in addresses] == before
    assert all(count < 60 for count in before), before


def test_versions_are_compared_without_what_the_base_brought(client, world):
    made = pull(world.demo, world.carol, branch="topic", files={"a.txt": changed(l5=b"five")})
    base = made.get_absolute_url()
    commit(world.demo, {"b.py": b"other\n"}, message="The base moves")
    tip = git(world.demo.path, "rev-parse", "main")
    git(world.demo.path, "update-ref", "refs/heads/topic", tip)
    new = commit(world.demo, {"a.txt": changed(l5=b"5!")}, branch="topic", message="Rebased")
    commands.add_version(make.actor(world.carol), made, source=world.demo, head_oid=new)
    page = text_of(client.get(f"{base}/versions?from=1&to=2"))
    assert "rewritten" in page
    assert "a.txt" in page
    assert "b.py" not in page.split("What the author changed")[1], "what the base brought is left out"
    assert client.get(f"{base}/versions?from=7&to=x").status_code == 200
    assert client.get(f"{base}/commits/{new}").status_code == 200
    assert client.get(f"{base}/commits/{'0' * 40}").status_code == 404


def test_images_stand_side_by_side(client, world):
    image = b"\x89PNG\r\n\x1a\n" + bytes(40)
    made = pull(world.demo, world.carol, files={"logo.png": image})
    page = text_of(client.get(f"{made.get_absolute_url()}/files"))
    address = re.search(r'<img src="([^"]+logo.png)"', page)[1]
    raw = client.get(address)
    assert raw.status_code == 200, "commits of a pull request can be read"
    assert b"".join(raw.streaming_content if raw.streaming else [raw.content]).startswith(b"\x89PNG")


def test_merging_settings(client, world):
    make.sign_in(client, world.ada)
    address = f"{world.base}/settings/merging"
    assert client.get(address).status_code == 200
    assert client.post(address, {"act": "merging", "default_method": "merge"}).status_code == 422
    assert client.post(address, {"act": "merging", "default_method": "squash", "allow_squash": "on"}).status_code == 302
    refused = client.get(f"{world.base}/pulls/new")
    assert refused.status_code == 403, "switched off"
    make.sign_in(client, world.carol)
    assert client.get(address).status_code == 403
    assert TEXT


def test_pushed_branches_are_offered(client, world):
    from projects import commands as hosting
    from projects.commands.edits import Write

    carol = make.actor(world.carol)
    hosting.commit_files(carol, world.demo, branch="main", changes=[Write("n.txt", b"1")], message="N", new_branch="pushed-now")
    fork = hosting.fork_repository(make.actor(world.bob), world.demo, into=world.bob.namespace)
    hosting.commit_files(make.actor(world.bob), fork, branch="main", changes=[Write("m.txt", b"1")], message="M")
    offer = f'href="{world.base}/pulls/new?head=pushed-now"'
    assert offer not in text_of(client.get(world.base))
    make.sign_in(client, world.carol)
    assert offer in text_of(client.get(world.base))
    assert f'href="{world.base}/pulls/new?base=main&amp;head=pushed-now"' in text_of(client.get(f"{world.base}/branches"))
    assert f"{world.base}/pulls/new?base=main&amp;head=pushed-now" in text_of(client.get(f"{world.base}/compare/main...pushed-now"))
    commands.open_pull(carol, world.demo, head=world.demo, head_branch="pushed-now", base_branch="main", title="N")
    assert offer not in text_of(client.get(world.base))
    make.sign_in(client, world.bob)
    for address in (fork.get_absolute_url(), f"{fork.get_absolute_url()}/forks"):
        assert f"{world.base}/pulls/new?base=main&amp;head=" in text_of(client.get(address))
    page = client.get(f"{world.base}/pulls/new?head={fork}:main")
    assert 'name="maintainers_may_push"' in text_of(page)
