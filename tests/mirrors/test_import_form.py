"""The import form, once and in sync: tokens alone, filters of branches and tags, what is left out, in both languages."""

import pytest
from django.test import Client

from core.actors import SYSTEM
from core.secrets import decrypt
from projects import commands
from projects.models import ImportRun, Mirror, Repository
from tests.factories.accounts import person, sign_in
from tests.factories.projects import git

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return person()


@pytest.fixture
def client(owner) -> Client:
    made = Client()
    sign_in(made, owner)
    return made


def form(upstream, owner, **more) -> dict[str, str]:
    return {"address": upstream.url, "namespace": owner.username, "name": "model", "visibility": "public", **more}


def refs(made: Repository) -> set[str]:
    return set(git(made.path, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags").split())


def test_once_with_filters(client, owner, upstream) -> None:
    for branch in ("release/1", "release/2", "wip"):
        upstream.commit(branch)
    git(upstream.path, "tag", "v1", "trunk")
    git(upstream.path, "tag", "old", "trunk")
    sent = form(upstream, owner, branches="release/*\ntrunk", tags="v*")
    assert client.post("/-/import", sent).headers["Location"] == f"/{owner.username}/model/import"
    run = ImportRun.objects.get()
    assert (run.branches, run.tags) == (["release/*", "trunk"], ["v*"])
    assert commands.run_import(SYSTEM, run.pk).state == "done"
    assert refs(run.repository) == {"refs/heads/release/1", "refs/heads/release/2", "refs/heads/trunk", "refs/tags/v1"}
    assert Repository.objects.get().default_branch == "trunk"


def test_filters_that_leave_nothing_say_so(client, owner, upstream) -> None:
    assert client.post("/-/import", form(upstream, owner, branches="none-*", tags="-")).status_code == 302
    run = commands.run_import(SYSTEM, ImportRun.objects.get().pk)
    assert (run.state, bool(run.error)) == ("failed", True)
    ImportRun.objects.update(branches=["-"], tags=["-"], state="queued")
    assert commands.run_import(SYSTEM, run.pk).state == "failed"


def test_bad_filters_lose_nothing_typed(client, owner, upstream) -> None:
    answer = client.post("/-/import", form(upstream, owner, branches="a*b*c", description="kept"), headers={"accept-language": "en"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "a*b*c" in text
    assert 'value="kept"' in text
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("keep", [False, True])
def test_a_token_without_a_user_name_is_sent(client, owner, upstream, keep) -> None:
    upstream.server.password = "tok3n"
    sent = form(upstream, owner, password="tok3n", **({"keep": "on"} if keep else {}))
    assert client.post("/-/import", sent).status_code == 302
    if keep:
        row = Mirror.objects.get()
        assert decrypt(row.credentials_encrypted, purpose="mirror") == "git:tok3n"
        commands.sync_mirror(SYSTEM, row.pk)
    else:
        run = ImportRun.objects.get()
        assert "git:tok3n@" in decrypt(run.source_encrypted, purpose="import")
        assert "tok3n" not in run.source_shown
        commands.run_import(SYSTEM, run.pk)
    assert any(header.startswith("Basic Z2l0OnRvazNu") for _method, _path, header in upstream.requests)  # git:tok3n


def test_in_sync_with_filters(client, owner, upstream) -> None:
    upstream.commit("release/1")
    assert client.post("/-/import", form(upstream, owner, keep="on", branches="release/*", tags="-")).status_code == 302
    row = Mirror.objects.select_related("repository").get()
    assert (row.branches, row.tags) == (["release/*"], ["-"])
    commands.sync_mirror(SYSTEM, row.pk)
    assert refs(row.repository) == {"refs/heads/release/1"}


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Left out: issues, pull requests, wiki"), ("zh-hans", "不复制：任务、合并请求、百科")]
)
def test_what_is_left_out_is_said(client, language, words) -> None:
    assert words in client.get("/-/import", headers={"accept-language": language}).content.decode()
