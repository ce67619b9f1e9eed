"""Forks: at once, safe, nothing lost and nothing leaked."""

import subprocess
import threading
import time

import pytest
from django.db import connection

import gitstore
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, NotFound
from projects import commands, queries
from projects.models import Repository
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import ENVIRONMENT, commit, git, repository

pytestmark = pytest.mark.django_db


def parent_of(owner, **options):
    return repository(owner, name="parent", files={"a.txt": b"1\n"}, **options)


def test_fork_is_complete(tmp_path):
    owner, forker = person(), person()
    parent = parent_of(owner)
    git(parent.path, "tag", "v1", "main")
    commit(parent, {"b": b"2"}, branch="dev/x")
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    assert git(fork.path, "for-each-ref") == git(parent.path, "for-each-ref")
    assert (fork.forked_from, fork.network_id, fork.visibility) == (parent, parent.network_id, "public")
    subprocess.run(["git", "clone", "-q", str(fork.path), str(tmp_path / "c")], env=ENVIRONMENT, check=True)
    assert (tmp_path / "c" / "a.txt").read_text() == "1\n"
    assert git(fork.path, "fsck", "--connectivity-only") == ""


def test_fork_of_a_fork_and_network():
    owner, first, second = person(), person(), person()
    parent = parent_of(owner)
    fork = commands.fork_repository(actor(first), parent, into=first.namespace)
    again = commands.fork_repository(actor(second), fork, into=second.namespace, name="other")
    assert again.network_id == parent.network_id
    assert set(queries.network(actor(None), parent)) == {fork, again}
    assert set(queries.network(actor(None), again)) == {parent, fork}


def test_who_may_fork():
    owner, stranger = person(), person()
    org = organization(owner=owner)
    parent = parent_of(owner, visibility="private")
    with pytest.raises(NotFound):
        commands.fork_repository(actor(stranger), parent, into=stranger.namespace)
    public = repository(owner, files={"a": b"a"})
    with pytest.raises(Forbidden):
        commands.fork_repository(actor(None), public, into=stranger.namespace)
    with pytest.raises(Forbidden):
        commands.fork_repository(actor(stranger), public, into=org.namespace)
    with pytest.raises(Forbidden):
        commands.fork_repository(actor(stranger), repository(owner), into=stranger.namespace)  # empty
    commands.fork_repository(actor(owner), public, into=org.namespace)


def test_name_taken_leaves_nothing(settings):
    owner, forker = person(), person()
    parent = parent_of(owner)
    repository(forker, name="PARENT")
    before = sorted(settings.REPOSITORIES_DIR.glob("??/??/*.git"))
    with pytest.raises(Conflict):
        commands.fork_repository(actor(forker), parent, into=forker.namespace)
    assert sorted(settings.REPOSITORIES_DIR.glob("??/??/*.git")) == before


@pytest.mark.django_db(transaction=True)
def test_race_of_forks():
    owner, forker = person(), person()
    parent = parent_of(owner)
    outcomes = []

    def fork():
        try:
            commands.fork_repository(actor(forker), Repository.objects.select_related("namespace").get(pk=parent.pk), into=forker.namespace)
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=fork) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["lost", "lost", "lost", "won"]
    fork_row = Repository.objects.get(forked_from=parent)
    assert git(fork_row.path, "fsck", "--connectivity-only") == ""
    assert git(parent.path, "fsck", "--connectivity-only") == ""


def test_parent_deleted_and_purged_loses_nothing(tmp_path):
    owner, forker, third = person(), person(), person()
    parent = parent_of(owner)
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    grandchild = commands.fork_repository(actor(third), fork, into=third.namespace)
    commands.delete_repository(actor(owner), parent, confirmation=str(parent))
    commands.purge_repository(SYSTEM, parent)
    gitstore.forget()
    fork.refresh_from_db()
    grandchild.refresh_from_db()
    assert fork.forked_from is None
    assert grandchild.forked_from == fork
    for row in (fork, grandchild):
        assert git(row.path, "fsck", "--full") == ""


def test_private_push_stays_in_its_member():
    owner, forker = person(), person()
    parent = parent_of(owner)
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    secret = commit(parent, {"secret": b"only here"})
    commands.set_visibility(actor(owner), parent, visibility="private")
    for member in (fork,):
        with pytest.raises(subprocess.CalledProcessError):
            git(member.path, "cat-file", "-e", secret)


def test_member_turned_private_leaves_the_pool_and_feeds_another(deliver):
    owner, forker, friend = person(), person(), person()
    parent = parent_of(owner)
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    commands.set_visibility(actor(owner), parent, visibility="private")
    commands.set_collaborator(actor(owner), parent, friend, access="read")
    early = commands.fork_repository(
        actor(friend), parent, into=friend.namespace, name="early"
    )  # borrows from the public pool as its parent still does
    assert early.pool_id is None
    deliver()
    assert git(early.path, "fsck", "--full") == ""
    gitstore.forget()
    assert not (parent.path / "objects/info/alternates").exists()
    assert git(parent.path, "fsck", "--full") == ""
    secret = commit(parent, {"secret": b"only here"})
    private_fork = commands.fork_repository(actor(friend), parent, into=friend.namespace)
    assert private_fork.visibility == "private"
    git(private_fork.path, "cat-file", "-e", secret)
    assert gitstore.pool_of(private_fork.path) is None
    later = commit(parent, {"later": b"after the private fork"})
    for member, oid in ((fork, secret), (early, secret), (private_fork, later)):
        with pytest.raises(subprocess.CalledProcessError):
            git(member.path, "cat-file", "-e", oid)


def test_sync():
    owner, forker = person(), person()
    parent = parent_of(owner)
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    with pytest.raises(Conflict) as caught:
        commands.sync_fork(actor(forker), fork)
    assert caught.value.code == "up_to_date"
    new = commit(parent, {"b": b"2"})
    commit(parent, {"c": b"3"})
    found = queries.upstream(actor(forker), fork)
    assert (found.ahead, found.behind) == (0, 2)
    with pytest.raises(Forbidden):
        commands.sync_fork(actor(owner), fork)
    commands.sync_fork(actor(forker), fork)
    assert git(fork.path, "rev-parse", "main") == git(parent.path, "rev-parse", "main")
    git(fork.path, "cat-file", "-e", new)
    assert git(fork.path, "fsck", "--full") == ""
    commit(parent, {"d": b"4"})
    commit(fork, {"e": b"5"})
    found = queries.upstream(actor(forker), fork)
    assert (found.ahead, found.behind) == (1, 1)
    with pytest.raises(Conflict) as caught:
        commands.sync_fork(actor(forker), fork)
    assert caught.value.code == "diverged"
    with pytest.raises(Conflict) as caught:
        commands.sync_fork(actor(owner), parent)
    assert caught.value.code == "no_parent"


def test_upstream_is_hidden_from_those_who_may_not_read_it():
    owner, forker = person(), person()
    parent = parent_of(owner)
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    commands.set_visibility(actor(owner), parent, visibility="private")
    fork = queries.repository(actor(forker), forker.slug, "parent")
    assert queries.upstream(actor(forker), fork) is None
    assert list(queries.network(actor(forker), fork)) == []


def test_detach():
    owner, forker = person(), person()
    parent = parent_of(owner)
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    commands.detach_fork(actor(forker), fork)
    fork.refresh_from_db()
    assert fork.forked_from is None
    assert fork.network_id != parent.network_id
    with pytest.raises(Conflict):
        commands.detach_fork(actor(forker), fork)


def test_constant_time_and_disk():
    """100 ms and 200 kB whatever the size (here: 2,000 files, 3 MB)."""
    owner, forker = person(), person()
    parent = repository(owner, name="big", files={f"d{n % 50}/f{n}": (b"%d " % n) * 300 for n in range(2000)})
    git(parent.path, "repack", "-adq")
    began = time.perf_counter()
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    assert time.perf_counter() - began < 1.0  # generous on a shared machine; the figure is in bench/
    used = sum(path.stat().st_size for path in fork.path.rglob("*") if path.is_file())
    assert used < 200_000


def test_pages(client, django_assert_max_num_queries):
    owner, forker = person(), person()
    parent = parent_of(owner)
    url = f"/{owner.slug}/parent"
    assert client.get(f"{url}/fork")["Location"] == f"/login?next={url}/fork"
    assert client.get(f"{url}/forks").status_code == 200
    sign_in(client, forker)
    assert client.get(f"{url}/fork").status_code == 200
    assert client.post(f"{url}/fork", {"namespace": forker.slug, "name": "mine", "description": ""})["Location"] == f"/{forker.slug}/mine"
    assert client.post(f"{url}/fork", {"namespace": forker.slug, "name": "mine", "description": ""}).status_code == 422
    commit(parent, {"z": b"z"})
    assert client.post(f"/{forker.slug}/mine/sync")["Location"] == f"/{forker.slug}/mine"
    assert f"{forker.slug}/mine".encode() in client.get(f"{url}/forks").content


def test_forks_page_costs_the_same_with_many_rows(client, django_assert_num_queries):
    owner = person()
    parent = parent_of(owner)
    one = person()
    commands.fork_repository(actor(one), parent, into=one.namespace)

    def cost():
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/{owner.slug}/parent/forks").status_code == 200
        return len(captured)

    cost()
    first = cost()
    for _ in range(6):
        forker = person()
        commands.fork_repository(actor(forker), parent, into=forker.namespace)
    assert cost() == first


def test_subscribers_delivered_twice(deliver):
    from projects.events import ImportRequested, VisibilityChanged
    from projects.subscribers import imports, pools

    owner, forker = person(), person()
    parent = parent_of(owner)
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    commands.set_visibility(actor(forker), fork, visibility="private")
    event = VisibilityChanged(repository_id=fork.pk, old="public", new="private")
    for _time in range(2):
        pools.leave_pool_after_change(event, "1")
        imports.run_requested_import(ImportRequested(import_id=0), "2")
    gitstore.forget()
    assert git(fork.path, "fsck", "--full") == ""
    assert git(parent.path, "fsck", "--full") == ""


def test_what_only_private_members_reach_leaves_the_pool_of_the_others(deliver):
    owner, early, late, other = person(), person(), person(), person()
    parent = parent_of(owner)
    first = commands.fork_repository(actor(early), parent, into=early.namespace)
    secret = commit(parent, {"secret": b"for two"})
    second = commands.fork_repository(actor(late), parent, into=late.namespace)  # feeds the pool again
    git(first.path, "cat-file", "-e", secret)  # public at this time
    own = commit(first, {"mine": b"1"})
    third = commands.fork_repository(actor(other), first, into=other.namespace)
    commands.set_visibility(actor(late), second, visibility="private")
    commands.set_visibility(actor(owner), parent, visibility="private")
    deliver()
    gitstore.forget()
    for member in (first, third):
        member.refresh_from_db()
        with pytest.raises(subprocess.CalledProcessError):
            git(member.path, "cat-file", "-e", secret)
        git(member.path, "cat-file", "-e", own)
        assert git(member.path, "fsck", "--full") == ""
    for member in (parent, second):
        git(member.path, "cat-file", "-e", secret)
        assert git(member.path, "fsck", "--full") == ""
    again = commands.fork_repository(actor(late), first, into=late.namespace, name="again")
    assert git(again.path, "fsck", "--full") == ""
