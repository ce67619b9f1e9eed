"""Push mirrors against a real Git server: on change, by choice, refused, moved, killed; and who may set them up."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core import sshclient
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Delivery
from projects import commands
from projects.commands import outbound, pushing
from projects.mirrors import outbound as logic
from projects.models import KEPT_PUSHES, PushMirror, PushRun, Repository
from projects.queries import pushing as reads
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import commit, git, repository
from tests.projects.wire import ssh_port, wait_until

__all__ = ["ssh_port"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner() -> User:
    return person()


@pytest.fixture
def made(owner) -> Repository:
    return repository(owner, name="code", files={"a": b"1"})


def add(owner: User, made: Repository, target, **options) -> PushMirror:
    return pushing.add_push_mirror(actor(owner), made, address=target.url, **options)


def ran(mirror: PushMirror) -> PushMirror:
    outbound.run_push(SYSTEM, mirror.pk)
    return PushMirror.objects.select_related("repository").get(pk=mirror.pk)


def tip(made: Repository, ref: str = "refs/heads/main") -> str:
    return git(made.path, "rev-parse", ref)


def test_each_push_goes_on(owner, made, target, deliver) -> None:
    git(made.path, "tag", "v1", "main")
    for hidden in ("refs/internal/incoming/heads/x", "refs/keep/2026-01-01/x", "refs/pull/1/head", "refs/notes/commits"):
        git(made.path, "update-ref", hidden, "main")
    mirror = add(owner, made, target)
    ((pk, lease),) = outbound.claim_due_pushes(5)
    assert pk == mirror.pk
    outbound.run_push(SYSTEM, pk, lease=lease)
    first = PushMirror.objects.get()
    assert (first.cause, first.next_at, first.lease) == ("", None, "")
    assert target.refs() == {"refs/heads/main": tip(made), "refs/tags/v1": tip(made)}
    deliver()
    assert PushMirror.objects.get().next_at is None or ran(mirror).next_at is None
    new = commit(made, {"b": b"2"})
    assert outbound.claim_due_pushes(5) == []
    deliver()
    ((pk, lease),) = outbound.claim_due_pushes(5)
    outbound.run_push(SYSTEM, pk, lease=lease)
    assert target.refs()["refs/heads/main"] == new
    run = PushRun.objects.order_by("-pk").first()
    assert run.changed == [["refs/heads/main", tip(made, "main~1"), new]]
    assert outbound.claim_due_pushes(5) == []


def test_nothing_new_costs_one_request_and_no_log(owner, made, target) -> None:
    mirror = ran(add(owner, made, target))
    target.requests.clear()
    ran(mirror)
    assert [method for method, _path, _auth in target.requests] == ["GET"]
    assert PushRun.objects.count() == 1


def test_what_moved_apart_stays_unless_it_may_be_overwritten(owner, made, target) -> None:
    mirror = ran(add(owner, made, target))
    theirs = target.commit("main")
    commit(made, {"b": b"2"})
    commit(made, {"c": b"3"}, branch="dev")
    failed = ran(mirror)
    assert (failed.cause, failed.failures) == ("diverged", 1)
    assert failed.next_at > timezone.now()
    assert target.refs() == {"refs/heads/main": theirs, "refs/heads/dev": tip(made, "refs/heads/dev")}
    assert PushRun.objects.order_by("-pk").first().left == [["refs/heads/main", "diverged"]]
    pushing.change_push_mirror(
        actor(owner), mirror, branches=[], tags=[], only_protected=False, prunes=False, overwrites=True, may_publish=False
    )
    assert ran(mirror).cause == ""
    assert target.refs()["refs/heads/main"] == tip(made)


def test_what_goes_here_goes_there_only_if_asked(owner, made, target) -> None:
    commit(made, {"c": b"3"}, branch="dev")
    mirror = ran(add(owner, made, target))
    target.commit("theirs")
    git(made.path, "update-ref", "-d", "refs/heads/dev")
    ran(mirror)
    assert set(target.refs()) == {"refs/heads/main", "refs/heads/dev", "refs/heads/theirs"}
    PushMirror.objects.update(prunes=True)
    ran(mirror)
    assert set(target.refs()) == {"refs/heads/main"}


def test_filters_and_protected_branches(owner, made, target) -> None:
    for branch in ("release/1", "release/2", "dev"):
        commit(made, {"c": b"3"}, branch=branch)
    git(made.path, "tag", "v1", "main")
    mirror = add(owner, made, target, branches=["release/*"], tags=["-"])
    ran(mirror)
    assert set(target.refs()) == {"refs/heads/release/1", "refs/heads/release/2"}
    made.protections.create(kind="branch", pattern="release/2")
    PushMirror.objects.update(only_protected=True, prunes=True)
    ran(mirror)
    assert set(target.refs()) == {"refs/heads/release/1", "refs/heads/release/2"}  # what a filter leaves out is not touched
    commit(made, {"d": b"4"}, branch="release/1")
    new = commit(made, {"d": b"4"}, branch="release/2")
    ran(mirror)
    assert target.refs()["refs/heads/release/2"] == new
    assert target.refs()["refs/heads/release/1"] != tip(made, "refs/heads/release/1")


def test_the_other_side_refuses(owner, made, target) -> None:
    target.hook('echo "protected branch hook declined by policy" >&2; exit 1')
    failed = ran(add(owner, made, target))
    assert failed.cause == "refused"
    assert target.refs() == {}
    assert "declined" in PushRun.objects.get().left[0][1]
    target.hook("exit 0")
    assert ran(failed).cause == ""
    assert set(target.refs()) == {"refs/heads/main"}


def test_one_branch_refused_does_not_hold_up_the_others(owner, made, target) -> None:
    commit(made, {"c": b"3"}, branch="dev")
    (target.path / "hooks" / "update").write_text('#!/bin/sh\n[ "$1" != refs/heads/dev ]\n')
    (target.path / "hooks" / "update").chmod(0o755)
    assert ran(add(owner, made, target)).cause == "refused"
    assert set(target.refs()) == {"refs/heads/main"}
    run = PushRun.objects.get()
    assert ([ref for ref, _why in run.left], run.refs_changed) == (["refs/heads/dev"], 1)


@pytest.mark.parametrize(
    ("status", "cause"), [(401, "password"), (403, "forbidden"), (404, "missing"), (429, "busy"), (503, "fault"), (200, "not_git")]
)
def test_causes_in_words(owner, made, target, status, cause) -> None:
    target.say = status
    failed = ran(add(owner, made, target))
    assert failed.cause == cause
    assert logic.title(cause) != logic.title("other")
    assert PushRun.objects.get().cause == cause


def test_a_moved_target_is_not_followed(owner, made, target) -> None:
    target.say, target.location = 301, "https://me:secret@example.org/new.git/info/refs?service=git-receive-pack"
    failed = ran(add(owner, made, target))
    assert (failed.cause, failed.said) == ("moved", "https://example.org/new.git")
    assert len(target.requests) == 1


def test_backoff_grows_and_a_push_does_not_shorten_it(owner, made, target, deliver) -> None:
    mirror = add(owner, made, target)
    target.say = 503
    waits = []
    for _ in range(3):
        waits.append(ran(mirror).next_at - timezone.now())
    assert waits[0] < waits[1] < waits[2]
    commit(made, {"b": b"2"})
    deliver()
    assert outbound.claim_due_pushes(5) == []
    target.say = 0
    pushing.ask_for_push(actor(owner), PushMirror.objects.get())
    assert len(outbound.claim_due_pushes(5)) == 1
    PushMirror.objects.update(lease="", leased_until=None)
    assert (ran(mirror).cause, PushMirror.objects.get().failures) == ("", 0)


def test_a_change_while_pushing_is_due_afterwards(owner, made, target, monkeypatch) -> None:
    mirror = add(owner, made, target)
    real = outbound._send

    def meanwhile(*args, **options):
        real(*args, **options)
        pushing.note_push(SYSTEM, made.pk, push_id=10**6)

    with monkeypatch.context() as patched:
        patched.setattr(outbound, "_send", meanwhile)
        ran(mirror)
    assert len(outbound.claim_due_pushes(5)) == 1


def test_tokens_are_encrypted_sent_and_never_shown(owner, made, target) -> None:
    target.password = "s3cret-token"
    mirror = add(owner, made, target, username="me", password="s3cret-token")
    assert ran(mirror).cause == ""
    assert target.told("s3cret-token")
    assert "s3cret" not in str(PushMirror.objects.values().get())
    target.password = "another"
    assert ran(mirror).cause == "password"
    client = Client()
    sign_in(client, owner)
    page = client.get(f"{made.get_absolute_url()}/settings/push-mirrors?mirror={mirror.pk}").content.decode()
    assert "s3cret" not in page + str(list(PushRun.objects.values())) + (made.path / "config").read_text()
    in_address = pushing.add_push_mirror(
        actor(owner), made, address=target.url.replace("//", "//me:s3cret-token@").replace("copy", "other")
    )
    assert "s3cret" not in in_address.address


def test_never_to_ourselves(owner, made, target, settings) -> None:
    mirror = add(owner, made, target)
    settings.BASE_URL = target.url.partition("/lab")[0].replace("127.0.0.1", "localhost")  # another name of the same address
    with pytest.raises(Invalid) as refused:
        pushing.add_push_mirror(actor(owner), made, address=target.url.replace("copy", "second"))
    assert refused.value.code == "loop"
    assert ran(mirror).cause == "loop"
    settings.BASE_URL, settings.SSH_HOST, settings.SSH_PORT = "http://portal.example", "127.0.0.1", 2222
    with pytest.raises(Invalid):
        pushing.add_push_mirror(actor(owner), made, address="ssh://git@127.0.0.1:2222/a/b.git")


def test_private_addresses_and_other_protocols_are_refused(owner, made, target, settings) -> None:
    mirror = add(owner, made, target)
    settings.ALLOW_PRIVATE_ADDRESSES = False
    for address in (
        target.url.replace("http:", "https:"),
        "ssh://git@127.0.0.1/a/b.git",
        "file:///tmp/x.git",
        "ext::sh -c true",
        target.url,
    ):
        with pytest.raises(Invalid):
            pushing.add_push_mirror(actor(owner), made, address=address)
    PushMirror.objects.update(address=target.url.replace("http:", "https:"))  # the name has moved since
    assert ran(mirror).cause == "private_address"
    assert target.requests == []


def test_what_is_not_public_leaves_by_a_tick_alone(owner, target) -> None:
    hidden = repository(owner, name="hidden", visibility="private", files={"a": b"1"})
    with pytest.raises(Invalid) as refused:
        add(owner, hidden, target)
    assert refused.value.field == "may_publish"
    mirror = add(owner, hidden, target, may_publish=True)
    assert ran(mirror).cause == ""
    assert target.refs()


@pytest.mark.parametrize(
    "stop",
    [
        lambda made: commands.set_visibility(SYSTEM, made, visibility="private"),
        lambda made: commands.set_archived(SYSTEM, made, archived=True),
        lambda made: commands.take_down_repository(SYSTEM, made, reason="by order"),
        lambda made: User.objects.filter(namespace=made.namespace).update(state=User.State.SUSPENDED),
        lambda made: PushMirror.objects.update(is_paused=True),
        lambda made: commands.delete_repository(SYSTEM, made, confirmation=str(made)),
    ],
    ids=["private", "archived", "taken down", "suspended", "paused", "deleted"],
)
def test_what_stops_it(owner, made, target, stop) -> None:
    mirror = add(owner, made, target)
    assert PushMirror.objects.filter(reads.running()).exists()
    assert reads.stop_reason(PushMirror.objects.select_related("repository__namespace__user").get()) == ""
    stop(made)
    assert not PushMirror.objects.filter(reads.running()).exists()
    row = PushMirror.objects.select_related("repository__namespace__user").get()
    assert reads.stop_reason(row) or row.repository.deleted_at
    assert outbound.claim_due_pushes(5) == []
    assert outbound.run_push(SYSTEM, mirror.pk) is None
    assert PushMirror.objects.get().lease == ""
    assert target.requests == []


def test_a_mirror_pushes_nowhere(owner, target, upstream) -> None:
    mirrored = commands.mirror_into(actor(owner), owner.namespace, address=upstream.url, name="model")
    with pytest.raises(Conflict):
        add(owner, mirrored.repository, target)
    commands.sync_mirror(SYSTEM, mirrored.pk)
    mirrored.refresh_from_db()
    commands.promote_mirror(actor(owner), mirrored)
    hosted = Repository.objects.get(pk=mirrored.repository_id)
    mirror = add(owner, hosted, target)
    assert ran(mirror).cause == ""
    commands.follow_upstream(actor(owner), hosted, address=upstream.url)
    assert outbound.run_push(SYSTEM, mirror.pk) is None


def test_who_may(made, owner, target) -> None:
    reader, maintainer = person(), person()
    commands.set_collaborator(actor(owner), made, maintainer, access="maintain")
    with pytest.raises(Forbidden):
        add(reader, made, target)
    mirror = add(maintainer, made, target)
    for act in (pushing.ask_for_push, pushing.remove_push_mirror, pushing.forget_host_key):
        with pytest.raises(Forbidden):
            act(actor(reader), mirror)
    with pytest.raises(NotFound):
        outbound.run_push(actor(owner), mirror.pk)
    with pytest.raises(Conflict):
        add(owner, made, target)
    hidden = repository(owner, name="hidden", visibility="private", files={"a": b"1"})
    client = Client()
    sign_in(client, reader)
    assert client.get(f"{hidden.get_absolute_url()}/settings/push-mirrors").status_code == 404
    assert client.get(f"{made.get_absolute_url()}/settings/push-mirrors").status_code == 403
    sign_in(client, maintainer)
    html = client.get(f"{made.get_absolute_url()}/settings/push-mirrors", headers={"accept-language": "en"}).content.decode()
    assert target.url in html
    assert f'{made.get_absolute_url()}/settings/danger"' not in html


def test_a_lease_is_held_once_and_lost_with_its_worker(owner, made, target) -> None:
    mirror = add(owner, made, target)
    ((_pk, lease),) = outbound.claim_due_pushes(5)
    assert outbound.claim_due_pushes(5) == []
    assert outbound.run_push(SYSTEM, mirror.pk) is None
    PushMirror.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    ((_pk, second),) = outbound.claim_due_pushes(5)
    assert outbound.run_push(SYSTEM, mirror.pk, lease=lease) is None
    assert outbound.run_push(SYSTEM, mirror.pk, lease=second).pk == mirror.pk
    assert PushMirror.objects.get().cause == ""


def test_hosts_share_the_places(owner, made) -> None:
    rows = [PushMirror(repository=made, address=f"https://h/{n}", key=f"h/{n}", host="h", next_at=timezone.now()) for n in range(5)]
    PushMirror.objects.bulk_create([*rows, PushMirror(repository=made, address="https://i/0", key="i/0", host="i", next_at=timezone.now())])
    claimed = PushMirror.objects.filter(pk__in=[pk for pk, _lease in outbound.claim_due_pushes(10)])
    assert sorted(claimed.values_list("host", flat=True)) == ["h", "h", "i"]


def test_fifty_runs_are_kept(owner, made, target) -> None:
    mirror = add(owner, made, target)
    PushRun.objects.bulk_create(PushRun(mirror=mirror) for _ in range(KEPT_PUSHES + 9))
    ran(mirror)
    assert PushRun.objects.count() == KEPT_PUSHES


def test_in_the_browser(owner, made, target, deliver) -> None:
    client, path = Client(), f"{made.get_absolute_url()}/settings/push-mirrors"
    sign_in(client, owner)
    english = {"accept-language": "en"}
    bad = client.post(path, {"act": "add", "address": "not an address", "branches": "release/*"}, headers=english)
    assert bad.status_code == 422
    assert "release/*" in bad.content.decode()
    assert client.post(path, {"act": "add", "address": target.url, "may_publish": "False"}).status_code == 302
    mirror = PushMirror.objects.get()
    target.say = 403
    ran(mirror)
    html = client.get(f"{path}?mirror={mirror.pk}", headers=english).content.decode()
    assert "The token or the key may not push there" in html
    target.say = 0
    assert client.post(path, {"act": "sync", "mirror": mirror.pk}).headers["Location"] == f"{path}?mirror={mirror.pk}"
    ran(mirror)
    assert tip(made)[:10] in client.get(f"{path}?mirror={mirror.pk}", headers=english).content.decode()
    wrong = client.post(path, {"act": "change", "mirror": mirror.pk, "branches": "a*b*c"}, headers=english)
    assert wrong.status_code == 422
    assert "a*b*c" in wrong.content.decode()
    assert client.post(path, {"act": "change", "mirror": mirror.pk, "branches": "main", "prunes": "on"}).status_code == 302
    changed = PushMirror.objects.get()
    assert (changed.branches, changed.prunes) == (["main"], True)
    assert client.post(path, {"act": "remove", "mirror": 10**30}).status_code == 422
    assert client.post(path, {"act": "remove", "mirror": mirror.pk + 1}).status_code == 404
    assert client.post(path, {"act": "remove", "mirror": mirror.pk}).status_code == 302
    assert not PushMirror.objects.exists()


def test_the_page_of_a_private_one_asks_for_consent(owner, target) -> None:
    hidden = repository(owner, name="hidden", visibility="internal", files={"a": b"1"})
    client, path = Client(), f"{hidden.get_absolute_url()}/settings/push-mirrors"
    sign_in(client, owner)
    refused = client.post(path, {"act": "add", "address": target.url}, headers={"accept-language": "en"})
    assert refused.status_code == 422
    assert "not public" in refused.content.decode()
    assert client.post(path, {"act": "add", "address": target.url, "may_publish": "on"}).status_code == 302


def test_over_ssh_with_a_key_made_here(owner, made, ssh_port, settings, target) -> None:
    other = person()
    copy = repository(other, name="copy")
    mirror = pushing.add_push_mirror(actor(owner), made, address=f"ssh://git@127.0.0.1:{ssh_port}/{copy}.git")
    assert mirror.next_at is None  # nothing to do until the key is known there
    assert ran(mirror).cause == "password"
    assert mirror.public_key.startswith("ssh-ed25519 ")
    assert "PRIVATE KEY" not in str(PushMirror.objects.values().get())
    commands.add_deploy_key(actor(other), copy, title="mirror", key=mirror.public_key, can_write=True)
    done = ran(mirror)
    assert (done.cause, done.said) == ("", "")
    assert tip(copy) == tip(made)
    client = Client()
    sign_in(client, owner)
    html = client.get(f"{made.get_absolute_url()}/settings/push-mirrors?mirror={mirror.pk}").content.decode()
    assert mirror.public_key in html
    assert sshclient.fingerprints(done.host_key)[0] in html
    assert 'name="password"' not in html  # a key is used: there is no token to enter
    assert 'name="username"' not in html
    given = {"act": "change", "mirror": mirror.pk, "branches": "main\nrelease/*", "tags": ""}
    assert client.post(f"{made.get_absolute_url()}/settings/push-mirrors", given).status_code == 302
    assert PushMirror.objects.get().branches == ["main", "release/*"]
    other_key = done.public_key.rpartition(" ")[0]
    PushMirror.objects.update(host_key=f"{done.host_key.partition(' ')[0]} {other_key}\n")  # as if the host had shown another one before
    commit(made, {"b": b"2"})
    assert ran(mirror).cause == "host_key"
    pushing.forget_host_key(actor(owner), PushMirror.objects.get())
    assert ran(mirror).cause == ""
    assert tip(copy) == tip(made)
    with pytest.raises(Invalid):
        pushing.add_push_mirror(actor(owner), made, address="git@127.0.0.1:a/b.git", password="x")


WORKER = """
import os, sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["OPENI_TEST_DATABASE"]
settings.ALLOW_PRIVATE_ADDRESSES = True
django.setup()
from core.actors import SYSTEM
from projects.commands import outbound
((pk, lease),) = outbound.claim_due_pushes(1)
outbound.run_push(SYSTEM, pk, lease=lease)
"""


@pytest.mark.exclusive
def test_killed_in_the_middle(owner, made, target, tmp_path) -> None:
    mark = tmp_path / "begun"
    target.hook(f"touch {mark}; sleep 60")
    mirror = add(owner, made, target)
    environment = {**os.environ, "OPENI_TEST_DATABASE": str(connection.settings_dict["NAME"]), "DJANGO_SETTINGS_MODULE": "openi.settings"}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environment)
    try:
        wait_until(mark.exists, 60)
        assert PushMirror.objects.get().lease
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    time.sleep(0.2)
    assert target.refs() == {}
    assert outbound.claim_due_pushes(1) == []  # its lease still holds
    PushMirror.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    target.hook("exit 0")
    ((pk, lease),) = outbound.claim_due_pushes(1)
    outbound.run_push(SYSTEM, pk, lease=lease)
    assert PushMirror.objects.get(pk=mirror.pk).cause == ""
    assert target.refs() == {"refs/heads/main": tip(made)}


def test_delivered_again_changes_nothing(owner, made, target, deliver) -> None:
    mirror = ran(add(owner, made, target))
    commit(made, {"b": b"2"})
    deliver()
    ran(mirror)
    Delivery.objects.filter(subscriber__endswith="push_on").update(done_at=None, leased_until=None)
    deliver()
    assert outbound.claim_due_pushes(5) == []


def test_an_organisations_repository(target) -> None:
    boss = person()
    lab = organization("lab", owner=boss)
    shared = repository(lab, name="shared", files={"a": b"1"}, by=boss)
    assert ran(add(boss, shared, target)).cause == ""
    assert target.refs() == {"refs/heads/main": tip(shared)}
