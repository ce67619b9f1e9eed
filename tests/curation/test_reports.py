"""Reports: the button, limits, the queue, the answer the reporter reads."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import AuditEntry
from core.actors import SYSTEM
from core.errors import Conflict, LimitReached, NotFound
from projects import commands
from projects.models import Report
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


def test_a_stranger_reports_and_reads_the_answer(mirrors, desk, deliver) -> None:
    (row,) = mirrors(1)
    address, reader = row.get_absolute_url(), Client(headers={"accept-language": "en"})
    assert f'href="{address}/report"' in reader.get(f"{address}/mirror").content.decode()
    form = {"reason": "spam", "text": "Only <b>advertising</b>.", "email": "not an address"}
    bad = reader.post(f"{address}/report", form)
    assert bad.status_code == 422
    assert "Only &lt;b&gt;advertising" in bad.content.decode()
    filed = reader.post(f"{address}/report", {**form, "email": "reader@example.org"})
    link = re.search(r"/-/reports/[\w-]+", filed.content.decode()).group()
    assert "Waiting" in reader.get(link).content.decode()
    assert Report.objects.get().key not in link  # only its hash is kept
    report = Report.objects.get()
    queue = desk.get("/-/admin/mirrors/reports").content.decode()
    assert "Only &lt;b&gt;advertising" in queue
    assert desk.post(f"/-/admin/mirrors/reports/{report.pk}", {"state": "resolved", "answer": " "}).status_code == 422
    assert desk.post(f"/-/admin/mirrors/reports/{report.pk}", {"state": "resolved", "answer": "It is gone."}).status_code == 302
    assert "It is gone." in reader.get(link).content.decode()
    deliver()
    assert [(one.to, "It is gone." in one.body) for one in mail.outbox] == [(["reader@example.org"], True)]
    assert AuditEntry.objects.filter(act="decide_report", reason="It is gone.").exists()
    assert "It is gone." in desk.get("/-/admin/mirrors/reports?state=decided").content.decode()
    assert reader.get("/-/reports/" + "x" * 32).status_code == 404


def test_a_person_finds_ones_own_and_has_one_open_at_a_time(mirrors, curator) -> None:
    (row,) = mirrors(1)
    member, client = person(), Client(headers={"accept-language": "en"})
    sign_in(client, member)
    form = {"reason": "licence", "text": "It says MIT and is not."}
    assert "Your reports" in client.post(f"{row.get_absolute_url()}/report", form).content.decode()
    again = client.post(f"{row.get_absolute_url()}/report", form)
    assert again.status_code == 422
    assert "waits for an answer already" in again.content.decode()
    assert "It says MIT" in client.get("/-/reports").content.decode()
    commands.decide_report(actor(curator), Report.objects.get(), state="dismissed", answer="It is.")
    assert "It is." in client.get("/-/reports").content.decode()
    with pytest.raises(Conflict):
        commands.decide_report(actor(curator), Report.objects.get(), state="dismissed", answer="Twice.")
    assert client.post(f"{row.get_absolute_url()}/report", form).status_code == 200
    sign_in(client, person())
    assert "It says MIT" not in client.get("/-/reports").content.decode()
    assert Client().get("/-/reports").headers["Location"].startswith("/login")


def test_limits_and_private_projects(mirrors) -> None:
    owner, member = person(), person()
    hidden = repository(owner, visibility="private")
    assert Client().get(f"{hidden.get_absolute_url()}/report").status_code == 404
    with pytest.raises(NotFound):
        commands.file_report(actor(member), hidden, reason="spam", text="x")
    for number, row in enumerate(mirrors(11)):
        if number < 10:
            commands.file_report(actor(member), row, reason="spam", text="x")
        else:
            with pytest.raises(LimitReached):
                commands.file_report(actor(member), row, reason="spam", text="x")
    codes = [
        Client().post(f"{row.get_absolute_url()}/report", {"reason": "spam", "text": "x", "email": "a@example.org"}).status_code
        for row in mirrors(6, owner="other")
    ]
    assert codes == [200] * 5 + [422]
    with pytest.raises(NotFound):
        commands.decide_report(actor(member), Report.objects.first(), state="resolved", answer="x")


def test_addresses_of_strangers_go_after_ninety_days(mirrors, curator) -> None:
    (row,) = mirrors(1)
    Client().post(f"{row.get_absolute_url()}/report", {"reason": "spam", "text": "x", "email": "a@example.org"})
    assert commands.forget_reporters(SYSTEM) == 0
    Report.objects.update(state="resolved", decided_at="2020-01-01T00:00Z")
    assert commands.forget_reporters(SYSTEM) == 1
    assert Report.objects.get().email == ""
