"""The results page, suggestions, and the index that follows what happens."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import commands as people
from core.actors import ANONYMOUS, SYSTEM, Actor
from projects import commands as projects
from search import commands, queries
from search.models import Generation, Pending
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import commit, repository

pytestmark = pytest.mark.django_db


def found(text, who: Actor = ANONYMOUS, kind="projects"):
    answer = queries.results(who, text, kind=kind)
    assert len(answer.found.hits) == answer.found.totals.get(kind, 0)
    return [hit.document.name for hit in answer.found.hits]


def test_what_happens_to_a_project_is_found_at_once(index, deliver):
    owner = person("ada")
    row = repository(
        owner, name="pangu-alpha", files={"README.md": "# 盘古\n\n云脑训练 [链接](https://x.example)".encode(), "a.py": b"print(1)\n"}
    )
    deliver()
    assert found("云脑") == ["pangu-alpha"]
    assert found("lang:python") == ["pangu-alpha"]
    assert found("链接") == ["pangu-alpha"]
    projects.change_repository(actor(owner), row, description="量子计算", website="", topics=["模拟"])
    deliver()
    assert found("量子") == found("topic:模拟") == ["pangu-alpha"]
    projects.rename_repository(actor(owner), row, name="newname")
    deliver()
    assert found("newname") == ["newname"]
    assert found("pangu-alpha") == []
    people.rename_namespace(actor(owner), owner.namespace, slug="lovelace")
    deliver()
    assert found("org:lovelace") == ["newname"]
    assert found("lovelace", kind="people") == ["lovelace"]
    projects.set_visibility(actor(owner), row, visibility="private")
    deliver()
    assert found("量子") == []
    assert found("量子", actor(owner)) == ["newname"]
    projects.delete_repository(actor(owner), row, confirmation=str(row))
    deliver()
    assert found("量子", actor(owner)) == []


def test_stars_are_taken_back(index, deliver):
    owner, fan = person(), person()
    row = repository(owner, name="starred")
    projects.star_repository(actor(fan), row)
    deliver()
    assert found("stars:1") == ["starred"]
    projects.unstar_repository(actor(fan), row)
    deliver()
    assert found("stars:0") == ["starred"]


def test_people_and_organisations(index, deliver):
    someone = person("grace")
    people.change_profile(actor(someone), display_name="葛丽丝", bio="编译器 compilers")
    people.create_organization(actor(someone), "pcl", display_name="鹏城实验室", description="数据安全")
    deliver()
    assert found("编译器", kind="people") == ["grace"]
    assert found("gelisi", kind="people") == ["grace"]
    assert found("pcsys", kind="organizations") == ["pcl"]
    people.suspend_person(Actor(person=person("root", is_admin=True)), someone, reason="spam")
    deliver()
    assert found("grace", kind="people") == []


def test_only_what_the_reader_may_read(index, deliver):
    owner, member, stranger, root = person("owner"), person("member"), person("stranger"), person("root", is_admin=True)
    house = organization("house", owner=owner)
    row = repository(house, name="hidden", visibility="private", by=owner)
    repository(house, name="inside", visibility="internal", by=owner)
    deliver()
    assert found("house") == []
    assert found("house", actor(stranger)) == ["inside"]
    assert sorted(found("house", actor(owner))) == sorted(found("house", actor(root))) == ["hidden", "inside"]
    projects.set_collaborator(actor(owner), row, user=member, access="read")
    assert sorted(found("house", actor(member))) == ["hidden", "inside"]  # at once: the index needs no change
    assert queries.suggestions(actor(stranger), "hid") == []
    assert [one.label for one in queries.suggestions(actor(member), "hid")] == ["house/hidden"]
    projects.take_down_repository(actor(root), row, reason="order")
    deliver()
    assert found("hidden", actor(owner)) == []
    assert found("hidden", actor(root)) == ["hidden"]


def test_an_index_that_lags_shows_nothing_it_should_not(index, deliver):
    owner = person()
    row = repository(owner, name="soon-private")
    deliver()
    projects.set_visibility(actor(owner), row, visibility="private")
    assert queries.results(ANONYMOUS, "soon", kind="projects").found.hits == []
    assert queries.suggestions(ANONYMOUS, "soon") == []


def test_incremental_equals_rebuilt(index, deliver):
    owner = person("ada")
    rows = [repository(owner, name=f"r{n}", files={"README.md": f"第 {n} 个".encode()}) for n in range(5)]
    deliver()
    projects.rename_repository(actor(owner), rows[0], name="renamed")
    projects.star_repository(actor(person()), rows[1])
    projects.delete_repository(actor(owner), rows[2], confirmation=str(rows[2]))
    commit(rows[3], {"README.md": "变了".encode()})
    deliver()
    followed = index.dump(queries.generation())
    commands.rebuild_index(SYSTEM)
    assert index.dump(queries.generation()) == followed
    assert len(followed) == 4 + 2


def test_the_old_index_answers_until_the_switch_and_changes_meanwhile_are_kept(index, deliver, monkeypatch):
    owner = person()
    row = repository(owner, name="before")
    deliver()
    fill, seen = commands.index._fill, []

    def filled(engine, building, kind):
        fill(engine, building, kind)
        if kind.key == "projects":
            projects.rename_repository(actor(owner), row, name="meanwhile")
            deliver()
            seen.append(found("meanwhile"))

    monkeypatch.setattr(commands.index, "_fill", filled)
    old = queries.generation()
    commands.rebuild_index(SYSTEM)
    assert seen == [["meanwhile"]]
    assert queries.generation() != old
    assert found("meanwhile") == ["meanwhile"]
    assert found("before") == []
    assert not Pending.objects.filter(generation__state="current").exists()


def test_a_second_build_is_refused_and_a_dead_one_is_swept(index):
    from core.errors import Conflict

    Generation.objects.create(name="other", engine=index.engine, analysis=1, state="building")
    with pytest.raises(Conflict):
        commands.rebuild_index(SYSTEM)
    Generation.objects.filter(name="other").update(heartbeat_at="2020-01-01T00:00Z")
    commands.rebuild_index(SYSTEM)


def test_an_engine_that_is_away_loses_nothing(index, deliver, monkeypatch, client):
    from core.errors import Unavailable

    def away(*_arguments, **_options):
        raise Unavailable("away")

    owner = person()
    with monkeypatch.context() as patch:
        for name in ("put", "search", "suggest"):
            patch.setattr(index, name, away)
        repository(owner, name="patient")
        deliver()
        page = client.get("/search?q=patient", headers={"accept-language": "en"})
        assert page.status_code == 200
        assert "does not answer at the moment" in page.content.decode()
        assert Pending.objects.count() > 0
        commands.keep_index(SYSTEM)
    commands.keep_index(SYSTEM)
    assert found("patient") == ["patient"]
    assert Pending.objects.count() == 0


def test_every_subscriber_may_run_twice(index, deliver):
    from core.models import Delivery

    repository(person(), name="twice")
    deliver()
    once = index.dump(queries.generation())
    Delivery.objects.filter(subscriber__startswith="search.").update(done_at=None, leased_until=None)
    deliver()
    assert index.dump(queries.generation()) == once


def test_page(index, deliver, client):
    owner = person("ada")
    repository(owner, name="pangu", files={"README.md": "<script>alert(1)</script> 盘古 & 云脑".encode()})
    deliver()
    page = client.get("/search?q=pangu", headers={"accept-language": "en"}).content.decode()
    assert "<mark>pangu</mark>" in page
    page = client.get("/search?q=云脑", headers={"accept-language": "en"}).content.decode()
    assert "<mark>云脑</mark>" in page
    assert "alert(1)<" not in page.replace("alert(1) ", "")
    wrong = client.get("/search?q=stars:many", headers={"accept-language": "en"}).content.decode()
    assert "needs a number" in wrong
    nothing = client.get("/search?q=qqqqzzzz", headers={"accept-language": "en"}).content.decode()
    assert "Nothing was found" in nothing
    typo = client.get("/search?q=pagnu", headers={"accept-language": "en"}).content.decode()
    assert "These are the results for <b>pangu</b>" in typo
    assert client.get("/search?q=x&type=nonsense").status_code == 404
    assert client.get("/search?q=pangu&after=zzz").status_code == 422
    items = client.get("/-/search/suggest?q=pan").json()["items"]
    assert [item["url"] for item in items] == ["/ada/pangu"]


def test_pages_of_results_cost_the_same(index, deliver, client):
    def cost(address):
        with CaptureQueriesContext(
            connection,
        ) as taken:
            assert client.get(address).status_code == 200
        return len(taken)

    owner = person("ada")
    sign_in(client, owner)
    repository(owner, name="alpha-0", visibility="private")
    deliver()
    client.get("/search?q=alpha")
    few, typed = cost("/search?q=alpha"), cost("/-/search/suggest?q=al")
    for n in range(1, 15):
        repository(owner, name=f"alpha-{n}", visibility="private" if n % 2 else "public")
    deliver()
    assert cost("/search?q=alpha") == few
    assert cost("/-/search/suggest?q=al") == typed


def test_many_changes_at_once_are_written_together(index, deliver, monkeypatch):
    owner, written, put = person("ada"), [], index.put
    for n in range(30):
        repository(owner, name=f"bulk{n}")
    monkeypatch.setattr(index, "put", lambda name, entries: (written.append(len(entries)), put(name, entries)))
    deliver()
    assert sum(written) >= 31
    assert len(written) < 6
    assert len(found("bulk0")) == 1


def test_a_pasted_address_finds_the_mirror_or_offers_to_nominate_it(index, deliver, client):
    from accounts.models import Namespace
    from projects.models import Repository

    host = Namespace.objects.create(slug="example.org/lgy96", kind="host")
    row = Repository.objects.create(namespace=host, name="open-exchange")
    commands.index_changed(SYSTEM, "projects", [row.pk])
    for address in (
        "https://example.org/lgy96/open-exchange.git",
        "git@example.org:lgy96/open-exchange",
        "ssh://git@example.org:22/lgy96/open-exchange/",
    ):
        assert found(address) == ["open-exchange"], address
    page = client.get("/search", {"q": "https://example.org/lgy96/other"}, headers={"accept-language": "en"}).content.decode()
    assert "/-/mirrors/nominate?address=https%3A//example.org/lgy96/other" in page


def test_an_index_that_is_gone_is_built_again(index, deliver, client):
    repository(person(), name="phoenix")
    deliver()
    index.drop(queries.generation())
    assert client.get("/search?q=phoenix").status_code == 200
    assert queries.results(ANONYMOUS, "phoenix", kind="projects").notice
    commands.keep_index(SYSTEM)
    assert found("phoenix") == ["phoenix"]


def test_another_engine_or_analysis_is_built_by_the_worker(index, deliver):
    repository(person(), name="phoenix")
    deliver()
    old = queries.generation()
    commands.keep_index(SYSTEM)
    assert queries.generation() == old
    Generation.objects.filter(state="current").update(analysis=0)
    commands.keep_index(SYSTEM)
    assert queries.generation() != old
    assert found("phoenix") == ["phoenix"]
    Generation.objects.filter(name=old).update(heartbeat_at="2020-01-01T00:00Z")
    commands.keep_index(SYSTEM)
    assert index.names() == [queries.generation()]


def test_a_change_while_its_document_is_written_is_not_lost(index, deliver, monkeypatch):
    owner, put = person("ada"), index.put
    row = repository(owner, name="quick")
    deliver()

    def slow(name, entries):
        put(name, entries)
        if [one.document.name for one in entries] == ["quick"]:
            type(row).objects.filter(pk=row.pk).update(name="brown")
            commands.mark(SYSTEM, "projects", [row.pk])

    monkeypatch.setattr(index, "put", slow)
    commands.index_changed(SYSTEM, "projects", [row.pk])
    assert found("brown") == ["brown"]
    assert Pending.objects.count() == 0


def test_a_writer_that_was_killed_gives_its_documents_back(index, deliver):
    row = repository(person("ada"), name="orphan")
    commands.mark(SYSTEM, "projects", [row.pk])
    assert [one.document for one in commands.index._take(Generation.objects.get(state="current"))] == [row.pk]
    assert commands.index_pending(SYSTEM) == 0  # another holds it
    Pending.objects.update(taken_until="2020-01-01T00:00Z")
    assert commands.index_pending(SYSTEM) == 1
    assert found("orphan") == ["orphan"]
