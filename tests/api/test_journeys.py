"""What people do with the API from beginning to end, each step by HTTP."""

import base64
import hashlib
import subprocess

import pytest

import gitstore
from projects import commands
from projects.commands.moves import create_tag
from tests.factories import accounts as make
from tests.factories.projects import commit, git


@pytest.fixture
def ask(world):
    """Ada's requests with an admin token, below /api/v1/."""
    return lambda method, path, body=None, who=None, **headers: world.ask(
        method, f"/api/v1/{path}", who if who is not None else world.tokens["admin"], body, **headers
    )


DEMO = "repositories/ada/demo"


def test_an_organization_from_nothing(ask, world):
    made = ask("POST", "organizations", {"slug": "lab", "display_name": "实验室"})
    assert (made.status_code, made.json()["name"]) == (201, "实验室")
    assert ask("POST", "organizations", {"slug": "LAB"}).json()["code"] == "name_taken"
    assert ask("PATCH", "organizations/lab", {"description": "Models"}).json()["description"] == "Models"
    asked = ask("PUT", "organizations/lab/members/bob", {"role": "developer"})
    assert asked.status_code == 202
    assert [row["login"] for row in ask("GET", "organizations/lab/members").json()["items"]] == ["ada"]
    assert ask("PUT", f"user/invitations/{asked.json()['id']}", who=make.token(world.bob)).json()["role"] == "developer"
    assert ask("PUT", "organizations/lab/members/bob", {"role": "reader"}).json()["role"] == "reader"
    assert ask("PUT", "organizations/lab/members/ada", {"role": "reader"}).json()["code"] == "last_owner"
    outside = ask("GET", "organizations/lab/members", who=world.outsider).json()["items"]
    assert {row["login"] for row in outside} == {"ada", "bob"}
    assert ask("PATCH", "organizations/lab/members/ada", {"public": False}).json()["public"] is False
    assert [row["login"] for row in ask("GET", "organizations/lab/members", who=world.outsider).json()["items"]] == ["bob"]
    assert ask("GET", "organizations/lab/members/ada", who=world.outsider).status_code == 404
    team = ask("POST", "organizations/lab/teams", {"name": "Language models"}).json()
    assert ask("PUT", f"organizations/lab/teams/{team['slug']}/members/eve").status_code == 422
    assert ask("PUT", f"organizations/lab/teams/{team['slug']}/members/bob").status_code == 204
    assert [row["login"] for row in ask("GET", f"organizations/lab/teams/{team['slug']}/members").json()["items"]] == ["bob"]
    assert ask("GET", "organizations/lab/teams", who=world.outsider).status_code == 403
    ask("POST", "repositories", {"name": "glm", "namespace": "lab", "visibility": "private", "readme": True})
    bob = make.token(world.bob)
    assert ask("PUT", "repositories/lab/glm/contents/x", {"content": ""}, who=bob).status_code == 403
    assert ask("PUT", f"repositories/lab/glm/teams/{team['slug']}", {"access": "write"}).status_code == 200
    assert ask("PUT", "repositories/lab/glm/contents/x", {"content": ""}, who=bob).status_code == 200
    listed = ask("GET", f"organizations/lab/teams/{team['slug']}/repositories").json()["items"]
    assert listed == [{"full_name": "lab/glm", "access": "write"}]
    invited = ask("POST", "organizations/lab/invitations", {"email": "new@example.org", "role": "developer"})
    assert invited.status_code == 201
    assert b"secret" not in invited.content
    assert ask("DELETE", f"organizations/lab/invitations/{invited.json()['id']}").status_code == 204
    by_login = ask("POST", "organizations/lab/invitations", {"login": "eve", "role": "reader"}).json()
    [mine] = ask("GET", "user/invitations", who=world.outsider).json()["items"]
    assert (mine["organization"], mine["role"], mine["id"]) == ("lab", "reader", by_login["id"])
    assert ask("PUT", f"user/invitations/{mine['id']}", who=bob).status_code == 404
    assert ask("PUT", f"user/invitations/{mine['id']}", who=world.outsider).json()["role"] == "reader"
    assert ask("GET", "user/invitations", who=world.outsider).json()["items"] == []
    assert ask("DELETE", "organizations/lab?confirm=lab").json()["code"] == "not_empty"
    assert ask("DELETE", "organizations/lab/members/bob").status_code == 204
    assert ask("GET", "repositories/lab/glm", who=bob).status_code == 404
    assert ask("POST", "repositories/lab/glm/transfer", {"namespace": "pcl", "confirm": "lab/glm"}).status_code == 200
    assert ask("DELETE", "organizations/lab?confirm=lab").status_code == 204
    assert ask("GET", "organizations/lab").status_code == 404
    shut = {row["slug"]: row["id"] for row in ask("GET", "user/closed-organizations").json()["items"]}
    assert ask("POST", f"user/closed-organizations/{shut['lab']}/restore", {}, who=world.outsider).status_code == 404
    assert ask("POST", f"user/closed-organizations/{shut['lab']}/restore", {"slug": "lab2"}).json()["slug"] == "lab2"
    assert {row["login"] for row in ask("GET", "organizations/lab2/members").json()["items"]} == {"ada", "eve"}


def test_keys_and_tokens(ask, world):
    assert ask("POST", "user/keys", {"key": world.key.public_key}).json()["code"] == "key_taken"
    assert ask("DELETE", f"user/keys/{world.key.pk}").status_code == 204
    assert ask("GET", f"user/keys/{world.key.pk}").status_code == 404
    assert ask("POST", "user/keys", {"key": "ssh-dss AAAA"}).json()["field"] == "key"
    made = ask("POST", "user/tokens", {"name": "CI/deploy", "scope": "write", "repositories": ["Ada/Demo"]})
    assert made.status_code == 201
    text = made.json()["token"]
    assert len(text) == 40
    assert text.encode() not in ask("GET", "user/tokens").content
    assert ask("GET", "user/tokens/CI/deploy").json()["repositories"] == [world.demo.pk]
    assert ask("GET", "repositories/ada/demo", who=text).status_code == 200
    assert ask("GET", "repositories/ada/secret", who=text).status_code == 404
    assert ask("POST", "user/tokens", {"name": "x", "scope": "read", "repositories": ["eve/x"]}).json()["field"] == "repositories"
    assert ask("DELETE", "user/tokens/CI/deploy").status_code == 204
    assert ask("GET", "repositories/ada/demo", who=text).status_code == 401
    narrow = make.token(world.ada, repositories=[world.demo.pk])
    assert ask("POST", "user/tokens", {"name": "wide", "scope": "admin"}, who=narrow).status_code == 403


def test_several_files_in_one_commit(ask, world):
    tree = {row["path"]: row["oid"] for row in ask("GET", f"{DEMO}/tree?recursive=1").json()["items"]}
    assert set(tree) == {"README.md", "src/a.py", "old.txt"}
    changes = [
        {"action": "write", "path": "new/é.bin", "content": base64.b64encode(b"\0\1").decode()},
        {"action": "write", "path": "README.md", "content": "# New\n", "encoding": "utf-8", "oid": tree["README.md"]},
        {"action": "move", "path": "src/a.py", "to": "src/b.py", "oid": tree["src/a.py"]},
        {"action": "delete", "path": "old.txt", "oid": tree["old.txt"]},
    ]
    made = ask("POST", f"{DEMO}/commits", {"message": "Four", "changes": changes})
    assert made.status_code == 201, made.content
    after = {row["path"]: row["oid"] for row in ask("GET", f"{DEMO}/tree?recursive=1").json()["items"]}
    assert set(after) == {"README.md", "src/b.py", "new/é.bin"}
    shown = ask("GET", f"{DEMO}/commits/{made.json()['commit']}").json()
    assert (shown["files_total"], shown["verification"]["state"], shown["message"]) == (4, "unsigned", "Four\n")
    again = ask("POST", f"{DEMO}/commits", {"message": "Stale", "changes": [changes[0], changes[1]]})
    assert (again.status_code, again.json()["code"]) == (409, "edited")
    assert ask("GET", f"{DEMO}/tree?path=new").json()["total"] == 1
    branch = {"message": "Aside", "new_branch": "aside", "changes": [{"action": "write", "path": "z", "content": ""}]}
    assert ask("POST", f"{DEMO}/commits", branch).status_code == 201
    assert ask("GET", f"{DEMO}/contents/z").status_code == 404
    assert ask("GET", f"{DEMO}/contents/z?ref=aside").json()["size"] == 0
    for path in ("../x", ".git/config", "a//b", "/a"):
        bad = {"message": "m", "changes": [{"action": "write", "path": path, "content": ""}]}
        assert ask("POST", f"{DEMO}/commits", bad).status_code == 422, path


def test_branches_and_tags_with_guards(ask, world):
    first = world.inside["demo"]["commit"]
    second = commit(world.demo, {"c.txt": b"c"})
    stale = ask("PATCH", f"{DEMO}/branches/topic", {"commit": "main", "expected": second})
    assert (stale.status_code, stale.json()["code"]) == (409, "moved")
    assert ask("PATCH", f"{DEMO}/branches/topic", {"commit": "main", "expected": first}).json()["commit"] == second
    back = ask("PATCH", f"{DEMO}/branches/topic", {"commit": first})
    assert (back.status_code, back.json()["code"]) == (409, "not_fast_forward")
    assert ask("PATCH", f"{DEMO}/branches/topic", {"commit": first, "force": True}).json()["commit"] == first
    assert ask("PATCH", f"{DEMO}/branches/topic", {"name": "a/b"}).json()["name"] == "a/b"
    read = ask("GET", f"{DEMO}/branches/a/b")
    assert ask("PATCH", f"{DEMO}/branches/a/b", {"commit": "main"}, **{"If-Match": '"x"'}).status_code == 412
    assert ask("PATCH", f"{DEMO}/branches/a/b", {"commit": "main"}, **{"If-Match": read["ETag"]}).status_code == 200
    assert ask("DELETE", f"{DEMO}/branches/a/b?oid={first}").json()["code"] == "moved"
    assert ask("DELETE", f"{DEMO}/branches/a/b?oid={second}").status_code == 204
    assert ask("DELETE", f"{DEMO}/branches/main").json()["code"] == "default_branch"
    tag = ask("POST", f"{DEMO}/tags", {"name": "t/1", "target": first, "message": "Über"}).json()
    assert (tag["commit"], tag["message"].strip(), tag["tagger"]) == (first, "Über", "ada")
    assert git(world.demo.path, "cat-file", "-t", "refs/tags/t/1") == "tag"
    assert git(world.demo.path, "fsck", "--strict", "--no-dangling") == ""
    assert ask("POST", f"{DEMO}/tags", {"name": "t/1"}).status_code == 409
    assert ask("DELETE", f"{DEMO}/tags/t/1").status_code == 204
    rule = ask("POST", f"{DEMO}/protections", {"pattern": "main", "push_access": "nobody", "push_users": ["bob"]}).json()
    assert rule["push_users"] == ["bob"]
    assert ask("PATCH", f"{DEMO}/branches/main", {"commit": first, "force": True}).status_code == 403
    assert ask("PATCH", f"{DEMO}/protections/{rule['id']}", {"push_access": "write", "allow_force": True, "push_users": []}).json() == {
        **rule, "push_access": "write", "allow_force": True, "push_users": []
    }  # fmt: skip
    assert ask("PATCH", f"{DEMO}/branches/main", {"commit": first, "force": True}).status_code == 200


def test_what_only_another_member_of_the_network_reaches_stays_there(ask, world):
    fork = commands.fork_repository(make.actor(world.bob), world.demo, into=world.bob.namespace)
    alien = commit(fork, {"alien.txt": b"only in the fork"})
    gitstore.fetch_objects(world.demo.path, fork.path, [alien])  # as a shared store would hold it
    blob = git(fork.path, "rev-parse", f"{alien}:alien.txt")
    for path in (f"commits/{alien}", f"tree?ref={alien}", f"blobs/{blob}", f"raw?ref={alien}&path=alien.txt", f"archive?ref={alien}",
                 f"compare?base=main&head={alien}", f"contents/alien.txt?ref={alien}", f"blame?ref={alien}&path=alien.txt",
                 f"readme?ref={alien}"):  # fmt: skip
        assert ask("GET", f"{DEMO}/{path}").status_code == 404, path
    assert ask("POST", f"{DEMO}/branches", {"name": "stolen", "start": alien}).status_code in (404, 422)
    assert ask("POST", f"{DEMO}/tags", {"name": "stolen", "target": alien}).status_code == 422
    assert ask("PATCH", f"{DEMO}/branches/topic", {"commit": alien}).status_code == 422
    assert ask("POST", f"{DEMO}/releases", {"tag": "stolen", "target": alien}).status_code in (404, 422)
    across = ask("GET", f"{DEMO}/compare?base=main&head=bob:main").json()
    assert (across["ahead"], across["behind"], across["files"][0]["path"]) == (1, 0, "alien.txt")


def test_forks(ask, world):
    fork = ask("POST", f"{DEMO}/forks", {"namespace": "pcl"})
    assert (fork.status_code, fork.json()["fork_of"]) == (201, "ada/demo")
    upstream = "repositories/pcl/demo/upstream"
    assert ask("GET", upstream).json() == {"parent": "ada/demo", "ahead": 0, "behind": 0}
    newer = commit(world.demo, {"newer.txt": b"n"})
    assert ask("GET", upstream).json()["behind"] == 1
    assert ask("POST", "repositories/pcl/demo/sync").json() == {"commit": newer}
    assert ask("POST", "repositories/pcl/demo/sync").json()["code"] == "up_to_date"
    assert ask("GET", DEMO).json()["forks"] == 1
    assert ask("POST", "repositories/pcl/demo/detach").json()["fork_of"] is None
    assert ask("GET", upstream).json() == {"parent": None, "ahead": None, "behind": None}


def test_a_private_parent_is_not_named(ask, world):
    made = commands.fork_repository(make.actor(world.ada), world.secret, into=world.organization.namespace)
    assert ask("GET", f"repositories/pcl/{made.name}", who=make.token(world.eve)).status_code == 404
    assert ask("GET", "repositories", who=world.outsider).json()["items"][0]["full_name"] == "ada/demo"
    assert b"secret" not in ask("GET", "activity", who=world.outsider).content
    assert b"secret" not in ask("GET", "users/ada/stars", who=world.outsider).content


def test_delete_restore_transfer_archive(ask, world):
    assert ask("DELETE", DEMO).json()["field"] == "confirmation"
    assert ask("DELETE", f"{DEMO}?confirm=ada/demo").status_code == 204
    gone = ask("GET", "user/deleted-repositories").json()["items"]
    assert {row["full_name"] for row in gone} == {"ada/demo", "ada/gone"}
    assert ask("POST", f"user/deleted-repositories/{world.demo.pk}/restore", {}, who=world.outsider).status_code == 404
    assert ask("POST", f"user/deleted-repositories/{world.demo.pk}/restore", {"name": "again"}).json()["full_name"] == "ada/again"
    moved = ask("POST", "repositories/ada/again/transfer", {"namespace": "pcl", "confirm": "ada/again"})
    assert moved.json()["full_name"] == "pcl/again"
    archived = ask("PATCH", "repositories/pcl/again", {"archived": True, "description": "Done"}).json()
    assert (archived["archived"], archived["description"]) == (True, "Done")
    assert ask("PUT", "repositories/pcl/again/contents/x", {"content": ""}).json()["code"] == "archived"
    assert ask("PATCH", "repositories/pcl/again", {"archived": False, "topics": ["NLP", "大模型"]}).json()["topics"] == ["nlp", "大模型"]
    assert ask("PUT", "repositories/pcl/again/topics", {"topics": []}).json() == {"topics": []}
    rules = {"forbidden_paths": ["*.exe"], "check_emails": False, "max_blob_bytes": None}
    assert ask("PUT", "repositories/pcl/again/push-rules", rules).json() == rules
    assert ask("PUT", "repositories/pcl/again/contents/a.exe", {"content": ""}).status_code == 403


def test_release_files(ask, world, client):
    data = bytes(range(256)) * 5000
    digest = hashlib.sha256(data).hexdigest()
    headers = {"Authorization": f"Bearer {world.tokens['write']}"}
    address = f"/api/v1/{DEMO}/releases/v1.0/assets/d%C3%A9mo.bin"
    put = lambda url, **extra: client.generic("PUT", url, data=data, content_type="application/x-demo", headers=headers, **extra)  # noqa: E731
    assert put(f"{address}?sha256={'0' * 64}").status_code == 422
    made = put(f"{address}?sha256={digest}")
    assert (made.status_code, made.json()["sha256"], made.json()["size"]) == (201, digest, len(data))
    assert put(address).status_code == 409
    whole = client.get(address)
    assert b"".join(whole.streaming_content) == data
    assert whole["ETag"] == f'"{digest}"'
    part = client.get(address, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 1000-1999/{len(data)}")
    assert b"".join(part.streaming_content) == data[1000:2000]
    assert client.get(address, headers={"Range": f"bytes={len(data)}-"}).status_code == 416
    listed = ask("GET", f"{DEMO}/releases/v1.0").json()["assets"]
    assert [(one["name"], one["downloads"]) for one in listed] == [("demo.whl", 0), ("démo.bin", 1)]
    assert client.get(listed[1]["url"].removeprefix("http://testserver")).status_code == 200
    draft = ask("POST", f"{DEMO}/releases", {"tag": "v2", "target": "main", "draft": True}).json()
    assert (draft["draft"], draft["published"]) == (True, None)
    assert ask("GET", f"{DEMO}/releases/v2", who=world.outsider).status_code == 404
    assert ask("GET", f"{DEMO}/releases/latest").json()["tag"] == "v1.0"
    published = ask("PATCH", f"{DEMO}/releases/v2", {"draft": False, "notes": "N"}).json()
    assert (published["draft"], published["notes"]) == (False, "N")
    assert ask("GET", f"{DEMO}/releases/latest").json()["tag"] == "v2"
    assert ask("DELETE", f"{DEMO}/releases/v1.0/assets/demo.whl").status_code == 204
    assert ask("DELETE", f"{DEMO}/releases/v2").status_code == 204
    assert ask("GET", f"{DEMO}/tags/v2").status_code == 200


def test_a_file_too_large_is_refused_before_it_is_read(world, client, settings):
    headers = {"Authorization": f"Bearer {world.tokens['write']}"}
    settings.MAX_BLOB_BYTES = 10
    answer = client.generic("PUT", f"/api/v1/{DEMO}/releases/v1.0/assets/x", data=b"x" * 11, headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
    assert client.generic("PUT", f"/api/v1/{DEMO}/releases/v1.0/assets/x", data=b"x" * 10, headers=headers).status_code == 201
    settings.MAX_BLOB_BYTES, settings.QUOTA_BYTES = 10**9, 10
    full = client.generic("PUT", f"/api/v1/{DEMO}/releases/v1.0/assets/y", data=b"x" * 11, headers=headers)
    assert (full.status_code, full.json()["code"]) == (429, "quota")


def test_reading_history_and_files(ask, world, client):
    commit(world.demo, {"src/a.py": b"print(2)\n", "README.zh.md": "# 中文\n".encode()}, message="Second of all")
    assert [one["message"] for one in ask("GET", f"{DEMO}/commits?path=src/a.py&q=second").json()["items"]] == ["Second of all"]
    assert ask("GET", f"{DEMO}/commits?author=nobody").json()["items"] == []
    assert ask("GET", f"{DEMO}/commits?until=2001-01-01").json()["items"] == []
    assert len(ask("GET", f"{DEMO}/commits?since=2001-01-01T00:00:00Z").json()["items"]) == 2
    assert ask("GET", f"{DEMO}/commits?since=2001-13-01").json()["field"] == "since"
    blame = ask("GET", f"{DEMO}/blame?path=src/a.py").json()["items"]
    assert [(one["start"], one["summary"]) for one in blame] == [(1, "Second of all")]
    assert ask("GET", f"{DEMO}/readme", **{"Accept-Language": "zh-hans"}).json()["path"] == "README.zh.md"
    english = ask("GET", f"{DEMO}/readme", **{"Accept-Language": "en"}).json()
    assert (english["path"], "<h1" in english["html"]) == ("README.md", True)
    raw = client.get(f"/api/v1/{DEMO}/raw?path=src/a.py", headers={"Range": "bytes=6-6"})
    assert (raw.status_code, b"".join(raw.streaming_content), raw["Content-Range"]) == (206, b"2", "bytes 6-6/9")
    assert "sandbox" in raw["Content-Security-Policy"]
    archive = b"".join(client.get(f"/api/v1/{DEMO}/archive?format=tar.gz&ref=v1.0").streaming_content)
    listing = subprocess.run(["tar", "tz"], input=archive, capture_output=True, check=True).stdout.decode().split()
    assert "demo-v1.0/src/a.py" in listing


def test_a_tree_read_page_by_page_keeps_to_its_commit(ask, world):
    first = ask("GET", f"{DEMO}/tree?limit=2").json()
    commit(world.demo, {"0.txt": b"0"})
    second = ask("GET", f"{DEMO}/tree?limit=2&cursor={first['next']}").json()
    assert second["commit"] == first["commit"]
    assert [row["path"] for row in first["items"] + second["items"]] == ["src", "README.md", "old.txt"]


def test_stars_watching_and_activity(ask, world):
    assert ask("PUT", f"{DEMO}/star", who=world.outsider).status_code == 204
    assert [row["login"] for row in ask("GET", f"{DEMO}/stargazers").json()["items"]] == ["eve", "ada"]
    assert [row["full_name"] for row in ask("GET", "users/eve/stars").json()["items"]] == ["ada/demo"]
    assert ask("DELETE", f"{DEMO}/star", who=world.outsider).status_code == 204
    assert ask("GET", f"{DEMO}/watch").json() == {"level": ""}
    assert ask("PUT", f"{DEMO}/watch", {"level": "releases"}).json() == {"level": "releases"}
    assert ask("DELETE", f"{DEMO}/watch").status_code == 204
    create_tag(make.actor(world.ada), world.demo, tag="seen")
    newest = ask("GET", "activity").json()["items"][0]
    assert (newest["repository"], newest["by"], newest["refs"][0]["ref"]) == ("ada/demo", "ada", "refs/tags/seen")


def test_collaborators_and_deploy_keys(ask, world):
    assert ask("PUT", f"{DEMO}/collaborators/eve", {"access": "read"}).json()["access"] == "read"
    assert ask("PUT", f"{DEMO}/collaborators/ada", {"access": "read"}).status_code == 422
    assert {row["login"] for row in ask("GET", f"{DEMO}/collaborators").json()["items"]} == {"bob", "eve"}
    assert ask("DELETE", f"{DEMO}/collaborators/eve").status_code == 204
    [key] = ask("GET", f"{DEMO}/keys").json()["items"]
    assert ask("GET", f"repositories/ada/secret/keys/{key['id']}").status_code == 404
    assert ask("DELETE", f"{DEMO}/keys/{key['id']}").status_code == 204


def test_a_repository_taken_down_is_451(ask, world):
    commands.take_down_repository(make.actor(world.root), world.demo, reason="Court order 7")
    answer = ask("GET", DEMO)
    assert (answer.status_code, answer.json()["detail"]) == (451, "Court order 7")


def test_old_addresses_lead_on_until_they_are_used_again(ask, world):
    assert ask("PATCH", DEMO, {"name": "renamed"}).json()["full_name"] == "ada/renamed"
    assert ask("GET", DEMO).json()["full_name"] == "ada/renamed"
    assert ask("GET", f"{DEMO}/branches").status_code == 200
    assert ask("GET", "repositories/ada/secret", who=world.outsider).status_code == 404
    ask("PATCH", "repositories/ada/secret", {"name": "hidden"})
    assert ask("GET", "repositories/ada/secret", who=world.outsider).status_code == 404
    ask("POST", "repositories", {"name": "demo"})
    assert ask("GET", DEMO).json()["full_name"] == "ada/demo"
    assert ask("PATCH", "organizations/pcl", {"slug": "pcl-lab"}).json()["slug"] == "pcl-lab"
    assert ask("GET", "organizations/pcl").json()["slug"] == "pcl-lab"
    assert ask("GET", "organizations/ada").status_code == 404
