"""From a page or a clone to the day's row: counted once, by people, and lost or doubled by no crash."""

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from core.actors import SYSTEM, Actor
from core.errors import NotFound
from core.spool import Files, Spool
from projects import commands
from projects.commands import counting
from projects.counting import visits
from projects.models import CountedBatch, Repository, Star, Traffic, TrafficDay, Visit
from tests.factories.accounts import actor, person, sign_in
from tests.factories.histories import repository, settle

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PAGE = {"user-agent": FIREFOX, "accept": "text/html", "accept-language": "en"}


def made(owner: User | None = None, name: str = "demo") -> Repository:
    row, history = repository(owner or person(), name)
    history.write({"README.md": "# Demo\n", "LICENSE": "x"}, "Begin")
    settle(row)
    return row


def old(user: User) -> User:
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - timedelta(days=30))
    user.refresh_from_db()
    return user


def counted() -> int:
    assert counting.spool.flush()
    return commands.count_visits(SYSTEM)


def sums(row: Repository) -> tuple[int, int]:
    found = Traffic.objects.filter(repository=row).first()
    return (found.views, found.downloads) if found else (0, 0)


def test_pages_of_a_person_are_one_view_a_day() -> None:
    row = made()
    for path in ("", "/tree/main/", "/commits/main", "/blob/main/README.md", "/tags"):
        assert Client().get(row.get_absolute_url() + path, headers=PAGE, follow=True).status_code == 200
    assert counted() == 1
    assert Client().get(row.get_absolute_url(), headers=PAGE).status_code == 200
    assert counted() == 0
    today = TrafficDay.objects.get(repository=row)
    assert (today.day, today.views, today.downloads, today.known) == (datetime.now(UTC).date(), 1, 0, 0)
    assert sums(row) == (1, 0)


def test_robots_raw_files_settings_and_errors_are_no_views() -> None:
    row = made()
    for headers in ({}, {**PAGE, "user-agent": "Googlebot/2.1"}, {**PAGE, "sec-purpose": "prefetch"}, {**PAGE, "accept-language": ""}):
        Client().get(row.get_absolute_url(), headers=headers)
    for path in ("/raw/main/README.md", "/commits.atom", "/blob/main/absent", "/settings"):
        Client().get(row.get_absolute_url() + path, headers=PAGE)
    Client().head(row.get_absolute_url(), headers=PAGE)
    assert counted() == 0
    assert sums(row) == (0, 0)


def test_an_unchanged_page_shown_again_is_a_view_and_costs_no_query_more(client: Client) -> None:
    row = made()
    client.get(row.get_absolute_url(), headers=PAGE)
    with CaptureQueriesContext(connection) as counted_queries:
        answer = client.get(row.get_absolute_url(), headers=PAGE)
    with CaptureQueriesContext(connection) as robots:
        client.get(row.get_absolute_url(), headers={**PAGE, "user-agent": "Googlebot/2.1"})
    assert len(counted_queries) == len(robots)
    assert not [query for query in counted_queries if not query["sql"].startswith("SELECT")]
    assert counted() == 1
    again = Client().get(row.get_absolute_url(), headers={**PAGE, "if-none-match": answer["ETag"]}, REMOTE_ADDR="10.9.9.9")
    assert again.status_code == 304
    assert counted() == 1


def test_the_sums_stand_on_the_front_page_and_on_the_traffic_page(client: Client) -> None:
    row = made()
    client.get(row.get_absolute_url(), headers=PAGE)
    commands.note_visit(Actor(ip="10.1.2.3"), row.pk, visits.CLONE, agent="git/2.43")
    assert counted() == 2
    cache.clear()  # a head is kept for some seconds
    other = Client()
    front = other.get(row.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
    assert "1 view<" in front
    assert "1 download<" in front
    for query in ("", "?days=90", "?days=364", "?days=evil", "?days=999999999999"):
        shown = other.get(f"{row.get_absolute_url()}/traffic{query}", headers={"accept-language": "en"}).content.decode()
        assert "<svg" in shown
        assert "Views in all" in shown
        assert f"<title>{datetime.now(UTC).date()}: 1</title>" in shown or "364" in query
        assert "style=" not in shown


def test_traffic_of_what_is_private_is_not_there() -> None:
    row = made()
    Repository.objects.filter(pk=row.pk).update(visibility="private")
    assert Client().get(f"{row.get_absolute_url()}/traffic").status_code == 404


def test_one_account_many_times_and_many_addresses_is_one(client: Client) -> None:
    row, member = made(), old(person())
    sign_in(client, member)
    for number in range(40):
        client.get(row.get_absolute_url(), headers={**PAGE, "user-agent": f"{FIREFOX} {number}"}, REMOTE_ADDR=f"10.{number}.1.1")
    assert counted() == 1
    assert TrafficDay.objects.get(repository=row).known == 1


def test_a_click_farm_of_few_networks_and_changing_agents() -> None:
    row = made()
    for network in (0, 1, 2, 3):
        for host in range(250):
            reader = Actor(ip=f"203.{network}.113.{host}", user_agent=f"{FIREFOX} {host}")
            commands.note_visit(reader, row.pk, visits.VIEW)
            if host % 50 == 0:
                counted()  # in pieces: what was counted before is remembered
    counted()
    assert sums(row) == (4 * visits.PER_NETWORK, 0)
    assert Visit.objects.filter(repository=row).count() == 1000


def test_a_farm_of_new_accounts_is_capped_and_old_members_are_not() -> None:
    row = made()
    for _number in range(12):
        commands.note_visit(Actor(person=person(), ip="203.0.113.5"), row.pk, visits.VIEW)
    for _number in range(8):
        commands.note_visit(Actor(person=old(person()), ip="203.0.113.5"), row.pk, visits.VIEW)
    counted()
    assert sums(row) == (visits.PER_NETWORK + 8, 0)


def test_a_reader_of_everything_is_a_machine_and_its_views_are_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MANY", 3)
    owner = person()
    rows = [made(owner, f"p{number}") for number in range(4)]
    crawler, reader = Actor(ip="203.0.113.5", user_agent=FIREFOX), Actor(ip="198.51.100.1", user_agent=FIREFOX)
    for row in rows[:3]:
        commands.note_visit(crawler, row.pk, visits.VIEW)
    commands.note_visit(reader, rows[0].pk, visits.VIEW)
    assert counted() == 4
    commands.note_visit(crawler, rows[3].pk, visits.VIEW)
    assert counted() == -3
    assert [sums(row) for row in rows] == [(1, 0), (0, 0), (0, 0), (0, 0)]


def test_archives_and_release_files_are_downloads_and_parts_of_them_are_not(client: Client) -> None:
    row = made()
    address = f"{row.get_absolute_url()}/archive/main.zip"
    first = client.get(address, headers={"user-agent": "curl/8"}, REMOTE_ADDR="10.0.0.1")
    assert b"".join(first.streaming_content)
    client.head(address, headers={"user-agent": "curl/8"}, REMOTE_ADDR="10.0.1.1")
    client.get(address, headers={"user-agent": "curl/8", "if-none-match": first["ETag"]}, REMOTE_ADDR="10.0.2.1")
    client.get(address, headers={"user-agent": "Googlebot/2.1"}, REMOTE_ADDR="10.0.3.1")
    api = client.get(f"/api/v1/repositories/{row}/archive?format=zip", headers={"user-agent": "curl/8"}, REMOTE_ADDR="10.0.4.1")
    assert api.status_code == 200
    assert counted() == 2
    assert TrafficDay.objects.get(repository=row).archives == 2


def test_a_batch_is_counted_once_whatever_dies_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    row = made()
    commands.note_visit(Actor(ip="10.0.0.1", user_agent=FIREFOX), row.pk, visits.VIEW)
    counting.spool.flush()
    with monkeypatch.context() as patch:  # the worker dies after its transaction, before the batch is removed
        patch.setattr(counting.spool, "forget", lambda batches: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            commands.count_visits(SYSTEM)
    Visit.objects.all().delete()  # even if nobody remembered the reader
    assert len(counting.spool.batches(10)) == 1
    assert commands.count_visits(SYSTEM) == 0
    assert sums(row) == (1, 0)
    assert counting.spool.batches(10) == []
    assert CountedBatch.objects.count() == 1


def test_what_cannot_be_read_or_is_gone_is_left_out() -> None:
    row = made()
    counting.spool.store.put("1", f'x\n[]\n["2026-11-24",1]\n["no day",{row.pk},"view","a","b","c",1]\n{{"a":1}}')
    today = datetime.now(UTC).date().isoformat()
    counting.spool.store.put("2", f'["{today}",999999999,"view","a","b","c",1]\n["{today}",{row.pk},"view","a","b","c",1]')
    assert commands.count_visits(SYSTEM) == 1
    with pytest.raises(NotFound):
        commands.count_visits(actor(person()))


def test_traces_go_after_two_days() -> None:
    row = made()
    commands.note_visit(Actor(ip="10.0.0.1", user_agent=FIREFOX), row.pk, visits.VIEW)
    counted()
    assert commands.forget_visits(SYSTEM) == 0
    Visit.objects.update(at=timezone.now() - timedelta(days=3))
    assert commands.forget_visits(SYSTEM) == 1
    assert sums(row) == (1, 0)


def test_rising_follows_views_and_stars_and_falls_again() -> None:
    owner = person()
    steady, new, starred, quiet = (made(owner, name) for name in ("steady", "new", "starred", "quiet"))
    today = datetime.now(UTC).date()
    for age in range(100):
        TrafficDay.objects.create(repository=steady, day=today - timedelta(days=age), views=50, known=50)
    for age in range(2):
        TrafficDay.objects.create(repository=new, day=today - timedelta(days=age), views=9, known=9)
    for _number in range(3):
        Star.objects.create(repository=starred, user=person(), at=timezone.now() - timedelta(hours=1))
    assert commands.rate_rising(SYSTEM) >= 2
    score = dict(Traffic.objects.values_list("repository__name", "rising"))
    assert score["new"] > score["starred"] > score["steady"] >= 0
    assert "quiet" not in score
    assert quiet
    TrafficDay.objects.filter(repository=new).delete()
    commands.rate_rising(SYSTEM)
    assert Traffic.objects.get(repository=new).rising == 0


def test_batches_survive_a_killed_process(tmp_path: Path) -> None:
    program = f"""
import os, sys, time
os.environ["OPENI_DATA_DIR"] = {str(tmp_path)!r}
os.environ.pop("OPENI_REDIS_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "openi.settings"
from core.spool import Spool
spool = Spool("trial", lambda fact, secret: [*fact, len(secret("2026-11-24"))])
for number in range(3000):
    spool.note(number)
print("noted", flush=True)
time.sleep(600)
"""
    child = subprocess.Popen([".venv/bin/python", "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"noted\n"
        store = Files(tmp_path / "spool" / "trial")
        deadline = time.monotonic() + 60
        while len(store.take(100)) < 6 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    lines = [line for _id, text in store.take(100) for line in text.splitlines()]
    assert lines == [f"[{number},32]" for number in range(3000)]
    assert (tmp_path / "spool" / "trial" / "2026-11-24.secret").stat().st_mode & 0o77 == 0


def test_a_store_that_fails_loses_nothing_and_doubles_nothing() -> None:
    spool = Spool("failing", lambda fact, secret: list(fact))
    real = spool.store
    kept: dict[str, str] = {}

    class Failing:
        fails = True

        def put(self, batch_id: str, text: str) -> None:
            kept[batch_id] = text
            if self.fails:
                raise OSError("the answer was lost")

    spool.store = Failing()  # type: ignore[misc, assignment]
    spool._process = -1
    spool._facts.append((1,))
    assert not spool.flush()
    spool._facts.append((2,))
    Failing.fails = False
    assert spool.flush()
    assert sorted(kept.values()) == ["[1]", "[2]"]
    assert real
