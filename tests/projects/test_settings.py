"""Commands that change a repository: each exit against the real database."""

import threading

import pytest
from django.db import connection

from core.actors import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Event
from projects import commands, queries, rules
from projects.models import FormerAddress, Repository, Star, Watch
from tests.factories.accounts import actor, organization, person, sign_in
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db


def events(name):
    return [event.payload for event in Event.objects.filter(name=f"projects.{name}").order_by("id")]


def test_general_cleans_and_refuses():
    owner = person()
    made = repository(owner)
    commands.change_repository(actor(owner), made, description=" a  b ", website="https://x.example/", topics=["NLP", "nlp", "大模型"])
    made.refresh_from_db()
    assert (made.description, made.topics) == ("a b", ["nlp", "大模型"])
    for topics in (["a_b"], ["-a"], ["x" * 40], [f"t{number}" for number in range(21)]):
        with pytest.raises(Invalid):
            commands.change_repository(actor(owner), made, description="", website="", topics=topics)
    with pytest.raises(Invalid):
        commands.change_repository(actor(owner), made, description="", website="javascript:alert(1)", topics=[])
    with pytest.raises(Forbidden):
        commands.change_repository(actor(person()), made, description="", website="", topics=[])


def test_hidden_from_strangers():
    made = repository(person(), visibility="private")
    for act in (
        lambda who: commands.rename_repository(who, made, name="x"),
        lambda who: commands.set_visibility(who, made, visibility="public"),
        lambda who: commands.delete_repository(who, made, confirmation=str(made)),
        lambda who: commands.set_archived(who, made, archived=True),
        lambda who: commands.star_repository(who, made),
        lambda who: commands.set_collaborator(who, made, person(), access="read"),
    ):
        with pytest.raises(NotFound):
            act(actor(person()))


def test_rename_keeps_the_old_address():
    owner = person()
    made = repository(owner, name="old")
    commands.rename_repository(actor(owner), made, name="new")
    assert queries.former_repository(actor(None), owner.slug, "OLD") == made
    assert events("RepositoryRenamed")[-1]["old"] == f"{owner.slug}/old"
    other = repository(owner, name="old")
    assert queries.repository(actor(None), owner.slug, "old") == other
    assert not FormerAddress.objects.filter(name="old").exists()


def test_rename_back_and_forth_and_by_case():
    owner = person()
    made = repository(owner, name="a")
    commands.rename_repository(actor(owner), made, name="b")
    commands.rename_repository(actor(owner), made, name="a")
    commands.rename_repository(actor(owner), made, name="A")
    made.refresh_from_db()
    assert made.name == "A"
    assert list(FormerAddress.objects.values_list("name", flat=True)) == ["b"]


def test_rename_to_a_taken_name():
    owner = person()
    repository(owner, name="taken")
    made = repository(owner, name="mine")
    with pytest.raises(Conflict) as caught:
        commands.rename_repository(actor(owner), made, name="TAKEN")
    assert caught.value.field == "name"
    for name in ("", "a b", "..", "x.git", "-x", "x.lock", "a--b", "x" * 97, "naïve"):
        with pytest.raises(Invalid):
            commands.rename_repository(actor(owner), made, name=name)


def test_transfer():
    owner = person()
    org = organization(owner=owner)
    other = organization()
    made = repository(owner, name="moving")
    with pytest.raises(Invalid):
        commands.transfer_repository(actor(owner), made, to=org.namespace, confirmation="moving")
    with pytest.raises(Forbidden):
        commands.transfer_repository(actor(owner), made, to=other.namespace, confirmation=str(made))
    commands.transfer_repository(actor(owner), made, to=org.namespace, confirmation=str(made))
    assert queries.repository(actor(None), org.slug, "moving") == made
    assert queries.former_repository(actor(None), owner.slug, "moving") == made


def test_visibility_of_a_fork_never_exceeds_its_parent():
    owner, forker = person(), person()
    parent = repository(owner, visibility="private", files={"a": b"a"})
    commands.set_collaborator(actor(owner), parent, forker, access="read")
    fork = commands.fork_repository(actor(forker), parent, into=forker.namespace)
    assert fork.visibility == "private"
    with pytest.raises(Conflict):
        commands.set_visibility(actor(forker), fork, visibility="public")
    with pytest.raises(Conflict):
        commands.detach_fork(actor(forker), fork)
    commands.set_visibility(actor(owner), parent, visibility="public")
    fork.refresh_from_db()
    commands.set_visibility(actor(forker), fork, visibility="public")
    assert events("VisibilityChanged")[-1] == {"repository_id": fork.pk, "old": "private", "new": "public"}


def test_default_branch():
    owner = person()
    made = repository(owner, files={"a": b"1"})
    commit(made, {"b": b"2"}, branch="dev")
    with pytest.raises(Invalid):
        commands.set_default_branch(actor(owner), made, branch="nowhere")
    commands.set_default_branch(actor(owner), made, branch="dev")
    made.refresh_from_db()
    assert made.default_branch == "dev"
    assert (made.path / "HEAD").read_text().strip() == "ref: refs/heads/dev"
    assert events("DefaultBranchChanged")


def test_archive_stops_writing_only():
    owner = person()
    made = repository(owner)
    commands.set_archived(actor(owner), made, archived=True)
    assert not rules.can_push(actor(owner), made)
    assert rules.can_administer(actor(owner), made)
    commands.set_archived(actor(owner), made, archived=False)
    assert rules.can_push(actor(owner), made)


def test_delete_restore_purge():
    owner = person()
    made = repository(owner, name="gone", files={"a": b"1"})
    with pytest.raises(Invalid):
        commands.delete_repository(actor(owner), made, confirmation="gone")
    commands.delete_repository(actor(owner), made, confirmation=str(made))
    with pytest.raises(NotFound):
        queries.repository(actor(owner), owner.slug, "gone")
    assert list(queries.deleted_repositories(actor(owner))) == [made]
    assert list(queries.deleted_repositories(actor(person()))) == []
    with pytest.raises(NotFound):
        commands.restore_repository(actor(person()), made)
    taken = repository(owner, name="gone")
    with pytest.raises(Conflict):
        commands.restore_repository(actor(owner), made)
    commands.restore_repository(actor(owner), made, name="back")
    assert queries.repository(actor(None), owner.slug, "back") == made
    path = taken.path
    commands.purge_repository(SYSTEM, taken)
    assert path.exists()  # not deleted: nothing happens
    commands.delete_repository(actor(owner), taken, confirmation=str(taken))
    with pytest.raises(NotFound):
        commands.purge_repository(actor(owner), taken)
    commands.purge_repository(SYSTEM, taken)
    assert not path.exists()
    assert not Repository.objects.filter(pk=taken.pk).exists()


def test_access_changes_what_people_may():
    owner, friend = person(), person()
    made = repository(owner, visibility="private")
    for level in ("read", "write", "maintain", "admin"):
        commands.set_collaborator(actor(owner), made, friend, access=level)
        assert rules.access(actor(friend), made) == level
    with pytest.raises(Invalid):
        commands.set_collaborator(actor(owner), made, friend, access="owner")
    with pytest.raises(Invalid):
        commands.set_collaborator(actor(owner), made, owner, access="read")
    commands.remove_collaborator(actor(friend), made, friend)
    assert rules.access(actor(friend), made) == ""
    with pytest.raises(NotFound):
        commands.remove_collaborator(actor(owner), made, friend)


def test_protections():
    owner = person()
    made = repository(owner)
    options = {"push_access": "maintain", "merge_access": "write"}
    rule = commands.save_protection(actor(owner), made, kind="branch", pattern="main", **options)
    with pytest.raises(Conflict):
        commands.save_protection(actor(owner), made, kind="branch", pattern="main", **options)
    commands.save_protection(actor(owner), made, kind="branch", pattern="release/*", push_users=[owner], protection=rule, **options)
    assert list(made.protections.values_list("pattern", flat=True)) == ["release/*"]
    for wrong in ({"pattern": ""}, {"pattern": "-x"}, {"kind": "x"}, {"push_access": "all"}):
        with pytest.raises(Invalid):
            commands.save_protection(actor(owner), made, **{"kind": "branch", "pattern": "p", **options, **wrong})
    commands.delete_protection(actor(owner), rule)
    assert not made.protections.exists()


def test_stars_and_watches():
    owner, fan = person(), person()
    made = repository(owner)
    commands.star_repository(actor(fan), made)
    commands.star_repository(actor(fan), made)
    assert Star.objects.count() == 1
    assert len(events("RepositoryStarred")) == 1
    commands.unstar_repository(actor(fan), made)
    assert not Star.objects.exists()
    commands.watch_repository(actor(fan), made, level="releases")
    commands.watch_repository(actor(fan), made, level="none")
    assert Watch.objects.get().level == "none"
    commands.watch_repository(actor(fan), made, level="")
    assert not Watch.objects.exists()
    with pytest.raises(Invalid):
        commands.watch_repository(actor(fan), made, level="loud")
    with pytest.raises(Forbidden):
        commands.star_repository(actor(None), made)


@pytest.mark.django_db(transaction=True)
def test_two_renames_to_one_name():
    owner = person()
    rows = [repository(owner, name=f"r{number}") for number in range(4)]
    outcomes = []

    def rename(row):
        try:
            commands.rename_repository(actor(owner), row, name="prize")
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=rename, args=(row,)) for row in rows]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["lost", "lost", "lost", "won"]


def test_pages_save_and_keep_what_was_typed(client, settings):
    owner = person()
    made = repository(owner, name="page")
    sign_in(client, owner)
    url = f"/{owner.slug}/page/settings"
    assert client.get(url).status_code == 200
    answer = client.post(url, {"act": "general", "description": "d", "website": "", "topics": "a b，c"})
    assert answer.status_code == 302
    made.refresh_from_db()
    assert made.topics == ["a", "b", "c"]
    answer = client.post(url, {"act": "general", "description": "kept text", "website": "", "topics": "a_b"})
    assert answer.status_code == 422
    assert b"kept text" in answer.content
    answer = client.post(url, {"act": "name", "name": "renamed"})
    assert answer["Location"] == f"/{owner.slug}/renamed/settings"
    assert client.get(f"/{owner.slug}/page/settings")["Location"] == f"/{owner.slug}/renamed/settings"
    for page in ("/access", "/branches", "/keys", "/danger"):
        assert client.get(f"/{owner.slug}/renamed/settings{page}").status_code == 200, page


def test_settings_pages_are_for_administrators(client):
    owner, reader = person(), person()
    repository(owner, name="p")
    repository(owner, name="q", visibility="private")
    sign_in(client, reader)
    for page in ("", "/access", "/branches", "/keys", "/danger"):
        assert client.get(f"/{owner.slug}/p/settings{page}").status_code == 403
        assert client.get(f"/{owner.slug}/q/settings{page}").status_code == 404


def test_danger_page_deletes_and_restores(client):
    owner = person()
    made = repository(owner, name="p")
    sign_in(client, owner)
    url = f"/{owner.slug}/p/settings/danger"
    assert client.post(url, {"act": "delete", "confirmation": "p"}).status_code == 422
    assert client.post(url, {"act": "delete", "confirmation": f"{owner.slug}/p"})["Location"] == "/settings/repositories/deleted"
    assert client.get("/settings/repositories/deleted").status_code == 200
    assert client.post(f"/settings/repositories/deleted/{made.pk}/restore", {"name": "p"}).status_code == 302
    assert client.get(f"/{owner.slug}/p/settings").status_code == 200


def test_team_access(client):
    from accounts import commands as accounts_commands

    owner, dev = person(), person()
    org = organization(owner=owner)
    made = repository(org, name="t", visibility="private", by=owner)
    accounts_commands.set_member(actor(owner), org, dev, role="reader")
    team = accounts_commands.save_team(actor(owner), org, name="core")
    accounts_commands.set_team_member(actor(owner), team, dev, present=True)
    commands.set_team_access(actor(owner), made, team, access="write")
    assert rules.access(actor(dev), made) == "write"
    with pytest.raises(Invalid):
        commands.set_team_access(actor(owner), repository(owner), team, access="write")
    sign_in(client, owner)
    assert client.get(f"/{org.slug}/t/settings/access").status_code == 200
    commands.remove_team_access(actor(owner), made, team)
    assert rules.access(actor(dev), made) == "read"


def test_deploy_keys(client):
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    def line(key):
        return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    owner, other = person(), person()
    made, elsewhere = repository(owner, name="k"), repository(other)
    good = line(ed25519.Ed25519PrivateKey.generate())
    key = commands.add_deploy_key(actor(owner), made, title="", key=good + " build@ci")
    assert key.key.title == "build@ci"
    assert key.key.fingerprint.startswith("SHA256:")
    with pytest.raises(Conflict) as caught:
        commands.add_deploy_key(actor(other), elsewhere, title="x", key=good)
    assert str(made) not in caught.value.message
    short = line(rsa.generate_private_key(65537, 1024))
    for wrong in (
        "",
        "hello",
        "ssh-dss AAAA",
        "ssh-ed25519 !!!",
        good.replace("ssh-ed25519", "ssh-rsa"),
        short,
        good + "\n" + good,
        'command="x" ' + good,
    ):
        with pytest.raises(Invalid):
            commands.add_deploy_key(actor(owner), made, title="x", key=wrong)
    with pytest.raises(Forbidden):
        commands.add_deploy_key(actor(other), made, title="x", key=good)
    with pytest.raises(NotFound):
        commands.remove_deploy_key(actor(other), elsewhere, key=key.pk)
    sign_in(client, owner)
    assert key.key.fingerprint.encode() in client.get(f"/{owner.slug}/k/settings/keys").content.replace(b"&#x2B;", b"+")
    commands.remove_deploy_key(actor(owner), made, key=key.pk)
    assert not made.deploy_keys.exists()


def test_default_branch_is_typed_when_there_are_many(client):
    owner = person()
    made = repository(owner, name="many", files={"a": b"1"})
    oid = git(made.path, "rev-parse", "main")
    git(made.path, "update-ref", "--stdin", data="".join(f"create refs/heads/b{n} {oid}\n" for n in range(400)).encode())
    sign_in(client, owner)
    page = client.get(f"/{owner.slug}/many/settings").content
    assert b"b399" not in page
    assert client.post(f"/{owner.slug}/many/settings", {"act": "branch", "branch": "b399"}).status_code == 302
    assert client.post(f"/{owner.slug}/many/settings", {"act": "branch", "branch": "b400"}).status_code == 422


def test_choices_for_tokens_and_reason_to_keep_an_account():
    owner, friend = person(), person()
    org = organization(owner=friend)
    own = repository(owner)
    shared = repository(friend, visibility="private")
    commands.set_collaborator(actor(friend), shared, owner, access="read")
    repository(friend)
    in_org = repository(org)
    assert {label for _pk, label in queries.repository_choices(actor(owner))} == {str(own), str(shared)}
    assert str(in_org) in {label for _pk, label in queries.repository_choices(actor(friend))}
    assert queries.repository_choices(actor(None)) == []
    assert queries.reason_to_keep_account(owner)
    commands.delete_repository(actor(owner), own, confirmation=str(own))
    assert queries.reason_to_keep_account(owner)  # it can still be restored under this name
    commands.purge_repository(SYSTEM, own)
    assert queries.reason_to_keep_account(owner) == ""


def test_strange_values_are_refused_never_an_error(client):
    owner = person()
    made = repository(owner, name="odd", files={"a": b"1"})
    sign_in(client, owner)
    base = f"/{owner.slug}/odd"
    strange = ["", "\x00", "--upload-pack=x", "a" * 5000, "9" * 40, "a\nb", "refs/heads/main"]
    for value in strange:
        for path, sent in (
            ("/branches/create", {"branch": value, "start": "main"}),
            ("/branches/create", {"branch": "fine", "start": value}),
            ("/branches/delete", {"branch": value, "oid": value}),
            ("/branches/rename", {"branch": value, "name": value}),
            ("/tags/delete", {"tag": value, "oid": value}),
            ("/settings/branches", {"act": "remove", "rule": value}),
            (
                "/settings/branches",
                {"act": "rule", "kind": value, "pattern": value, "push_access": value, "merge_access": value, "push_logins": value},
            ),
            ("/settings/keys", {"act": "remove", "key": value}),
            ("/settings/keys", {"act": "key", "key": value, "title": value}),
            ("/settings/access", {"act": "person", "login": value, "access": value}),
            ("/settings", {"act": value}),
            ("/settings", {"act": "name", "name": value}),
            ("/settings/danger", {"act": "visibility", "visibility": value}),
            ("/settings/danger", {"act": "transfer", "namespace": value, "confirmation": value}),
            ("/watch", {"level": value, "next": value}),
            ("/star", {"starred": "1", "next": value}),
            ("/releases/new", {"tag": value, "target": value}),
            ("/fork", {"namespace": value, "name": value}),
            ("/new/main/", {"path": value, "content": value, "onto": value, "new_branch": value}),
            ("/edit/main/a", {"path": value, "content": value, "onto": "branch", "expected": value}),
            ("/delete/main/a", {"onto": "new", "new_branch": value, "expected": value}),
        ):
            made.refresh_from_db()
            status = client.post(f"/{owner.slug}/{made.name}{path}", sent).status_code
            assert status < 500, (path, value)
        assert client.get(f"{base}/settings/branches", {"rule": value}).status_code in (200, 302), value
        assert client.get(f"{base}/tags", {"q": value, "page": value}).status_code in (200, 302)
        assert client.get(f"{base}/commits.atom", {"ref": value}).status_code in (200, 302, 404)
    made.refresh_from_db()
    base = f"/{owner.slug}/{made.name}"
    assert client.post(f"{base}/star", {"next": "https://evil.example/"})["Location"].startswith("/")
    assert client.post(f"{base}/star", {"next": "//evil.example/"})["Location"].startswith(f"/{owner.slug}")
