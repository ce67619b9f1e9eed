"""Who is told of what, once, and only what they may read; the inbox; the mails."""

import email
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from activity.commands import inbox, mailing, notifying
from activity.models import Letter, Notification, Preferences, Round
from activity.queries import inbox as reads
from activity.queries.recipients import BATCH, readers
from core.actors import SYSTEM
from core.errors import NotFound
from core.models import Delivery
from issues import commands as issue_commands
from issues.models import Participation
from projects import commands
from projects import rules as projects_rules
from projects.models import Repository, Watch
from tests.factories import issues as make
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(deliver):
    """Deliver the events and tell everybody; who was told of what, as {login: (why, what)}."""

    def run() -> dict[str, tuple[str, str]]:
        deliver()
        for pk, lease in notifying.claim_rounds(100):
            notifying.run_round(SYSTEM, pk, lease=lease)
        return {row.user.username: (row.why, row.what) for row in Notification.objects.select_related("user")}

    return run


def post() -> list[tuple[str, str]]:
    """Send what is due: (to, subject) of each mail."""
    mail.outbox.clear()
    while due := mailing.due_letters():
        mailing.send_letters(SYSTEM, due)
    return sorted((one.to[0].partition("@")[0], one.subject) for one in mail.outbox)


def watch(who: User, made: Repository, level: str = "all") -> None:
    commands.watch_repository(actor(who), made, level=level)


def test_who_hears_of_an_issue(told):
    """The owner, watchers, those named and those who take part; not whoever did it, nor who wants nothing; one row each, one mail for one text."""
    ada, bob, carol, dave, eve, fred = (person(login) for login in ("ada", "bob", "carol", "dave", "eve", "fred"))
    made = repository(ada, name="code", files={"a": b"1"})
    watch(carol, made)
    watch(dave, made, "none")
    watch(fred, made, "releases")
    thread = make.issue(made, bob, title="Broken", body="see @eve and @dave")
    assert told() == {"ada": ("owner", "opened"), "carol": ("watching", "opened"), "eve": ("mentioned", "opened")}
    assert post() == [(login, f"[ada/code] Broken (#{thread.number})") for login in ("ada", "carol", "eve")]
    make.comment(thread, eve, "on it, @carol")
    assert told() == {
        "ada": ("owner", "commented"), "bob": ("author", "commented"), "carol": ("mentioned", "commented"), "eve": ("mentioned", "opened"),
    }  # fmt: skip
    assert [to for to, _subject in post()] == ["ada", "bob", "carol"]
    Delivery.objects.update(done_at=None)  # everything once more
    before = list(Notification.objects.order_by("pk").values_list("user", "why", "what", "event_id"))
    told()
    assert list(Notification.objects.order_by("pk").values_list("user", "why", "what", "event_id"))[: len(before)] == before
    commands.save_release(actor(ada), made, tag="v1", target="main")
    assert told()["fred"] == ("release", "released")
    assert {to for to, _subject in post()} == {"carol", "fred"}


def test_a_mail_that_programs_can_sort_and_leave(told):
    """Threaded, listed, one click to leave it; what people write begins no header."""
    ada, bob = person("ada"), person("bob")
    User.objects.filter(pk=bob.pk).update(display_name="Bob\r\nBcc: all@example.org")
    bob.refresh_from_db()
    made = repository(ada, name="code")
    thread = make.issue(made, bob, title="T", body="words")
    type(thread).objects.filter(pk=thread.pk).update(title="T\r\nBcc: all@example.org\r\n\r\nhello")
    comment = make.comment(thread, bob, "第一\n\nSubject: no")
    told()
    mail.outbox.clear()
    mailing.send_letters(SYSTEM, mailing.due_letters())
    first, second = (email.message_from_bytes(one.message().as_bytes()) for one in mail.outbox)
    for one in (first, second):
        assert one["Bcc"] is None
        assert one.get_all("Subject") is not None
        assert len(one.get_all("Subject")) == 1
        assert one["List-ID"] == "ada/code <code.ada.127.0.0.1>"
        assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert one["To"] == "ada@example.org"
        assert one["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == f"<thread-{thread.pk}@127.0.0.1>"
    assert first["In-Reply-To"] is None
    assert second["Message-ID"] == f"<thread-{thread.pk}.comment-{comment.pk}@127.0.0.1>"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert "第一" in second.get_payload(decode=True).decode()


def test_one_click_ends_it(told, client):
    """Looking at the link ends nothing; a POST without session or token of a form does; the link opens nothing else."""
    ada, bob = person("ada"), person("bob")
    made = repository(ada, name="code")
    thread = make.issue(made, bob)
    told()
    post()
    address = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>").replace("http://127.0.0.1:8000", "")
    from django.test import Client

    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(address).status_code == 200
    assert not Participation.objects.filter(user=ada, is_muted=True).exists()
    make.comment(thread, bob)  # told, but its mail not sent yet
    told()
    assert stranger.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Participation.objects.filter(user=ada, thread=thread, is_muted=True).exists()
    assert post() == []
    make.comment(thread, bob)
    told()
    assert post() == []
    for wrong in (address + "x", "/-/unsubscribe/" + inbox.unsubscribe_token(10**9, "thread", thread.pk)):
        assert stranger.get(wrong).status_code == 404
    other = make.issue(made, bob)
    told()
    assert [to for to, _subject in post()] == ["ada"]
    assert other.number == 2


def test_who_may_not_read_it_any_more_is_told_nothing(told, client):
    """Asked when people are told, when a mail is sent and when the inbox is shown; the bell has no dot for it."""
    ada, bob = person("ada"), person("bob")
    made = repository(ada, name="code", visibility="private")
    commands.set_collaborator(actor(ada), made, bob, access="write")
    watch(bob, made)
    thread = make.issue(made, ada, title="Secret plan")
    assert "bob" in told()
    sign_in(client, bob)
    assert b"Secret plan" in client.get("/notifications").content
    assert b"has-dot" in client.get("/notifications").content
    row = Notification.objects.get(user=bob)
    commands.remove_collaborator(actor(ada), made, bob)
    assert post() == []
    assert Letter.objects.get(user=bob).state == "dropped"
    page = client.get("/notifications")
    assert b"Secret plan" not in page.content
    assert b"ada/code" not in page.content
    assert b"has-dot" not in page.content
    assert client.get(f"/notifications/{row.pk}").status_code == 404
    make.comment(thread, ada)
    told()
    assert Notification.objects.get(user=bob).event_id == row.event_id


def test_readers_are_those_who_may_read(told):
    """The set-based question and the rule say the same of everybody, in every state of a repository."""
    ada = person("ada")
    lab = organization("lab", owner=ada)
    people = {login: person(login) for login in ("bob", "carol", "dave", "eve")}
    root = person("root", is_admin=True)
    everybody = [ada, root, *people.values()]
    from accounts import commands as account_commands

    account_commands.set_member(actor(ada), lab, people["bob"], role="reader")
    team = account_commands.save_team(actor(ada), lab, name="T")
    account_commands.set_member(actor(ada), lab, people["dave"], role="reader")
    account_commands.set_team_member(actor(ada), team, people["dave"], present=True)
    for place, by in ((lab, ada), (people["eve"], None)):
        made = repository(place, by=by)
        commands.set_collaborator(SYSTEM, made, people["carol"], access="read")
        if place is lab:
            commands.set_team_access(SYSTEM, made, team, access="read")
        for changes in ({"visibility": "public"}, {"visibility": "internal"}, {"visibility": "private"}, {"deleted_at": timezone.now()}):
            Repository.objects.filter(pk=made.pk).update(**changes)
            made.refresh_from_db()
            expected = {
                one.pk for one in everybody if Repository.objects.filter(projects_rules.readable_by(actor(one)), pk=made.pk).exists()
            }
            assert readers(made, [one.pk for one in everybody]) == expected, changes


def test_many_watchers_in_batches_that_a_dead_worker_leaves_half_done(told, deliver):
    """More than two batches, by a worker that dies after the first: everybody is told once. A constant number of queries each."""
    ada, bob = person("ada"), person("bob")
    made = repository(ada, name="code")
    names = [f"w{number}" for number in range(2 * BATCH + 10)]
    User.objects.bulk_create(User(username=name, email=f"{name}@example.org") for name in names)
    Watch.objects.bulk_create(Watch(repository=made, user=one, level="all") for one in User.objects.filter(username__startswith="w"))
    make.issue(made, bob)
    deliver()
    [(pk, lease)] = notifying.claim_rounds(10)
    assert notifying.claim_rounds(10) == []
    real = notifying.batch

    class Died(Exception):
        pass

    def once(round):
        if round.after:
            raise Died
        return real(round)

    notifying.batch = once
    try:
        with pytest.raises(Died):
            notifying.run_round(SYSTEM, pk, lease=lease)
    finally:
        notifying.batch = real
    assert Notification.objects.count() == BATCH
    Round.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    [(pk, other)] = notifying.claim_rounds(10)
    assert notifying.run_round(SYSTEM, pk, lease=lease) == 0
    with CaptureQueriesContext(
        connection,
    ) as captured:
        notifying.run_round(SYSTEM, pk, lease=other)
    assert len(captured) < 60
    assert Notification.objects.count() == len(names) + 1
    assert Letter.objects.count() == len(names) + 1
    assert Round.objects.get().done_at is not None


def test_facts_in_any_order_leave_the_newest(told, deliver):
    ada, bob = person("ada"), person("bob")
    made = repository(ada, name="code")
    thread = make.issue(made, bob)
    make.comment(thread, bob)
    issue_commands.close_issue(actor(bob), thread)
    deliver()
    for pk, lease in reversed(notifying.claim_rounds(10)):
        notifying.run_round(SYSTEM, pk, lease=lease)
    assert Notification.objects.get(user=ada).what == "closed"


def test_once_a_day(told):
    """In the morning of the person's own clock, once; what was read meanwhile is left out; a mention is mailed at once all the same."""
    ada, bob = person("ada"), person("bob")
    User.objects.filter(pk=ada.pk).update(time_zone="Asia/Shanghai")
    inbox.change_preferences(actor(ada), mail_watched="daily")
    made = repository(ada, name="code")
    first, second = make.issue(made, bob, title="One"), make.issue(made, bob, title="Two")
    make.comment(first, bob)
    told()
    assert post() == []
    early, late = datetime(2026, 3, 1, 23, 0, tzinfo=UTC), datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 7 and 9 o'clock there
    assert mailing.people_with_digests() == [ada.pk]
    assert not mailing.send_digest(SYSTEM, ada.pk, now=early)
    inbox.mark(actor(ada), [Notification.objects.get(user=ada, object_id=second.pk).pk], "read")
    assert mailing.send_digest(SYSTEM, ada.pk, now=late)
    [sent] = mail.outbox
    assert "One" in sent.body
    assert "Two" not in sent.body
    assert sent.body.count("/ada/code/issues/1") == 1
    make.comment(first, bob, "@ada now")
    told()
    assert [to for to, _subject in post()] == ["ada"]
    make.comment(second, bob)  # where she was not named
    told()
    assert not mailing.send_digest(SYSTEM, ada.pk, now=late + timedelta(hours=3))
    assert mailing.send_digest(SYSTEM, ada.pk, now=late + timedelta(days=1))


def test_a_mail_server_that_is_away_and_people_without_address(told, monkeypatch):
    """It is tried again; a crash after handing over sends nothing twice; an unconfirmed address gets nothing."""
    ada, bob = person("ada"), person("bob")
    made = repository(ada, name="code")
    make.issue(made, bob)
    told()
    monkeypatch.setattr("django.core.mail.EmailMessage.send", lambda self, fail_silently=False: (_ for _ in ()).throw(OSError("away")))
    assert mailing.send_letters(SYSTEM, mailing.due_letters()) == 0
    monkeypatch.undo()
    letter = Letter.objects.get()
    assert (letter.state, letter.attempts) == ("waiting", 1)
    assert mailing.due_letters() == []
    Letter.objects.update(next_at=timezone.now())
    due = mailing.due_letters()
    assert mailing.send_letters(SYSTEM, due) == 1
    assert mailing.send_letters(SYSTEM, due) == 0
    from allauth.account.models import EmailAddress

    EmailAddress.objects.filter(user=ada).update(verified=False)
    make.issue(made, bob)
    told()
    assert post() == []


def test_the_inbox(told, client):
    """Filters, done, saved, muted, read by opening; constant queries; strangers' rows are passed over; without JavaScript."""
    ada, bob = person("ada"), person("bob")
    made, other = repository(ada, name="code"), repository(ada, name="other")
    threads = [make.issue(made, bob, title=f"In code {number}") for number in range(3)]
    make.issue(other, bob, title="In other", body="@ada")
    told()
    assert client.get("/notifications")["Location"] == "/login?next=%2Fnotifications"
    sign_in(client, ada)
    page = client.get("/notifications").content.decode()
    assert page.index("In other") < page.index("In code 2") < page.index("In code 0")
    assert "In other" not in client.get("/notifications?repository=ada/code").content.decode()
    assert "In code" not in client.get("/notifications?why=mentioned").content.decode()
    rows = {row.object_id: row.pk for row in Notification.objects.filter(user=ada)}
    first = rows[threads[0].pk]
    assert client.get(f"/notifications/{first}")["Location"] == "/ada/code/issues/1"
    assert not Notification.objects.get(pk=first).is_unread
    client.post("/notifications", {"act": "done", "pick": [rows[threads[1].pk]], "box": "inbox"})
    assert "In code 1" not in client.get("/notifications").content.decode()
    assert "In code 1" in client.get("/notifications?box=done").content.decode()
    client.post("/notifications", {"act": "save", "pick": [first]})
    assert "In code 0" in client.get("/notifications?box=saved").content.decode()
    client.post("/notifications", {"act": "mute", "pick": [rows[threads[2].pk]]})
    make.comment(threads[2], bob)
    make.comment(threads[1], bob)
    told()
    assert Notification.objects.get(pk=rows[threads[2].pk]).is_done
    assert not Notification.objects.get(pk=rows[threads[1].pk]).is_done
    sign_in(client, bob)
    client.post("/notifications", {"act": "done", "pick": [first]})
    assert not Notification.objects.get(pk=first).is_done
    assert client.get(f"/notifications/{first}").status_code == 404
    sign_in(client, ada)
    client.post("/notifications", {"act": "done_all"})
    assert not reads.has_unread(actor(ada))
    assert "has-dot" not in client.get("/").content.decode()
    assert client.post("/notifications", {"act": "nonsense", "pick": [first]}).status_code == 302

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/notifications?box=done").status_code == 200
        return len(captured)

    client.get("/notifications")  # shows what was to be said
    before = cost()
    for number in range(10):
        make.issue(made, bob, title=f"More {number}")
    told()
    client.post("/notifications", {"act": "done_all"})
    client.get("/notifications")
    assert cost() == before


def test_preferences(client, told):
    ada, bob = person("ada"), person("bob")
    sign_in(client, ada)
    made = repository(ada, name="code")
    watch(ada, made, "participating")
    page = client.get("/settings/notifications")
    assert page.status_code == 200
    assert b"ada/code" in page.content
    assert client.post("/settings/notifications", {"act": "mail", "mail_own": "x", "mail_watched": "daily"}).status_code == 422
    assert client.post("/settings/notifications", {"act": "mail", "mail_own": "never", "mail_watched": "daily"}).status_code == 302
    assert Preferences.objects.get().mail_own == "never"
    make.issue(made, bob, body="@ada")
    told()
    assert post() == []
    with pytest.raises(NotFound):
        reads.notification(actor(bob), Notification.objects.get(user=ada).pk)
