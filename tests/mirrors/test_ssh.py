"""Upstreams over SSH with a deploy key made here, and over git:// where that is allowed."""

import shutil

import pytest
from django.test import Client

from core import sshclient
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid
from core.outgoing import check_url
from projects import commands
from projects.commands import looking
from projects.models import Mirror, MirrorKey, UpstreamKey
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import git, repository
from tests.mirrors.ssh_host import SshHost, git_daemon

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(not shutil.which("ssh"), reason="OpenSSH's client is not installed")]


@pytest.fixture
def ssh_host(upstream):
    made = SshHost(upstream.root)
    yield made
    made.close()


@pytest.fixture
def mirror(ssh_host) -> Mirror:
    owner = person("owner")
    return commands.mirror_into(
        actor(owner), owner.namespace, address=f"ssh://git@127.0.0.1:{ssh_host.port}/lab/model.git", name="model", visibility="private"
    )


def synced(mirror: Mirror) -> Mirror:
    commands.sync_mirror(SYSTEM, mirror.pk)
    return Mirror.objects.select_related("repository").get(pk=mirror.pk)


def test_a_deploy_key_opens_it_and_the_hosts_key_is_pinned(ssh_host, mirror, upstream) -> None:
    first = synced(mirror)
    assert (first.cause, first.state) == ("password", "listed")
    ssh_host.allowed.append(first.ssh.public_key)
    again = synced(mirror)
    assert (again.cause, again.state) == ("", "fresh"), again.said
    assert git(again.repository.path, "rev-parse", "trunk") == upstream.tip()
    assert set(ssh_host.commands) == {"git-upload-pack '/lab/model.git'"}
    wanted = ssh_host.key.get_fingerprint("sha256")
    assert sshclient.fingerprints(MirrorKey.objects.get().host_key) == [f"ssh-ed25519 {wanted}"]
    before = len(ssh_host.commands)
    assert synced(mirror).state == "fresh"
    assert len(ssh_host.commands) == before + 1  # only asked: nothing moved
    upstream.commit()
    assert git(synced(mirror).repository.path, "rev-parse", "trunk") == upstream.tip()


def test_another_host_key_is_refused_until_a_person_trusts_it(ssh_host, mirror) -> None:
    ssh_host.allowed.append(MirrorKey.objects.get().public_key)
    assert synced(mirror).state == "fresh"
    ssh_host.change_key()
    failed = synced(mirror)
    assert (failed.cause, failed.state) == ("host_key", "failing")
    with pytest.raises(Forbidden):
        commands.trust_host_key(actor(person(is_admin=False)), public(mirror))
    commands.trust_host_key(actor(mirror.created_by), failed)
    assert synced(mirror).cause == ""
    assert sshclient.fingerprints(MirrorKey.objects.get().host_key) == [f"ssh-ed25519 {ssh_host.key.get_fingerprint('sha256')}"]


def public(mirror: Mirror) -> Mirror:
    commands.set_visibility(actor(mirror.created_by), mirror.repository, visibility="public")
    return Mirror.objects.select_related("repository__namespace").get(pk=mirror.pk)


def test_the_private_key_is_encrypted_and_lies_nowhere(mirror, settings, tmp_path, monkeypatch) -> None:
    row = MirrorKey.objects.get()
    assert "PRIVATE" not in row.private_key_encrypted
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []
    listed = looking.fetching.listed

    def noted(origin, environment):
        (folder,) = tmp_path.glob("openi-ssh-*")
        seen.append((folder.stat().st_mode & 0o777, (folder / "key").stat().st_mode & 0o777))
        return listed(origin, environment)

    monkeypatch.setattr(looking.fetching, "listed", noted)
    synced(mirror)
    assert seen == [(0o700, 0o600)]
    assert not list(tmp_path.glob("openi-ssh-*"))


def test_the_guard_holds_for_ssh(mirror, settings, ssh_host) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = False
    assert synced(mirror).cause == "private_address"
    settings.ALLOW_PRIVATE_ADDRESSES = True
    settings.SSH_HOST, settings.SSH_PORT = "127.0.0.1", ssh_host.port
    assert synced(mirror).cause == "loop"
    assert ssh_host.commands == []
    owner = person()
    for address in (
        "ssh://-oProxyCommand=touch%20x@127.0.0.1/a/b",
        "ssh://-x/a/b",
        "ssh://git@-oProxyCommand/a/b",
        "ext::sh -c id",
        "file:///etc",
        "git://127.0.0.1/a/b",
        "git@-oProxyCommand=x:a/b",
    ):
        with pytest.raises(Invalid):
            commands.mirror_into(actor(owner), owner.namespace, address=address, name="x")


def test_ssh_takes_no_settings_and_goes_to_the_judged_address(settings) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    target = check_url("ssh://git@localhost:2222/a/b.git", schemes=("ssh",))
    with sshclient.session(target, "key", "") as made:
        command = made.environment["GIT_SSH_COMMAND"]
    for wanted in ("-F /dev/null", "-oHostName=127.0.0.1", "-oHostKeyAlias=localhost-2222", "-oProxyCommand=none", "-oBatchMode=yes"):
        assert wanted in command.replace("::1", "127.0.0.1")
    assert sshclient.address_of(target) == "ssh://git@localhost:2222/a/b.git"


def test_pages(ssh_host, upstream) -> None:
    owner, client = person(), Client()
    sign_in(client, owner)
    form = {
        "address": f"ssh://git@127.0.0.1:{ssh_host.port}/lab/model.git",
        "namespace": owner.username,
        "name": "model",
        "visibility": "public",
    }
    once = client.post("/-/import", form, headers={"accept-language": "en"})
    assert once.status_code == 422
    assert "Keep it in sync" in once.content.decode()
    answer = client.post("/-/import", {**form, "keep": "on"})
    assert answer.headers["Location"] == f"/{owner.username}/model/mirror"
    page = client.get(answer.headers["Location"], headers={"accept-language": "en"}).content.decode()
    key = MirrorKey.objects.get()
    assert key.public_key in page
    assert "not seen yet" in page
    ssh_host.allowed.append(key.public_key)
    assert synced(Mirror.objects.get()).state == "fresh"
    page = client.get(answer.headers["Location"], headers={"accept-language": "en"}).content.decode()
    assert ssh_host.key.get_fingerprint("sha256") in page
    stranger = Client().get(answer.headers["Location"], headers={"accept-language": "en"}).content.decode()
    assert key.public_key not in stranger
    assert client.post(answer.headers["Location"], {"act": "renew_key"}).status_code == 302
    assert MirrorKey.objects.get().public_key != key.public_key
    assert client.post(answer.headers["Location"], {"act": "trust"}).status_code == 302
    assert MirrorKey.objects.get().host_key == ""


def test_scp_like_addresses_are_understood(monkeypatch) -> None:
    owner = person()
    monkeypatch.setattr("core.outgoing._resolve", lambda host, port: ["140.82.121.4"])
    made = commands.mirror_into(actor(owner), owner.namespace, address="git@github.com:lab/model.git", name="model")
    assert (made.address, made.key, made.host) == ("ssh://git@github.com/lab/model.git", "github.com/lab/model", "github.com")
    assert made.credentials_encrypted == ""
    over_http = commands.mirror_into(actor(owner), owner.namespace, address="https://github.com/lab/model", name="other")
    with pytest.raises(Conflict):
        commands.renew_mirror_key(actor(owner), over_http)


def test_git_protocol_only_where_it_is_allowed(upstream, settings) -> None:
    with git_daemon("--export-all", f"--base-path={upstream.root}", str(upstream.root)) as port:
        owner, address = person(), f"git://127.0.0.1:{port}/lab/model.git"
        with pytest.raises(Invalid, match="git://"):
            commands.mirror_into(actor(owner), owner.namespace, address=address, name="model")
        settings.MIRROR_GIT_PROTOCOL = True
        mirror = commands.mirror_into(actor(owner), owner.namespace, address=address, name="model")
        made = synced(mirror)
        assert (made.state, made.cause) == ("fresh", ""), made.said
        assert git(made.repository.path, "rev-parse", "trunk") == upstream.tip()
        settings.ALLOW_PRIVATE_ADDRESSES = False
        assert synced(mirror).cause == "private_address"
        settings.ALLOW_PRIVATE_ADDRESSES, settings.MIRROR_GIT_PROTOCOL = True, False
        assert synced(mirror).state == "failing"


def test_a_hosted_repository_comes_to_follow_one_over_ssh(ssh_host, upstream) -> None:
    """The key is made at the first try; the other side learns it; then it is asked what it has."""
    owner, client = person(), Client()
    sign_in(client, owner)
    made = repository(owner, name="model")
    git(made.path, "fetch", "-q", str(upstream.path), "+refs/heads/*:refs/heads/*")
    commands.record_push(SYSTEM, made, [("refs/heads/trunk", "0" * 40, upstream.tip())])
    page, form = f"/{owner.username}/model/settings/upstream", {"address": f"ssh://git@127.0.0.1:{ssh_host.port}/lab/model.git"}
    first = client.post(page, form, headers={"accept-language": "en"})
    key = UpstreamKey.objects.get()
    assert first.status_code == 422
    assert key.public_key in first.content.decode()
    assert form["address"] in first.content.decode()
    assert "PRIVATE" not in key.private_key_encrypted
    again = client.post(page, form, headers={"accept-language": "en"})
    assert (again.status_code, UpstreamKey.objects.get().public_key) == (422, key.public_key)
    assert "deploy key" in again.content.decode()
    assert ssh_host.commands == []
    ssh_host.allowed.append(key.public_key)
    assert client.post(page, {**form, "password": "x"}, headers={"accept-language": "en"}).status_code == 422
    assert client.post(page, form).headers["Location"] == f"/{owner.username}/model/mirror"
    mirror = Mirror.objects.get()
    assert (mirror.address, mirror.credentials_encrypted, mirror.ssh.public_key) == (form["address"], "", key.public_key)
    assert sshclient.fingerprints(mirror.ssh.host_key) == [f"ssh-ed25519 {ssh_host.key.get_fingerprint('sha256')}"]
    assert not UpstreamKey.objects.exists()
    new = upstream.commit()
    assert synced(mirror).cause == ""
    assert git(made.path, "rev-parse", "trunk") == new
