"""Feeds of what happened: grouped, narrowed to what the reader may see now; the pulse of a project; following people."""

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activity.commands import feed as commands
from activity.commands import inbox
from activity.models import Act, Follow
from activity.queries import feeds, pulse
from core.errors import Conflict
from core.models import Delivery
from issues import commands as issue_commands
from projects import commands as project_commands
from tests.factories import issues as make
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import commit, repository

pytestmark = pytest.mark.django_db


def lines(of) -> list[str]:
    return [f"{one.who} {one.sentence} {one.repository}" for one in feeds.grouped(of)]


def test_what_those_do_whom_one_follows(deliver, client):
    """Several people's stars are one line; private things show to whoever may read them, asked now; one's own doing is no news."""
    ada, bob, carol, dave, eve = (person(login) for login in ("ada", "bob", "carol", "dave", "eve"))
    made = repository(ada, name="code")
    secret = repository(bob, name="secret", visibility="private")
    for one in (bob, carol, dave, eve):
        project_commands.star_repository(actor(one), made)
    make.issue(made, carol, title="Broken")
    project_commands.set_collaborator(actor(bob), secret, ada, access="write")
    make.issue(secret, bob, title="Hidden plan")
    deliver()
    Delivery.objects.update(done_at=None)
    deliver()
    assert Act.objects.filter(kind="star").count() == 4
    with pytest.raises(Conflict):
        commands.follow_person(actor(ada), ada)
    sign_in(client, ada)
    assert client.post("/-/people/bob/follow", {"follow": "1"})["Location"] == "/bob"
    client.post("/-/people/bob/follow", {"follow": "1"})
    assert Follow.objects.count() == 1
    page = client.get("/dashboard").content.decode()
    assert "Hidden plan" in page
    assert "Broken" in page
    found = lines(feeds.of_dashboard(actor(ada)))
    assert len([line for line in found if "ada/code" in line and "eve、dave、carol" in line]) == 1
    key = feeds.own_address(ada).partition("8000")[2]
    client.logout()
    atom = client.get(key)
    assert "Hidden plan" in atom.content.decode()
    ET.fromstring(atom.content)
    assert client.get(key, headers={"If-None-Match": atom["ETag"]}).status_code == 304
    for wrong in (key + "x", key.replace("/ada.", "/bob."), "/-/feeds/ada.atom", "/-/feeds/nobody.atom?key=x"):
        assert client.get(wrong).status_code == 404
    assert client.get("/bob/secret/activity.atom").status_code == 404
    private = f"/bob/secret/activity.atom?login=ada&key={feeds.key_of(ada)}"
    assert "Hidden plan" in client.get(private).content.decode()
    project_commands.remove_collaborator(actor(bob), secret, ada)
    assert "Hidden plan" not in client.get(key).content.decode()
    assert client.get(private).status_code == 404
    sign_in(client, ada)
    assert "Hidden plan" not in client.get("/dashboard").content.decode()
    inbox.renew_feed_key(actor(ada))
    assert client.get(key).status_code == 404
    assert client.get(feeds.own_address(ada).partition("8000")[2]).status_code == 200
    client.post("/-/people/bob/follow", {"follow": "0"})
    assert not Follow.objects.exists()
    for address in ("/bob", "/-/people/bob/follows", "/-/people/bob/follows?of=following"):
        assert client.get(address).status_code == 200


def test_the_activity_page(deliver, client):
    """Charts with their table; first answers by others, merges and closings counted from rows; constant queries; private ones are 404."""
    ada, bob = person("ada"), person("bob")
    made = repository(ada, name="code", files={"a": b"1"})
    slow, quick, waiting = make.issue(made, bob), make.issue(made, bob), make.issue(made, bob)
    now = timezone.now()
    type(slow).objects.filter(pk=slow.pk).update(created_at=now - timedelta(hours=10))
    type(quick).objects.filter(pk=quick.pk).update(created_at=now - timedelta(hours=2))
    make.comment(slow, bob)
    make.comment(slow, ada)
    make.comment(quick, ada)
    issue_commands.close_issue(actor(ada), quick)
    commit(made, {"b": b"2"})
    deliver()
    found = pulse.pulse(made)
    assert found.answer_hours == 6.0
    assert (found.answered, found.unanswered) == (2, 1)
    assert found.opened[-1] + found.opened[-2] == 3
    assert sum(found.closed) == 1
    assert found.rows[0][0] > found.rows[-1][0]
    page = client.get("/ada/code/activity")
    assert page.status_code == 200
    text = page.content.decode()
    assert text.count('<svg class="day-chart"') == 4
    assert waiting.title in text
    atom = ET.fromstring(client.get("/ada/code/activity.atom").content)
    assert len(atom.findall("{http://www.w3.org/2005/Atom}entry")) >= 3

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/ada/code/activity")
        return len(captured)

    cost()
    before = cost()
    for _ in range(8):
        make.issue(made, bob)
        make.comment(waiting, ada)
        project_commands.star_repository(actor(person()), made)
    deliver()
    cost()
    assert cost() == before
    project_commands.set_visibility(actor(ada), made, visibility="private")
    assert client.get("/ada/code/activity").status_code == 404
