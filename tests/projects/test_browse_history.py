"""History, commits, diffs and archives, over real repositories."""

import io
import re
import tarfile
import zipfile

import pytest
from django.test import Client

from tests.factories import histories
from tests.factories.accounts import person

pytestmark = pytest.mark.django_db
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def demo():
    row, history = histories.repository(person("ada"), "demo")
    oids = [
        history.write({"a.txt": f"{n}\n", "keep.py": "def f():\n    return 1\n"}, f"Commit {n}", when=1_700_000_000 + 3600 * n)
        for n in range(35)
    ]
    oids.append(
        history.write(
            {"keep.py": "def f():\n    return 2\n"},
            f"Change {EVIL}\n\nBody {EVIL}",
            author=f"{EVIL} <eve@example.org>".replace("<img", "img").replace(">", "", 1).encode(),
        )
    )
    histories.settle(row)
    return row, history, oids


def text(answer) -> str:
    return answer.content.decode() if not answer.streaming else b"".join(answer.streaming_content).decode()


def test_history_is_paged_by_a_sealed_cursor(demo, client: Client):
    _row, _history, oids = demo
    page = text(client.get("/ada/demo/commits/main"))
    assert oids[-1] in page
    assert oids[0] not in page
    assert "<img src=x" not in page
    older = re.search(r'href="(\?after=[^"]+)"', page)[1].replace("&amp;", "&")
    second = text(client.get(f"/ada/demo/commits/main{older}"))
    assert oids[0] in second
    assert oids[-1] not in second
    assert client.get("/ada/demo/commits/main?after=AAAA.bbbb").status_code == 404


def test_a_cursor_of_one_repository_opens_no_other(demo, client: Client):
    other, history = histories.repository(person("eve"), "other")
    for n in range(35):
        history.write({"a": str(n)}, f"c{n}")
    histories.settle(other)
    page = text(client.get("/eve/other/commits/main"))
    older = re.search(r'href="(\?after=[^"]+)"', page)[1].replace("&amp;", "&")
    assert client.get(f"/eve/other/commits/main{older}").status_code == 200
    assert client.get(f"/ada/demo/commits/main{older}").status_code == 404


def test_history_of_a_path_and_filters(demo, client: Client):
    _row, _history, oids = demo
    page = text(client.get("/ada/demo/commits/main/keep.py"))
    assert oids[-1] in page
    assert oids[0] in page
    assert oids[5] not in page
    assert oids[4] in text(client.get("/ada/demo/commits/main?q=Commit+4"))
    assert oids[-1] not in text(client.get("/ada/demo/commits/main?author=ada"))
    assert oids[-1] not in text(client.get("/ada/demo/commits/main?until=2023-11-15"))
    assert client.get("/ada/demo/commits/main?since=nonsense&until=9999-99-99").status_code == 200


def test_history_follows_a_rename(client: Client):
    row, history = histories.repository(person("ada"), "moved")
    first = history.write({"old.txt": "some text that stays\n" * 5}, "Before")
    history.write({"old.txt": None, "new.txt": "some text that stays\n" * 5}, "Rename")
    histories.settle(row)
    assert first not in text(client.get("/ada/moved/commits/main/new.txt"))
    page = text(client.get("/ada/moved/commits/main/new.txt?follow=1"))
    assert first in page
    assert f"/ada/moved/blob/{first}/old.txt" in page


def test_graph_of_branches(client: Client):
    row, history = histories.repository(person("ada"), "graph")
    base = history.write({"a": "1"}, "Base")
    histories.git(history.path, "update-ref", "refs/heads/side", base)
    side = history.write({"b": "1"}, "Side", branch="side")
    main = history.write({"a": "2"}, "Main")
    tree = histories.git(history.path, "rev-parse", "main^{tree}").decode().strip()
    merge = histories.git(history.path, "commit-tree", tree, "-p", main, "-p", side, "-m", f"Merge {EVIL}").decode().strip()
    histories.git(history.path, "update-ref", "refs/heads/main", merge)
    histories.settle(row)
    page = text(client.get("/ada/graph/commits/main?graph=1"))
    assert page.count("<circle class=") == 4
    assert "<img src=x" not in page
    assert "style=" not in page


def test_commit_page(demo, client: Client):
    _row, _history, oids = demo
    page = text(client.get(f"/ada/demo/commit/{oids[-1]}"))
    assert "<img src=x" not in page
    assert "keep.py" in page
    assert "<mark>" in page
    assert f'href="/ada/demo/commit/{oids[-2]}"' in page
    assert "main" in page
    assert client.get(f"/ada/demo/commit/{oids[-1][:10]}")["Location"] == f"/ada/demo/commit/{oids[-1]}"
    for query in ("?view=split", "?w=1", "?file=0", "?files=99", "?view=%00&w=x&files=-1"):
        assert client.get(f"/ada/demo/commit/{oids[-1]}{query}").status_code == 200, query


def test_root_commit_and_merge_show_a_diff(demo, client: Client):
    _row, _history, oids = demo
    assert "a.txt" in text(client.get(f"/ada/demo/commit/{oids[0]}"))


def test_patch_and_diff_can_be_applied(demo, client: Client, tmp_path):
    _row, history, oids = demo
    diff = text(client.get(f"/ada/demo/commit/{oids[-1]}.diff"))
    patch = client.get(f"/ada/demo/commit/{oids[-1]}.patch")
    assert diff.startswith("diff --git a/keep.py b/keep.py")
    assert "From: " in text(patch)
    assert patch["Content-Type"].startswith("text/plain")
    assert patch["Content-Security-Policy"].startswith("sandbox")


def test_commits_of_a_shared_store_that_no_ref_reaches_do_not_exist(demo, client: Client):
    _row, history, _oids = demo
    tree = histories.git(history.path, "rev-parse", "main^{tree}").decode().strip()
    hidden = histories.git(history.path, "commit-tree", tree, "-m", "hidden").decode().strip()
    for address in (
        f"commit/{hidden}",
        f"tree/{hidden}",
        f"blob/{hidden}/a.txt",
        f"raw/{hidden}/a.txt",
        f"commits/{hidden}",
        f"archive/{hidden}.zip",
    ):
        assert client.get(f"/ada/demo/{address}").status_code == 404, address
        short = address.replace(hidden, hidden[:12])
        assert client.get(f"/ada/demo/{short}").status_code == 404, short


def test_a_kept_answer_ends_with_a_forced_push(demo, client: Client):
    _row, history, oids = demo
    assert client.get(f"/ada/demo/commit/{oids[-1]}").status_code == 200
    histories.git(history.path, "update-ref", "refs/heads/main", oids[3])
    assert client.get(f"/ada/demo/commit/{oids[-1]}").status_code == 404
    assert client.get(f"/ada/demo/commit/{oids[2]}").status_code == 200


def test_archives(demo, client: Client):
    _row, _history, oids = demo
    answer = client.get("/ada/demo/archive/main.zip")
    names = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
    assert "demo-main/keep.py" in names
    assert 'filename="demo-main.zip"' in answer["Content-Disposition"]
    assert client.get("/ada/demo/archive/main.zip", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    packed = client.get("/ada/demo/archive/main.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(b"".join(packed.streaming_content))) as archive:
        assert "demo-main/keep.py" in archive.getnames()
    assert client.get("/ada/demo/archive/main.rar").status_code == 404
    assert client.get("/ada/demo/archive/main/a.txt.zip").status_code == 404


def test_malformed_commits_are_shown(client: Client):
    row, history = histories.repository(person("ada"), "odd")
    history.write({"a": "1"}, "中文提交".encode("gb18030"))
    blob = histories.git(history.path, "rev-parse", "main^{tree}").decode().strip()
    raw = f"tree {blob}\nauthor Nobody <> 99999999999999999 +9999\ncommitter Nobody <> -1 -0000\n\nbad date\n".encode()
    oid = histories.git(history.path, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", data=raw).decode().strip()
    histories.git(history.path, "update-ref", "refs/heads/bad", oid)
    histories.settle(row)
    assert "中文提交" in text(client.get("/ada/odd/commits/main"))
    for address in ("commits/bad", f"commit/{oid}", "tree/bad"):
        assert client.get(f"/ada/odd/{address}").status_code == 200, address


def test_anonymous_budget_ends_with_429_and_never_for_people(demo, client: Client, settings):
    _row, _history, oids = demo
    settings.ANONYMOUS_NETWORK_BUDGET = 3
    answers = [client.get(f"/ada/demo/tree/{oid}").status_code for oid in oids[:5]]
    assert answers == [200, 200, 200, 429, 429]
    refused = client.get(f"/ada/demo/tree/{oids[5]}")
    assert int(refused["Retry-After"]) > 0
    assert "git clone http://testserver/ada/demo.git" in text(refused)
    assert client.get("/ada/demo/tree/main").status_code == 200
    client.force_login(person("bob"))
    assert client.get(f"/ada/demo/tree/{oids[5]}").status_code == 200


@pytest.mark.parametrize("address", ["", "/tree/main", "/commits/main"])
def test_evil_branch_names_are_text(client: Client, address: str):
    row, history = histories.repository(person("ada"), "evil")
    history.write({"a": "1"}, "x")
    histories.git(history.path, "update-ref", 'refs/heads/"><script>alert(1)</script>', "refs/heads/main")
    histories.settle(row)
    page = text(client.get(f"/ada/evil{address}"))
    assert "<script>alert" not in page
    assert client.get("/ada/evil/tree/%22%3E%3Cscript%3Ealert(1)%3C/script%3E").status_code == 200
