"""Many mirrors at a time: what an unchanged one costs, what a lane gives back, what a killed worker loses."""

import subprocess
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.actors import SYSTEM
from core.models import Delivery, Event
from projects import commands, rounds
from projects.commands import lanes, syncing
from projects.models import Mirror, MirrorHost, MirrorRun
from tests.factories.accounts import actor, person

pytestmark = pytest.mark.django_db
WRITES = ("INSERT", "UPDATE", "DELETE")


def filled(upstream, count: int, host: str = "github.com") -> list[Mirror]:
    """Mirrors that were fetched once and are due."""
    made = [commands.list_mirror(SYSTEM, f"https://{host}/lab/m{number}") for number in range(count)]
    Mirror.objects.filter(host=host).update(address=upstream.url)
    for one in made:
        commands.sync_mirror(SYSTEM, one.pk)
    Mirror.objects.filter(host=host).update(next_at=timezone.now() - timedelta(minutes=1))
    return list(Mirror.objects.filter(host=host).order_by("pk"))


@pytest.fixture
def started(monkeypatch) -> list[object]:
    """Every process that is started."""
    found: list[object] = []
    real = subprocess.Popen.__init__

    def noted(self, arguments, *rest, **more):
        found.append(arguments)
        return real(self, arguments, *rest, **more)

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    return found


def writes_of(count: int, upstream, started) -> int:
    """Statements that write, for one lane of so many unchanged mirrors; nothing else is written and no process of ours started."""
    before = filled(upstream, count, f"host{count}.example")
    folders = {one.pk: sorted(entry.stat().st_mtime_ns for entry in one.repository.path.rglob("*")) for one in before}
    upstream.requests.clear()
    started.clear()
    (lane,) = commands.claim_due(1)
    with CaptureQueriesContext(connection) as queries:
        assert commands.work_lane(SYSTEM, lane) == count
    assert [method for method, _path, _auth in upstream.requests] == ["GET"] * count
    assert all("http-backend" in command for command in started)  # the upstream's, in the same process here
    assert len(started) == count
    for one in Mirror.objects.filter(host=f"host{count}.example"):
        (old,) = [row for row in before if row.pk == one.pk]
        assert one.checked_at > old.checked_at
        assert one.next_at > timezone.now()
        assert (one.lease, one.leased_until) == ("", None)
        assert one.interval == old.interval + timedelta(minutes=10)
        assert folders[one.pk] == sorted(entry.stat().st_mtime_ns for entry in one.repository.path.rglob("*"))
    return sum(query["sql"].startswith(WRITES) for query in queries.captured_queries)


def test_unchanged_mirrors_are_written_together(upstream, settings, started) -> None:
    settings.MIRROR_HOSTS = ["host2.example", "host9.example"]
    counted = [writes_of(many, upstream, started) for many in (2, 9)]
    assert counted[0] == counted[1] <= 2
    assert MirrorRun.objects.count() == 11


def test_a_change_among_them_is_fetched_and_logged(upstream) -> None:
    rows = filled(upstream, 3)
    Mirror.objects.filter(pk=rows[1].pk).update(digest="of another day")
    (lane,) = commands.claim_due(1)
    assert commands.work_lane(SYSTEM, lane) == 3
    assert MirrorRun.objects.filter(mirror=rows[1]).count() == 2
    assert MirrorRun.objects.count() == 4
    assert not Mirror.objects.exclude(lease="")


def test_a_pause_or_a_wish_meanwhile_stands(upstream, monkeypatch) -> None:
    rows = filled(upstream, 3)
    (lane,) = commands.claim_due(1)
    write = lanes.Seen.write

    def late(seen):
        staff = actor(person(is_admin=True))
        commands.pause_mirror(staff, Mirror.objects.get(pk=rows[0].pk))
        commands.ask_for_mirror(staff, Mirror.objects.get(pk=rows[1].pk))
        write(seen)

    with monkeypatch.context() as patched:
        patched.setattr(lanes.Seen, "write", late)
        commands.work_lane(SYSTEM, lane)
    paused, asked, usual = Mirror.objects.order_by("pk")
    assert paused.state == "paused"
    assert (asked.is_urgent, asked.next_at <= timezone.now()) == (True, True)
    assert usual.next_at > timezone.now()
    assert not Mirror.objects.exclude(lease="")
    assert [one.mirror_ids for one in commands.claim_due(5)] == [(asked.pk,)]


def test_a_wish_during_a_fetch_is_looked_at_again(upstream, monkeypatch) -> None:
    (row,) = filled(upstream, 1)
    upstream.commit()
    switch = syncing._switch

    def asked(*args):
        commands.ask_for_mirror(actor(person(is_admin=True)), Mirror.objects.get(pk=row.pk))
        return switch(*args)

    with monkeypatch.context() as patched:
        patched.setattr(syncing, "_switch", asked)
        commands.sync_mirror(SYSTEM, row.pk)
    again = Mirror.objects.get()
    assert (again.is_urgent, again.lease, again.state) == (True, "", "fresh")
    assert MirrorRun.objects.count() == 2


def test_a_killed_worker_loses_last_looks_alone(upstream) -> None:
    rows = filled(upstream, 4)
    (lane,) = commands.claim_due(1)
    seen = lanes.Seen()
    for pk in lane.mirror_ids[:2]:
        commands.sync_mirror(SYSTEM, pk, lease=lane.lease, seen=seen)
    assert len(seen.rows) == 2
    assert commands.claim_due(1) == []  # the dead one's lease stands
    Mirror.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    (again,) = commands.claim_due(1)
    seen.write()  # it was not dead: it changes nothing any more
    assert set(Mirror.objects.values_list("lease", flat=True)) == {again.lease}
    assert {one.checked_at for one in rows} == set(Mirror.objects.values_list("checked_at", flat=True))
    assert commands.work_lane(SYSTEM, again) == 4


def test_what_is_long_gives_the_others_back(upstream) -> None:
    rows = filled(upstream, 5)
    (lane,) = commands.claim_due(1)
    walk = lanes._Walk(lane)
    assert walk.next() == rows[0].pk
    walk.beat()
    assert walk.next() is None
    assert list(Mirror.objects.exclude(lease="")) == [rows[0]]
    assert sum(len(one.mirror_ids) for one in commands.claim_due(1)) == 4


def test_a_silent_host_ends_its_lane_and_shares_few_threads(upstream, settings) -> None:
    settings.MIRROR_THREADS = 8
    settings.MIRROR_HOSTS = [f"h{number}.example" for number in range(9)]
    for number in range(9):
        commands.list_mirror(SYSTEM, f"https://h{number}.example/a/b")
        commands.list_mirror(SYSTEM, f"https://h{number}.example/a/c")
    Mirror.objects.update(state="fresh", address="http://127.0.0.1:9/a/b.git", next_at=timezone.now() - timedelta(hours=1))
    MirrorHost.objects.create(host="h8.example")
    claimed = commands.claim_due(8)
    assert len(claimed) == 4  # two of the host that is known to answer, two for all others
    unproved = next(one for one in claimed if Mirror.objects.filter(lease=one.lease).exclude(host="h8.example").exists())
    assert commands.work_lane(SYSTEM, unproved) == 1
    assert MirrorHost.objects.get(silences=1).host != "h8.example"
    Mirror.objects.filter(lease=claimed[0].lease).update(lease="", leased_until=None)
    assert Mirror.objects.filter(lease=unproved.lease).count() == 0


def test_a_wish_wakes_the_threads(upstream, settings, monkeypatch, deliver) -> None:
    """The event has a subscriber that nudges the worker; the row alone decides what is done."""
    mirror = commands.list_mirror(SYSTEM, "https://github.com/a/b")
    commands.ask_for_mirror(actor(person(is_admin=True)), mirror)
    assert Event.objects.filter(name="projects.MirrorAsked").exists()
    (delivery,) = Delivery.objects.filter(subscriber="projects.subscribers.mirrors.look_at_once")
    woken = []
    settings.NUDGE_WORKER = True
    monkeypatch.setattr("projects.tasks.sync_mirrors.delay", lambda: woken.append(1))
    deliver()
    delivery.refresh_from_db()
    assert (woken, bool(delivery.done_at)) == ([1], True)


def test_a_fault_of_ours_gives_the_lease_back_and_stands_in_the_log(upstream, monkeypatch) -> None:
    """The others of the lane are looked at all the same, and the one that failed waits as after any failure."""
    rows = filled(upstream, 3)
    (lane,) = commands.claim_due(1)

    def breaks(mirror, way):
        if mirror.pk == rows[1].pk:
            raise ZeroDivisionError("a secret of ours")
        return look(mirror, way)

    look = syncing.look
    with monkeypatch.context() as patched:
        patched.setattr(syncing, "look", breaks)
        assert commands.work_lane(SYSTEM, lane) == 2
    broken = Mirror.objects.get(pk=rows[1].pk)
    assert (broken.lease, broken.leased_until, broken.state, broken.cause) == ("", None, "failing", "crash")
    assert broken.next_at > timezone.now() + timedelta(minutes=8)
    run = MirrorRun.objects.filter(mirror=broken).order_by("-pk").first()
    assert (run.cause, run.said) == ("crash", "ZeroDivisionError")
    assert set(Mirror.objects.exclude(pk=broken.pk).values_list("state", "cause", "lease")) == {("fresh", "", "")}
    assert commands.sync_mirror(SYSTEM, broken.pk).state == "fresh"


@pytest.mark.django_db(transaction=True)
def test_the_threads_work_lanes_until_nothing_is_due(upstream, settings) -> None:
    settings.MIRROR_THREADS = 3
    filled(upstream, 5)
    MirrorHost.objects.update(at_once=3)
    upstream.commit()
    assert rounds.top_up() >= 1
    rounds.drained()
    assert set(Mirror.objects.values_list("state", "lease")) == {("fresh", "")}
    assert MirrorRun.objects.count() == 10
