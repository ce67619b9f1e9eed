"""PyGithub goes through a repository's life: repositories, files, refs, commits, statuses, releases, keys, people."""

import pytest
from github import Auth, BadCredentialsException, Github, GithubException, UnknownObjectException

from accounts import commands as people
from projects import commands
from projects.models import Release, Repository
from tests.factories import accounts as make
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUEWUKYLqoDn3cG6xUBrF8NqEPHFm3YCdJAqhcPSbJx"


def test_people_and_repositories(hub, ada, live_server):
    bob = make.person("bob")
    lab = people.create_organization(make.actor(ada), "lab")
    client = hub(ada)
    me = client.get_user()
    assert (me.login, me.name, me.bio, me.blog, me.type) == ("ada", "Ada L.", "b", "https://ada.example", "User")
    me.edit(bio="new", company="PCL")
    ada.refresh_from_db()
    assert (ada.bio, ada.affiliation, ada.display_name) == ("new", "PCL", "Ada L.")
    made = me.create_repo("demo", description="d", private=True, auto_init=True, license_template="mit")
    assert (made.full_name, made.private, made.default_branch, made.permissions.admin) == ("ada/demo", True, "main", True)
    assert made.html_url == f"{live_server.url}/ada/demo"
    assert made.owner.login == "ada"
    assert made.get_license().license.spdx_id is not None
    in_lab = client.get_organization("lab").create_repo("tool")
    assert in_lab.organization.login == "lab"
    assert [one.full_name for one in me.get_repos()] == ["ada/demo", "lab/tool"]
    assert [one.login for one in me.get_orgs()] == ["lab"]
    assert [one.login for one in client.get_organization("lab").get_members()] == ["ada"]
    with pytest.raises(UnknownObjectException):
        hub(bob).get_repo("ada/demo")
    with pytest.raises(UnknownObjectException):
        hub().get_repo("ada/demo")
    made.edit(description="better", private=False, homepage="https://demo.example")
    made.replace_topics(["nlp", "vision"])
    seen = hub(bob).get_repo("ada/demo")
    assert (seen.description, seen.homepage, seen.get_topics()) == ("better", "https://demo.example", ["nlp", "vision"])
    assert seen.permissions.push is False
    fork = hub(bob).get_user().create_fork(seen)
    assert (fork.full_name, fork.fork, fork.parent.full_name) == ("bob/demo", True, "ada/demo")
    assert [one.full_name for one in made.get_forks()] == ["bob/demo"]
    hub(bob).get_user().add_to_starred(seen)
    assert hub(bob).get_user().has_in_starred(seen)
    assert [one.login for one in made.get_stargazers()] == ["bob"]
    assert made.get_stargazers_with_dates()[0].user.login == "bob"
    assert [one.full_name for one in hub(bob).get_user().get_starred()] == ["ada/demo"]
    assert client.get_repo(made.id).full_name == "ada/demo"
    assert [one.full_name for one in client.search_repositories("demo user:ada")] == ["ada/demo"]
    made.add_to_collaborators("bob", "push")
    assert made.has_in_collaborators("bob")
    assert made.get_collaborator_permission("bob") == "write"
    assert [one.login for one in made.get_collaborators()] == ["bob"]
    made.remove_from_collaborators("bob")
    key = made.create_key("ci", KEY, read_only=True)
    assert [(one.id, one.title, one.read_only) for one in made.get_keys()] == [(key.id, "ci", True)]
    made.get_key(key.id).delete()
    own = me.create_key("laptop", KEY)
    assert [one.id for one in me.get_keys()] == [own.id]
    own.delete()
    with pytest.raises(GithubException) as refused:
        hub(bob).get_repo("ada/demo").edit(description="mine")
    assert refused.value.status == 403
    with pytest.raises(GithubException) as refused:
        me.create_repo("demo")
    assert refused.value.status in (409, 422)
    hook = made.create_hook("web", {"url": "https://1.1.1.1/hook", "secret": "a long word", "content_type": "json"}, ["push", "issues"])
    assert [(one.id, one.active, one.events, one.config["url"]) for one in made.get_hooks()] == [
        (hook.id, True, ["push", "issues"], "https://1.1.1.1/hook")
    ]
    hook.edit("web", {"url": "https://1.1.1.1/other"}, ["*"], active=False)
    assert (made.get_hook(hook.id).active, made.get_hook(hook.id).events) == (False, ["*"])
    hook.delete()
    made.edit(name="renamed")
    assert client.get_repo("ada/demo").full_name == "ada/renamed", "an old address leads to the repository"
    client.get_repo("ada/renamed").delete()
    with pytest.raises(UnknownObjectException):
        client.get_repo("ada/renamed")
    assert Repository.objects.get(pk=made.id).deleted_at is not None
    assert lab.namespace.repositories.count() == 1


def test_files_refs_and_commits(hub, ada):
    row = repository(ada, name="code", files={"README.md": b"# Hi\n", "src/a.py": b"print(1)\n"})
    found = hub(ada).get_repo("ada/code")
    assert found.get_readme().decoded_content == b"# Hi\n"
    assert sorted(one.path for one in found.get_contents("")) == ["README.md", "src"]
    one = found.get_contents("src/a.py", ref="main")
    assert (one.type, one.size, one.decoded_content) == ("file", 9, b"print(1)\n")
    made = found.create_file("src/中文.txt", "add", "文\n", branch="main")
    assert made["commit"].sha == git(row.path, "rev-parse", "main")
    assert git(row.path, "show", "main:src/中文.txt") == "文"
    changed = found.update_file("src/a.py", "change", "print(2)\n", one.sha)
    assert changed["content"].sha != one.sha
    for sha, status in ((one.sha, 409), ("", 422)):
        with pytest.raises(GithubException) as refused:
            found.update_file("src/a.py", "again", "x", sha)
        assert refused.value.status == status
    found.delete_file("src/中文.txt", "drop", made["content"].sha)
    assert [commit.commit.message for commit in found.get_commits()] == ["drop", "change", "add", "work"]
    assert [commit.commit.message for commit in found.get_commits(path="src/a.py")] == ["change", "work"]
    assert found.get_commits().totalCount == 4 or row.commits == 0
    head = found.get_branch("main").commit.sha
    whole = found.get_commit(changed["commit"].sha)
    assert (whole.stats.additions, whole.stats.deletions, whole.files[0].filename, whole.files[0].status) == (1, 1, "src/a.py", "modified")
    assert "+print(2)" in whole.files[0].patch
    assert whole.author.login == "ada"
    ref = found.create_git_ref("refs/heads/topic", head)
    assert {branch.name for branch in found.get_branches()} == {"main", "topic"}
    commit(row, {"b.py": b"2\n"}, branch="topic")
    compared = found.compare("main", "topic")
    assert (compared.status, compared.ahead_by, compared.files[0].filename, compared.total_commits) == ("ahead", 1, "b.py", 1)
    tip = found.get_branch("topic").commit.sha
    with pytest.raises(GithubException) as refused:
        found.get_git_ref("heads/topic").edit(git(row.path, "rev-parse", "main~1"))
    assert refused.value.status in (409, 422)
    found.get_git_ref("heads/topic").edit(git(row.path, "rev-parse", "main~1"), force=True)
    ref = found.get_git_ref("heads/topic")
    assert ref.object.sha != tip
    ref.delete()
    found.create_git_ref("refs/tags/v1", head)
    assert [(tag.name, tag.commit.sha) for tag in found.get_tags()] == [("v1", head)]
    tree = found.get_git_tree("main", recursive=True)
    assert [(entry.path, entry.type) for entry in tree.tree] == [("README.md", "blob"), ("src", "tree"), ("src/a.py", "blob")]
    blob = found.get_git_blob(tree.tree[0].sha)
    assert (blob.encoding, blob.size) == ("base64", 5)
    inner = found.get_git_commit(head)
    assert (inner.tree.sha, inner.message) == (git(row.path, "rev-parse", "main^{tree}"), "drop")
    assert "Python" not in found.get_languages(), "nothing is counted until the worker has looked"


def test_statuses_and_checks(hub, ada):
    repository(ada, name="ci", files={"a": b"1"})
    found = hub(ada).get_repo("ada/ci")
    one = found.get_commit("main")
    assert one.get_combined_status().state == "pending"
    one.create_status("success", target_url="https://ci.example/1", description="ok", context="ci")
    one.create_status("pending", context="other")
    combined = one.get_combined_status()
    assert (combined.state, combined.total_count, {status.context for status in combined.statuses}) == ("pending", 2, {"ci", "other"})
    assert [(status.context, status.state, status.creator.login) for status in one.get_statuses()][1] == ("ci", "success", "ada")
    run = found.create_check_run(
        "lint", one.sha, status="in_progress", output={
            "title": "t", "summary": "s",
            "annotations": [{"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}],
        },
    )  # fmt: skip
    run.edit(status="completed", conclusion="failure")
    assert (run.status, run.conclusion, run.output.annotations_count) == ("completed", "failure", 1)
    assert [(note.path, note.message) for note in run.get_annotations()] == [("a", "m")]
    assert [each.name for each in one.get_check_runs()] == ["lint"]
    reader = hub(make.person("bob")).get_repo("ada/ci").get_commit("main")
    with pytest.raises(GithubException) as refused:
        reader.create_status("failure", context="ci")
    assert refused.value.status == 403


def test_releases(hub, ada, tmp_path):
    row = repository(ada, name="rel", files={"a": b"1"})
    found = hub(ada).get_repo("ada/rel")
    made = found.create_git_release("v1.0", name="One", message="*notes*", target_commitish="main")
    assert git(row.path, "rev-parse", "v1.0") == git(row.path, "rev-parse", "main")
    file = tmp_path / "w.bin"
    file.write_bytes(bytes(range(256)) * 100)
    asset = made.upload_asset(str(file), name="w.bin", content_type="application/x-demo")
    assert (asset.name, asset.size, asset.content_type) == ("w.bin", 25600, "application/x-demo")
    asset.download_asset(str(tmp_path / "back.bin"))
    assert (tmp_path / "back.bin").read_bytes() == file.read_bytes()
    with pytest.raises(GithubException) as refused:
        made.upload_asset(str(file), name="w.bin")
    assert refused.value.status == 422
    made.update_release("Two", "other", draft=False)
    latest = found.get_latest_release()
    assert (latest.name, latest.tag_name, [one.name for one in latest.assets]) == ("Two", "v1.0", ["w.bin"])
    draft = found.create_git_release("v2", "Draft", "", draft=True)
    stranger = hub().get_repo("ada/rel")
    assert [one.tag_name for one in stranger.get_releases()] == ["v1.0"]
    with pytest.raises(UnknownObjectException):
        stranger.get_release(draft.id)
    assert stranger.get_release("v1.0").body == "other"
    asset.delete_asset()
    draft.delete_release()
    assert [one.tag for one in Release.objects.all()] == ["v1.0"]


def test_pages_tokens_and_conditional_reads(hub, ada, live_server):
    for number in range(7):
        repository(ada, name=f"r{number}")
    client = hub(ada, "read")
    client.per_page = 3
    paged = client.get_user().get_repos()
    assert paged.totalCount == 7
    assert [one.name for one in paged] == [f"r{number}" for number in range(7)]
    with pytest.raises(GithubException) as refused:
        client.get_user().create_repo("more")
    assert refused.value.status == 403

    wrong = Github(auth=Auth.Token("nothing"), base_url=f"{live_server.url}/api/v3", retry=None)
    with pytest.raises(BadCredentialsException):
        wrong.get_user().login  # noqa: B018
    wrong.close()
    login = Github(auth=Auth.Login("ada", make.token(ada, "read")), base_url=f"{live_server.url}/api/v3", retry=None)
    assert login.get_user().login == "ada", "a token is a password too"
    login.close()
    found = client.get_repo("ada/r0")
    assert found.update() is False, "304"
    commands.change_repository(make.actor(ada), Repository.objects.get(name="r0"), description="new", website="", topics=[])
    assert found.update() is True
    assert found.description == "new"
