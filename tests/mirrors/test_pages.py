"""Mirrors in the browser, over Git, and at their addresses."""

import subprocess

import pytest
from django.test import Client

from core.actors import SYSTEM
from projects import commands
from projects.models import Mirror, Nomination, Repository
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import ENVIRONMENT
from tests.projects.wire import web

__all__ = ["web"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mirror(upstream) -> Mirror:
    made = commands.list_mirror(SYSTEM, "https://github.com/Lab/Model", description="A model", stars=7)
    Mirror.objects.update(address=upstream.url)
    return made


@pytest.fixture
def filled(mirror) -> Mirror:
    commands.sync_mirror(SYSTEM, mirror.pk)
    return Mirror.objects.get()


def page(path: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(path, headers={"accept-language": "en"})
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def test_pages_at_the_hosts_address(filled, upstream) -> None:
    base = "/github.com/Lab/Model"
    tip = upstream.tip()
    for path in (
        "",
        "/tree/trunk",
        "/blob/trunk/f",
        "/commits/trunk",
        f"/commit/{tip}",
        "/branches",
        "/tags",
        "/mirror",
        "/contributors",
        "/forks",
    ):
        html = page(base + path)
        assert f'href="{base}"' in html
        assert "github.com:" not in html
    assert Client().get(f"{base}/raw/trunk/f").status_code == 200
    assert Client().get("/github.com/lab/model").headers["Location"] == base
    assert Client().get("/github.com/lab/model/tree/trunk?x=1").headers["Location"] == f"{base}/tree/trunk?x=1"
    assert Client().get("/github.com/lab/none").status_code == 404
    assert Client().get("/github.com").status_code == 404


def test_the_longest_address_that_exists_wins(filled) -> None:
    deep = commands.list_mirror(SYSTEM, "https://gitlab.com/a/b/tree/c")  # a group may be called as a page of ours
    assert deep.repository.get_absolute_url() == "/gitlab.com/a/b"
    other = commands.list_mirror(SYSTEM, "https://gitlab.com/a/b/c/d.git")
    assert other.repository.get_absolute_url() == "/gitlab.com/a/b/c/d"
    assert "Not copied yet" in page("/gitlab.com/a/b/c/d")
    assert "Not copied yet" in page("/gitlab.com/a/b")


def test_the_owners_page_lists_his_mirrors(filled) -> None:
    html = page("/github.com/Lab")
    assert 'href="/github.com/Lab/Model"' in html
    assert Client().get("/github.com/lab").headers["Location"] == "/github.com/Lab"


def test_a_listed_one_says_so_and_can_be_asked_for(mirror) -> None:
    member, client = person(), Client()
    assert "Sign in to ask for it" in page("/github.com/Lab/Model")
    sign_in(client, member)
    assert "Copy it here" in page("/github.com/Lab/Model", client)
    assert client.post("/github.com/Lab/Model/mirror", {"act": "sync"}).status_code == 302
    assert Mirror.objects.get().is_urgent
    assert "It is being copied" in page("/github.com/Lab/Model", client)


def test_acts_are_for_those_who_may(filled) -> None:
    client = Client()
    assert client.post("/github.com/Lab/Model/mirror", {"act": "pause"}).status_code in (302, 401, 403, 404)
    sign_in(client, person())
    assert client.post("/github.com/Lab/Model/mirror", {"act": "pause"}).status_code == 403
    assert Mirror.objects.get().state == "fresh"
    sign_in(client, person(is_admin=True))
    assert client.post("/github.com/Lab/Model/mirror", {"act": "pause"}).status_code == 302
    assert Mirror.objects.get().state == "paused"
    bad = client.post(
        "/github.com/Lab/Model/mirror", {"act": "filters", "branches": "a*b*c", "tags": ""}, headers={"accept-language": "en"}
    )
    assert bad.status_code == 422
    assert "a*b*c" in bad.content.decode()


def test_clone_with_insteadof(filled, web, tmp_path, upstream) -> None:
    instead = f"url.{web}/github.com/.insteadOf=https://github.com/"
    subprocess.run(
        ["git", "-c", instead, "clone", "-q", "https://github.com/lab/model.git", str(tmp_path / "c")],
        env=ENVIRONMENT,
        check=True,
        timeout=60,
    )
    head = subprocess.run(
        ["git", "-C", str(tmp_path / "c"), "rev-parse", "HEAD"], env=ENVIRONMENT, capture_output=True, check=True, text=True
    )
    assert head.stdout.strip() == upstream.tip()


@pytest.mark.parametrize("address", ["github.com/nobody/nothing", "gitee.com/a/b/c"])
def test_an_unlisted_address_answers_with_the_nomination_link(web, address) -> None:
    done = subprocess.run(
        ["git", "ls-remote", f"{web}/{address}"], env=ENVIRONMENT, capture_output=True, check=False, text=True, timeout=60
    )
    assert done.returncode
    assert "/-/mirrors/nominate?address=" in done.stderr
    assert "Username" not in done.stderr


def test_a_clone_of_a_listed_one_puts_it_first(web, mirror) -> None:
    done = subprocess.run(
        ["git", "ls-remote", f"{web}/github.com/lab/model"], env=ENVIRONMENT, capture_output=True, check=False, text=True, timeout=60
    )
    assert done.returncode
    assert Mirror.objects.get().is_urgent


def test_nominate_in_the_browser(filled, deliver) -> None:
    member, curator, client = person(), person(is_admin=True), Client()
    assert client.get("/-/mirrors/nominate").headers["Location"].startswith("/login")
    sign_in(client, member)
    assert "It is here already" in page("/-/mirrors/nominate?address=git@github.com:lab/model.git", client)
    assert "they have the same name" in page("/-/mirrors/nominate?address=https://gitee.com/other/model", client)
    answer = client.post("/-/mirrors/nominate", {"address": "not one", "reason": "It is good."}, headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert "It is good." in answer.content.decode()
    assert client.post("/-/mirrors/nominate", {"address": "https://gitee.com/other/model", "reason": "Good."}).status_code == 302
    nomination = Nomination.objects.get()
    assert client.post(f"/-/admin/nominations/{nomination.pk}", {"act": "accept"}).status_code == 404
    sign_in(client, curator)
    assert "gitee.com/other/model" in page("/-/admin/mirrors", client)
    client.post(f"/-/admin/nominations/{nomination.pk}", {"act": "decline", "answer": "Too small."})
    sign_in(client, member)
    html = page("/-/mirrors/nominate", client)
    assert "Too small." in html
    assert "Declined" in html


def test_the_desk_groups_failures_and_acts_on_a_group(upstream, django_assert_max_num_queries) -> None:
    curator, client = person(is_admin=True), Client()
    for number in range(5):
        commands.list_mirror(SYSTEM, f"https://github.com/lab/m{number}")
    Mirror.objects.update(state="failing", cause="slow", failures=2, next_at="2030-01-01T00:00Z")
    assert client.get("/-/admin/mirrors").status_code == 404
    sign_in(client, curator)
    html = page("/-/admin/mirrors", client)
    assert "The other side stopped sending" in html
    with django_assert_max_num_queries(25):
        page("/-/admin/mirrors", client)
    chosen = Mirror.objects.first()
    client.post("/-/admin/mirrors/act", {"act": "retry", "pick": [chosen.repository_id], "cause": "slow"})
    assert list(Mirror.objects.filter(is_urgent=True)) == [chosen]
    client.post("/-/admin/mirrors/act", {"act": "retry", "cause": "slow"})
    assert Mirror.objects.filter(is_urgent=True).count() == 5
    assert client.post("/-/admin/mirrors", {"address": "https://github.com/new/one"}).headers["Location"] == "/github.com/new/one"
    assert page("/-/admin/mirrors?state=listed&q=new", client).count("/github.com/new/one/mirror") == 1


def test_the_desk_costs_the_same_for_one_and_for_twenty(upstream) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = Client()
    sign_in(client, person(is_admin=True))
    counts = []
    for many in (1, 20):
        for number in range(Mirror.objects.count(), many):
            commands.list_mirror(SYSTEM, f"https://github.com/lab/m{number}")
        page("/-/admin/mirrors", client)
        with CaptureQueriesContext(connection) as queries:
            page("/-/admin/mirrors", client)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_keep_in_sync_from_the_import_page(upstream) -> None:
    owner, client = person(), Client()
    sign_in(client, owner)
    form = {"address": upstream.url, "namespace": owner.username, "name": "model", "visibility": "private", "keep": "on"}
    answer = client.post("/-/import", form)
    assert answer.headers["Location"] == f"/{owner.username}/model"
    made = Mirror.objects.get()
    assert (made.is_public_mirror, made.is_urgent) == (False, True)
    commands.sync_mirror(SYSTEM, made.pk)
    assert "Mirror of" in page(f"/{owner.username}/model", client)
    assert Client().get(f"/{owner.username}/model/mirror").status_code == 404  # private
    html = page(f"/{owner.username}/model", client)
    assert "/new/trunk" not in html  # nothing to edit here


def test_a_fork_of_a_mirror_is_ours(filled) -> None:
    member = person()
    fork = commands.fork_repository(actor(member), Repository.objects.get(), into=member.namespace)
    assert fork.forked_from == filled.repository
    client = Client()
    sign_in(client, member)
    assert "/github.com/Lab/Model" in page(f"/{member.username}/Model", client)


def test_a_hosts_name_can_be_taken_by_nobody() -> None:
    from core.errors import DomainError

    for host in ("github.com", "GitHub.com", "gitee.com"):
        with pytest.raises(DomainError):
            organization_named(host)


def organization_named(slug: str) -> object:
    from accounts import commands as people

    return people.create_organization(actor(person()), slug, display_name="x")


def test_desk_of_repositories_lists_mirrors_too(filled) -> None:
    client = Client()
    sign_in(client, person(is_admin=True))
    html = page("/-/admin/repositories", client)
    assert "github.com:Lab/Model" in html
    assert page("/-/admin/repositories/github.com:Lab/Model", client)


def test_amount_and_hours_of_first_fills(client: Client) -> None:
    from accounts.models import AuditEntry
    from core.site import setting

    assert client.post("/-/admin/mirrors/fill", {"gigabytes": "1"}).status_code in (302, 404)
    sign_in(client, person(is_admin=True))
    bad = client.post("/-/admin/mirrors/fill", {"gigabytes": "12.5", "start": "99", "end": "6"}, headers={"accept-language": "en"})
    assert bad.status_code == 422
    assert 'value="12.5"' in bad.content.decode()
    assert client.post("/-/admin/mirrors/fill", {"gigabytes": "12.5", "start": "22", "end": "6"}).status_code == 302
    assert setting("mirror_fill") == {"bytes_per_day": 12_500_000_000, "from": 22, "to": 6}
    commands.list_mirror(actor(person(is_admin=True)), "https://github.com/a/b")
    assert set(AuditEntry.objects.values_list("act", flat=True)) == {"change_setting", "list_mirror"}
