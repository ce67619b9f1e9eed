"""A mirror's owners move here, or a project's owners away: forks, stars, watches, addresses, Git, search and market stay true."""

import subprocess
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid
from projects import commands, rules
from projects.models import Mirror, MirrorRun, Repository, Star, Watch
from projects.queries import market
from search.commands import rebuild_index
from search.models import Pending
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import ENVIRONMENT, commit, git, repository
from tests.projects.wire import web

__all__ = ["web"]
pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def filled(upstream) -> Mirror:
    made = commands.list_mirror(SYSTEM, "https://github.com/Lab/Model", description="A model", stars=7)
    Mirror.objects.update(address=upstream.url)
    commands.sync_mirror(SYSTEM, made.pk)
    return Mirror.objects.select_related("repository__namespace").get()


def hosted(upstream, owner, **options) -> Repository:
    """A hosted repository that begins as a copy of upstream's."""
    made = repository(owner, **options)
    git(made.path, "fetch", "-q", str(upstream.path), "+refs/heads/*:refs/heads/*")
    commands.record_push(SYSTEM, made, [("refs/heads/trunk", "0" * 40, upstream.tip())])
    return Repository.objects.get(pk=made.pk)


def test_owners_move_here(filled, upstream, web, tmp_path, deliver) -> None:
    curator, owner, fan = person(is_admin=True), person(), person()
    lab = organization("lab", owner=owner)
    rebuild_index(SYSTEM)
    fork = commands.fork_repository(actor(fan), filled.repository, into=fan.namespace)
    commands.star_repository(actor(fan), filled.repository)
    commands.watch_repository(actor(fan), filled.repository, level="all")
    client = Client()
    sign_in(client, curator)
    page = client.get("/github.com/Lab/Model/mirror", headers=ENGLISH).content.decode()
    assert "Its owners move here" in page
    wrong = client.post("/github.com/Lab/Model/mirror", {"act": "host", "namespace": "nobody-here", "name": "Model"}, headers=ENGLISH)
    assert wrong.status_code == 422
    assert "nobody-here" in wrong.content.decode()
    answer = client.post("/github.com/Lab/Model/mirror", {"act": "host", "namespace": "lab", "name": "Model"})
    assert answer.headers["Location"] == "/lab/Model"
    deliver()
    made = Repository.objects.get(pk=filled.repository_id)
    assert (made.namespace, Mirror.objects.get().state) == (lab.namespace, "promoted")
    assert Repository.objects.get(pk=fork.pk).forked_from == made
    assert Star.objects.filter(repository=made).count() == Watch.objects.filter(repository=made).count() == 1
    assert Client().get("/github.com/lab/model").headers["Location"] == "/lab/Model"
    assert Client().get("/github.com/Lab/Model/blob/trunk/f").headers["Location"] == "/lab/Model/blob/trunk/f"
    assert "Hosted here; it came from" in Client().get("/lab/Model", headers=ENGLISH).content.decode()
    for address in (f"{web}/github.com/lab/model.git", f"{web}/lab/Model"):
        clone = tmp_path / address.rpartition("/")[2]
        subprocess.run(["git", "clone", "-q", address, str(clone)], env=ENVIRONMENT, check=True, timeout=60)
        assert git(clone / ".git", "rev-parse", "HEAD") == upstream.tip()
    assert not Pending.objects.exists()
    assert "/lab/Model" in Client().get("/search?q=Model", headers=ENGLISH).content.decode()
    assert market.index().ids.count(made.pk) == 1
    assert rules.can_push(actor(owner), made)
    upstream.commit()
    assert commands.sync_mirror(SYSTEM, filled.pk) is None  # nothing is fetched any more
    with pytest.raises(Conflict):
        commands.list_mirror(SYSTEM, "https://github.com/lab/model")  # it is here already, hosted


def test_a_group_deep_below_a_host_leads_on(upstream) -> None:
    curator, owner = person(is_admin=True), person()
    made = commands.list_mirror(SYSTEM, "https://gitlab.com/a/b/c/deep")
    Mirror.objects.update(address=upstream.url)
    commands.sync_mirror(SYSTEM, made.pk)
    commands.promote_mirror(actor(curator), Mirror.objects.get(), to=owner.namespace, name="shallow")
    assert Client().get("/gitlab.com/a/b/c/deep").headers["Location"] == f"/{owner.username}/shallow"
    assert Client().get("/gitlab.com/a/b/c/deep/commits/trunk").headers["Location"] == f"/{owner.username}/shallow/commits/trunk"


def test_only_what_is_filled_idle_and_ones_own_to_give(filled, upstream) -> None:
    curator, owner = person(is_admin=True), person()
    with pytest.raises(Forbidden):
        commands.promote_mirror(actor(owner), filled, to=owner.namespace)
    with pytest.raises(Invalid):
        commands.promote_mirror(actor(curator), filled, to=filled.repository.namespace)
    repository(owner, name="Model")
    with pytest.raises(Conflict):
        commands.promote_mirror(actor(curator), filled, to=owner.namespace)
    assert Mirror.objects.get().state == "fresh"  # nothing is half done
    assert Repository.objects.get(pk=filled.repository_id).namespace.slug == "github.com/Lab"
    Mirror.objects.update(lease="x", leased_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(Conflict) as busy:
        commands.promote_mirror(actor(curator), Mirror.objects.get(), to=owner.namespace, name="other")
    assert busy.value.code == "busy"
    Mirror.objects.update(lease="", leased_until=None, filled_at=None)
    with pytest.raises(Conflict):
        commands.promote_mirror(actor(curator), Mirror.objects.get(), to=owner.namespace, name="other")


def test_owners_move_away(upstream) -> None:
    owner = person()
    made = hosted(upstream, owner, name="model")
    client, path = Client(), f"{made.get_absolute_url()}/settings/upstream"
    sign_in(client, person())
    assert client.get(path).status_code == 403
    sign_in(client, owner)
    assert "Make it a mirror" in client.get(path, headers=ENGLISH).content.decode()
    upstream.commit()  # they are ahead of us
    upstream_ahead = client.post(path, {"address": upstream.url}, headers=ENGLISH)
    assert upstream_ahead.status_code == 422  # what is ahead is not known here, so it cannot be told
    assert "trunk" in upstream_ahead.content.decode()
    answer = client.post(path, {"address": upstream.url, "confirmed": "on"})
    assert answer.headers["Location"] == f"{made.get_absolute_url()}/mirror"
    mirror = Mirror.objects.get()
    assert (mirror.state, mirror.is_public_mirror, mirror.created_by) == ("failing", False, owner)
    assert commands.sync_mirror(SYSTEM, mirror.pk).state == "fresh"
    assert git(made.path, "rev-parse", "refs/heads/trunk") == upstream.tip()
    assert not MirrorRun.objects.get().rewritten  # it only moved forward
    assert rules.can_push(actor(owner), Repository.objects.get(pk=made.pk)).code == "mirror"
    assert client.get(path, headers=ENGLISH).status_code == 200
    with pytest.raises(Conflict):
        commands.follow_upstream(actor(owner), Repository.objects.get(pk=made.pk), address=upstream.url)


def test_nothing_is_lost_without_a_tick(upstream) -> None:
    owner = person()
    made = hosted(upstream, owner, name="model")
    merged = upstream.commit()
    git(made.path, "fetch", "-q", str(upstream.path), f"{merged}:refs/heads/trunk")
    git(made.path, "branch", "old", f"{merged}~1")  # gone there, but its commits are in trunk
    commands.follow_upstream(actor(owner), made, address=upstream.url)
    Mirror.objects.all().delete()
    made = Repository.objects.get(pk=made.pk)
    ours = commit(made, {"x": b"1"}, branch="work")
    with pytest.raises(Invalid) as refused:
        commands.follow_upstream(actor(owner), made, address=upstream.url)
    assert (refused.value.code, refused.value.field) == ("would_lose", "confirmed")
    assert "work" in refused.value.message
    assert not Mirror.objects.exists()
    commands.follow_upstream(actor(owner), made, address=upstream.url, confirmed=True)
    commands.sync_mirror(SYSTEM, Mirror.objects.get().pk)
    assert "refs/heads/work" not in git(made.path, "for-each-ref", "--format=%(refname)", "refs/heads")
    assert ours in git(made.path, "for-each-ref", "--format=%(objectname)", "refs/keep").split()


def test_back_to_the_original_after_being_hosted(filled, upstream) -> None:
    curator, owner = person(is_admin=True), person()
    made = commands.promote_mirror(actor(curator), filled, to=owner.namespace)
    commit(made, {"ours": b"1"}, branch="trunk")
    with pytest.raises(Invalid):
        commands.follow_upstream(actor(owner), made, address=upstream.url)
    commands.follow_upstream(actor(owner), made, address=upstream.url, confirmed=True)
    assert Mirror.objects.count() == 1
    assert commands.sync_mirror(SYSTEM, filled.pk).state == "fresh"
    assert git(made.path, "rev-parse", "refs/heads/trunk") == upstream.tip()


def test_what_cannot_be_followed(upstream, settings) -> None:
    owner = person()
    made = hosted(upstream, owner, name="model")

    def follow(address: str = upstream.url, **options) -> str:
        with pytest.raises((Invalid, Conflict)) as refused:
            commands.follow_upstream(actor(owner), made, address=address, **options)
        return refused.value.code

    assert follow("file:///etc") == "scheme"
    assert follow(branches=["a*b*c"])
    upstream.say = 404
    assert follow() == "refused"
    upstream.say = 0
    git(upstream.path, "update-ref", "-d", "refs/heads/trunk")
    assert follow() == "empty"
    settings.BASE_URL = upstream.url.partition("/lab")[0]
    assert follow() == "loop"
    commands.set_archived(SYSTEM, made, archived=True)
    made.refresh_from_db()
    assert follow() == "archived"
    assert not Mirror.objects.exists()


def test_an_empty_repository_is_filled(upstream) -> None:
    owner = person()
    made = repository(owner, name="model")
    mirror = commands.follow_upstream(actor(owner), made, address=upstream.url)
    assert commands.sync_mirror(SYSTEM, mirror.pk).state == "fresh"
    assert git(made.path, "rev-parse", "refs/heads/trunk") == upstream.tip()
