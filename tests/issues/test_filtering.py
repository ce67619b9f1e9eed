"""Queries on rows: each condition against a small world, permissions across repositories, constant cost, hostile input."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.actors import ANONYMOUS
from issues import commands, queries
from issues.logic.query import parse
from issues.models import Thread
from issues.queries import filtering
from issues.queries.filtering import filtered, order_of, sentence
from tests.factories import issues as make
from tests.factories.accounts import actor, person
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """Six issues of ada's; bob wrote one, is assigned to one, was called in one."""
    ada, bob = person("ada"), person("bob")
    home = repository(ada, name="home")
    bug, scoped = make.label(home, ada, "bug"), make.label(home, ada, "priority::high")
    goal = commands.save_milestone(actor(ada), home, title="v1")
    one = make.issue(home, ada, title="Crash on start", body="- [x] seen\n- [ ] mended", labels=[bug])
    two = make.issue(home, ada, title="Slow page", labels=[bug, scoped], milestone=goal)
    three = make.issue(home, bob, title="Wish: dark theme", body="please")
    four = make.issue(home, ada, title="Docs", body="ask @bob")
    five = make.issue(home, ada, title="Old thing")
    six = make.issue(home, ada, title="100% of it_all")
    commands.change_assignees(actor(ada), three, add=[bob])
    commands.change_assignees(actor(ada), two, add=[ada])
    make.comment(one, bob, "me too")
    commands.close_issue(actor(ada), five, reason="not_planned")
    commands.set_due(actor(ada), four, timezone.now().date() + timedelta(days=3))
    commands.lock_thread(actor(ada), six)
    commands.add_dependency(actor(ada), two, one)
    commands.add_part(actor(ada), one, six)
    Thread.objects.filter(pk=five.pk).update(created_at=timezone.now() - timedelta(days=90))
    return ada, bob, home


CONDITIONS = [
    ("is:open", "12346"), ("is:closed", "5"), ("is:open,closed", "123456"), ("-is:open", "5"), ("is:issue", "123456"), ("is:pull", ""),
    ("label:bug", "12"), ("-label:bug", "3456"), ("label:BUG label:priority::high", "2"), ('label:"priority::*"', "2"), ("label:nothing", ""),
    ("label:nothing,bug", "12"), ("no:label", "3456"), ("has:label", "12"), ("label:none", "3456"), ("author:bob", "3"), ("-author:bob", "12456"),
    ("author:me", "12456"), ("author:nobody", ""), ("assignee:none", "1456"), ("assignee:any", "23"), ("assignee:bob,me", "23"), ("-assignee:bob", "12456"),
    ("mentions:bob", "4"), ("involves:bob", "134"), ("commenter:bob", "1"), ("milestone:V1", "2"), ("milestone:none", "13456"), ("no:milestone is:open", "1346"),
    ("comments:>0", "1"), ("comments:0..0 is:open", "2346"), ("number:2..3", "23"), ("created:<7d", "12346"), ("created:>8w", "5"), ("closed:<1d", "5"),
    ("-closed:<1d", "12346"), ("due:<7d", "4"), ("due:>7d", ""), ("has:due", "4"), ("due:none", "12356"), ("is:locked", "6"), ("is:unlocked", "12345"),
    ("is:blocked", "2"), ("is:blocking", "1"), ("has:parent", "6"), ("has:children", "1"), ("parent:1", "6"), ("has:tasks", "1"), ("reason:not_planned", "5"),
    ("crash", "1"), ("CRASH start", "1"), ('"page slow"', ""), ("please", "3"), ("please in:title", ""), ('-"page" is:open', "1346"), ("100%", "6"), ("it_all", "6"),
    ("#3", "3"), ("is:draft", ""), ("repo:ada/home", "123456"), ("repo:ada/other", ""), ("closed-by:ada", "5"), ("sort:due-asc", "4"),
]  # fmt: skip


def test_conditions(world):
    ada, _bob, home = world
    found = {}
    for text, _numbers in CONDITIONS:
        query = parse(text)
        assert not query.faults, text
        rows = filtered(actor(ada), queries.threads_of(home, Thread.Kind.ISSUE), query, repository=home)
        found[text] = "".join(str(row.number) for row in sorted(rows.order_by(order_of(query)), key=lambda row: row.number))
    assert found == dict(CONDITIONS)


def test_across_repositories_nobody_sees_more(world):
    ada, bob, _home = world
    hidden = repository(ada, name="hidden", visibility="private")
    make.label(hidden, ada, "bug")
    make.issue(hidden, ada, title="Crash in secret", labels=list(queries.labels(hidden)))
    everywhere = lambda who, text: {str(row) for row in filtered(who, queries.threads_across(who, "issue"), parse(text))}  # noqa: E731
    assert everywhere(actor(ada), "label:bug") == {"ada/home#1", "ada/home#2", "ada/hidden#1"}
    assert everywhere(actor(bob), "label:bug") == {"ada/home#1", "ada/home#2"}
    assert everywhere(ANONYMOUS, "crash") == {"ada/home#1"}
    assert everywhere(ANONYMOUS, "author:me") == set()


def test_cost_does_not_grow_with_the_query(world):
    ada, _bob, home = world
    rows = queries.threads_of(home, Thread.Kind.ISSUE)
    text = "is:open label:bug,a,b,c -label:x,y milestone:v1,v2 author:a,b,me assignee:c,d involves:bob is:blocked,unlocked word other created:<7d"
    with CaptureQueriesContext(
        connection,
    ) as captured:
        list(filtered(actor(ada), rows, parse(text), repository=home))
    assert len(captured) <= 4  # people, labels, milestones, rows


def test_hostile_queries_end(world):
    ada, _bob, home = world
    rows = queries.threads_of(home, Thread.Kind.ISSUE)
    for text in (
        'label:"' * 1500,
        " ".join(f"-label:l{n},m{n}" for n in range(200)),
        "% _ \\ ' \" ; --",
        "\x00a",
        "a,b," * 3000,
        "created:<9999y",
        "number:>999999999",
    ):
        began = time.process_time()
        query = parse(text)
        list(filtered(actor(ada), rows, query, repository=home))
        assert all(sentence(fault) for fault in query.faults)
        assert time.process_time() - began < 2


def test_sentences_name_neighbours():
    told = [sentence(fault) for fault in parse('lable:x is:opne created:soon label: "x').faults]
    assert "label" in told[0]
    assert "open" in told[1]
    assert len(set(told)) == 5


def test_words_of_very_many_issues_are_looked_for_in_titles(world, monkeypatch):
    ada, _bob, home = world
    home.refresh_from_db()
    find = lambda text: [row.number for row in filtered(actor(ada), queries.threads_of(home, "issue"), parse(text), repository=home)]  # noqa: E731
    assert (find("please"), filtering.notes(parse("please"), home)) == ([3], [])
    monkeypatch.setattr(filtering, "LARGE", 5)
    assert (find("please"), find("wish"), find("please in:title,body")) == ([], [3], [3])
    assert len(filtering.notes(parse("please"), home)) == 1
    assert filtering.notes(parse("is:open in:body x"), home) == []
