"""Mirrors with a real upstream: fill, look, fetch, rewrite, loss, leases, hosts, pushes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Event
from projects import commands, rules, tasks
from projects.commands import syncing
from projects.models import KEPT_RUNS, Mirror, MirrorHost, MirrorRun, Nomination, Push, Repository
from tests.factories.accounts import actor, person
from tests.factories.projects import git

pytestmark = pytest.mark.django_db


def listed(upstream) -> Mirror:
    """In the catalogue as GitHub's, with the fake host behind its address."""
    mirror = commands.list_mirror(SYSTEM, "https://github.com/Lab/Model.git", stars=7)
    Mirror.objects.filter(pk=mirror.pk).update(address=upstream.url, is_urgent=True)
    return Mirror.objects.get(pk=mirror.pk)


def synced(mirror: Mirror) -> Mirror:
    commands.sync_mirror(SYSTEM, mirror.pk)
    return Mirror.objects.select_related("repository").get(pk=mirror.pk)


def refs(mirror: Mirror) -> dict[str, str]:
    lines = git(mirror.repository.path, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags").splitlines()
    return dict(line.split() for line in lines)


def test_first_fill_copies_branches_and_tags(upstream) -> None:
    git(upstream.path, "tag", "v1", "trunk")
    git(upstream.path, "update-ref", "refs/pull/1/head", "trunk")
    mirror = synced(listed(upstream))
    assert (mirror.state, mirror.cause, mirror.lease) == ("fresh", "", "")
    assert refs(mirror) == {"refs/heads/trunk": upstream.tip(), "refs/tags/v1": upstream.tip()}
    assert mirror.repository.default_branch == "trunk"
    assert not mirror.repository.is_empty
    assert mirror.repository.get_absolute_url() == "/github.com/Lab/Model"
    run = MirrorRun.objects.get()
    assert (run.cause, run.refs_changed) == ("", 2)
    assert run.bytes > 0
    assert Event.objects.get(name="projects.RefsUpdated").payload["total"] == 2


def test_an_unchanged_mirror_costs_one_request_no_process_and_no_log(upstream) -> None:
    mirror = synced(listed(upstream))
    upstream.requests.clear()
    before = mirror.next_at
    with CaptureQueriesContext(connection) as queries:
        again = synced(mirror)
    assert [method for method, _path, _auth in upstream.requests] == ["GET"]
    assert MirrorRun.objects.count() == 1
    assert Push.objects.count() == 1
    assert again.checked_at > mirror.checked_at
    assert again.next_at > before
    assert len(queries) <= 6


def test_a_new_commit_arrives_and_halves_the_interval(upstream) -> None:
    mirror = synced(listed(upstream))
    Mirror.objects.update(interval=timedelta(minutes=40))
    new = upstream.commit()
    again = synced(mirror)
    assert refs(again)["refs/heads/trunk"] == new
    assert again.interval == timedelta(minutes=20)
    assert not MirrorRun.objects.order_by("-pk").first().rewritten


def test_rewritten_history_stays_under_a_hidden_ref(upstream) -> None:
    mirror = synced(listed(upstream))
    old = upstream.tip()
    git(upstream.path, "update-ref", "-d", "refs/heads/trunk")
    new = upstream.commit(text="another beginning")
    again = synced(mirror)
    assert refs(again) == {"refs/heads/trunk": new}
    run = MirrorRun.objects.order_by("-pk").first()
    assert run.rewritten == [["refs/heads/trunk", old]]
    kept = git(again.repository.path, "for-each-ref", "--format=%(objectname)", "refs/keep").split()
    assert kept == [old]
    assert commands.drop_kept(again.repository.path) == 0  # its 30 days are not over
    git(again.repository.path, "update-ref", f"refs/keep/2020-01-01/{old}", old)
    tasks.forget_lost_history()
    assert git(again.repository.path, "for-each-ref", "--format=%(objectname)", "refs/keep").split() == [old]


def test_a_branch_becomes_a_folder(upstream) -> None:
    upstream.commit("dev")
    mirror = synced(listed(upstream))
    git(upstream.path, "branch", "-D", "dev")
    upstream.commit("dev/one")
    again = synced(mirror)
    assert (again.state, again.cause) == ("fresh", "")
    assert set(refs(again)) == {"refs/heads/trunk", "refs/heads/dev/one"}
    git(upstream.path, "branch", "-D", "dev/one")
    upstream.commit("dev")
    assert set(refs(synced(mirror))) == {"refs/heads/trunk", "refs/heads/dev"}


def test_the_default_branch_follows(upstream) -> None:
    mirror = synced(listed(upstream))
    upstream.commit("main")
    git(upstream.path, "symbolic-ref", "HEAD", "refs/heads/main")
    again = synced(mirror)
    assert again.repository.default_branch == "main"
    assert git(again.repository.path, "symbolic-ref", "HEAD").strip() == "refs/heads/main"


@pytest.mark.parametrize(("status", "cause", "state"), [(404, "missing", "gone"), (401, "password", "hidden")])
def test_upstream_is_believed_lost_at_the_third_answer(upstream, status, cause, state) -> None:
    mirror = synced(listed(upstream))
    upstream.say = status
    states = [synced(mirror).state for _ in range(3)]
    assert states == ["failing", "failing", state]
    lost = Mirror.objects.get()
    assert (lost.cause, lost.failures) == (cause, 3)
    assert refs(mirror)  # the last good copy
    upstream.say = 0
    assert (synced(mirror).state, Mirror.objects.get().failures) == ("fresh", 0)


def test_moved_busy_broken_and_emptied(upstream) -> None:
    mirror = synced(listed(upstream))
    upstream.say, upstream.location = 301, "https://me:secret@github.com/new/place/info/refs?service=git-upload-pack"
    moved = synced(mirror)
    assert (moved.state, moved.said) == ("moved", "https://github.com/new/place")
    upstream.say, upstream.location = 429, ""
    assert synced(mirror).cause == "busy"
    upstream.say = 503
    assert synced(mirror).cause == "fault"
    upstream.say = 0
    git(upstream.path, "update-ref", "-d", "refs/heads/trunk")
    assert synced(mirror).state == "emptied"
    assert refs(mirror)


def test_a_listed_one_that_fails_stays_listed(upstream) -> None:
    mirror = listed(upstream)
    upstream.say = 503
    failed = synced(mirror)
    assert (failed.state, failed.cause) == ("listed", "fault")
    assert failed.next_at > timezone.now()


def test_a_host_that_does_not_answer_is_left_alone(upstream) -> None:
    mirror = listed(upstream)
    Mirror.objects.update(address="http://127.0.0.1:9/lab/model.git", state="fresh")
    for _ in range(3):
        assert synced(mirror).cause == "unreachable"
    assert MirrorHost.objects.get().quiet_until > timezone.now()
    Mirror.objects.update(next_at=timezone.now())
    assert commands.claim_due(10) == []
    MirrorHost.objects.update(quiet_until=None)
    assert len(commands.claim_due(10)) == 1


def test_private_ranges_and_ourselves_are_refused(upstream, settings) -> None:
    mirror = listed(upstream)
    settings.ALLOW_PRIVATE_ADDRESSES = False
    Mirror.objects.update(address=upstream.url.replace("http:", "https:"))
    assert synced(mirror).cause == "private_address"
    settings.ALLOW_PRIVATE_ADDRESSES = True
    settings.BASE_URL = upstream.url.rpartition("/lab")[0]
    Mirror.objects.update(address=upstream.url)
    assert synced(mirror).cause == "loop"
    assert upstream.requests == []


def test_a_mirror_of_ourselves_is_refused_by_every_name_of_ours(settings, monkeypatch) -> None:
    settings.BASE_URL, settings.ALLOWED_HOSTS = "https://portal.example", ["portal.example", "www.portal.example", ".lab.example"]
    monkeypatch.setattr("core.outgoing._resolve", lambda host, port: ["127.0.0.1"])
    settings.ALLOW_PRIVATE_ADDRESSES = True
    owner = person()
    for host in ("portal.example", "PORTAL.example.", "www.portal.example", "lab.example", "a.lab.example"):
        with pytest.raises(Invalid) as told:
            commands.mirror_into(actor(owner), owner.namespace, address=f"https://{host}/a/b.git", name="model")
        assert told.value.code == "loop"
    made = commands.mirror_into(actor(owner), owner.namespace, address="https://portal.example:8443/a/b.git", name="model")
    assert made.host == "portal.example:8443"  # another service there


def test_filters_of_branches_and_tags(upstream) -> None:
    upstream.commit("release/1")
    git(upstream.path, "tag", "v1", "trunk")
    owner = person()
    mirror = commands.mirror_into(
        actor(owner), owner.namespace, address=upstream.url, name="model", branches=["release/*"], tags=["-"], visibility="private"
    )
    made = synced(mirror)
    assert set(refs(made)) == {"refs/heads/release/1"}
    assert made.repository.get_absolute_url() == f"/{owner.username}/model"
    upstream.requests.clear()
    upstream.commit("trunk")  # filtered out: nothing moved for us
    synced(mirror)
    assert [method for method, _path, _auth in upstream.requests] == ["GET"]
    commands.change_filters(actor(owner), mirror, branches=[], tags=[])
    assert set(refs(synced(mirror))) == {"refs/heads/release/1", "refs/heads/trunk", "refs/tags/v1"}


def test_credentials_are_encrypted_sent_and_never_shown(upstream) -> None:
    upstream.server.password = "s3cret-token"
    owner = person()
    address = upstream.url.replace("http://", "http://me:s3cret-token@")
    mirror = commands.mirror_into(actor(owner), owner.namespace, address=address, name="model")
    made = synced(mirror)
    assert made.state == "fresh"
    row = Mirror.objects.values().get()
    assert "s3cret" not in str(row)
    assert "s3cret" not in (made.repository.path / "config").read_text()
    upstream.server.password = "other"
    failed = synced(mirror)
    assert failed.cause == "password"
    assert "s3cret" not in str(Mirror.objects.values().get()) + str(list(MirrorRun.objects.values()))


def test_a_lease_is_held_once_and_lost_with_its_worker(upstream) -> None:
    mirror = listed(upstream)
    (claim,) = commands.claim_due(5)
    assert commands.claim_due(5) == []
    assert commands.sync_mirror(SYSTEM, mirror.pk) is None  # somebody else works on it
    Mirror.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    (second,) = commands.claim_due(5)
    assert second.lease != claim.lease
    assert commands.sync_mirror(SYSTEM, mirror.pk, lease=claim.lease) is None  # the first worker comes back too late
    assert commands.sync_mirror(SYSTEM, mirror.pk, lease=second.lease).state == "fresh"


def test_hosts_share_the_claims(upstream) -> None:
    for number in range(6):
        commands.list_mirror(SYSTEM, f"https://github.com/lab/m{number}")
    commands.list_mirror(SYSTEM, "https://gitee.com/lab/other")
    MirrorHost.objects.bulk_create([MirrorHost(host="github.com"), MirrorHost(host="gitee.com")])  # they answered before
    Mirror.objects.update(state="fresh", next_at=timezone.now() - timedelta(hours=1))
    lanes = commands.claim_due(100)
    assert sorted(len(lane.mirror_ids) for lane in lanes) == [1, 3, 3]  # two lanes for a host
    hosts = [set(Mirror.objects.filter(lease=lane.lease).values_list("host", flat=True)) for lane in lanes]
    assert sorted(map(sorted, hosts)) == [["gitee.com"], ["github.com"], ["github.com"]]
    assert commands.claim_due(100) == []


def test_switched_but_not_recorded_is_recorded_later(upstream, monkeypatch) -> None:
    """The process dies between the move of the refs and the database."""
    mirror = listed(upstream)

    def dies(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(syncing, "record_push", dies)
        with pytest.raises(KeyboardInterrupt):
            commands.sync_mirror(SYSTEM, mirror.pk)
    assert Push.objects.count() == 0
    monkeypatch.setattr("projects.commands.pushes.SETTLE_SECONDS", 0.0)
    assert commands.settle_intents() == 1
    assert Push.objects.get().repository_id == mirror.repository_id
    Mirror.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert synced(mirror).state == "fresh"
    assert Push.objects.count() == 1


def test_locks_of_a_killed_fetch_are_cleared(upstream) -> None:
    import os
    import time

    mirror = synced(listed(upstream))
    new = upstream.commit()
    path = mirror.repository.path
    locks = [path / "packed-refs.lock", path / "refs/internal/incoming/heads/trunk.lock", path / "refs/heads/trunk.lock"]
    for lock in locks:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        os.utime(lock, (time.time() - 90, time.time() - 90))
    again = synced(mirror)
    assert (again.state, again.cause) == ("fresh", ""), again.said
    assert refs(again)["refs/heads/trunk"] == new
    assert not any(lock.exists() for lock in locks)


def test_fifty_runs_are_kept(upstream) -> None:
    mirror = listed(upstream)
    MirrorRun.objects.bulk_create(MirrorRun(mirror=mirror) for _ in range(KEPT_RUNS + 9))
    synced(mirror)
    assert MirrorRun.objects.count() == KEPT_RUNS


def test_nobody_pushes_to_a_mirror_until_it_is_hosted_here(upstream) -> None:
    owner = person()
    mirror = commands.mirror_into(actor(owner), owner.namespace, address=upstream.url, name="model")

    def may_push():
        return rules.can_push(actor(owner), Repository.objects.get(pk=mirror.repository_id))

    synced(mirror)
    assert may_push().code == "mirror"
    commands.promote_mirror(actor(owner), Mirror.objects.get())
    assert may_push()
    assert commands.sync_mirror(SYSTEM, mirror.pk) is None
    commands.follow_upstream(actor(owner), Repository.objects.get(pk=mirror.repository_id), address=upstream.url)
    assert not may_push()


def test_pause_and_resume(upstream) -> None:
    staff, mirror = person(is_admin=True), synced(listed(upstream))
    with pytest.raises(Forbidden):
        commands.pause_mirror(actor(person()), mirror)
    commands.pause_mirror(actor(staff), mirror)
    Mirror.objects.update(next_at=timezone.now() - timedelta(days=1))
    assert commands.claim_due(5) == []
    with pytest.raises(Conflict):
        commands.pause_mirror(actor(staff), Mirror.objects.get())
    commands.resume_mirror(actor(staff), Mirror.objects.get())
    assert len(commands.claim_due(5)) == 1


def test_listing_is_for_curators_and_knows_spellings() -> None:
    with pytest.raises(NotFound):
        commands.list_mirror(actor(person()), "https://github.com/a/b")
    commands.list_mirror(SYSTEM, "https://github.com/a/b")
    with pytest.raises(Conflict):
        commands.list_mirror(SYSTEM, "git@github.com:A/B.git")
    with pytest.raises(Invalid):
        commands.list_mirror(SYSTEM, "https://unknown.example/a/b")
    with pytest.raises(Invalid):
        commands.list_mirror(SYSTEM, "not an address")


def test_nominations(deliver) -> None:
    curator, one, two = person(is_admin=True), person(), person()
    with pytest.raises(Invalid):
        commands.nominate(actor(one), "https://github.com/a/b", reason=" ")
    made = commands.nominate(actor(one), "https://github.com/a/b/tree/main", reason="A good compiler.")
    with pytest.raises(Conflict):
        commands.nominate(actor(two), "github.com/A/B", reason="Me too.")
    with pytest.raises(NotFound):
        commands.decide_nomination(actor(one), made, accept=True, answer="")
    with pytest.raises(Invalid):
        commands.decide_nomination(actor(curator), made, accept=False, answer="")
    mirror = commands.decide_nomination(actor(curator), made, accept=True, answer="Welcome.")
    assert mirror.key == "github.com/a/b"
    assert Nomination.objects.get().state == "accepted"
    with pytest.raises(Conflict):
        commands.decide_nomination(actor(curator), made, accept=False, answer="Changed my mind.")
    assert [lane.mirror_ids for lane in commands.claim_due(5)] == [(mirror.pk,)]


def test_first_fills_go_by_stars_within_the_days_bytes_and_hours(upstream) -> None:
    from core.site import store
    from projects.queries import filling

    for number, stars in enumerate((5, 900, 40)):
        commands.list_mirror(SYSTEM, f"https://github.com/lab/m{number}", stars=stars)
    MirrorHost.objects.create(host="github.com")
    assert commands.claim_due(5) == []  # nothing is fetched until an administrator gives bytes
    store("mirror_fill", {"bytes_per_day": 1000, "from": 0, "to": 0})
    first = Mirror.objects.filter(pk__in=[pk for lane in commands.claim_due(5) for pk in lane.mirror_ids])
    assert sorted(first.values_list("upstream_stars", flat=True)) == [40, 900]  # two places for a host
    Mirror.objects.update(lease="", leased_until=None)
    MirrorRun.objects.create(mirror=Mirror.objects.first(), bytes=1000)
    assert commands.claim_due(5) == []
    Mirror.objects.filter(upstream_stars=5).update(is_urgent=True)
    assert len(commands.claim_due(5)) == 1  # demand does not wait for the budget
    hour = timezone.localtime().hour
    MirrorRun.objects.all().delete()
    store("mirror_fill", {"bytes_per_day": 1000, "from": (hour + 1) % 24, "to": (hour + 2) % 24})
    assert not filling.is_open(timezone.now())


@pytest.mark.parametrize(("start", "end", "inside", "outside"), [(1, 5, 1, 5), (22, 6, 23, 6), (22, 6, 5, 21)])
def test_hours_may_go_over_midnight(start, end, inside, outside) -> None:
    from projects.queries import filling

    assert filling.in_hours(start, end, inside)
    assert not filling.in_hours(start, end, outside)
    assert filling.in_hours(3, 3, outside)
