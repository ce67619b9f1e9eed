"""Markup and scripts in issues, pull requests, labels, milestones, boards, reviews and checks, read in a real browser: nothing runs."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from issues import commands as talk
from issues.models import Board, Label, Milestone, Thread
from projects import commands as hosting
from projects.models import Repository
from pulls import commands as pulls
from tests.factories.accounts import actor, person
from tests.factories.issues import comment, issue, label
from tests.factories.projects import commit, repository
from tests.factories.pulls import line_comment, pull
from tests.journeys.conftest import chromium, visit  # noqa: F401 - fixtures
from tests.safety.test_xss import BRANCH, BREAK, HIT, INJECTED, README, browse

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

FORM = f"""name: "{HIT}"
description: "{HIT}"
title: "{HIT}"
labels: ["{HIT}"]
body:
  - type: markdown
    attributes: {{value: "{HIT} <script>alert(80)</script>"}}
  - type: input
    id: one
    attributes: {{label: "{HIT}", description: "{HIT}", placeholder: "{HIT}"}}
  - type: dropdown
    id: two
    attributes: {{label: "{HIT}", options: ["{HIT}", "b"]}}
"""
EVIL = HIT.encode() + b"\n" + BREAK.encode() + b"\n"


@pytest.fixture
def poisoned() -> Repository:
    """A project whose talk is full of it: commands where they take it, rows written directly where a form refuses."""
    owner, friend = person("mallory", is_admin=True), person("trudy")
    User.objects.filter(pk=friend.pk).update(display_name=HIT)
    made = repository(owner, name="talk")
    commit(made, {"README.md": README.encode(), "a.txt": b"1\n2\n3\n", ".openi/ISSUE_TEMPLATE/bug.yml": FORM.encode()}, message=HIT)
    hosting.set_collaborator(actor(owner), made, friend, access="write")
    tag, step = label(made, owner, "x"), talk.save_milestone(actor(owner), made, title="m")
    Label.objects.filter(pk=tag.pk).update(name=HIT, description=BREAK)
    Milestone.objects.filter(pk=step.pk).update(title=HIT, description=README)
    told = issue(made, friend, title=HIT, body=README)
    talk.change_labels(actor(owner), told, add=[tag])
    talk.set_milestone(actor(owner), told, Milestone.objects.get(pk=step.pk))
    talk.edit_thread(actor(owner), told, title=BREAK[:200], body=README + HIT)
    comment(told, friend, README)
    comment(told, friend, f"> {BREAK}\n\n@mallory #1 {HIT}\n\n- [ ] {HIT}")
    asked = pull(
        made, friend, branch=BRANCH, files={"a.txt": EVIL, "<img src=x onerror=alert(81)>.txt": EVIL}, title=HIT, body=README, message=BREAK
    )
    cache.clear()
    line_comment(asked, owner, path="a.txt", line=1, body=f"{README}\n```suggestion\n{HIT}\n{BREAK}\n```")
    pulls.submit_review(actor(owner), asked, verdict="changes", oid=asked.head_oid, body=README)
    hosting.set_status(actor(owner), made, oid=asked.head_oid, state="failure", context=HIT[:100], description=BREAK)
    Board.objects.create(repository=made, number=1, name=HIT, by=Board.By.LABEL, created_by=owner)
    return made


def test_nothing_said_runs_or_becomes_an_element(visit, live_server, poisoned) -> None:  # noqa: F811
    page, seen = browse(visit, live_server, User.objects.get(username="mallory"))
    base = poisoned.get_absolute_url()
    told, asked = Thread.objects.get(kind="issue").number, Thread.objects.get(kind="pull").number
    inside = (
        "/issues", "/issues?q=label:%22%3Cimg", f"/issues/{told}", f"/issues/{told}/history", f"/issues/{told}/edit", "/issues/new", "/issues/new/choose",
        "/labels", "/milestones", "/milestones/1", "/milestones/1/edit", "/boards", "/boards/1", "/pulls", f"/pulls/{asked}", f"/pulls/{asked}/files",
        f"/pulls/{asked}/files?view=split", f"/pulls/{asked}/commits", f"/pulls/{asked}/versions", "/activity", "/settings/issues", "/settings/merging",
        "/settings/hooks",
    )  # fmt: skip
    faults, answered = [], 0
    for path in [*(base + one for one in inside), "/issues", "/pulls", "/notifications", "/dashboard", "/trudy"]:
        answer = page.goto(live_server.url + path)
        assert answer is not None
        answered += answer.status == 200
        faults += [f"{path}: {what}" for what in (*seen, *page.evaluate(INJECTED))]
        seen.clear()
        if answer.status >= 500:
            faults.append(f"{path}: {answer.status}")
    assert not faults, "\n".join(faults[:60])
    assert answered > 20


def test_feeds_of_talk_hold_text_alone(poisoned, live_server) -> None:
    for path in (f"{poisoned.get_absolute_url()}/activity.atom",):
        answer = Client().get(path)
        assert answer.status_code == 200
        assert b"<script" not in answer.content
        assert b"<img src=x onerror" not in answer.content
