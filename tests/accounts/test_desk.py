"""Site administration: every act does what it says, is audited, asks for a fresh proof, and lists cost the same however long."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import commands
from accounts.models import AuditEntry, Complaint, Invitation, SiteSample, User
from accounts.tasks import sample_site
from core import site
from core.actors import SYSTEM
from core.models import Delivery, Event
from projects import commands as project_commands
from tests.factories import accounts as make
from tests.factories import projects

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mailbox(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def boss(client) -> User:
    person = make.person("boss", is_admin=True)
    make.sign_in(client, person)
    client.cookies["openi_language"] = "en"
    return person


def acts() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", "target"))


def test_suspend_and_reinstate(client, boss):
    person = make.person("bob")
    token = make.token(person)
    assert client.post("/-/admin/people/bob", {"act": "suspend", "reason": ""}).status_code == 422
    assert client.post("/-/admin/people/bob", {"act": "suspend", "reason": "spam"}).status_code == 302
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/user", headers=bearer).status_code == 401
    assert client.get("/bob").status_code == 200  # staff
    client.post("/-/admin/people/bob", {"act": "reinstate"})
    assert client.get("/api/v1/user", headers=bearer).status_code == 200
    assert client.post("/-/admin/people/boss", {"act": "suspend", "reason": "x"}).status_code in (409, 422)
    assert acts() == [("suspend_person", "bob"), ("reinstate_person", "bob")]
    assert AuditEntry.objects.first().by == boss


def test_second_factor_reset_quota_and_staff(client, boss):
    person = make.person("bob")
    totp.TOTP.activate(person, totp.generate_totp_secret())
    assert client.post("/-/admin/people/bob", {"act": "reset", "reason": ""}).status_code == 422
    client.post("/-/admin/people/bob", {"act": "reset", "reason": "met in person"})
    assert not person.authenticator_set.exists()
    assert person.security_events.filter(kind="mfa_removed").exists()
    client.post("/-/admin/people/bob", {"act": "quota", "quota": "1.5"})
    client.post("/-/admin/people/bob", {"act": "staff"})
    person.refresh_from_db()
    assert (person.quota_bytes, person.is_staff) == (int(1.5 * 1024**3), True)
    client.post("/-/admin/people/bob", {"act": "unstaff"})
    client.post("/-/admin/people/boss", {"act": "unstaff"})
    boss.refresh_from_db()
    assert boss.is_staff, "the last administrator stays"
    assert [act for act, _target in acts()] == ["reset_second_factor", "set_quota", "set_staff", "set_staff"]


def test_quota_of_an_organization(client, boss):
    organization = make.organization("lab")
    client.post("/-/admin/organizations/lab", {"quota": "2"})
    organization.refresh_from_db()
    assert organization.quota_bytes == 2 * 1024**3
    assert acts() == [("set_quota", "lab")]


def test_take_down_and_restore_is_audited(client, boss):
    projects.repository(make.person("ada"), name="demo", files={"a": b"1"})
    client.post("/-/admin/repositories/ada/demo", {"act": "take_down", "reason": "court order"})
    client.post("/-/admin/repositories/ada/demo", {"act": "put_back"})
    assert acts() == [("take_down_repository", "ada/demo"), ("put_back_repository", "ada/demo")]


def test_queue_and_retry(client, boss):
    rows = [
        Delivery.objects.create(
            event=Event.objects.create(name="x.Y"), subscriber=f"s{number}", failed_at=timezone.now(), attempt=12, error="ValueError: boom"
        )
        for number in range(3)
    ]
    page = client.get("/-/admin/queue").content.decode()
    assert "boom" in page
    assert client.post(f"/-/admin/queue/{rows[0].pk}/retry").status_code == 302
    rows[0].refresh_from_db()
    assert (rows[0].failed_at, rows[0].attempt) == (None, 0)
    assert client.post("/-/admin/queue").status_code == 302
    assert not Delivery.objects.exclude(failed_at=None).exists()
    assert acts() == [("retry_delivery", str(rows[0].pk)), ("retry_failed", "2")]


def test_mail_test_tells_what_the_server_said(client, boss, settings):
    assert client.post("/-/admin/settings", {"act": "mail", "to": "x@example.org"}).status_code == 302
    assert mail.outbox[-1].to == ["x@example.org"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = client.post("/-/admin/settings", {"act": "mail", "to": "x@example.org"})
    assert answer.status_code == 422
    assert "refused" in answer.content.decode()
    assert [act for act, _target in acts()] == ["test_mail", "test_mail"]


def settings_form(**more: str) -> dict[str, str]:
    return {"signup": "open", "banner_zh": "今晚维护", "banner_en": "Maintenance tonight", "banner_level": "note", **more}


@pytest.mark.parametrize(("level", "css"), [("note", "site-banner notice"), ("warn", "notice-warn"), ("bad", "notice-bad")])
def test_banner_levels(client, boss, level, css):
    assert client.post("/-/admin/settings", settings_form(banner_level=level)).status_code == 302
    banner = re.search(r'<div class="(site-banner[^"]*)"[^>]*><div>([^<]+)', client.get("/market").content.decode())
    assert banner[2] == "Maintenance tonight"
    assert css in banner[1]


@pytest.mark.parametrize(
    ("since", "until", "shown"),
    [("", "", True), ("-1", "+1", True), ("+1", "", False), ("", "-1", False), ("-2", "-1", False), ("", "+1", True)],
)
def test_banner_window(client, boss, since, until, shown):
    boss.time_zone = "America/Lima"  # what is typed is in the administrator's zone
    boss.save()

    def typed(hours: str) -> str:
        from zoneinfo import ZoneInfo

        moment = timezone.now() + timedelta(hours=int(hours or 0))
        return f"{moment.astimezone(ZoneInfo('America/Lima')):%Y-%m-%dT%H:%M}" if hours else ""

    assert client.post("/-/admin/settings", settings_form(banner_since=typed(since), banner_until=typed(until))).status_code == 302
    assert ("Maintenance tonight" in client.get("/market").content.decode()) is shown
    page = client.get("/-/admin/settings").content.decode()
    assert not since or f'value="{typed(since)}"' in page


def test_an_old_banner_without_a_window_still_works(client):
    commands.change_site_setting(SYSTEM, "banner", {"zh": "旧", "en": "old", "level": "note"})
    client.cookies["openi_language"] = "en"
    assert "old" in client.get("/market").content.decode()


def test_sign_up_by_approval(client, boss, deliver):
    client.post("/-/admin/settings", settings_form(signup="approval"))
    client.post("/logout")
    client.post("/signup", {"username": "newcomer", "email": "new@example.org", "password1": "a long password 9"})
    person = User.objects.get(username="newcomer")
    assert person.state == "pending"
    person.emailaddress_set.update(verified=True)
    client.post("/login", {"login": "newcomer", "password": "a long password 9"})
    assert client.get("/dashboard").status_code == 302
    make.sign_in(client, boss)
    assert "newcomer" in client.get("/-/admin/people?state=pending").content.decode()
    client.post("/-/admin/people/newcomer", {"act": "reinstate"})
    deliver()
    assert mail.outbox[-1].to == ["new@example.org"]
    client.post("/logout")
    client.post("/login", {"login": "newcomer", "password": "a long password 9"})
    assert client.get("/dashboard").status_code == 200
    assert ("approve_person", "newcomer") in acts()


def test_sign_up_by_invitation_of_the_site(client, boss, deliver):
    client.post("/-/admin/settings", settings_form(signup="invitation"))
    assert client.post("/-/admin/people", {"email": "guest@example.org"}).status_code == 302
    assert ("invite_to_site", "guest@example.org") in acts()
    deliver()
    link = re.search(r"/-/invitations/[\w-]+", mail.outbox[-1].body)[0]
    client.post("/logout")
    form = {"username": "guest", "email": "guest@example.org", "password1": "a long password 9"}
    client.post("/signup", form)
    assert not User.objects.filter(username="guest").exists()
    assert client.get(link).status_code == 200
    client.post("/signup", form)
    assert Invitation.objects.get().user == User.objects.get(username="guest")
    client.post("/logout")
    client.get(link)
    client.post("/signup", {**form, "username": "second", "email": "second@example.org"})
    assert not User.objects.filter(username="second").exists(), "one invitation, one account"


def test_growth_is_sampled_and_drawn(client, boss):
    projects.repository(make.person("ada"), name="demo", files={"a": b"1"})
    sample_site()
    sample_site()
    today = SiteSample.objects.get()
    assert today.figures["repositories"] == 1
    assert today.figures["people"] == 2
    assert today.figures["disk_used"] > 0
    page = client.get("/-/admin/growth").content.decode()
    assert page.count("<polyline") == len(today.figures)
    SiteSample.objects.create(day=today.day - timedelta(days=10), figures={"people": 1})
    SiteSample.objects.create(day=today.day - timedelta(days=200), figures={"people": 999})
    page = client.get("/-/admin/growth").content.decode()
    assert "999" not in page
    assert 'points="0.0,60.0 600.0,0.0"' in page


def test_complaints_and_legal_pages_are_audited(client, boss):
    form = {"complainant": "R", "email": "r@example.org", "address": "https://example.org/x", "text": "mine"}
    client.post("/-/complaint", form)
    number = Complaint.objects.get().number
    assert client.post(f"/-/admin/complaints/{number}", {"state": "upheld", "reply": ""}).status_code == 422
    assert client.post(f"/-/admin/complaints/{number}", {"state": "upheld", "reply": "removed"}).status_code == 302
    assert client.post("/-/admin/legal", {"kind": "terms", "version": "1", "text_zh": "条款", "text_en": ""}).status_code == 302
    assert acts() == [("decide_complaint", number), ("publish_legal_document", "terms 1")]
    assert "r@example.org" not in client.get("/-/complaint/register").content.decode()


def test_acts_ask_for_a_fresh_proof(client):
    client.force_login(make.person("boss", is_admin=True), backend="django.contrib.auth.backends.ModelBackend")
    make.person("bob")
    for path, form in (
        ("people/bob", {"act": "suspend", "reason": "x"}),
        ("settings", settings_form()),
        ("queue", {}),
        ("legal", {"kind": "terms", "version": "1", "text_zh": "x"}),
    ):
        assert client.post(f"/-/admin/{path}", form)["Location"].startswith("/-/account/reauthenticate/"), path
    assert not acts()


def fill(number: int) -> None:
    person = make.person(f"p{number}")
    make.organization(f"o{number}", owner=person)
    made = projects.repository(person, name=f"r{number}")
    Delivery.objects.create(event=Event.objects.create(name=f"x{number}"), subscriber="s", failed_at=timezone.now())
    Complaint.objects.create(number=f"n{number}", complainant="R", email="r@example.org", address="/x", text="t")
    commands.publish_legal_document(SYSTEM, kind="terms", version=str(number), text_zh="x", text_en="")
    project_commands.take_down_repository(SYSTEM, made, reason="x")
    SiteSample.objects.create(day=timezone.now().date() - timedelta(days=number), figures={"people": number})


@pytest.mark.parametrize(
    "page", ["", "/people", "/organizations", "/repositories", "/queue", "/complaints", "/legal", "/settings", "/audit", "/growth"]
)
def test_lists_cost_the_same_however_long(client, boss, page):
    def cost() -> int:
        client.get(f"/-/admin{page}")  # fills the caches
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(f"/-/admin{page}").status_code == 200
        return len(queries)

    fill(1)
    few = cost()
    for number in range(2, 12):
        fill(number)
    assert cost() == few
    assert site.setting("signup") == "open"
