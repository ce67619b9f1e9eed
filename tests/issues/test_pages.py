"""Pages of issues as people use them, without script: lists, talk, triage, labels, milestones."""

import re
from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from issues import commands
from issues.models import Comment, Happening, Label, Milestone, Thread
from projects import commands as project_commands
from tests.factories import accounts as make
from tests.factories.issues import comment, issue, label
from tests.factories.projects import commit, repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return make.person("ada"), make.person("bob"), make.person("eve")


@pytest.fixture
def demo(people):
    return repository(people[0], name="demo")


def signed_in(person) -> Client:
    client = Client()
    make.sign_in(client, person)
    return client


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_person_opens_talks_and_closes(people, demo):
    ada, bob, _eve = people
    writer, anonymous = signed_in(bob), Client()
    assert "No issues yet" in text(anonymous.get("/ada/demo/issues", headers={"accept-language": "en"}))
    assert anonymous.get("/ada/demo/issues/new").status_code == 302
    assert writer.get("/ada/demo/issues/new?title=Broken&body=Look").status_code == 200
    preview = writer.post("/ada/demo/issues/new", {"title": "Broken", "body": "**bold** @ada", "act": "preview"})
    assert preview.status_code == 200
    assert '<strong>bold</strong> <a href="/ada" class="mention"' in text(preview)
    assert not Thread.objects.exists()
    refused = writer.post("/ada/demo/issues/new", {"title": " ", "body": "kept words"})
    assert refused.status_code == 422
    assert "kept words" in text(refused)
    made = writer.post("/ada/demo/issues/new", {"title": "Broken <b>", "body": "see `x` <script>alert(1)</script> @ada"})
    assert made["Location"] == "/ada/demo/issues/1"
    page = text(anonymous.get("/ada/demo/issues/1"))
    assert "Broken &lt;b&gt;" in page
    assert "<script>alert" not in page
    said = writer.post("/ada/demo/issues/1/comment", {"body": "More *words*", "act": "comment"})
    one = Comment.objects.get()
    assert said["Location"] == f"/ada/demo/issues/1?comment={one.pk}#comment-{one.pk}"
    long = "y" * 10_000_000
    refused = writer.post("/ada/demo/issues/1/comment", {"body": long, "act": "comment"})
    assert refused.status_code == 422
    assert long in refused.content.decode()
    closed = writer.post("/ada/demo/issues/1/comment", {"body": "", "act": "close"})
    assert closed["Location"] == "/ada/demo/issues/1"
    assert Thread.objects.get().state == "closed"
    assert 'data-s="merged"' in text(anonymous.get("/ada/demo/issues/1"))
    assert "Broken" not in text(anonymous.get("/ada/demo/issues"))
    assert "Broken" in text(anonymous.get("/ada/demo/issues?q=is:closed"))
    assert 'href="/ada/demo/issues" aria-current="page"' in text(anonymous.get("/ada/demo/issues?q=is:closed"))


def test_what_changed_meanwhile_is_shown_beside_what_was_typed(people, demo):
    ada, bob, _eve = people
    one = issue(demo, bob, title="First", body="mine")
    said = comment(one, bob, "said")
    client = signed_in(bob)
    assert 'name="version" value="1"' in text(client.get("/ada/demo/issues/1/edit"))
    commands.edit_thread(make.actor(ada), one, body="theirs")
    refused = client.post("/ada/demo/issues/1/edit", {"title": "First", "body": "typed", "version": "1"})
    assert refused.status_code == 422
    assert {"typed", "theirs"} <= set(re.findall(r"typed|theirs", text(refused)))
    assert 'name="version" value="2"' in text(refused)
    assert client.post("/ada/demo/issues/1/edit", {"title": "First", "body": "typed", "version": "2"}).status_code == 302
    commands.edit_comment(make.actor(ada), said, body="by ada")
    assert 'name="version" value="2"' in text(client.get(f"/ada/demo/issues/1?edit={said.pk}"))
    refused = client.post(f"/ada/demo/issues/1/comments/{said.pk}/edit", {"body": "typed too", "version": "1"})
    assert refused.status_code == 422
    assert {"typed too", "by ada"} <= set(re.findall(r"typed too|by ada", text(refused)))
    assert client.post(f"/ada/demo/issues/1/comments/{said.pk}/edit", {"body": "typed too", "version": "2"}).status_code == 302
    eve = signed_in(people[2])
    assert eve.post(f"/ada/demo/issues/1/comments/{said.pk}/edit", {"body": "x"}).status_code == 403
    assert eve.post("/ada/demo/issues/1/comment", {"act": "close"}).status_code == 403
    assert eve.post(f"/ada/demo/pulls/1/comments/{said.pk}/delete").status_code == 404, "it is no pull request"
    assert client.post(f"/ada/demo/issues/1/comments/{said.pk}/delete").status_code == 302
    assert not Comment.objects.exists()


def test_maintainers_sort_and_plan_from_the_rail(people, demo):
    ada, bob, _eve = people
    issue(demo, bob, title="One")
    client, reader = signed_in(ada), signed_in(bob)
    assert client.post("/ada/demo/labels", {"act": "defaults"}).status_code == 302
    assert client.post("/ada/demo/labels", {"act": "save", "name": "区域::前端", "colour": "#1d76db"}).status_code == 302
    assert client.post("/ada/demo/labels", {"act": "save", "name": "区域::前端"}).status_code == 422
    assert (
        client.post("/ada/demo/milestones/new", {"title": "v1", "due_on": "2027-01-01", "description": "The **first**"}).status_code == 302
    )
    first = Label.objects.get(name="区域::前端")
    act = "/ada/demo/issues/1/acts"
    for values in (
        {"act": "labels", "labels": str(first.pk)}, {"act": "assignees", "people": str(ada.pk)}, {"act": "milestone", "milestone": "1"},
        {"act": "due", "due_on": "2026-12-24"}, {"act": "pin"}, {"act": "lock", "reason": "resolved"}, {"act": "mute"},
    ):  # fmt: skip
        assert client.post(act, values).status_code == 302, values
        if values["act"] != "mute":
            assert reader.post(act, values).status_code == 403, values
    assert client.post(act, {"act": "due", "due_on": "never"}).status_code == 422
    assert client.post(act, {"act": "unknown"}).status_code == 422
    one = Thread.objects.get()
    assert (one.milestone.title, one.due_on, one.is_locked, one.pinned_at is not None) == ("v1", date(2026, 12, 24), True, True)
    page = text(client.get("/ada/demo/issues/1"))
    for told in ('<span class="label-scope">区域</span>前端', "/ada/demo/milestones/1", "2026-12-24", 'fill="#1d76db"'):
        assert told in page
    assert "new-comment" not in text(reader.get("/ada/demo/issues/1"))
    assert "<strong>first</strong>" in text(reader.get("/ada/demo/milestones/1"))
    assert "0 %" in text(reader.get("/ada/demo/milestones"))
    client.post("/ada/demo/issues/1/comment", {"act": "close", "body": "done"})
    assert "100 %" in text(reader.get("/ada/demo/milestones/1?q=is:closed"))
    assert client.post("/ada/demo/milestones/1/edit", {"act": "close"}).status_code == 302
    assert "v1" in text(reader.get("/ada/demo/milestones?state=closed"))
    assert reader.post("/ada/demo/milestones/1/edit", {"act": "delete"}).status_code == 403
    assert client.post("/ada/demo/milestones/1/edit", {"act": "delete"}).status_code == 302
    assert not Milestone.objects.exists()


def test_lists_filter_page_and_cost_the_same(people, demo):
    ada, bob, _eve = people
    bug = label(demo, ada, "bug report")
    for number in range(35):
        one = issue(demo, bob, title=f"Issue no {number}", body=f"body {number}", **({} if number % 5 else {}))
        if number % 5 == 0:
            commands.change_labels(make.actor(ada), one, add=[bug])
            commands.change_assignees(make.actor(ada), one, add=[ada])
    client = signed_in(ada)
    first = text(client.get("/ada/demo/issues"))
    assert first.count('class="issue-row"') == 30
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = text(client.get(f"/ada/demo/issues{following}"))
    assert second.count('class="issue-row"') == 5
    assert "Issue no 0<" in second
    labelled = text(client.get('/ada/demo/issues?q=is:open label:"bug report" assignee:me'))
    assert labelled.count('class="issue-row"') == 7
    assert text(client.get("/ada/demo/issues?q=labl:x")).count("notice-warn") == 1
    assert client.get("/ada/demo/issues?q=is:open&cursor=broken").status_code == 422
    assert client.get("/ada/demo/issues?q=is:open&cursor=WyJ4IiwxXQ").status_code == 422
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/ada/demo/issues?q=no 34")
    with CaptureQueriesContext(connection) as many:
        client.get("/ada/demo/issues")
    assert len(many) <= len(few) + 1  # the numbers of the tabs
    mine = text(client.get("/issues"))
    assert mine.count('class="issue-row"') == 7
    assert text(signed_in(bob).get("/issues?of=created")).count('class="issue-row"') == 30
    assert Client().get("/issues").status_code == 302


def test_a_long_talk_is_paged_and_costs_the_same(people, demo):
    ada, bob, _eve = people
    one = issue(demo, ada, title="Long")
    rows = Comment.objects.bulk_create([Comment(thread=one, author=bob, body=f"word {number} #1 @ada") for number in range(250)])
    Happening.objects.bulk_create([Happening(thread=one, kind="commented", by=bob, comment=row) for row in rows])
    client = signed_in(bob)
    cache.clear()
    with CaptureQueriesContext(connection) as long:
        page = text(client.get("/ada/demo/issues/1"))
    assert page.count('class="comment"') == 31
    last = text(client.get("/ada/demo/issues/1?page=9"))
    assert last.count('class="comment"') == 10
    assert 'aria-current="page">9<' in last
    assert f'id="comment-{rows[150].pk}"' in text(client.get(f"/ada/demo/issues/1?comment={rows[150].pk}"))
    issue(demo, ada, title="Short", body="#1 @ada")
    cache.clear()
    with CaptureQueriesContext(connection) as short:
        client.get("/ada/demo/issues/2")
    assert len(long) <= len(short) + 1


def test_private_things_stay_private_on_pages(people, demo):
    ada, bob, eve = people
    secret = repository(ada, name="secret", visibility="private")
    issue(demo, ada, title="Public one")
    issue(secret, ada, title="Plan of the secret", body="see ada/demo#1")
    assert "Plan of the secret" not in text(signed_in(eve).get("/ada/demo/issues/1"))
    assert "Plan of the secret" in text(signed_in(ada).get("/ada/demo/issues/1"))
    for address in ("issues", "issues/1", "issues/new", "labels", "milestones"):
        assert signed_in(eve).get(f"/ada/secret/{address}").status_code == 404
    assert signed_in(eve).post("/ada/secret/issues/1/comment", {"body": "x"}).status_code == 404
    project_commands.set_collaborator(make.actor(ada), secret, bob, access="read")
    assert "Plan of the secret" in text(signed_in(bob).get("/ada/demo/issues/1"))
    commands.turn_issues(make.actor(ada), demo, on=False)
    assert signed_in(bob).get("/ada/demo/issues/1").status_code == 404
    assert signed_in(bob).get("/ada/demo/issues").status_code == 404
    assert "/ada/demo/issues" not in text(signed_in(bob).get("/ada/demo"))


def test_commits_are_named_in_texts(people):
    ada, _bob, _eve = people
    code = repository(ada, name="code", files={"a": b"1"})
    oid = commit(code, {"b": b"2"})
    issue(code, ada, body=f"broke in {oid[:10]} and deadbeef12")
    page = text(Client().get("/ada/code/issues/1"))
    assert f'href="/ada/code/commit/{oid}"' in page
    assert page.count("/commit/") == 1


def test_the_demo_has_issues_with_a_past():
    from issues.management.demo import SAMPLES
    from projects.management.demo.load import load

    load(lambda _line: None)
    found = list(Thread.objects.filter(kind="issue").order_by("number"))
    assert [row.title for row in found] == [sample.title for sample in SAMPLES]
    assert all(row.created_at < row.updated_at or not row.comment_count for row in found)
    assert [row.created_at for row in found] == sorted(row.created_at for row in found)
    page = text(Client().get("/PCL-Platform.Intelligence/PanGu-Alpha/issues/4"))
    assert 'href="/PCL-Platform.Intelligence/PanGu-Alpha/issues/2"' in page
    load(lambda _line: None)
    assert Thread.objects.filter(kind="issue").count() == len(found)
