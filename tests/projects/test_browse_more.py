"""Blame, branches, compare, find, contributors, robots and sitemap, over real repositories."""

import re
import subprocess
import time
from datetime import date, timedelta
from threading import Event

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import gitstore
from accounts.models import SigningKey
from core import events
from core.errors import NotFound
from core.models import Event as EventRow
from projects import commands
from projects.commands import listings
from projects.logic import LONG_HISTORY, best_paths
from projects.models import ContributionDay, Protection, Repository
from projects.queries import later
from projects.templatetags import rows as rows_module
from projects.views import tree
from tests.factories import histories
from tests.factories.accounts import actor, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo():
    row, history = histories.repository(person("ada"), "demo")
    first = history.write({"a.py": "one\ntwo\n", "src/<b>.txt": "x\n"}, "First <script>", when=1_600_000_000)
    second = history.write({"a.py": "one\n2\n"}, "Second", when=1_700_000_000)
    histories.settle(row)
    return row, history, [first, second]


def text(answer) -> str:
    return answer.content.decode()


def test_blame_names_the_commit_of_each_line_and_the_version_before(demo, client: Client):
    _row, _history, (first, second) = demo
    page = text(client.get("/ada/demo/blame/main/a.py"))
    rows = re.findall(r"<tr id=L(\d)[^>]*><td class='blame age-(\d)'>.*?commit/([0-9a-f]{40})", page)
    assert rows == [("1", "1", first), ("2", "4", second)]
    assert f'href="/ada/demo/blame/{first}/a.py#L2"' in page
    assert "<script>" not in re.sub(r'<script (type="module" )?src="[^"]+"( defer)?></script>', "", page)


def test_blame_of_a_directory_or_of_bytes_is_404(demo, client: Client):
    _row, history, _oids = demo
    history.write({"b.bin": bytes(range(256))})
    assert client.get("/ada/demo/blame/main/src").status_code == 404
    assert client.get("/ada/demo/blame/main/b.bin").status_code == 404


def test_branches_count_from_the_default_branch(demo, client: Client):
    row, history, (first, _second) = demo
    histories.git(history.path, "update-ref", "refs/heads/old", first)
    histories.git(history.path, "update-ref", "refs/heads/feature/x", first)
    history.write({"n": "1"}, "New <i>", branch="feature/x")
    Protection.objects.create(repository=row, pattern="old")
    page = text(client.get("/ada/demo/branches", headers={"Accept-Language": "en"}))
    assert "feature/x" in page
    assert "New &lt;i&gt;" in page
    rows = dict(
        re.findall(r'<th scope="row" class="full"><a href="/ada/demo/tree/([^"]+)".*?(?:aria-label="(\d+ \D+ \d+ \D+)"|—)', page, re.DOTALL)
    )
    assert rows["feature/x"].startswith("1 ")
    assert ", 1 " in rows["feature/x"]
    assert "feature/x" not in text(client.get("/ada/demo/branches?q=OLD"))
    assert client.get("/ada/demo/branches?show=stale&page=99999999").status_code == 200


def test_branches_take_the_same_queries_for_one_and_for_forty(demo, client: Client):
    _row, history, (first, _second) = demo
    client.get("/ada/demo/branches")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/ada/demo/branches").status_code == 200
        return len(queries)

    one = cost()
    for n in range(40):
        histories.git(history.path, "update-ref", f"refs/heads/b{n}", first)
    assert cost() == one


def test_compare_with_two_and_three_dots(demo, client: Client):
    _row, history, (first, second) = demo
    histories.git(history.path, "update-ref", "refs/heads/side", first)
    side = history.write({"side.txt": "1\n"}, "Side", branch="side")
    page = text(client.get("/ada/demo/compare/main...side"))
    assert side in page
    assert "side.txt" in page
    assert "a.py" not in page
    direct = text(client.get("/ada/demo/compare/main..side"))
    assert "a.py" in direct
    assert client.get("/ada/demo/compare?base=main&head=side")["Location"] == "/ada/demo/compare/main...side"
    assert client.get("/ada/demo/compare").status_code == 200
    assert client.get("/ada/demo/compare/main...main").status_code == 200
    assert client.get("/ada/demo/compare/main...nowhere").status_code == 404
    assert client.get("/ada/demo/compare/-x...--upload-pack=x").status_code == 404


def test_compare_across_forks_never_shows_a_private_one(demo, client: Client):
    row, history, (first, _second) = demo
    eve = person("eve")
    fork, theirs = histories.repository(eve, "demo", visibility="private")
    fork.network_id = row.network_id
    histories.git(theirs.path, "fetch", "-q", str(history.path), "main:refs/heads/main")
    secret = theirs.write({"secret.txt": "s\n"}, "Secret")
    histories.settle(fork)
    assert client.get("/ada/demo/compare/main...eve:main").status_code == 404
    assert client.get(f"/ada/demo/compare/main...{secret}").status_code == 404
    client.force_login(eve)
    page = client.get("/ada/demo/compare/main...eve:main")
    assert page.status_code == 200
    assert "secret.txt" in text(page)
    client.logout()
    assert client.get(f"/ada/demo/commit/{secret}").status_code == 404


def test_compare_with_a_fork_counts_every_commit(demo, client: Client):
    """Ahead and behind are counted also where the two sides lie in two repositories."""
    row, history, _oids = demo
    eve = person("eve-many")
    fork, theirs = histories.repository(eve, "demo")
    fork.network_id = row.network_id
    histories.git(theirs.path, "fetch", "-q", str(history.path), "main:refs/heads/main")
    for number in range(130):
        theirs.write({"many.txt": f"{number}\n"}, f"Change {number}")
    histories.settle(fork)
    page = text(client.get("/ada/demo/compare/main...eve-many:main", headers={"accept-language": "en"}))
    assert "130 commits" in page
    patch = b"".join(client.get("/ada/demo/compare/main...eve-many:main.patch").streaming_content)
    assert patch.count(b"\nSubject: [PATCH") == 130
    assert patch.startswith(b"From ")
    answer = client.get("/ada/demo/compare/main...eve-many:main.diff")
    assert answer["Content-Type"].startswith("text/plain")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content).endswith(b"\n+129\n")
    assert "30 older commits are not listed" in page
    back = text(client.get("/ada/demo/compare/eve-many:main...main", headers={"accept-language": "en"}))
    assert "Nothing new here: 130 commits behind the base." in back


def test_a_branch_may_be_called_like_a_diff(demo, client: Client):
    row, history, _oids = demo
    histories.git(history.path, "update-ref", "refs/heads/fix.diff", "main")
    history.write({"fix": "1"}, "Fix", branch="fix.diff")
    histories.settle(row)
    assert client.get("/ada/demo/compare/main...fix.diff")["Content-Type"].startswith("text/html")
    assert client.get("/ada/demo/compare/main...fix.diff.diff")["Content-Type"].startswith("text/plain")
    assert client.get("/ada/demo/compare/main...nowhere.diff").status_code == 404


def test_pages_of_a_large_diff_lead_both_ways(demo, client: Client):
    row, history, _oids = demo
    histories.git(history.path, "branch", "many", "main")
    history.write({f"many/f{n:03}.txt": f"{n}\n" for n in range(95)}, "Many", branch="many")
    histories.settle(row)
    address, seen = "/ada/demo/compare/main...many", []
    page = text(client.get(address))
    while following := re.search(r'href="([^"]+)" rel="next nofollow"', page):
        seen += re.findall(r'id="f(\d+)"', page)
        page = text(client.get(address + following[1].replace("&amp;", "&")))
    seen += re.findall(r'id="f(\d+)"', page)
    assert seen == [str(n) for n in range(95)]
    back = re.search(r'href="([^"]+)" rel="prev nofollow"', page)
    assert back
    assert 'id="f40"' in text(client.get(address + back[1]))
    assert 'rel="prev' not in text(client.get(address))


def test_find_ranks_names_first(demo, client: Client):
    assert best_paths(["docs/main.md", "src/domain.py", "src/main.py", "m/a/i/n"], "main") == [
        "src/main.py",
        "docs/main.md",
        "src/domain.py",
        "m/a/i/n",
    ]
    page = text(client.get("/ada/demo/find/main?q=srcb"))
    assert "/ada/demo/blob/main/src/%3Cb%3E.txt" in page
    assert "src/<b>" not in page
    assert "a.py" not in text(client.get("/ada/demo/find/main?q=srcb")).split('id="found"')[1]


def test_contributors_merge_addresses_of_one_person(demo, client: Client):
    row, _history, _oids = demo
    for email, name, n in (("ada@example.org", "Ada", 3), ("ADA@example.org", "A.", 2), ("x@y.z", "<b>X</b>", 4)):
        ContributionDay.objects.create(repository=row, email=email, name=name, day=date(2026, 1, 1), commits=n)
    page = text(client.get("/ada/demo/contributors"))
    assert page.index("/ada") < page.index("&lt;b&gt;X")
    assert "<b>X</b>" not in page
    assert 'href="/ada"' in page
    assert client.get("/ada/demo/contributors?period=month&page=3").status_code == 200


def test_robots_and_sitemap_name_public_tips_only(demo, client: Client):
    robots = text(client.get("/robots.txt"))
    assert "Disallow: /*/*/blame/" in robots
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in robots
    histories.repository(person("mallory"), "secret", visibility="private")
    sitemap = text(client.get("/sitemap.xml"))
    assert "<loc>http://127.0.0.1:8000/ada/demo</loc>" in sitemap
    assert "secret" not in sitemap


def signed_commit(history: histories.History, key, email: str) -> str:
    """A commit signed with the SSH key file `key`."""
    env = {**histories.ENV, "GIT_COMMITTER_EMAIL": email, "GIT_AUTHOR_EMAIL": email}
    tree = histories.git(history.path, "rev-parse", "main^{tree}").decode().strip()
    command = [
        "git",
        "--git-dir",
        str(history.path),
        "-c",
        "gpg.format=ssh",
        "-c",
        f"user.signingkey={key}",
        "commit-tree",
        "-S",
        tree,
        "-p",
        "main",
        "-m",
        "signed",
    ]
    oid = subprocess.run(command, env=env, check=True, capture_output=True).stdout.decode().strip()
    histories.git(history.path, "update-ref", "refs/heads/main", oid)
    return oid


def test_signatures_are_verified_against_the_committers_keys(demo, client: Client, tmp_path):
    row, history, _oids = demo
    for name in ("mine", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    public = " ".join((tmp_path / "mine.pub").read_text().split()[:2])
    printed = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "mine.pub")], check=True, capture_output=True).stdout.decode()
    SigningKey.objects.create(user=row.namespace.user, kind="ssh", title="k", public_key=public, fingerprint=printed.split()[1])

    def page(oid: str) -> str:
        return text(client.get(f"/ada/demo/commit/{oid}", headers={"Accept-Language": "en"}))

    assert "Verified" in page(signed_commit(history, tmp_path / "mine", "ada@example.org"))
    stray = page(signed_commit(history, tmp_path / "other", "ada@example.org"))
    assert "The key of this signature belongs to nobody here." in stray
    assert "Verified" not in stray
    stranger = page(signed_commit(history, tmp_path / "mine", "stranger@example.org"))
    assert "Signed" in stranger
    assert "Verified" not in stranger


def test_large_diffs_are_paged_and_counted(client: Client):
    row, history = histories.repository(person("ada"), "large")
    history.write({"a": "1"})
    oid = history.write({**{f"f{n:04}.txt": f"{n}\n" for n in range(120)}, "long.txt": "line\n" * 5000})
    histories.settle(row)
    first = text(client.get(f"/ada/large/commit/{oid}", headers={"Accept-Language": "en"}))
    assert first.count('class="panel diff-file"') == 40
    assert "121 files changed" in first
    assert "81 more files" in first
    second = text(client.get(f"/ada/large/commit/{oid}?files=120", headers={"Accept-Language": "en"}))
    assert "The change goes on" in second
    whole = re.search(r'href="(\?file=\d+)"', second)[1]
    assert text(client.get(f"/ada/large/commit/{oid}{whole}")).count("<tr class=add>") == 5000


def test_star_and_watch_stand_in_the_head_for_people(demo, client: Client):
    client.force_login(person("bob"))
    page = text(client.get("/ada/demo"))
    assert 'action="/ada/demo/star"' in page
    assert 'action="/ada/demo/watch"' in page
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    tag = client.get("/ada/demo")["ETag"]
    assert client.post("/ada/demo/star", {"csrfmiddlewaretoken": token, "starred": "1", "next": "/ada/demo"}).status_code == 302
    assert client.get("/ada/demo", headers={"If-None-Match": tag}).status_code == 200
    assert 'aria-pressed="true"' in text(client.get("/ada/demo"))


def test_diffs_of_odd_bytes_and_names(client: Client):
    row, history = histories.repository(person("ada"), "odd")
    body = "第一行，测试简体中文编码的文件内容。\n第二行，仍然是中文内容。\n".encode("gb18030")
    history.write({b"\xff<b>.txt": "a\n", "gbk.txt": body * 4, "bin": bytes(range(256)) * 4, "end": "no newline"})
    oid = history.write(
        {
            b"\xff<b>.txt": "<script>x</script>\n",
            "gbk.txt": body * 4 + "第三行。\n".encode("gb18030"),
            "bin": bytes(range(255, -1, -1)) * 4,
            "end": "now\n",
        }
    )
    histories.settle(row)
    for query in ("", "?view=split", "?w=1"):
        page = text(client.get(f"/ada/odd/commit/{oid}{query}"))
        assert "第三行" in page
        assert "<script>x" not in page
        assert "\\xFF&lt;b&gt;.txt" in page
        assert "<b>.txt" not in page


def test_branches_are_shown_before_they_are_counted(demo, client: Client):
    _row, history, (first, _second) = demo
    histories.git(history.path, "update-ref", "refs/heads/old", first)
    gate = Event()
    for _thread in range(later._threads._max_workers):
        later._threads.submit(gate.wait)
    try:
        page = client.get("/ada/demo/branches", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        assert "being counted" in text(page)
        assert 'hx-trigger="load' in text(page)
    finally:
        gate.set()
    _drained()
    filled = client.get("/ada/demo/branches", headers={"Accept-Language": "en"})
    assert "ETag" not in page
    assert re.search(r'aria-label="1\W? ?behind, 0\W? ?ahead"', text(filled))
    assert "hx-trigger" not in text(filled)
    again = client.get("/ada/demo/branches", headers={"Accept-Language": "en"})
    assert client.get("/ada/demo/branches", headers={"Accept-Language": "en", "If-None-Match": again["ETag"]}).status_code == 304


def test_a_commit_is_shown_before_the_branches_that_hold_it(demo, client: Client):
    _row, _history, (first, _second) = demo
    gate = Event()
    for _thread in range(later._threads._max_workers):
        later._threads.submit(gate.wait)
    try:
        page = client.get(f"/ada/demo/commit/{first}")
        assert "First &lt;script&gt;" in text(page)
        assert 'hx-select=".commit-refs"' in text(page)
    finally:
        gate.set()
    _drained()
    filled = client.get(f"/ada/demo/commit/{first}", headers={"If-None-Match": page["ETag"]})
    assert 'href="/ada/demo/tree/main"' in re.search(r'<p class="meta commit-refs">.*?</p>', text(filled), re.DOTALL)[0]


def _drained() -> None:
    """Wait until everything queued before is made."""
    for future in [later._threads.submit(int) for _thread in range(later._threads._max_workers)]:
        future.result(timeout=20)
    while later._running:
        time.sleep(0.01)


def test_last_commits_of_a_long_history_are_computed_by_the_worker(demo, client: Client):
    row, _history, (first, second) = demo
    Repository.objects.filter(pk=row.pk).update(commits=LONG_HISTORY + 1)
    assert "class=skeleton" in text(client.get("/ada/demo/tree/main"))
    assert "class=skeleton" in text(client.get("/ada/demo/tree/main"))
    wanted = [one for one in EventRow.objects.all() if one.name == "projects.ListingRequested"]
    assert [one.payload for one in wanted] == [{"repository_id": row.pk, "oid": second, "folder": ""}], "asked once"
    events.drain()
    assert gitstore.last_commits(row.path, second) == {"a.py": second, "src": first}
    assert "class=skeleton" not in text(client.get("/ada/demo/tree/main"))


def test_requests_for_listings_are_bounded_and_only_for_readers(demo):
    row, _history, (_first, second) = demo
    Repository.objects.filter(pk=row.pk).update(commits=LONG_HISTORY + 1, visibility="private")
    row.refresh_from_db()
    with pytest.raises(NotFound):
        commands.request_listing(actor(person("bob")), row, oid=second, folder="")
    ada = actor(row.namespace.user)
    written = [commands.request_listing(ada, row, oid=second, folder=f"d{n}\udcff") for n in range(listings.WAITING + 5)]
    assert written == [True] * listings.WAITING + [False] * 5
    events.drain()
    assert commands.request_listing(ada, row, oid=second, folder="later")
    with pytest.raises(NotFound):
        commands.build_listing(ada, row.pk, oid=second, folder="")


def test_ages_of_entries_keep_up_with_a_fresh_push(demo, client: Client, monkeypatch):
    """The file table is kept, but not with ages that were true some minutes ago."""
    row, history, _oids = demo
    history.write({"fresh.txt": "1\n"}, "Fresh", when=int(time.time()) - 120)
    histories.settle(row)
    address, english = "/ada/demo/tree/main", {"Accept-Language": "en"}
    assert "2 minutes ago" in text(client.get(address, headers=english)).partition("<tbody")[2]
    real = tree.datetime

    class Later(real):
        @classmethod
        def now(cls, tz=None):
            return real.now(tz) + timedelta(minutes=9)

    for module in (tree, rows_module):
        monkeypatch.setattr(module, "datetime", Later)
    assert "11 minutes ago" in text(client.get(address, headers=english)).partition("<tbody")[2]
