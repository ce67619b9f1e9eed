"""Every subscriber, delivered twice and out of order, leaves the rows that delivering once in order leaves; nothing published is lost when a process dies."""

import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, models, transaction

from accounts import commands as people
from accounts.events import MessageWritten
from accounts.models import User
from activity.commands import hooks
from core import events
from core.actors import SYSTEM
from core.models import Delivery, Event
from core.secrets import encrypt
from issues import commands as issues
from projects import commands
from projects.commands.mirror_lists import begin_list, hand_in_list
from projects.commands.mirrors import list_mirror
from projects.events import BulkEditRequested, ListingRequested
from projects.models import PushMirror, Repository
from projects.queries.curation import Selection
from tests.factories import pulls
from tests.factories.accounts import actor, organization, person
from tests.factories.histories import History
from tests.factories.projects import commit, repository

APPS = ("core", "accounts", "projects", "issues", "pulls", "activity", "search")
PHYSICAL = {"size_bytes", "pushes_since_maintenance"}  # how Git packs at the moment
ROOT = Path(__file__).resolve().parents[2]


def registered() -> dict[str, events.Subscription]:
    """Every subscriber of the portal (tests register some of their own)."""
    return {name: one for name, one in events.subscriptions().items() if not name.startswith("tests.")}


def story(client, tmp_path: Path) -> None:
    """A day of the portal; whatever has a subscriber happens in it."""
    ada, bob = person("ada"), person("bob")
    lab = organization("lab", owner=ada)
    people.invite(actor(ada), lab, email="new@example.org", role="reader")
    second = people.create_organization(actor(ada), "second-lab")
    people.delete_organization(actor(ada), second, confirmation="second-lab")
    second.refresh_from_db()
    people.restore_organization(actor(ada), second)
    people.change_profile(actor(bob), bio="hello")
    people.rename_namespace(actor(ada), lab.namespace, slug="lab-2")
    waiting = person("waiting")
    User.objects.filter(pk=waiting.pk).update(state="pending")
    waiting.refresh_from_db()
    people.reinstate_person(actor(person("root", is_admin=True)), waiting)
    commands.ask_for_mirror(actor(bob), list_mirror(SYSTEM, "https://github.com/example/mirrored"))
    curate(actor(person("curator", is_admin=True)), actor(bob))
    with transaction.atomic():  # the command sends a code to a number that somebody has
        events.publish(MessageWritten(secret=encrypt("+8613800138000\ncode 1", purpose="message"), written_at=time.time()))
    client.post("/login", {"login": "bob", "password": "correct horse 7"})
    made = repository(ada, name="code", files={"a.py": b"x = 1\n", "README.md": b"# hi\n"})
    PushMirror.objects.create(repository=made, address="https://example.org/lab/away", key="example.org/lab/away", host="example.org")
    handed = hand_in_list(SYSTEM, [b"https://github.com/example/handed-in\n"], name="list.txt")
    begin_list(SYSTEM, handed, columns={})
    side = commit(made, {"b.py": b"y = 2\n"}, branch="side")
    fork = commands.fork_repository(actor(bob), made, into=bob.namespace)
    commit(fork, {"c.py": b"z = 3\n"})
    commit(made, {"a.py": b"x = 2\n"})
    commands.star_repository(actor(bob), made)
    hooks.add_hook(actor(ada), made, address="https://1.1.1.1/hook")
    talk(actor(ada), actor(bob), made)
    commands.change_repository(actor(ada), made, description="d", website="", topics=["ml"])
    commands.rename_repository(actor(ada), made, name="code-2")
    commands.set_default_branch(actor(ada), made, branch="side")
    commands.save_release(actor(ada), made, tag="v1", target="side", title="One", notes="n", is_draft=False, is_prerelease=False)
    with transaction.atomic():  # the command asks for it in long histories only
        events.publish(ListingRequested(repository_id=made.pk, oid=side, folder=""))
    pulls.story(ada, bob, made)
    commands.detach_fork(actor(bob), fork)
    commands.set_visibility(actor(ada), made, visibility="private")
    commands.request_purge(actor(bob), fork, confirmation=str(fork))
    gone = repository(ada, name="gone", files={"a": b"1"})
    commands.delete_repository(actor(ada), gone, confirmation=str(gone))
    commands.restore_repository(actor(ada), gone)
    away = commands.fork_repository(actor(bob), gone, into=bob.namespace, name="away")
    commands.delete_repository(actor(bob), away, confirmation=str(away))
    Repository.objects.filter(pk=away.pk).update(deleted_at="2020-01-01T00:00:00Z")
    away.refresh_from_db()
    commands.purge_repository(SYSTEM, away)
    origin = tmp_path / "origin.git"
    History(origin).write({"a": "1"})
    commands.request_import_of_folder(SYSTEM, ada.namespace, folder=origin, name="imported", visibility="public", description="")


def talk(owner, reader, made) -> None:
    """An issue from its opening to its end."""
    issue = issues.open_issue(reader, made, title="Broken", body="@ada look at #1")
    said = issues.add_comment(owner, issue, body="I see, @bob")
    issues.edit_comment(owner, said, body="I see it, @bob")
    issues.edit_thread(reader, issue, title="Broken on Mondays")
    issues.close_issue(owner, issue)
    issues.reopen_issue(owner, issue)
    issues.delete_comment(owner, said)


def curate(curator, reader) -> None:
    """Curators hide a mirror and answer a report."""
    edit = commands.request_edit(curator, Selection(), {"hidden": True})
    with transaction.atomic():  # the command asks the worker for large ones only
        events.publish(BulkEditRequested(edit_id=edit.pk))
    report, _link = commands.file_report(reader, Repository.objects.get(name="mirrored"), reason="spam", text="t")
    commands.decide_report(curator, report, state="dismissed", answer="It is none.")


def rows() -> dict[str, Counter]:
    """Every row of ours without what differs by nature: keys of rows, moments, and the outbox itself."""
    found = {}
    for label in APPS:
        if not apps.is_installed(label) and label not in {config.label for config in apps.get_app_configs()}:
            continue
        for model in apps.get_app_config(label).get_models():
            if model in (Event, Delivery):
                continue
            plain = [
                field.attname
                for field in model._meta.concrete_fields
                if not field.primary_key and not isinstance(field, models.DateTimeField) and field.attname not in PHYSICAL
            ]
            found[model._meta.label] = Counter(repr(row) for row in model.objects.values_list(*plain))
    return found


def deliver_all(*, backwards: bool) -> set[tuple]:
    """Run every delivery ever written, done or not, and those that this brings forth; what was mailed."""
    mail.outbox.clear()
    ran: set[int] = set()
    while waiting := [pk for pk in Delivery.objects.order_by("-pk" if backwards else "pk").values_list("pk", flat=True) if pk not in ran]:
        for pk in waiting:
            ran.add(pk)
            Delivery.objects.filter(pk=pk).update(done_at=None, leased_until=None)
            events.deliver(pk)
            tried = Delivery.objects.get(pk=pk)
            assert tried.done_at, f"{tried.subscriber}: {tried.error}"
    return {(message.subject, message.body, tuple(message.to)) for message in mail.outbox}


@pytest.mark.django_db(transaction=True)
def test_order_and_repetition_change_nothing(client, tmp_path):
    """First backwards, then all of it again in order, then backwards: the rows are the same each time."""
    story(client, tmp_path)
    told = set(Event.objects.values_list("name", flat=True))
    silent = {one.name: events.name_of(one.event) for one in registered().values() if events.name_of(one.event) not in told}
    assert not silent, f"let it happen in story(): {silent}"
    mails = deliver_all(backwards=True)
    first = rows()
    assert mails
    for backwards in (False, True):
        assert deliver_all(backwards=backwards) == mails
        for label, found in rows().items():
            assert found == first[label], f"{label}: {first[label] - found} became {found - first[label]}"


KILLED = """
import os, django
django.setup()
from core import events
from core.models import Delivery
from accounts.events import SecurityFact
import accounts.subscribers
def killed(*args, **options): os.kill(os.getpid(), 9)
if {when!r} == "before delivery":
    events._deliver_inside = killed
elif {when!r} == "in the handler":
    import accounts.commands as commands
    real = commands.record_security_event
    def half(*args, **options):
        real(*args, **options)
        killed()
    commands.record_security_event = half
events.drain()
"""


@pytest.mark.exclusive
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["before delivery", "in the handler"])
def test_a_process_killed_between_publishing_and_delivering_loses_and_doubles_nothing(when):
    """kill -9 of another process on the same database; what it had begun is rolled back and comes again."""
    from accounts.events import SecurityFact
    from accounts.models import SecurityEvent

    if connection.vendor == "sqlite":
        connection.close()
    ada = person("ada")
    with transaction.atomic():
        events.publish(SecurityFact(user_id=ada.pk, kind="signed_in", detail={}))
    environment = {**os.environ, "OPENI_TEST_DATABASE": str(connection.settings_dict["NAME"]), "DJANGO_SETTINGS_MODULE": "openi.settings"}
    code = (
        "from django.conf import settings\nimport os\nsettings.DATABASES['default']['NAME'] = os.environ['OPENI_TEST_DATABASE']\n"
        + textwrap.dedent(KILLED.format(when=when))
    )
    died = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert died.returncode == -9, died.stderr.decode()[-2000:]
    assert Delivery.objects.filter(event__name="accounts.SecurityFact", done_at=None).exists()
    assert not SecurityEvent.objects.filter(kind="signed_in").exists()
    events.drain()
    events.drain()
    assert SecurityEvent.objects.filter(kind="signed_in", user=ada).count() == 1
