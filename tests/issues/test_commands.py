"""Issues through their commands, against the real database: numbers, talk, triage, references, and who may do what."""

import threading
from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.utils import translation

from core.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from core.models import Event
from issues import commands, rules
from issues.models import Counter, Happening, Participation, Reference, Revision, Thread
from issues.queries.rendering import rendered_one
from projects import commands as project_commands
from tests.factories import accounts as make
from tests.factories.issues import comment, issue, label
from tests.factories.projects import commit, repository

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def people():
    return make.person("ada"), make.person("bob"), make.person("eve")


@pytest.fixture
def demo(people):
    return repository(people[0], name="demo")


def published(name: str) -> list[dict]:
    return list(Event.objects.filter(name=f"issues.{name}").order_by("pk").values_list("payload", flat=True))


def counts(repo) -> tuple[int, ...]:
    row = Counter.objects.get(repository=repo)
    return row.last, row.open_issues, row.closed_issues


def test_opening_closing_and_reopening_keep_numbers_and_counts(people, demo):
    ada, bob, eve = people
    first, second = issue(demo, bob, body="x"), issue(demo, ada)
    assert (first.number, second.number) == (1, 2)
    assert counts(demo) == (2, 2, 0)
    commands.close_issue(make.actor(bob), first, reason="not_planned")
    commands.close_issue(make.actor(bob), first)  # a double click
    first.refresh_from_db()
    assert (first.state, first.state_reason, first.closed_by) == ("closed", "not_planned", bob)
    assert counts(demo) == (2, 1, 1)
    with pytest.raises(Forbidden):
        commands.close_issue(make.actor(eve), second)
    commands.reopen_issue(make.actor(bob), first)
    assert counts(demo) == (2, 2, 0)
    commands.close_issue(make.actor(ada), first)
    first.refresh_from_db()
    with pytest.raises(Forbidden, match="Somebody else"):
        commands.reopen_issue(make.actor(bob), first)
    assert [each["reason"] for each in published("IssueClosed")] == ["not_planned", "completed"]
    Counter.objects.filter(repository=demo).update(open_issues=9, closed_issues=9)
    commands.recount(demo)
    assert counts(demo) == (2, 1, 1)


def test_words_are_bounded_and_said_once(people, demo):
    ada, bob, _eve = people
    one = issue(demo, bob, title="  A\ttitle\n of\0 words ", body="b")
    assert one.title == "A title of words"
    assert issue(demo, bob, title="A title of words", body="b") == one, "a double click opens one issue"
    assert counts(demo)[0] == 1
    for bad in ({"title": " "}, {"title": "x" * 256}, {"title": "x", "body": "y" * 65_537}, {"title": "x", "body": "\ud800"}):
        with pytest.raises(Invalid):
            commands.open_issue(make.actor(bob), demo, **bad)
    said = comment(one, ada, "same")
    assert comment(one, ada, "same") == said
    one.refresh_from_db()
    assert one.comment_count == 1
    cache.clear()
    for number in range(30):
        commands.add_comment(make.actor(bob), one, body=f"flood {number}")
    with pytest.raises(LimitReached):
        commands.add_comment(make.actor(bob), one, body="one too many")


def test_edits_keep_what_stood_there_and_refuse_older_versions(people, demo):
    ada, bob, eve = people
    one = issue(demo, bob, body="first")
    edited = commands.edit_thread(make.actor(bob), one, title="New", body="second", version=1)
    assert (edited.version, edited.title, edited.body) == (2, "New", "second")
    with pytest.raises(Conflict) as told:
        commands.edit_thread(make.actor(ada), one, body="third", version=1)
    assert told.value.code == "version"
    with pytest.raises(Forbidden):
        commands.edit_thread(make.actor(eve), one, body="third")
    said = comment(one, eve, "hello")
    commands.edit_comment(make.actor(ada), said, body="hello!", version=1)
    said.refresh_from_db()
    assert (said.body, said.edited_by, said.version) == ("hello!", ada, 2)
    with pytest.raises(Forbidden):
        commands.edit_comment(make.actor(bob), said, body="mine")
    assert list(Revision.objects.order_by("pk").values_list("field", "text")) == [
        ("title", one.title),
        ("body", "first"),
        ("body", "hello"),
    ]
    commands.delete_comment(make.actor(eve), said)
    edited.refresh_from_db()
    assert edited.comment_count == 0
    assert not Happening.objects.filter(kind="commented").exists()


def test_triage_is_for_writers_and_stands_in_the_timeline(people, demo):
    ada, bob, eve = people
    high, low, bug = label(demo, ada, "Priority::High"), label(demo, ada, "priority::low"), label(demo, ada, "bug", colour="#d73a4a")
    one = issue(demo, bob)
    with pytest.raises(Forbidden):
        commands.change_labels(make.actor(bob), one, add=[bug])
    commands.change_labels(make.actor(ada), one, add=[high, bug])
    commands.change_labels(make.actor(ada), one, add=[low])
    assert {each.name for each in one.labels.all()} == {"priority::low", "bug"}, "one label of a scope"
    with pytest.raises(Invalid, match="eve"):
        commands.change_assignees(make.actor(ada), one, add=[eve])
    comment(one, eve)
    commands.change_assignees(make.actor(ada), one, add=[eve, ada])
    goal = commands.save_milestone(make.actor(ada), demo, title="v1", due_on=date(2027, 1, 1))
    commands.set_milestone(make.actor(ada), one, goal)
    commands.set_due(make.actor(ada), one, date(2026, 12, 1))
    commands.lock_thread(make.actor(ada), one, reason="spam")
    commands.pin_thread(make.actor(ada), one)
    with pytest.raises(Forbidden, match="locked"):
        comment(one, bob)
    comment(one, ada)
    assert list(Happening.objects.filter(thread=one).order_by("pk").values_list("kind", flat=True)) == [
        "labelled", "unlabelled", "labelled", "commented", "assigned", "milestoned", "due", "locked", "pinned", "commented",
    ]  # fmt: skip
    assert [change for each in published("ThreadChanged") for change in each["changes"]] == [
        "labels", "labels", "assignees", "milestone", "due", "lock", "pin",
    ]  # fmt: skip
    reasons = dict(Participation.objects.filter(thread=one).values_list("user__username", "reason"))
    assert reasons == {"bob": "author", "eve": "assigned", "ada": "assigned"}
    other = repository(ada, name="other")
    with pytest.raises(Invalid):
        commands.change_labels(make.actor(ada), issue(other, ada), add=[bug])
    commands.delete_milestone(make.actor(ada), goal)
    one.refresh_from_db()
    assert one.milestone is None
    with pytest.raises(Conflict):
        label(demo, ada, "BUG")
    with pytest.raises(Invalid):
        label(demo, ada, "new", colour="red")


def test_mentions_and_references_respect_who_may_read(people, demo):
    ada, bob, eve = people
    secret = repository(ada, name="secret", visibility="private")
    project_commands.set_collaborator(make.actor(ada), secret, bob, access="read")
    hidden = issue(secret, ada, title="Hidden plan")
    target = issue(demo, bob, title="Seen")
    source = issue(secret, ada, body="see ada/demo#1, ask @bob and @eve; `#1` and @nobody; closes ADA/demo#1")
    assert [row.target for row in Reference.objects.filter(source=source)] == [target]
    assert Reference.objects.get(source=source).closes
    assert published("PersonMentioned")[-1]["user_ids"] == [bob.pk], "eve may not read it"
    outside = issue(demo, eve, body="I guess ada/secret#1 exists, @bob; ada/absent#1")
    assert not Reference.objects.filter(source=outside).exists()
    told = "I guess ada/secret#1 exists"
    assert rendered_one(make.actor(eve), demo, told) == f"<p>{told}</p>\n"
    assert f'href="{hidden.get_absolute_url()}"' in rendered_one(make.actor(bob), demo, told)
    commands.edit_thread(make.actor(ada), source, body="see nothing, @bob @ada")
    assert not Reference.objects.filter(source=source).exists()
    assert not Happening.objects.filter(kind="referenced").exists()
    assert len(published("PersonMentioned")) == 2, "who was called already is not called again, nor oneself"


def test_teams_are_called_by_members(people):
    ada, bob, eve = people
    lab = make.organization("lab", owner=ada)
    lab.memberships.create(user=bob, role="developer")
    team = lab.teams.create(slug="vision", name="Vision")
    team.members.add(bob)
    public = repository(eve, name="public")
    issue(public, eve, body="@lab/vision look")
    assert not published("PersonMentioned")
    issue(public, ada, body="@lab/vision look")
    assert [each["user_ids"] for each in published("PersonMentioned")] == [[bob.pk]]
    assert Participation.objects.get(user=bob).reason == "team"


def test_who_may_do_what(people, demo):
    ada, bob, eve = people
    one = issue(demo, bob)
    anonymous = make.actor(None)
    assert rules.can_read(anonymous, one)
    assert not rules.can_open(anonymous, demo)
    assert rules.can_open(make.actor(eve), demo)
    project_commands.set_collaborator(make.actor(ada), demo, eve, access="write")
    assert rules.can_triage(make.actor(eve), demo)
    commands.turn_issues(make.actor(ada), demo, on=False)
    assert rules.can_read(make.actor(bob), one).hidden
    with pytest.raises(Forbidden):
        commands.turn_issues(make.actor(eve), demo, on=True)
    commands.turn_issues(make.actor(ada), demo, on=True)
    project_commands.set_visibility(make.actor(ada), demo, visibility="private")
    demo.refresh_from_db()
    one.repository = demo
    for act in (rules.can_read(make.actor(bob), one), rules.can_comment(make.actor(bob), one), rules.can_open(make.actor(bob), demo)):
        assert act.hidden
    with pytest.raises(NotFound):
        commands.add_comment(make.actor(bob), one, body="x")


def test_commits_of_the_default_branch_close_and_refer(people, deliver):
    ada, bob, eve = people
    demo = repository(ada, name="code", files={"a": b"1"})
    first, second = issue(demo, bob), issue(demo, bob)
    project_commands.set_collaborator(make.actor(ada), demo, eve, access="write")
    deliver()
    side = commit(demo, {"b": b"2"}, branch="side", message="closes #1", record=False)
    project_commands.record_push(make.actor(ada), demo, [("refs/heads/side", "0" * 40, side)])
    deliver()
    assert not Reference.objects.exists(), "only the default branch counts"
    old = demo.head_oid
    commit(demo, {"c": b"3"}, message="part of #2", record=False)
    new = commit(demo, {"d": b"4"}, message="修复 #1 的问题\n\nfixes ada/code#1", record=False)
    project_commands.record_push(make.actor(eve), demo, [("refs/heads/main", old, new)])
    deliver()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.closed_by, second.state) == ("closed", eve, "open")
    assert Happening.objects.get(thread=first, kind="closed").facts["oid"] == new
    assert [row.title for row in Reference.objects.order_by("target")] == ["修复 #1 的问题", "part of #2"]
    commands.reopen_issue(make.actor(ada), first)
    Event.objects.all()
    from issues.subscribers.commits import refer_after_push
    from projects.events import RefsUpdated

    again = RefsUpdated(repository_id=demo.pk, push_id=0, by_id=eve.pk, updates=[["refs/heads/main", old, new]], total=1)
    refer_after_push(again, "1")
    first.refresh_from_db()
    assert first.state == "open", "delivered twice, it closes once"


@pytest.mark.django_db(transaction=True)
def test_numbers_are_given_once_to_many_at_once(people):
    ada, bob, _eve = people
    demo = repository(ada, name="race")
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(3):
                commands.open_issue(make.actor(bob), demo, title=f"{number} {turn}", body="same")
            commands.add_comment(make.actor(bob), Thread.objects.select_related("repository__namespace").get(title=f"{number} 0"), body="x")
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failed
    assert sorted(Thread.objects.filter(repository=demo).values_list("number", flat=True)) == list(range(1, 16))
    assert counts(demo) == (15, 15, 0)
    assert connection.vendor
