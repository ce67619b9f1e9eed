"""Upstreams that say they have moved: by a redirect of Git or by their API; looked at, then taken over, and nobody loses the way."""

import shutil
import subprocess
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, NotFound
from projects import commands, tasks
from projects.commands import mirror_moves
from projects.mirrors.lists import Wish
from projects.models import FormerAddress, Mirror, MirrorMove, Repository, Star, UpstreamFacts
from projects.queries import mirrors as reads
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import ENVIRONMENT, git
from tests.hosts import documents
from tests.hosts.proxies import SocksProxy
from tests.hosts.test_metadata import overdue, refresh, serve
from tests.mirrors.test_syncing import refs, synced
from tests.projects.wire import web

__all__ = ["web"]
pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def github(upstream, route, monkeypatch):
    """`http://github.com` is the fake host: a name of its own, reached over a proxy."""
    port = upstream.server.server_address[1]

    class Home(SocksProxy):
        def through(self, client, _address, _port, ready):
            super().through(client, "127.0.0.1", port, ready)

    proxy = Home()
    monkeypatch.setattr("core.outgoing._resolve", lambda host, port: ["127.0.0.1"])
    route("socks5", proxy.port, patterns=["github.com"])
    yield upstream
    proxy.close()


def mirrored(path: str = "lab/model") -> Mirror:
    made = commands.list_mirror(SYSTEM, f"https://github.com/{path}", stars=5)
    Mirror.objects.filter(pk=made.pk).update(address=f"http://github.com/{path}.git")
    return Mirror.objects.get(pk=made.pk)


def move_to(upstream, path: str, old: str = "lab/model") -> None:
    """The repository lies there from now on, and its old place sends everybody on."""
    (upstream.root / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(upstream.root / f"{old}.git", upstream.root / f"{path}.git")
    upstream.path = upstream.root / f"{path}.git"
    upstream.moved[f"/{old}.git"] = f"http://github.com/{path}.git"


def looked_at() -> MirrorMove:
    MirrorMove.objects.update(next_at=timezone.now())
    tasks.follow_moves()
    return MirrorMove.objects.select_related("mirror__repository").get()


def automatic() -> None:
    mirror_moves.follow_moves_by_itself(SYSTEM, automatic=True)


@pytest.mark.django_db(transaction=True)
def test_a_redirect_is_looked_at_and_taken_over_by_one_click(github, web, tmp_path, deliver) -> None:
    mirror, curator, fan = synced(mirrored()), person(is_admin=True), person()
    commands.star_repository(actor(fan), mirror.repository)
    move_to(github, "new/thing")
    moved = synced(mirror)
    assert (moved.state, moved.cause, moved.said) == ("moved", "moved", "http://github.com/new/thing.git")
    move = MirrorMove.objects.get()
    assert (move.key, move.source, move.verdict) == ("github.com/new/thing", "git", "unseen")
    client = Client()
    sign_in(client, curator)
    page = client.get("/github.com/lab/model/mirror", headers=ENGLISH).content.decode()
    assert "http://github.com/new/thing.git" in page
    assert "Take over the new address" not in page, "nobody has looked yet"
    assert client.post("/github.com/lab/model/mirror", {"act": "follow"}).status_code == 409
    assert looked_at().verdict == "same"
    assert "Take over the new address" in client.get("/github.com/lab/model/mirror", headers=ENGLISH).content.decode()
    stranger = Client()
    sign_in(stranger, fan)
    assert "Take over the new address" not in stranger.get("/github.com/lab/model/mirror", headers=ENGLISH).content.decode()
    assert stranger.post("/github.com/lab/model/mirror", {"act": "follow"}).status_code in (403, 404)
    answer = client.post("/github.com/lab/model/mirror", {"act": "follow"})
    assert answer.headers["Location"] == "/github.com/new/thing/mirror"
    deliver()
    new = github.commit()
    followed = synced(mirror)
    assert (followed.state, followed.key, followed.address) == ("fresh", "github.com/new/thing", "http://github.com/new/thing.git")
    assert refs(followed) == {"refs/heads/trunk": new}
    assert Star.objects.get().repository_id == mirror.repository_id
    assert Client().get("/github.com/lab/model/blob/trunk/f").headers["Location"] == "/github.com/new/thing/blob/trunk/f"
    for place in ("lab/model", "new/thing"):
        clone = tmp_path / place.replace("/", "-")
        subprocess.run(["git", "clone", "-q", f"{web}/github.com/{place}.git", str(clone)], env=ENVIRONMENT, check=True, timeout=60)
        assert git(clone / ".git", "rev-parse", "HEAD") == new
    assert reads.mirror_at("git@github.com:lab/model.git").pk == mirror.pk
    with pytest.raises(Conflict):
        commands.list_mirror(SYSTEM, "https://github.com/lab/model")
    assert commands.list_mirrors(SYSTEM, [Wish(1, address="https://github.com/lab/model")]).counts == {"known": 1}
    assert AuditEntry.objects.get(act="take_over_move").detail["from"] == "github.com/lab/model"


def test_what_is_not_the_same_project_is_never_taken_over(github, settings) -> None:
    mirror = synced(mirrored())
    automatic()
    for place in ("other/model", "far/away"):
        shutil.copytree(github.path, github.root / f"{place}.git")
    git(github.root / "other/model.git", "update-ref", "-d", "refs/heads/trunk")
    script = b"commit refs/heads/trunk\ncommitter T <t@x.y> 1600000000 +0800\ndata 2\nm\nM 100644 inline f\ndata 2\nhi\n\n"
    git(github.root / "other/model.git", "fast-import", "--quiet", data=script)
    taken = mirrored("far/away")
    for where, verdict in (
        ("http://github.com/other/model.git", "other"),
        ("http://github.com/far/away", "taken"),
        ("http://elsewhere.example/lab/model.git", "host"),
        ("http://github.com/no/where", "failed"),
        ("http://github.com/users/sign_in?from=lab", "failed"),
    ):
        github.moved = {"/lab/model.git": where}
        assert synced(mirror).state == "moved"
        move = looked_at()
        assert (move.verdict, move.taken_at) == (verdict, None), move.said
        with pytest.raises(Conflict):
            mirror_moves.take_over_move(SYSTEM, move)
    assert mirror_moves.take_over_moves(SYSTEM, None) == (0, 0)
    for where in ("/lab/model.git", "ftp://github.com/x/y", "file:///etc/passwd", "http:///", "//", "https://github.com/lab"):
        MirrorMove.objects.all().delete()
        github.moved, github.say, github.location = {}, 302, where
        assert synced(mirror).cause == "moved"
        assert not MirrorMove.objects.filter(address__in=["file:///etc/passwd", "ftp://github.com/x/y"]).exists()
        assert where == "https://github.com/lab" or not MirrorMove.objects.exists(), where
    settings.ALLOW_PRIVATE_ADDRESSES = False
    MirrorMove.objects.all().delete()
    github.location = "https://github.com/internal/service.git"
    commands_seen = len(github.requests)
    settings.ALLOW_PRIVATE_ADDRESSES = True
    assert synced(mirror).state == "moved"
    settings.ALLOW_PRIVATE_ADDRESSES = False
    assert looked_at().verdict == "failed"  # 127.0.0.1: the guard judges the new address as any
    assert len(github.requests) == commands_seen + 1
    github.say = 0
    settings.ALLOW_PRIVATE_ADDRESSES = True
    assert synced(mirror).state == "fresh"  # it answers at its old place again
    assert not MirrorMove.objects.exists()
    assert Mirror.objects.get(pk=taken.pk).state == "listed"


def test_the_engine_takes_over_by_itself_where_it_may(github) -> None:
    mirror = synced(mirrored())
    move_to(github, "new/thing")
    github.commit()  # it went on since: no branch is where we saw it
    assert synced(mirror).state == "moved"
    assert looked_at().taken_at is None
    automatic()
    assert looked_at().taken_at is not None
    followed = synced(mirror)
    assert (followed.state, str(followed.repository.get_absolute_url())) == ("fresh", "/github.com/new/thing")
    assert refs(followed) == {"refs/heads/trunk": github.tip()}
    move_to(github, "third/place", old="new/thing")  # and again
    assert synced(mirror).state == "moved"
    assert looked_at().taken_at is not None
    assert synced(mirror).state == "fresh"
    assert {str(row.namespace.slug) for row in FormerAddress.objects.select_related("namespace")} == {"github.com/lab", "github.com/new"}
    move_to(github, "lab/model", old="third/place")  # back home
    github.moved = {"/third/place.git": "http://github.com/lab/model.git"}
    assert synced(mirror).state == "moved"
    assert looked_at().taken_at is not None
    assert synced(mirror).repository.get_absolute_url() == "/github.com/lab/model"
    assert Client().get("/github.com/third/place").headers["Location"] == "/github.com/lab/model"


def test_a_worker_at_the_mirror_is_waited_for(github) -> None:
    mirror = synced(mirrored())
    move_to(github, "new/thing")
    synced(mirror)
    automatic()
    Mirror.objects.update(lease="x", leased_until=timezone.now() + timedelta(minutes=1))
    waiting = looked_at()
    assert (waiting.verdict, waiting.taken_at) == ("same", None)
    assert waiting.said
    Mirror.objects.update(lease="", leased_until=None)
    assert looked_at().taken_at is not None


def test_the_api_tells_of_a_move_while_the_old_address_is_served(github, api) -> None:
    mirror = synced(mirrored())
    serve(api)
    api.answers["/repos/lab/model"] = (200, {}, documents.github(full_name="new/thing"))
    refresh()
    stands = Mirror.objects.get()
    assert (stands.state, stands.cause, stands.said) == ("moved", "moved", "https://github.com/new/thing.git")
    new = github.commit()
    fetched = synced(mirror)
    assert (fetched.state, fetched.cause, refs(fetched)) == ("moved", "moved", {"refs/heads/trunk": new})
    api.answers["/repos/lab/model"] = (200, {}, documents.github(full_name="lab/model"))
    overdue()
    refresh()
    assert not MirrorMove.objects.exists()
    assert synced(mirror).state == "fresh"
    assert UpstreamFacts.objects.get().state == "ok"


def test_many_are_taken_over_on_the_curators_page(github) -> None:
    copied = synced(mirrored())
    names = [f"lab/m{number}" for number in range(24)]
    for name in names:
        mirrored(name)
    move_to(github, "new/model")
    synced(copied)
    for name in names:  # nothing of these is here yet
        shutil.copytree(github.path, github.root / f"new/{name[4:]}.git")
        mirror = Mirror.objects.get(key=f"github.com/{name}")
        MirrorMove.objects.create(
            mirror=mirror, address=f"http://github.com/new/{name[4:]}.git", key=f"github.com/new/{name[4:]}", source="api"
        )
    client, address = Client(), "/-/admin/mirrors/moves"
    assert client.get(address).status_code == 404
    sign_in(client, person(is_admin=True))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address, headers=ENGLISH).status_code == 200
        return len(queries)

    client.get(address)
    some = cost()
    tasks.follow_moves()
    assert sorted(MirrorMove.objects.values_list("verdict", flat=True)) == ["new"] * 24 + ["same"]
    MirrorMove.objects.filter(pk__gt=MirrorMove.objects.order_by("pk")[3].pk).update(taken_at=timezone.now())
    assert cost() <= some + 1  # the last that were taken over
    MirrorMove.objects.update(taken_at=None)
    page = client.get(f"{address}?verdict=same", headers=ENGLISH).content.decode()
    assert "github.com/new/model" in page
    assert "github.com/new/m3" not in page
    chosen = MirrorMove.objects.get(verdict="same")
    assert client.post(address, {"act": "take", "pick": chosen.pk}).status_code == 302
    assert Repository.objects.get(pk=copied.repository_id).get_absolute_url() == "/github.com/new/model"
    assert client.post(address, {"act": "take_all"}).status_code == 302
    assert MirrorMove.objects.filter(taken_at=None, is_wanted=True).count() == 24 - mirror_moves.AT_ONCE
    tasks.follow_moves()
    assert not MirrorMove.objects.filter(taken_at=None).exists()
    assert set(Mirror.objects.filter(filled_at=None).values_list("state", "is_urgent")) == {("listed", False)}
    assert client.post(address, {"act": "setting", "automatic": "on"}).status_code == 302
    assert "checked" in client.get(address).content.decode()
    for wrong in ({"act": "take"}, {"act": "look", "pick": "x"}):
        assert client.post(address, wrong).status_code == 302
    assert client.post(address, {"act": "nonsense"}).status_code == 422


def test_ones_own_mirror_is_followed_by_its_owner_and_the_token_stays_at_its_host(github, upstream) -> None:
    owner = person()
    made = commands.mirror_into(
        actor(owner), owner.namespace, address="http://github.com/lab/model.git", name="model", username="me", password="s3cret"
    )
    mirror = synced(made)
    port = upstream.server.server_address[1]
    shutil.copytree(github.path, github.root / "new/model.git")
    github.moved["/lab/model.git"] = f"http://127.0.0.1:{port}/new/model.git"
    synced(mirror)
    upstream.server.requests.clear()
    move = looked_at()
    assert move.verdict == "same"
    assert [sent for _method, path, sent in upstream.requests if "/new/" in path] == [""]
    for who, error in ((person(), Forbidden), (person(is_admin=False), Forbidden)):
        with pytest.raises((error, NotFound)):
            mirror_moves.take_over_move(actor(who), move)
    followed = mirror_moves.take_over_move(actor(owner), move)
    assert (followed.address, followed.credentials_encrypted) == (f"http://127.0.0.1:{port}/new/model.git", "")
    assert synced(mirror).state == "fresh"
    assert mirror.repository.get_absolute_url() == f"/{owner.username}/model"
