"""Names and refs that would escape, pass for options or imitate: refused where they are made, harmless where they are asked for."""

import contextlib
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

from accounts import commands as people
from accounts.models import Namespace, Team
from core.actors import SYSTEM
from core.errors import DomainError
from projects import commands
from projects.commands.edits import Write
from projects.models import Repository
from tests.factories.accounts import actor, organization, person, sign_in, token
from tests.factories.histories import git as raw_git
from tests.factories.projects import git, repository

pytestmark = pytest.mark.django_db
EVIL = ["..", ".", ".git", "a.git", "x.lock", "-rf", "--upload-pack=x", "a/b", "a\\b", "a b", "a\nb", "a\x00b", "a\x7fb", "a\tb", "", " ", "a" * 300, "а-cyrillic-а",
        "ａ", "a\u200bb", "a\u202eb", "раураl", "%2e%2e", "a?b", "a#b", "a:b", "~a", "CON\r", "a..", ".a", "a\u0301"]  # fmt: skip
REFS = ["..", "a..b", ".a", "a.lock", "a/.lock/b", "-x", "--output=/tmp/x", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "@", "a@{b", "a//b", "/a", "a/", "a\x00b",
        "a\nb", "a\x7fb", "x" * 300, "refs/heads/a", "a" * 40, "HEAD"]  # fmt: skip


@pytest.mark.parametrize("name", [one for one in EVIL if one.strip()])
def test_nobody_gets_such_a_name(name):
    """Logins, organisations and repositories: an error of the form, and no row."""
    ada = person("ada")
    lab = organization("lab", owner=ada)
    for attempt in (
        lambda: people.create_user(SYSTEM, name, email="x@example.org", password="correct horse 7"),
        lambda: people.create_organization(actor(ada), name),
        lambda: commands.create_repository(actor(ada), ada.namespace, name=name),
        lambda: people.rename_namespace(actor(ada), lab.namespace, slug=name),
    ):
        before = set(Namespace.objects.values_list("slug", flat=True)), Repository.objects.count()
        try:
            attempt()
        except DomainError:
            assert (set(Namespace.objects.values_list("slug", flat=True)), Repository.objects.count()) == before
        else:
            pytest.fail(f"{name!r} was taken")


@pytest.mark.parametrize("name", EVIL)
def test_teams_topics_and_files_are_cleaned_or_refused(name):
    ada = person("ada")
    lab = organization("lab", owner=ada)
    try:
        made = people.save_team(actor(ada), lab, name=name)
    except DomainError:
        assert not Team.objects.exists()
    else:
        assert made.slug.strip("-.")
        assert not set("/\\\0\n\r\t ?#%") & set(made.slug)
        client = Client()
        sign_in(client, ada)
        assert client.get(f"/-/orgs/lab/teams/{quote(made.slug)}").status_code == 200
    row = repository(ada, name="code", files={"a": b"1"})
    with contextlib.suppress(DomainError):
        commands.change_repository(actor(ada), row, description="", website="", topics=[name])
    row.refresh_from_db()
    assert not [topic for topic in row.topics if set("/\\\0\n\r\t ?#%<>") & set(topic) or len(topic) > 60]
    for path in (name, f"dir/{name}", f"{name}/x", ".git/config", "a/.GIT/x", "../x", "/etc/x", "a//b", "a/./b", "git~1/x"):
        try:
            commands.commit_files(actor(ada), row, branch="main", changes=[Write(path, b"x", expected="")], message="m")
        except DomainError:
            continue
        names = raw_git(row.path, "ls-tree", "-r", "-z", "--name-only", "main").decode().split("\0")
        assert not [one for one in names if {"..", ".", "", ".git"} & {part.lower() for part in one.split("/")} and one], path
        assert git(row.path, "fsck", "--strict") == "", path


@pytest.mark.parametrize("ref", [one for one in REFS if one])
def test_no_such_branch_or_tag_is_made(ref):
    ada = person("ada")
    row = repository(ada, name="code", files={"a": b"1"})
    before = git(row.path, "for-each-ref", "--format=%(refname)")
    with pytest.raises(DomainError):
        commands.create_branch(actor(ada), row, branch=ref, start="main")
    with pytest.raises(DomainError):
        commands.rename_branch(actor(ada), row, branch="main", name=ref)
    with pytest.raises(DomainError):
        commands.save_release(actor(ada), row, tag=ref, target="main")
    assert git(row.path, "for-each-ref", "--format=%(refname)") == before


STARTS = ["--output=/tmp/pwned-openi", "-O/tmp/pwned-openi", "--upload-pack=touch /tmp/pwned-openi", "..", "../../../../etc/passwd", ":/x", ":(exclude)a", "HEAD^{/x}", "main@{1}", "@{-1}",
          "main:a", "main^{tree}", "main~1", "refs/heads/main", "FETCH_HEAD", "refs/openi/x", "$(touch /tmp/pwned-openi)", "`id`", "a\nb", "a\x00b", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), "%00", "%2e%2e%2f", "a" * 5000]  # fmt: skip


@pytest.mark.parametrize("odd", STARTS)
def test_odd_refs_and_paths_are_not_found(odd, tmp_path):
    """On every page and in the API: 404 or a sentence, never 500, nothing read from outside and nothing run."""
    ada = person("ada")
    row = repository(ada, name="code", files={"a": b"1", "d/b": b"2"})
    client, base, given = Client(raise_request_exception=False), row.get_absolute_url(), quote(odd, safe="/")
    sign_in(client, ada)
    pages = [f"/tree/{given}", f"/blob/{given}/a", f"/blob/main/{given}", f"/raw/{given}/a", f"/raw/main/{given}", f"/blame/{given}/a", f"/blame/main/{given}", f"/commits/{given}",
             f"/commits/main/{given}", f"/commit/{given}", f"/compare/{given}...main", f"/compare/main...{given}", f"/compare/main..{given}", f"/archive/{given}.zip", f"/find/{given}",
             f"/edit/main/{given}", f"/new/{given}", f"/delete/{given}/a", f"/upload/{given}", f"/releases/tag/{given}", f"/releases/download/{given}/x", f"/tree/main?path={given}",
             f"/commits/main?after={given}", f"/branches?q={given}", f"/tags?q={given}", f"/compare?base={given}&head=main"]  # fmt: skip
    api = [f"/tree?ref={given}", f"/tree?path={given}", f"/raw?ref=main&path={given}", f"/commits?ref={given}", f"/commits?path={given}", f"/commits/{given}", f"/blobs/{given}",
           f"/compare?base={given}&head=main", f"/contents/{given}", f"/contents/a?ref={given}", f"/branches?cursor={given}", f"/commits?cursor={given}", f"/releases/{given}"]  # fmt: skip
    header = {"Authorization": f"Bearer {token(ada)}"}
    for path in [base + page for page in pages]:
        answer = client.get(path)
        whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code < 500, path
        assert b"root:x:0" not in whole, path
    for path in [f"/api/v1/repositories/ada/code{one}" for one in api]:
        answer = client.get(path, headers=header)
        assert answer.status_code < 500, path
    for act, data in (
        ("/branches/create", {"name": odd, "branch": odd, "start": odd}),
        ("/branches/delete", {"name": odd, "branch": odd}),
        ("/tags/delete", {"tag": odd, "name": odd}),
    ):
        assert client.post(base + act, data).status_code < 500, act
    assert not Path("/tmp/pwned-openi").exists()
    assert git(row.path, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_names_that_look_alike_are_one_or_refused():
    """Letters of one shape in two scripts would make two owners of one name."""
    person("openi")
    for twin in ("OpenI", "ｏｐｅｎｉ", "оpеni", "openı", "open\u0131", "openi\u200d"):
        with pytest.raises(DomainError):
            people.create_user(SYSTEM, twin, email="x@example.org", password="correct horse 7")
