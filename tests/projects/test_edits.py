"""Commits made in the browser."""

import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from core.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from core.models import Event
from projects import commands
from projects.commands.edits import Edited, Remove, Rename, Write
from tests.factories.accounts import actor, person, sign_in
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db


def oid_of(made, path, ref="main"):
    return git(made.path, "rev-parse", f"{ref}:{path}")


def test_new_edit_rename_delete():
    owner = person()
    made = repository(owner, files={"a.txt": b"1\n", "d/b.txt": b"2\n"})
    who = actor(owner)
    commands.commit_files(who, made, branch="main", changes=[Write("d/e/c.txt", b"3\n")], message="new")
    commands.commit_files(who, made, branch="main", changes=[Write("a.txt", b"one\n", expected=oid_of(made, "a.txt"))], message="edit")
    commands.commit_files(
        who, made, branch="main", changes=[Rename("d/b.txt", "z.txt", expected=oid_of(made, "d/b.txt"))], message="rename"
    )
    commands.commit_files(who, made, branch="main", changes=[Remove("a.txt", expected=oid_of(made, "a.txt"))], message="delete")
    assert git(made.path, "ls-tree", "-r", "--name-only", "main").split() == ["d/e/c.txt", "z.txt"]
    assert git(made.path, "log", "--format=%s", "main").split() == ["delete", "rename", "edit", "new", "work"]
    assert git(made.path, "fsck", "--strict") == ""
    assert git(made.path, "log", "-1", "--format=%ae", "main") == owner.email
    assert Event.objects.filter(name="projects.RefsUpdated").count() == 5


def test_first_commit_of_an_empty_repository():
    owner = person()
    made = repository(owner)
    commands.commit_files(actor(owner), made, branch="main", changes=[Write("a", b"1")], message="m")
    made.refresh_from_db()
    assert not made.is_empty
    assert git(made.path, "show", "main:a") == "1"


def test_others_files_do_not_matter_the_same_file_does():
    owner = person()
    made = repository(owner, files={"a": b"1", "b": b"1"})
    seen = oid_of(made, "a")
    commit(made, {"b": b"2"})
    commands.commit_files(actor(owner), made, branch="main", changes=[Write("a", b"2", expected=seen)], message="m")
    with pytest.raises(Edited) as caught:
        commands.commit_files(actor(owner), made, branch="main", changes=[Write("a", b"3", expected=seen)], message="m")
    assert caught.value.present == oid_of(made, "a")
    with pytest.raises(Edited):
        commands.commit_files(actor(owner), made, branch="main", changes=[Remove("gone", expected="f" * 40)], message="m")
    with pytest.raises(Edited):  # a new file where there is one
        commands.commit_files(actor(owner), made, branch="main", changes=[Write("b", b"3")], message="m")
    with pytest.raises(Conflict):
        commands.commit_files(actor(owner), made, branch="main", changes=[Rename("a", "b", expected=oid_of(made, "a"))], message="m")


def test_new_branch():
    owner = person()
    made = repository(owner, files={"a": b"1"})
    commands.commit_files(actor(owner), made, branch="main", changes=[Write("n", b"1")], message="m", new_branch="patch/1")
    assert git(made.path, "ls-tree", "--name-only", "patch/1").split() == ["a", "n"]
    assert git(made.path, "ls-tree", "--name-only", "main").split() == ["a"]
    with pytest.raises(Conflict):
        commands.commit_files(actor(owner), made, branch="main", changes=[Write("x", b"1")], message="m", new_branch="patch/1")
    with pytest.raises(Invalid):
        commands.commit_files(actor(owner), made, branch="main", changes=[Write("x", b"1")], message="m", new_branch="-x")


def test_mode_and_symlink():
    owner = person()
    made = repository(owner)
    git(
        made.path,
        "fast-import",
        "--quiet",
        data=b"commit refs/heads/main\ncommitter T <t@x.y> 1 +0000\ndata 1\nm\nM 100755 inline run.sh\ndata 1\nx\n",
    )
    made.is_empty = False
    commands.commit_files(actor(owner), made, branch="main", changes=[Write("run.sh", b"y", expected=None)], message="m")
    assert git(made.path, "ls-tree", "main").startswith("100755")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        ".git/config",
        ".GIT/hooks/x",
        "x/.git",
        ".git./x",
        "git~1/x",
        "a\\b",
        "a\x00b",
        "a\nb",
        ".git\u200c/x",
        "x" * 300,
    ],
)
def test_paths_that_are_refused(path):
    owner = person()
    made = repository(owner, files={"a": b"1"})
    with pytest.raises(Invalid) as caught:
        commands.commit_files(actor(owner), made, branch="main", changes=[Write(path, b"x", expected=None)], message="m")
    assert caught.value.field == "path"


def test_who_may_and_policies():
    owner, stranger = person(), person()
    made = repository(owner, files={"a": b"1"})
    with pytest.raises(Forbidden):
        commands.commit_files(actor(stranger), made, branch="main", changes=[Write("x", b"x")], message="m")
    commands.save_protection(actor(owner), made, kind="branch", pattern="main", push_access="nobody", merge_access="write")
    before = git(made.path, "rev-parse", "main")
    with pytest.raises(Forbidden):
        commands.commit_files(actor(owner), made, branch="main", changes=[Write("x", b"x")], message="m")
    commands.commit_files(actor(owner), made, branch="main", changes=[Write("x", b"x")], message="m", new_branch="ok")
    with pytest.raises(Forbidden):
        commands.commit_files(
            actor(owner),
            made,
            branch="ok",
            changes=[
                Write("key.pem", b"-----BEGIN RSA PRIVATE KEY-----\n" + b"MIIEowIBAAKCAQEA" * 8 + b"\n-----END RSA PRIVATE KEY-----\n")
            ],
            message="m",
        )
    assert git(made.path, "rev-parse", "main") == before
    commands.set_archived(actor(owner), made, archived=True)
    with pytest.raises(Forbidden):
        commands.commit_files(actor(owner), made, branch="ok", changes=[Write("y", b"x")], message="m")
    commands.set_archived(actor(owner), made, archived=False)
    with pytest.raises(NotFound):
        commands.commit_files(actor(owner), made, branch="nowhere", changes=[Write("y", b"x")], message="m")


@pytest.mark.django_db(transaction=True)
def test_two_editors_of_different_files_both_win():
    owner = person()
    made = repository(owner, files={"a": b"1"})
    failures = []

    def edit(number):
        try:
            commands.commit_files(actor(owner), made, branch="main", changes=[Write(f"f{number}", b"x")], message="m")
        except Conflict as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not failures
    assert git(made.path, "ls-tree", "--name-only", "main").split() == ["a", "f0", "f1", "f2"]


def test_quota_counts_for_edits_and_release_files():
    owner = person()
    made = repository(owner, files={"a": b"1"})
    release = commands.save_release(actor(owner), made, tag="v1")
    type(owner).objects.filter(pk=owner.pk).update(quota_bytes=10)
    made = type(made).objects.select_related("namespace__user").get(pk=made.pk)
    with pytest.raises(LimitReached):
        commands.commit_files(actor(owner), made, branch="main", changes=[Write("x", b"x" * 11)], message="m")
    commands.commit_files(actor(owner), made, branch="main", changes=[Write("x", b"x")], message="m")
    release.repository = made
    commands.add_asset(actor(owner), release, name="a", sha256="0" * 64, size=8)
    with pytest.raises(LimitReached):
        commands.add_asset(actor(owner), release, name="b", sha256="0" * 64, size=8)
    with pytest.raises(Conflict):
        commands.add_asset(actor(owner), release, name="a", sha256="0" * 64, size=1)


def test_branches():
    owner = person()
    made = repository(owner, files={"a": b"1"})
    who = actor(owner)
    oid = commands.create_branch(who, made, branch="dev", start="main")
    with pytest.raises(Conflict):
        commands.create_branch(who, made, branch="dev", start="main")
    with pytest.raises(Invalid):
        commands.create_branch(who, made, branch="other", start="nowhere")
    commands.rename_branch(who, made, branch="dev", name="feature/x")
    with pytest.raises(Conflict):
        commands.delete_branch(who, made, branch="feature/x", oid="0" * 40)
    commands.delete_branch(who, made, branch="feature/x", oid=oid)
    with pytest.raises(NotFound):
        commands.delete_branch(who, made, branch="feature/x")
    with pytest.raises(Conflict):
        commands.delete_branch(who, made, branch="main")
    commands.rename_branch(who, made, branch="main", name="trunk")
    made.refresh_from_db()
    assert made.default_branch == "trunk"
    assert git(made.path, "for-each-ref", "--format=%(refname)") == "refs/heads/trunk"


class TestPages:
    @pytest.fixture
    def made(self, client):
        owner = person("editor")
        sign_in(client, owner)
        return repository(
            owner,
            name="p",
            files={
                "a.txt": b"1\n",
                "d/gbk.txt": "中文\r\n第二行\r\n".encode("gbk") * 20,
                "bin": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
            },
        )

    def test_new(self, client, made):
        assert client.get("/editor/p/new/main/d").status_code == 200
        sent = {"path": "d/新 文件.txt", "content": "x\r\ny\r\n", "message": "", "onto": "branch"}
        assert client.post("/editor/p/new/main/d", sent).status_code == 302
        assert git(made.path, "show", "main:d/新 文件.txt") == "x\ny"
        assert git(made.path, "log", "-1", "--format=%s", "main")

    def test_edit_and_conflict_keep_the_text(self, client, made):
        page = client.get("/editor/p/edit/main/a.txt")
        assert page.status_code == 200
        sent = {"path": "a.txt", "content": "mine\n", "message": "m", "onto": "branch", "expected": oid_of(made, "a.txt")}
        commit(made, {"a.txt": b"theirs\n"})
        answer = client.post("/editor/p/edit/main/a.txt", sent)
        assert answer.status_code == 422
        assert b"mine" in answer.content
        assert b"theirs" in answer.content
        now = oid_of(made, "a.txt")
        assert now.encode() in answer.content
        assert client.post("/editor/p/edit/main/a.txt", {**sent, "expected": now}).status_code == 302
        assert git(made.path, "show", "main:a.txt") == "mine"

    def test_gbk_stays_gbk_with_its_line_ends(self, client, made):
        page = client.get("/editor/p/edit/main/d/gbk.txt")
        assert "第二行" in page.content.decode()
        sent = {"path": "d/gbk.txt", "content": "改了\r\n", "message": "m", "onto": "branch", "expected": oid_of(made, "d/gbk.txt")}
        assert client.post("/editor/p/edit/main/d/gbk.txt", sent).status_code == 302
        import subprocess

        raw = subprocess.run(["git", f"--git-dir={made.path}", "show", "main:d/gbk.txt"], capture_output=True, check=True).stdout
        assert raw == "改了\r\n".encode("gbk")

    def test_binary_is_not_edited(self, client, made):
        assert b'name="content"' not in client.get("/editor/p/edit/main/bin").content

    def test_delete(self, client, made):
        assert client.get("/editor/p/delete/main/a.txt").status_code == 200
        sent = {"message": "", "onto": "new", "new_branch": "cleanup", "expected": oid_of(made, "a.txt")}
        assert client.post("/editor/p/delete/main/a.txt", sent).status_code == 302
        assert "a.txt" not in git(made.path, "ls-tree", "--name-only", "cleanup")
        assert "a.txt" in git(made.path, "ls-tree", "--name-only", "main")

    def test_upload(self, client, made):
        assert client.get("/editor/p/upload/main/d").status_code == 200
        files = [SimpleUploadedFile("one.bin", b"\x00" * 100_000), SimpleUploadedFile("二.txt", b"2")]
        answer = client.post("/editor/p/upload/main/d", {"folder": "d", "files": files, "message": "", "onto": "branch"})
        assert answer.status_code == 302
        assert git(made.path, "-c", "core.quotePath=false", "ls-tree", "--name-only", "main:d").split() == ["gbk.txt", "one.bin", "二.txt"]

    def test_missing_and_forbidden(self, client, made):
        assert client.get("/editor/p/edit/main/nowhere").status_code == 404
        assert client.get("/editor/p/edit/nobranch/a.txt").status_code == 404
        sign_in(client, person())
        for page in ("new/main/", "edit/main/a.txt", "delete/main/a.txt", "upload/main/"):
            assert client.get(f"/editor/p/{page}").status_code == 403

    def test_empty_message_branch_field(self, client, made):
        sent = {"path": "x", "content": "keep me", "message": "m", "onto": "new", "new_branch": ""}
        answer = client.post("/editor/p/new/main/", sent)
        assert answer.status_code == 422
        assert b"keep me" in answer.content
