"""What stands around an issue: dependencies, parts, moves, boards, files, reactions, tasks, templates, filters, many at once, history, export."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import Membership
from core.actors import ANONYMOUS
from core.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from core.models import Event
from issues import commands, queries
from issues.models import Attachment, Board, Comment, Happening, Labelling, Reaction, SavedFilter, Thread
from tests.factories import issues as make
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """Ada's project, a private one of hers, and bob, who reads the first."""
    ada, bob = person("ada"), person("bob")
    return ada, bob, repository(ada, name="home", files={"a": b"1"}), repository(ada, name="hidden", visibility="private")


def kinds(thread):
    """The kinds of a thread's timeline, in order."""
    return list(Happening.objects.filter(thread=thread).order_by("pk").values_list("kind", flat=True))


def test_dependencies_have_no_circles_and_hide_what_is_private(world, client):
    ada, bob, home, hidden = world
    one, two, three, secret = (make.issue(place, ada) for place in (home, home, home, hidden))
    commands.add_dependency(actor(ada), one, two)
    commands.add_dependency(actor(ada), two, three)
    for blocked, blocker in ((three, one), (two, one), (one, one)):
        with pytest.raises(Invalid):
            commands.add_dependency(actor(ada), blocked, blocker)
    with pytest.raises(Conflict):
        commands.add_dependency(actor(ada), one, two)
    with pytest.raises(Forbidden):
        commands.add_dependency(actor(bob), one, three)
    commands.add_dependency(actor(ada), one, secret)
    theirs = make.issue(repository(bob), bob)
    with pytest.raises(NotFound):
        commands.add_dependency(actor(bob), theirs, secret)
    assert [row.pk for row in queries.relations(actor(ada), one).blockers] == [two.pk, secret.pk]
    assert [row.pk for row in queries.relations(actor(bob), one).blockers] == [two.pk]
    assert queries.relations(ANONYMOUS, two).blocking == [one]
    for who, sees in ((bob, False), (ada, True)):
        sign_in(client, who)
        assert (secret.title.encode() in client.get("/ada/home/issues/1").content) is sees
    sign_in(client, ada)
    refused = client.post("/ada/home/issues/3/relations", {"act": "blocker", "other": "#1"})
    assert refused.status_code == 422
    assert b'value="#1"' in refused.content
    assert client.post("/ada/home/issues/1/relations", {"act": "unblock", "other": str(two.pk)}).status_code == 302
    assert kinds(one) == ["blocked", "blocked", "unblocked"]
    assert kinds(two) == ["blocking", "blocked", "unblocking"]
    assert client.post("/ada/home/issues/3/relations", {"act": "blocker", "other": "ada/home#1"}).status_code == 302  # no circle any more


def test_parts_duplicates_and_their_page(world, client):
    ada, _bob, home, _hidden = world
    whole, first, second, other = (make.issue(home, ada) for _ in range(4))
    sign_in(client, ada)
    for number in ("2", "#3"):
        assert client.post("/ada/home/issues/1/relations", {"act": "part", "other": number}).status_code == 302
    assert client.post("/ada/home/issues/2/relations", {"act": "part", "other": "1"}).status_code == 422  # a circle
    assert client.post("/ada/home/issues/2/relations", {"act": "part", "other": "999"}).status_code == 422
    client.post("/ada/home/issues/1/relations", {"act": "down", "other": str(first.pk)})
    commands.close_issue(actor(ada), first)
    found = queries.relations(actor(ada), whole)
    assert ([row.pk for row in found.parts], found.percent) == ([second.pk, first.pk], 50)
    assert queries.relations(actor(ada), first).parent == whole
    commands.add_part(actor(ada), other, second)  # a part of one thing only
    assert [row.pk for row in queries.relations(actor(ada), whole).parts] == [first.pk]
    assert client.post("/ada/home/issues/4/relations", {"act": "duplicate", "other": "/ada/home/issues/1"}).status_code == 302
    other.refresh_from_db()
    assert (other.state, other.state_reason, other.duplicate_of) == ("closed", "duplicate", whole)
    assert queries.relations(actor(ada), whole).duplicates == [other]
    assert kinds(whole)[-1] == "has_duplicate"


def test_a_moved_issue_keeps_its_talk_and_its_old_address_leads_there(world, client):
    ada, bob, home, hidden = world
    target = repository(ada, name="target")
    for place in (home, target):
        make.label(place, ada, "Bug")
    make.label(home, ada, "only here")
    file = commands.attach_file(actor(ada), hidden, name="x.txt", chunks=[b"words of the file"])
    moved = make.issue(hidden, ada, body=queries.attachment_text(file))
    open_home = make.issue(home, ada, labels=list(queries.labels(home)))
    make.comment(open_home, bob, "said before")
    make.issue(target, ada)
    with pytest.raises(Forbidden):
        commands.transfer_issue(actor(bob), open_home, target)
    sign_in(client, ada)
    assert client.post("/ada/home/issues/1/transfer", {"into": "ada/nowhere"}).status_code == 422
    assert client.post("/ada/home/issues/1/transfer", {"into": "ada/target"})["Location"] == "/ada/target/issues/2"
    row = Thread.objects.get(pk=open_home.pk)
    assert (str(row), row.comment_count) == ("ada/target#2", 1)
    assert list(row.labellings.values_list("label__name", "label__repository__name")) == [("Bug", "target")]
    assert (queries.counts(home).open_issues, queries.counts(target).open_issues) == (0, 2)
    client.logout()
    assert client.get("/ada/home/issues/1")["Location"] == "/ada/target/issues/2"
    assert make.issue(home, ada).number == 2  # a number is never given twice
    address = queries.attachment_address(file)
    assert client.get(address).status_code == 404
    commands.transfer_issue(actor(ada), moved, target)
    file.refresh_from_db()
    assert file.repository == target
    assert b"".join(client.get(queries.attachment_address(file))) == b"words of the file"
    assert client.get("/ada/hidden/issues/1").status_code == 404  # where it was stays private
    assert "ada/hidden" not in client.get("/ada/target/issues/3").content.decode()


def picture(kind="PNG", size=(30, 20), **options):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


def test_files_are_drawn_anew_bounded_and_as_private_as_the_project(world, client, settings):
    ada, bob, home, hidden = world
    exif = Image.Exif()
    exif[0x010E] = "SECRET PLACE"
    raw = picture("JPEG", exif=exif)
    assert b"SECRET PLACE" in raw
    sign_in(client, ada)
    sent = client.post("/ada/hidden/issues/files", {"file": SimpleUploadedFile("a](x) b.jpg", raw)})
    assert sent.status_code == 201
    told = sent.json()
    assert told["markdown"].startswith("![")
    answer = client.get(told["url"])
    assert b"SECRET" not in b"".join(answer)
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Content-Disposition"].startswith("inline")
    page = commands.open_issue(actor(ada), hidden, title="With picture", body=told["markdown"])
    assert f'src="/-/files/{Attachment.objects.get().key}/' in client.get(page.get_absolute_url()).content.decode()
    html = client.post("/ada/hidden/issues/files", {"file": SimpleUploadedFile("evil.png", b"<script>alert(1)</script>" * 9)}).json()
    assert not html["markdown"].startswith("!")
    served = client.get(html["url"])
    assert served["Content-Disposition"].startswith("attachment")
    assert served["X-Content-Type-Options"] == "nosniff"
    sign_in(client, bob)
    assert client.get(told["url"]).status_code == 404
    assert client.post("/ada/hidden/issues/files", {"file": SimpleUploadedFile("x", b"1")}).status_code == 404
    client.logout()
    assert client.post("/ada/home/issues/files", {"file": SimpleUploadedFile("x", b"1")}).status_code == 403
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    for data in (bomb.getvalue(), b"\x89PNG\r\n\x1a\n" + b"0" * 99):
        with pytest.raises(Invalid):
            commands.attach_file(actor(ada), home, name="b.png", chunks=[data])
    settings.MAX_ATTACHMENT_BYTES = 10
    with pytest.raises(Invalid):
        commands.attach_file(actor(ada), home, name="long.txt", chunks=[b"123456", b"7890123"])
    assert Attachment.objects.filter(repository=home).count() == 0


def test_files_of_a_form_without_a_script(world, client):
    ada, _bob, home, _hidden = world
    make.issue(home, ada)
    sign_in(client, ada)
    upload = SimpleUploadedFile("log.txt", b"line")
    assert client.post("/ada/home/issues/1/comment", {"act": "comment", "body": "see", "files": [upload]}).status_code == 302
    assert Comment.objects.get().body.startswith("see\n\n[log.txt](/-/files/")
    broken = SimpleUploadedFile("b.png", b"\x89PNG\r\n\x1a\n000000")
    refused = client.post("/ada/home/issues/1/comment", {"act": "comment", "body": "my words", "files": [broken]})
    assert refused.status_code == 422
    assert b"my words" in refused.content


def test_reactions_count_once_and_are_bounded(world, client):
    ada, bob, home, hidden = world
    thread = make.issue(home, ada)
    said = make.comment(thread, ada)
    sign_in(client, bob)
    for _ in range(2):  # a double click
        assert client.post("/ada/home/issues/1/react", {"react": "heart:1", "comment": said.pk}).status_code == 302
    commands.set_reaction(actor(ada), thread, kind="heart", comment=said)
    commands.set_reaction(actor(ada), thread, kind="+1")
    said.refresh_from_db()
    thread.refresh_from_db()
    assert (said.reactions, thread.reactions) == ({"heart": 2}, {"+1": 1})
    page = client.get("/ada/home/issues/1").content.decode()
    assert 'value="heart:0" aria-pressed="true"' in page
    assert client.post("/ada/home/issues/1/react", {"react": "heart:0", "comment": said.pk}).status_code == 302
    assert Reaction.objects.filter(user=bob).count() == 0
    assert client.post("/ada/home/issues/1/react", {"react": "poop:1"}).status_code == 422
    make.issue(hidden, ada)
    assert client.post("/ada/hidden/issues/1/react", {"react": "heart:1"}).status_code == 404
    thread = commands.lock_thread(actor(ada), thread)
    with pytest.raises(Forbidden):
        commands.set_reaction(actor(bob), thread, kind="eyes")
    with pytest.raises(LimitReached):  # noqa: PT012
        for turn in range(100):
            commands.set_reaction(actor(ada), thread, kind="eyes", given=bool(turn % 2))


def test_tasks_by_click_count_and_notice_other_edits(world, client):
    ada, bob, home, _hidden = world
    thread = make.issue(home, ada, body="- [x] one\n- [ ] two\n\n```\n- [ ] code\n```\n> - [ ] three")
    assert (thread.tasks_done, thread.tasks_total) == (1, 3)
    sign_in(client, ada)
    page = client.get("/ada/home/issues/1").content.decode()
    assert page.count('class="task-box"') == 3
    assert "1/3" in client.get("/ada/home/issues").content.decode()
    assert client.post("/ada/home/issues/1/task", {"task": "2-1", "version": "1"}).status_code == 302
    thread.refresh_from_db()
    assert thread.body == "- [x] one\n- [ ] two\n\n```\n- [ ] code\n```\n> - [x] three"
    assert (thread.tasks_done, thread.version) == (2, 2)
    late = client.post("/ada/home/issues/1/task", {"task": "1-1", "version": "1"}, headers={"Accept": "application/json"})
    assert late.status_code == 409
    again = client.post("/ada/home/issues/1/task", {"task": "1-1", "version": "2"}, headers={"Accept": "application/json"})
    assert again.json() == {"version": 3}
    for task in ("9-1", "x-1", "", "-1-1"):
        assert client.post(
            "/ada/home/issues/1/task", {"task": task, "version": "3"}, headers={"Accept": "application/json"}
        ).status_code in (409, 422)
    sign_in(client, bob)
    assert (
        client.post("/ada/home/issues/1/task", {"task": "0-0", "version": "3"}, headers={"Accept": "application/json"}).status_code == 403
    )
    assert 'class="task-box"' not in client.get("/ada/home/issues/1").content.decode()
    sign_in(client, ada)
    history = client.get("/ada/home/issues/1/history").content.decode()
    assert re.search(r"<del>\s*</del><ins>x</ins>", history)


def test_hidden_comments_and_who_may(world, client):
    ada, bob, home, _hidden = world
    said = make.comment(make.issue(home, ada), bob, "rude words")
    with pytest.raises(Forbidden):
        commands.hide_comment(actor(bob), said, reason="spam")
    with pytest.raises(Invalid):
        commands.hide_comment(actor(ada), said, reason="because")
    sign_in(client, ada)
    assert client.post("/ada/home/issues/1/hide", {"comment": said.pk, "reason": "abuse"}).status_code == 302
    page = client.get("/ada/home/issues/1").content.decode()
    assert page.index("<summary>", page.index("plain-note")) < page.index("rude words")
    client.post("/ada/home/issues/1/hide", {"comment": said.pk, "reason": ""})
    assert "plain-note" not in client.get("/ada/home/issues/1").content.decode()


def test_many_at_once_tells_what_was_refused(world, client):
    ada, bob, home, _hidden = world
    bug = make.label(home, ada, "bug")
    for _ in range(3):
        make.issue(home, ada)
    sign_in(client, ada)
    listed = client.get("/ada/home/issues").content.decode()
    assert listed.count('form="many" name="number"') == 3
    before = Event.objects.filter(name="issues.ThreadChanged").count()
    sent = {"number": ["1", "3"], "add_labels": [bug.pk], "state": "completed"}
    assert client.post("/ada/home/issues/many", sent).status_code == 302
    assert list(Labelling.objects.order_by("thread__number").values_list("thread__number", flat=True)) == [1, 3]
    assert Event.objects.filter(name="issues.ThreadChanged").count() == before + 2  # one for each
    assert Thread.objects.get(number=2).is_open
    assert client.post("/ada/home/issues/many", {"number": ["1"]}).status_code == 422  # nothing to do
    assert client.post("/ada/home/issues/many", {"add_labels": [bug.pk]}).status_code == 422  # nobody chosen
    outcome = commands.change_threads(actor(ada), home, list(Thread.objects.order_by("number")), commands.Change(assign=(bob,)))
    assert (outcome.done, [number for number, _why in outcome.refused]) == ([], [1, 2, 3])  # he may not write here
    sign_in(client, bob)
    assert client.post("/ada/home/issues/many", sent).status_code == 403


def test_filters_are_ones_own_or_the_projects(world, client):
    ada, bob, home, hidden = world
    sign_in(client, bob)
    assert client.post("/ada/home/issues/filters", {"name": "Mine", "query": "作者:我 is:open"}).status_code == 302
    assert client.post("/ada/home/issues/filters", {"name": "", "query": "is:open"}).status_code == 422
    assert client.post("/ada/home/issues/filters", {"name": "All", "query": "is:open", "shared": "on"}).status_code == 403
    commands.save_filter(actor(ada), home, name="Bugs", query="label:bug", shared=True)
    commands.save_filter(actor(ada), home, name="mine", query="is:closed")
    assert [row.name for row in queries.filters(actor(bob), home)] == ["Bugs", "Mine"]
    assert SavedFilter.objects.get(user=bob).query == "author:me is:open"
    assert "author%3Ame" in client.get("/ada/home/issues").content.decode()
    with pytest.raises(Forbidden):
        commands.delete_filter(actor(bob), SavedFilter.objects.get(name="Bugs"))
    assert client.post(f"/ada/home/issues/filters/{SavedFilter.objects.get(user=ada).pk}/delete").status_code == 404
    assert client.post(f"/ada/home/issues/filters/{SavedFilter.objects.get(user=bob).pk}/delete").status_code == 302
    with pytest.raises(NotFound):
        commands.save_filter(actor(bob), hidden, name="x", query="is:open")


FORM = b"""name: Bug report
description: Tell us
title: "[Bug]: "
labels: [bug, unknown]
assignees: ada
body:
  - type: markdown
    attributes:
      value: "Thanks <script>alert(1)</script>"
  - type: input
    id: version
    attributes: {label: Version}
    validations: {required: true}
  - type: textarea
    id: log
    attributes: {label: Log, render: shell}
  - type: dropdown
    id: os
    attributes: {label: System, options: [Linux, "<b>Other"]}
  - type: checkboxes
    attributes: {label: Rules, options: [{label: I looked before, required: true}]}
"""


def test_templates_and_forms(client):
    ada, bob = person("ada"), person("bob")
    files = {
        ".github/ISSUE_TEMPLATE/bug.yml": FORM,
        ".github/ISSUE_TEMPLATE/ask.md": "---\nname: 提问\nlabels: question\n---\n\n## 问题\n".encode(),
        ".github/ISSUE_TEMPLATE/broken.yml": b"name: X\nbody:\n  - type: input\n",
        ".github/ISSUE_TEMPLATE/bombs.yml": b"a: &a [x]\nb: *a\n",
        ".github/ISSUE_TEMPLATE/config.yml": b"blank_issues_enabled: false\ncontact_links:\n  - name: Forum\n    url: https://forum.example/\n    about: Ask there\n  - name: Bad\n    url: javascript:alert(1)\n",
    }
    home = repository(ada, name="home", files=files)
    make.label(home, ada, "bug")
    sign_in(client, bob)
    assert client.get("/ada/home/issues/new")["Location"] == "/ada/home/issues/new/choose"
    assert client.get("/ada/home/issues/new?blank=1").status_code == 302  # switched off, but for those who write
    page = client.get("/ada/home/issues/new/choose").content.decode()
    assert "提问" in page
    assert "https://forum.example/" in page
    assert "javascript:" not in page
    assert "broken.yml" not in page
    form = client.get("/ada/home/issues/new/from/bug.yml").content.decode()
    assert "<script>alert" not in form
    assert "&lt;b&gt;Other" in form
    assert 'value="[Bug]: "' in form
    missing = client.post("/ada/home/issues/new/from/bug.yml", {"title": "It fails", "field-log": "my log", "field-os": "1"})
    assert missing.status_code == 422
    assert "my log" in missing.content.decode()
    answers = {"title": "It fails", "field-version": "3.10", "field-log": "a ``` b", "field-os": "1", "field-field-5": ["0"]}
    assert client.post("/ada/home/issues/new/from/bug.yml", answers).status_code == 302
    made = Thread.objects.get()
    assert (
        made.body
        == "### Version\n\n3.10\n\n### Log\n\n````shell\na ``` b\n````\n\n### System\n\n<b>Other\n\n### Rules\n\n- [x] I looked before"
    )
    assert [row.label.name for row in made.labellings.all()] == ["bug"]
    assert [row.user for row in made.assignments.all()] == [ada]
    assert client.get("/ada/home/issues/new/from/broken.yml").status_code == 404
    assert client.get("/ada/home/issues/new/from/..%2fx").status_code == 404
    sign_in(client, ada)
    told = client.get("/ada/home/issues/new/choose").content.decode()
    assert "broken.yml" in told
    assert "bombs.yml" in told
    assert "3" in told[told.index("broken.yml") :]
    assert client.get("/ada/home/issues/new?blank=1").status_code == 200


def test_boards_of_own_columns_labels_and_states(world, client):
    ada, bob, home, hidden = world
    one, two, three = (make.issue(home, ada) for _ in range(3))
    for name in ("todo", "done"):
        make.label(home, ada, name)
    sign_in(client, ada)
    assert client.post("/ada/home/boards/new", {"name": "Work", "by": "own", "columns": "A\nB\nA ", "query": "is:open"}).status_code == 302
    assert client.post("/ada/home/boards/new", {"name": "No columns", "by": "own", "columns": ""}).status_code == 422
    board = Board.objects.get()
    first, second = board.columns.order_by("position")
    for thread in (one, two, three):
        assert client.post("/ada/home/boards/1", {"other": f"#{thread.number}", "column": first.pk}).status_code == 302
    assert client.post("/ada/home/boards/1", {"other": "#99"}).status_code == 422
    lanes = lambda: [[card.number for card in lane.cards] for lane in queries.board_page(actor(ada), board)]  # noqa: E731
    assert lanes() == [[1, 2, 3], []]
    client.post("/ada/home/boards/1/move", {"thread": "3", "column": first.pk, "before": "1"})
    client.post("/ada/home/boards/1/move", {"thread": "1", "column": first.pk, "before": "2"})
    client.post("/ada/home/boards/1/move", {"thread": "2", "column": second.pk})
    assert lanes() == [[3, 1], [2]]
    for _ in range(60):  # places between two cards do not run out
        client.post("/ada/home/boards/1/move", {"thread": "3", "column": first.pk, "before": "1"})
        client.post("/ada/home/boards/1/move", {"thread": "1", "column": first.pk, "before": "3"})
    assert lanes() == [[1, 3], [2]]
    gone = client.post("/ada/home/boards/1/move", {"thread": "3", "column": "99999"}, headers={"Accept": "application/json"})
    assert gone.status_code == 404
    commands.close_issue(actor(ada), three)
    assert lanes() == [[1], [2]]  # the query of the board
    labels = commands.make_board(actor(ada), home, name="L", by="label", columns=["todo", "done"])
    commands.move_card(actor(ada), labels, one, column=labels.columns.get(name="todo"))
    commands.move_card(actor(ada), labels, one, column=labels.columns.get(name="done"))
    assert [row.label.name for row in one.labellings.all()] == ["done"]
    states = commands.make_board(actor(ada), home, name="S", by="state")
    commands.move_card(actor(ada), states, two, column=states.columns.get(value="closed"))
    assert not Thread.objects.get(pk=two.pk).is_open
    page = client.get("/ada/home/boards/1").content.decode()
    assert 'draggable="true"' in page
    sign_in(client, bob)
    page = client.get("/ada/home/boards/1").content.decode()
    assert "draggable" not in page
    assert one.title in page
    assert (
        client.post("/ada/home/boards/1/move", {"thread": "1", "column": second.pk}, headers={"Accept": "application/json"}).status_code
        == 403
    )
    commands.make_board(actor(ada), hidden, name="H", by="state")
    assert client.get("/ada/hidden/boards/1").status_code == 404
    with pytest.raises(Forbidden):
        commands.make_board(actor(bob), home, name="x", by="state")


def test_export_is_text_and_pins_have_an_order(world, client):
    ada, _bob, home, _hidden = world
    make.issue(home, ada, title='=HYPERLINK("http://evil","x")')
    make.issue(home, ada, title='comma, "quote"')
    client.logout()
    body = b"".join(client.get("/ada/home/issues/export.csv?q=is:open")).decode()
    assert body.startswith("\ufeffnumber,kind,title")
    assert "'=HYPERLINK" in body
    assert '"comma, ""quote"""' in body
    assert client.get("/ada/home/issues/export.csv?q=is:nothing").status_code == 422
    assert client.get("/ada/hidden/issues/export.csv").status_code == 404
    one, two = Thread.objects.order_by("number")
    for thread in (one, two):
        commands.pin_thread(actor(ada), thread)
    assert [row.number for row in queries.pinned(home, "issue")] == [1, 2]
    sign_in(client, ada)
    assert client.post("/ada/home/issues/2/pin", {"to": "up"}).status_code == 302
    assert [row.number for row in queries.pinned(home, "issue")] == [2, 1]


def test_boards_of_an_organisation_are_its_members(client):
    ada, bob, eve = person("ada"), person("bob"), person("eve")
    lab = organization("lab", owner=ada)
    Membership.objects.create(organization=lab, user=bob, role="reader")
    open_one = repository(lab, name="open", by=ada)
    secret, elsewhere = repository(lab, name="secret", by=ada, visibility="private"), repository(ada, name="mine")
    one, two, three = (make.issue(place, ada) for place in (open_one, secret, elsewhere))
    sign_in(client, ada)
    assert client.post("/-/orgs/lab/boards/new", {"name": "Lab", "by": "own", "columns": "A\nB"})["Location"] == "/-/orgs/lab/boards/1"
    first, second = Board.objects.get().columns.order_by("position")
    for row in (one, two):
        assert client.post("/-/orgs/lab/boards/1", {"other": str(row), "column": first.pk}).status_code == 302
    for text in (str(three), "#1", "lab/nothing#1"):  # of another owner; of no project; of none there is
        assert client.post("/-/orgs/lab/boards/1", {"other": text}).status_code == 422
    assert client.post("/-/orgs/lab/boards/1/move", {"thread": str(one), "column": second.pk}).status_code == 302
    page = client.get("/-/orgs/lab/boards/1").content.decode()
    assert one.title in page
    assert two.title in page
    for address in ("", "/new", "/1/settings"):
        assert client.get(f"/-/orgs/lab/boards{address}").status_code == 200
    assert "/-/orgs/lab/boards" in client.get("/lab").content.decode()
    sign_in(client, eve)
    assert client.get("/-/orgs/lab/boards").status_code == 404
    assert client.post("/-/orgs/lab/boards/1/move", {"thread": str(one), "column": first.pk}).status_code == 404
    assert "/-/orgs/lab/boards" not in client.get("/lab").content.decode()
    assert queries.board_page(actor(eve), Board.objects.get())[0].total == 0  # cards are asked for one by one
