"""Front page, directories, files and raw bytes, over real repositories."""

import re
from threading import Event
from urllib.parse import quote

import pygit2
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.queries import listings
from tests.factories import histories
from tests.factories.accounts import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo():
    row, history = histories.repository(person("ada"), "demo", description="A <b>demo</b>")
    history.write({"README.md": "# Hello\n", "src/main.py": "print('hi')\n", "docs/a.txt": "a\n"}, "First commit")
    history.write({"src/main.py": "print('hello')\n"}, "Say <script>alert(1)</script>")
    histories.settle(row)
    return row, history


def test_home_lists_entries_with_their_last_commits(demo, client: Client):
    page = client.get("/ada/demo").content.decode()
    assert 'href="/ada/demo/tree/main/src"' in page
    assert 'href="/ada/demo/blob/main/README.md"' in page
    assert "First commit" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "A &lt;b&gt;demo&lt;/b&gt;" in page


def test_home_of_an_empty_repository_tells_how_to_begin(client: Client):
    row, _history = histories.repository(person("ada"), "empty")
    page = client.get("/ada/empty").content.decode()
    assert "git push -u origin main" in page
    assert "http://testserver/ada/empty.git" in page


def test_home_of_a_missing_repository_is_404(client: Client, demo):
    assert client.get("/ada/nothing").status_code == 404


def test_another_spelling_redirects_with_its_tail(client: Client, demo):
    answer = client.get("/ADA/Demo/tree/main/src?x=1")
    assert answer.status_code == 302
    assert answer["Location"] == "/ada/demo/tree/main/src?x=1"


def test_tree_of_a_directory_and_its_parent(demo, client: Client):
    page = client.get("/ada/demo/tree/main/src").content.decode()
    assert 'href="/ada/demo/blob/main/src/main.py"' in page
    assert 'href="/ada/demo/tree/main"' in page


def test_tree_of_a_file_redirects_to_the_file_and_back(demo, client: Client):
    assert client.get("/ada/demo/tree/main/README.md")["Location"] == "/ada/demo/blob/main/README.md"
    assert client.get("/ada/demo/blob/main/src")["Location"] == "/ada/demo/tree/main/src"


def test_tree_with_a_slash_in_the_branch_name(demo, client: Client):
    _row, history = demo
    histories.git(history.path, "branch", "feature/a", "main")
    page = client.get("/ada/demo/tree/feature/a/src")
    assert page.status_code == 200
    assert "/ada/demo/blob/feature/a/src/main.py" in page.content.decode()


@pytest.mark.parametrize("address", ["tree/nowhere", "tree/main/none", "blob/main/none", "raw/main/none", "tree/" + "0" * 40])
def test_what_is_not_there_is_404(demo, client: Client, address: str):
    assert client.get(f"/ada/demo/{address}").status_code == 404


def test_pages_answer_304_to_their_own_etag(demo, client: Client):
    client.get("/ada/demo")  # sets the cookie of the language form
    for address in ("", "/tree/main/src", "/blob/main/src/main.py", "/raw/main/src/main.py"):
        first = client.get(f"/ada/demo{address}")
        assert first["ETag"], address
        again = client.get(f"/ada/demo{address}", headers={"If-None-Match": first["ETag"]})
        assert again.status_code == 304, address
        assert not again.content


def test_etag_changes_with_a_push(demo, client: Client):
    _row, history = demo
    client.get("/ada/demo")
    first = client.get("/ada/demo")["ETag"]
    history.write({"new.txt": "x"}, "Add")
    assert client.get("/ada/demo", headers={"If-None-Match": first}).status_code == 200


NAMES = [
    b"new\nline.txt",
    b"\xff\xfe.bin",
    "中文 名.txt".encode(),
    b"<img src=x onerror=alert(1)>.txt",
    b'quote".txt',
    b"percent%41.txt",
    b"%FF.txt",
    b"hash#question?.txt",
    b"a&b;c=d.txt",
    "\u202egpj.exe".encode(),
    b"-option",
    b"back\\slash",
]


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_round_trip_through_addresses(client: Client, name: bytes):
    row, history = histories.repository(person("ada"), "odd")
    history.write({b"dir/" + name: b"content of it\n"}, "Odd")
    histories.settle(row)
    page = client.get("/ada/odd/tree/main/dir")
    assert page.status_code == 200
    html = page.content.decode()
    found = re.findall(r'href="(/ada/odd/blob/main/dir/[^"]+)"', html)
    assert found
    assert client.get(found[0]).status_code == 200
    raw = client.get(found[0].replace("/blob/", "/raw/"))
    assert b"".join(raw.streaming_content) == b"content of it\n"
    assert "<img src=x" not in html
    assert "\u202e" not in html
    assert found[0].endswith(quote(name, safe="/:@!$()*+,;=~-._"))


def test_a_tree_entry_named_dot_git_is_only_shown(client: Client):
    row, history = histories.repository(person("ada"), "evil")
    blob = histories.git(history.path, "hash-object", "-w", "--stdin", data=b"[core]\n").decode().strip()
    inner = histories.git(history.path, "mktree", data=f"100644 blob {blob}\tconfig\n".encode()).decode().strip()
    outer = histories.git(history.path, "mktree", data=f"040000 tree {inner}\t.git\n".encode()).decode().strip()
    commit = histories.git(history.path, "commit-tree", outer, "-m", "evil").decode().strip()
    histories.git(history.path, "update-ref", "refs/heads/main", commit)
    histories.settle(row)
    assert client.get("/ada/evil/tree/main/.git").status_code == 200
    assert client.get("/ada/evil/blob/main/.git/config").status_code == 200


def test_symlinks_show_their_target_and_submodules_lead_out(client: Client):
    row, history = histories.repository(person("ada"), "links")
    history.write(
        {
            "link": "/etc/passwd",
            "sub": "1" * 40,
            "bad": "2" * 40,
            ".gitmodules": '[submodule "sub"]\n\tpath = sub\n\turl = https://example.org/x/y.git\n[submodule "bad"]\n\tpath = bad\n\turl = javascript:alert(1)\n',
        },
        modes={"link": "120000", "sub": "160000", "bad": "160000"},
    )
    histories.settle(row)
    page = client.get("/ada/links").content.decode()
    assert 'href="https://example.org/x/y"' in page
    assert "javascript:" not in page
    blob = client.get("/ada/links/blob/main/link").content.decode()
    assert "/etc/passwd" in blob
    assert "root:" not in blob


def test_submodule_addresses():
    from projects.queries.listings import submodule_address

    base = "/ada/demo"
    assert submodule_address(base, "../other.git") == "/ada/other"
    assert submodule_address(base, "../../eve/x") == "/eve/x"
    assert submodule_address(base, "https://example.org/a.git") == "https://example.org/a"
    for bad in ("javascript:alert(1)", "ssh://x/y", "git@x:y", "../../../../etc", "file:///etc", 'https://x/"><script>', "https://u:p@x/y"):
        assert submodule_address(base, bad) == "", bad


def test_raw_answers_cannot_run(client: Client):
    row, history = histories.repository(person("ada"), "raw")
    history.write(
        {
            "a.html": "<script>1</script>",
            "a.svg": "<svg onload='x'/>",
            "a.bin": bytes(range(256)) * 4,
            "a.png": b"\x89PNG",
            "a.txt": "t",
            "a.pdf": "%PDF-1.4",
            "fake.pdf": "<script>1</script>",
        }
    )
    histories.settle(row)
    for name, content_type, shown in (
        ("a.html", "text/plain; charset=utf-8", True),
        ("a.svg", "image/svg+xml", True),
        ("a.bin", "application/octet-stream", False),
        ("a.png", "image/png", True),
        ("a.txt", "text/plain; charset=utf-8", True),
        ("a.pdf", "application/pdf", True),
        ("fake.pdf", "text/plain; charset=utf-8", True),
    ):
        answer = client.get(f"/ada/raw/raw/main/{name}")
        pdf = name.endswith(".pdf")
        assert answer["Content-Type"] == content_type, name
        assert answer["Content-Security-Policy"].startswith("default-src 'none'" if pdf else "sandbox; default-src 'none'")
        assert "script-src" not in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == ("SAMEORIGIN" if pdf else "DENY")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"].startswith("inline" if shown else "attachment"), name


def test_a_pdf_keeps_its_policy_when_it_did_not_change(client: Client):
    row, history = histories.repository(person("ada"), "pdf")
    history.write({"a.pdf": "%PDF-1.4"})
    histories.settle(row)
    first = client.get("/ada/pdf/raw/main/a.pdf")
    again = client.get("/ada/pdf/raw/main/a.pdf", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again["Content-Security-Policy"] == first["Content-Security-Policy"]


def test_media_is_shown_in_place(client: Client):
    row, history = histories.repository(person("ada"), "media")
    history.write({"a.pdf": "%PDF-1.4", "fake.pdf": "no pdf", "a.opus": "x", "a.webm": "x", "a.svg": "<svg/>"})
    histories.settle(row)

    def page(tail: str) -> str:
        return client.get(f"/ada/media/blob/main/{tail}", headers={"Accept-Language": "en"}).content.decode()

    assert '<iframe class="pdf-frame" src="/ada/media/raw/main/a.pdf" title="a.pdf"' in page("a.pdf")
    assert "<iframe" not in page("fake.pdf")
    assert "no pdf" in page("fake.pdf")
    assert '<audio src="/ada/media/raw/main/a.opus" controls' in page("a.opus")
    assert '<video src="/ada/media/raw/main/a.webm" controls' in page("a.webm")
    assert '<img src="/ada/media/raw/main/a.svg"' in page("a.svg")
    assert "&lt;</span>" in page("a.svg?view=source") or "&lt;svg" in page("a.svg?view=source")


def test_symlinks_lead_to_their_target_inside_the_repository_only(client: Client):
    row, history = histories.repository(person("ada"), "links")
    links = {"d/in": "../README.md", "d/out": "../../x", "abs": "/etc/passwd", "dot": ".", "d/evil": "<script>"}
    history.write({"README.md": "x", **links}, modes=dict.fromkeys(links, "120000"))
    histories.settle(row)

    def page(name: str) -> str:
        return client.get(f"/ada/links/blob/main/{name}").content.decode()

    assert '<a href="/ada/links/blob/main/README.md"><code>../README.md' in page("d/in")
    assert '<a href="/ada/links/blob/main"><code>.' in page("dot")
    for name in ("d/out", "abs"):
        assert not re.search(r"<a [^>]*><code>", page(name)), name
    assert "<script><" not in page("d/evil")


def test_the_language_is_told_by_content(client: Client):
    row, history = histories.repository(person("ada"), "content")
    history.write({"tool": "#!/usr/bin/env python3\ndef f(): pass\n", "a.h": "namespace a { class B {}; }\n", "b.h": "int f(void);\n"})
    histories.settle(row)
    pages = {name: client.get(f"/ada/content/blob/main/{name}").content.decode() for name in ("tool", "a.h", "b.h")}
    assert "· Python" in pages["tool"]
    assert '<span class="k">def' in pages["tool"]
    assert "· C++" in pages["a.h"]
    assert '<span class="k">class' in pages["a.h"]
    assert "· C<" in pages["b.h"]


def test_raw_ranges(client: Client):
    row, history = histories.repository(person("ada"), "ranges")
    history.write({"a.txt": "0123456789"})
    histories.settle(row)

    def get(value: str):
        return client.get("/ada/ranges/raw/main/a.txt", headers={"Range": value})

    part = get("bytes=2-4")
    assert (part.status_code, part["Content-Range"], b"".join(part.streaming_content)) == (206, "bytes 2-4/10", b"234")
    assert b"".join(get("bytes=-3").streaming_content) == b"789"
    assert b"".join(get("bytes=7-").streaming_content) == b"789"
    assert get("bytes=50-").status_code == 416
    assert get("bytes=a-").status_code == 200


def test_private_repositories_do_not_exist_for_others(client: Client):
    row, history = histories.repository(person("ada"), "secret", visibility="private")
    history.write({"a.txt": "s"})
    histories.settle(row)
    for address in ("", "/tree/main", "/blob/main/a.txt", "/raw/main/a.txt", "/contributors"):
        assert client.get(f"/ada/secret{address}").status_code == 404, address


def test_home_takes_few_queries_whatever_the_listing(demo, client: Client, django_assert_max_num_queries):
    client.get("/ada/demo")
    with django_assert_max_num_queries(6):
        client.get("/ada/demo")
    client.force_login(person("bob"))
    client.get("/ada/demo")
    with CaptureQueriesContext(connection) as queries:
        client.get("/ada/demo")
    assert len([query for query in queries if "usersession" not in query["sql"] and "SAVEPOINT" not in query["sql"]]) <= 12


def test_a_page_does_not_wait_for_last_commits_and_fills_in(demo, client: Client):
    gate = Event()
    listings._workers.submit(gate.wait)  # the one worker is busy
    try:
        page = client.get("/ada/demo", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        assert "class=skeleton" in page.content.decode()
        assert 'hx-trigger="load' in page.content.decode()
        assert '<meta http-equiv="refresh"' in page.content.decode()
    finally:
        gate.set()
    listings._workers.submit(int).result(timeout=20)  # everything before it is done
    filled = client.get("/ada/demo", headers={"If-None-Match": page["ETag"]})
    assert filled.status_code == 200
    assert "class=skeleton" not in filled.content.decode()
    assert "First commit" in filled.content.decode()


def test_readme_in_the_language_of_the_reader(client: Client):
    row, history = histories.repository(person("ada"), "words")
    history.write(
        {
            "README.md": "# Haupt",
            "README_en.md": "# English text",
            "README.zh.md": "# 中文正文\n\n[x](javascript:alert(1)) <script>alert(1)</script>",
        }
    )
    histories.settle(row)
    chinese = client.get("/ada/words").content.decode()
    assert "中文正文" in chinese
    assert 'href="javascript:' not in chinese
    assert "<script>alert" not in chinese
    assert "English text" in client.get("/ada/words", headers={"Accept-Language": "en"}).content.decode()
    assert "Haupt" in client.get("/ada/words?readme=default").content.decode()


def test_encodings_tables_and_warnings(client: Client):
    row, history = histories.repository(person("ada"), "kinds")
    history.write(
        {
            "gbk.txt": "中文编码测试，这是简体中文的文本文件。\n".encode("gb18030") * 5,
            "a.csv": "名,<b>\n1,2\n",
            "d.mmd": "graph TD\n  A[<b>]\n",
            "evil.py": "# \u202e evil\n",
            "urdu.txt": "یہ اردو ہے\n",
            "x.lfs": f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 123456\n",
            "big.txt": "x" * 100 + "\n" + "line\n" * 25_000,
        }
    )
    histories.settle(row)

    def page(name: str) -> str:
        return client.get(f"/ada/kinds/blob/main/{name}", headers={"Accept-Language": "en"}).content.decode()

    assert "中文编码测试" in page("gbk.txt")
    assert "gb" in page("gbk.txt").lower()
    assert "&lt;b&gt;" in page("a.csv")
    assert "grid-table" in page("a.csv")
    assert "grid-table" not in page("a.csv?view=source")
    assert '<pre class="code-block mermaid-source" tabindex="0"><code>graph TD\n  A[&lt;b&gt;]\n</code></pre>' in page("d.mmd")
    assert "mermaid-source" not in page("d.mmd?view=source")
    assert "RIGHT-TO-LEFT OVERRIDE" in page("evil.py")
    assert "notice-warn" not in page("urdu.txt")
    assert "120.6 KiB" in page("x.lfs") or "121 KiB" in page("x.lfs")
    assert "The file is cut here" in page("big.txt")


def test_wide_and_deep_trees(client: Client):
    row, history = histories.repository(person("ada"), "wide")
    blob = histories.git(history.path, "hash-object", "-w", "--stdin", data=b"x").decode().strip()
    wide = (
        histories.git(history.path, "mktree", data=b"".join(b"100644 blob %s\tf%05d\n" % (blob.encode(), n) for n in range(2500)))
        .decode()
        .strip()
    )
    store = pygit2.Repository(str(history.path))
    oid = pygit2.Oid(hex=histories.git(history.path, "mktree", data=f"100644 blob {blob}\tleaf\n".encode()).decode().strip())
    for _ in range(4000):
        builder = store.TreeBuilder()
        builder.insert("d", oid, 0o040000)
        oid = builder.write()
    top = histories.git(history.path, "mktree", data=f"040000 tree {wide}\twide\n040000 tree {oid}\tdeep\n".encode()).decode().strip()
    commit = histories.git(history.path, "commit-tree", top, "-m", "wide").decode().strip()
    histories.git(history.path, "update-ref", "refs/heads/main", commit)
    histories.settle(row)
    first = client.get("/ada/wide/tree/main/wide").content.decode()
    assert first.count("<tr><td class=name>") == 1000
    assert "?from=1000" in first
    assert client.get("/ada/wide/tree/main/wide?from=2000").content.decode().count("<tr><td class=name>") == 500
    assert client.get("/ada/wide/tree/main/wide?from=x").status_code == 200
    assert client.get("/ada/wide/blob/main/deep/" + "d/" * 4000 + "leaf").status_code == 200
