"""Every address below `/api/v3`: what strangers and former members get of private things, what a token without rights gets, and odd input."""

import json
import re
from itertools import product

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from activity.commands.hooks import add_hook
from core.actors import Scope
from issues import commands as issues
from projects import commands
from pulls import commands as pulls
from tests.factories import accounts as make
from tests.factories.projects import commit, git, repository
from tests.safety.walk import routes

pytestmark = pytest.mark.django_db
IN_REPOSITORY = "<str:owner>/<str:repo>"


class World:
    """Ada's private repository with one thing of each kind; Eve was in it once."""

    def __init__(self) -> None:
        self.ada, self.eve = make.person("ada"), make.person("eve")
        self.row = repository(self.ada, name="secret", visibility="private", files={"README.md": b"# secret-words\n", "a.py": b"1\n"})
        actor = make.actor(self.ada)
        commands.set_collaborator(actor, self.row, self.eve, access="write")
        self.oid = git(self.row.path, "rev-parse", "main")
        git(self.row.path, "tag", "-a", "-m", "m", "v1", "main")
        self.release = commands.save_release(actor, self.row, tag="v1")
        self.asset = commands.add_asset(actor, self.release, name="a", sha256="0" * 64, size=1)
        self.run = commands.create_check_run(actor, self.row, oid=self.oid, name="lint")
        self.hook = add_hook(actor, self.row, address="https://1.1.1.1/secret", events=["push"])
        self.values = {
            "str:owner": "ada", "str:repo": "secret", "str:login": "ada", "str:org": "lab", "path:ref": "main", "path:branch": "main",
            "path:basehead": "main...main", "path:path": "README.md", "path:prefix": "heads", "path:tag": "v1", "path:sha": "main",
            "str:sha": self.oid, "path:rest": "nothing", "int:pk": "1", "int:number": "1", "str:name": "bug",
        }  # fmt: skip
        self.prepare()
        commands.remove_collaborator(actor, self.row, self.eve)
        self.tokens = {
            "ada": make.token(self.ada), "eve": make.token(self.eve), "reader": make.token(self.ada, Scope.READ),
            "elsewhere": make.token(self.ada, repositories=[repository(self.ada, name="other").pk]),
        }  # fmt: skip

    def prepare(self) -> None:
        """What Eve does while she may: an issue of hers with a comment, a label and a milestone."""
        eve = make.actor(self.eve)
        label = issues.save_label(eve, self.row, name="bug")
        goal = issues.save_milestone(eve, self.row, title="secret goal")
        self.issue = issues.open_issue(eve, self.row, title="secret title", body="secret body", labels=[label], milestone=goal)
        self.comment = issues.add_comment(eve, self.issue, body="secret comment")
        commit(self.row, {"a.py": b"2\n"}, branch="secret-topic")
        self.pull = pulls.open_pull(eve, self.row, head=self.row, head_branch="secret-topic", base_branch="main", title="secret pull")
        self.line = pulls.comment_on_lines(make.actor(self.ada), self.pull, path="a.py", side="new", line=1, body="secret line")
        self.review = pulls.submit_review(make.actor(self.ada), self.pull, verdict="comment", body="secret review")

    def address(self, route: str) -> str:
        values = dict(self.values)
        for word, number in (
            ("/hooks/", self.hook.pk),
            ("issues/comments/", self.comment.pk),
            ("/reviews/", self.review.pk),
            ("/comments/", self.line.pk),
            ("releases/assets/", self.asset.pk),
            ("releases/", self.release.pk),
            ("check-runs/", self.run.pk),
            ("repositories/", self.row.pk),
        ):
            if word in route:
                values["int:pk"] = str(number)
                break
        if "/pulls/" in route:
            values["int:number"] = "2"
        if "git/ref" in route:
            values["path:ref"] = "heads/main"
        return "/" + re.sub(r"<([^>]+)>", lambda match: values[match[1]], route)

    def ask(self, method: str, address: str, who: str = "", body: object = None, **headers: str):
        if who:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        options = (
            {} if method in ("GET", "HEAD") else {"data": json.dumps({} if body is None else body), "content_type": "application/json"}
        )
        return getattr(Client(raise_request_exception=False), method.lower())(address, headers=headers, **options)


@pytest.fixture
def world(settings):
    settings.ANONYMOUS_NETWORK_BUDGET = settings.ANONYMOUS_OVERALL_BUDGET = 10**6
    return World()


def asks() -> list[tuple[str, str]]:
    found = []
    for route, pattern in routes(get_resolver().url_patterns):
        if route.startswith("api/v3"):
            view = pattern.callback
            allowed = view.view_initkwargs.get("http_method_names", view.view_class.http_method_names)
            found += [(route, name.upper()) for name in allowed if name not in ("options", "head") and hasattr(view.view_class, name)]
    return found


def test_private_things_are_hidden_from_strangers_and_former_members(world):
    assert len(asks()) > 100
    wrong = []
    for route, method in asks():
        address = world.address(route)
        for who in ("", "eve", "elsewhere"):
            answer = world.ask(method, address, who)
            said = b"".join(answer.streaming_content) if answer.streaming else answer.content
            hidden = IN_REPOSITORY in route or "repositories/<int" in route
            fine = (
                answer.status_code == 404
                if hidden
                else answer.status_code < 500 and (method == "GET" or who or answer.status_code in (401, 404))
            )
            if not fine or b"secret" in said.replace(address.encode(), b""):
                wrong.append((method, address, who, answer.status_code, said[:200]))
            if answer.status_code >= 400 and answer["Content-Type"].startswith("application/json") and "message" not in answer.json():
                wrong.append((method, address, who, "no message"))
    assert not wrong, wrong


def test_a_token_that_reads_changes_nothing(world):
    wrong = []
    for route, method in asks():
        if method != "GET" and "<path:rest>" not in route:
            answer = world.ask(method, world.address(route), "reader")
            if answer.status_code not in (403, 404, 405):
                wrong.append((method, route, answer.status_code, answer.content[:200]))
    assert not wrong, wrong


QUERIES = (
    "page=0&per_page=x&sha=%00&ref=%00&path=%00&since=%00&state=odd&labels=a,,b&milestone=x&assignee=%20&creator=%00&q=user:%20language:&head=:&base=%00",
    "page=99999999999999999999&per_page=-1&ref=%ff%fe&sha=..%2f..&path=../../x&author=%0a&since=99999999999999999999&sort=x&direction=y&type=z&filter=q",
    "page=１&per_page=²&since=2026-99-99&until=never&recursive=yes&protected=maybe&anon=1&affiliation=none&milestone=99999999999&head=a:b:c&filter=all",
)  # fmt: skip
BODIES = (
    [], {"name": [], "state": 3, "context": [], "sha": 1, "ref": None, "body": 5, "title": [], "event": [], "config": 3, "reviewers": [[]]},
    {"name": {"a": 1}, "key": 1, "names": "x", "output": 4, "labels": 7, "assignees": {}, "milestone": "x", "head": 1, "base": [], "comments": 3},
    {"tag_name": "\u0000", "message": "\ud800", "content": "%%%", "path": "../x", "sha": "0" * 40, "ref": "refs/heads/..", "name": "a" * 5000,
     "title": "\u0000", "body": "\u0000", "labels": [{"name": None}, "\u0000", 7], "event": "APPROVE", "head": "a:b:c", "base": "\u0000"},
)  # fmt: skip


def test_odd_input_breaks_nothing(world):
    wrong = []
    for route, method in asks():
        address = world.address(route)
        if (method, route) in (("DELETE", "api/v3/repos/<str:owner>/<str:repo>"),):
            continue
        cases = product(QUERIES, [None]) if method == "GET" else product([""], BODIES)
        for query, body in cases:
            answer = world.ask(method, f"{address}?{query}", "ada", body)
            if answer.status_code >= 500:
                wrong.append((method, address, query, body, answer.status_code))
            if answer.streaming:
                b"".join(answer.streaming_content)
    assert not wrong, wrong


def test_forms_of_answers(world):
    base = "/api/v3/repos/ada/secret"
    raw = world.ask("GET", f"{base}/contents/README.md", "ada", Accept="application/vnd.github.raw+json")
    assert (raw.content, raw["Content-Security-Policy"]) == (b"# secret-words\n", "default-src 'none'; sandbox")
    diff = world.ask("GET", f"{base}/commits/main", "ada", Accept="application/vnd.github.v3.diff")
    assert b"".join(diff.streaming_content).startswith(b"diff --git")
    patch = world.ask("GET", f"{base}/commits/main", "ada", Accept="application/vnd.github.patch")
    assert b"Subject: [PATCH]" in b"".join(patch.streaming_content)
    assert world.ask("GET", f"{base}/commits/main", "ada", Accept="application/vnd.github.sha").content.decode() == world.oid
    one = world.ask("GET", base, "ada")
    assert one["X-OAuth-Scopes"] == "admin:org, delete_repo, read:org, read:user, repo, user"
    again = world.ask("GET", base, "ada", **{"If-None-Match": one["ETag"]})
    assert again.status_code == 304
    listed = world.ask("GET", f"{base}/branches?per_page=5", "ada")
    assert "Link" not in listed
    commands.create_branch(make.actor(world.ada), world.row, branch="b", start="main")
    commands.create_branch(make.actor(world.ada), world.row, branch="c", start="main")
    middle = world.ask("GET", f"{base}/branches?per_page=1&page=2", "ada")
    assert re.findall(r'page=(\d+)>; rel="(\w+)"', middle["Link"]) == [("1", "prev"), ("1", "first"), ("3", "next"), ("4", "last")]
    assert world.ask("GET", f"{base}/commits?page=102&per_page=100", "ada").status_code == 422
    bad = world.ask("GET", "/api/v3/user", Authorization="token nothing")
    assert (bad.status_code, bad.json()["message"]) == (401, "Bad credentials")
    missing = world.ask("GET", "/api/v3/nowhere", "ada")
    assert (missing.status_code, missing.json()["message"]) == (404, "Not Found")
    wrong = world.ask("POST", f"{base}/statuses/{world.oid}", "ada", {"state": "good"}).json()
    assert (wrong["message"], wrong["errors"][0]["field"]) == ("Validation Failed", "state")
    assert world.ask("GET", base + "/tarball/main", "ada").status_code == 302
    headers = {"Authorization": f"token {world.tokens['ada']}"}
    form = Client().post(f"{base}/labels", '{"name": "from curl"}', content_type="application/x-www-form-urlencoded", headers=headers)
    assert (form.status_code, form.json()["name"]) == (201, "from curl"), "`curl -d` says that it sends a form"


def test_lists_cost_the_same_for_many_rows(world):
    """The number of queries does not grow with the rows."""
    actor, row = make.actor(world.ada), world.row

    def grow(numbers) -> None:
        for number in numbers:
            person = make.person(f"p{number}")
            commands.set_collaborator(actor, row, person, access="write")
            one = issues.open_issue(make.actor(person), row, title=f"i{number}", labels=[issues.save_label(actor, row, name=f"l{number}")])
            issues.change_assignees(actor, one, add=[person])
            issues.add_comment(make.actor(person), world.issue, body=f"c{number}")
            issues.save_milestone(actor, row, title=f"m{number}")
            commands.star_repository(make.actor(person), row)
            commands.set_status(make.actor(person), row, oid=world.oid, state="success", context=f"c{number}")
            commands.create_check_run(make.actor(person), row, oid=world.oid, name=f"r{number}")
            commands.save_release(actor, row, tag=f"t{number}")
            commit(row, {f"f{number}": b"1\n"}, branch=f"b{number}")
            pull = pulls.open_pull(make.actor(person), row, head=row, head_branch=f"b{number}", base_branch="main", title="p")
            pulls.comment_on_lines(make.actor(person), world.pull, path="a.py", side="new", line=1, body="x")
            pulls.submit_review(make.actor(person), world.pull, verdict="comment", body="r")
            repository(world.ada, name=f"more{number}")
            assert pull

    base = "/api/v3/repos/ada/secret"
    addresses = [
        "/api/v3/user/repos", "/api/v3/user/issues?filter=all", f"{base}/issues", f"{base}/pulls", f"{base}/issues/1/comments", f"{base}/labels",
        f"{base}/milestones", f"{base}/stargazers", f"{base}/collaborators", f"{base}/commits/main/statuses", f"{base}/commits/main/check-runs",
        f"{base}/releases", f"{base}/branches", f"{base}/tags", f"{base}/commits", f"{base}/pulls/2/comments", f"{base}/pulls/2/reviews",
        f"{base}/issues/comments", f"{base}/contributors?anon=1",
    ]  # fmt: skip

    def costs() -> dict[str, int]:
        found = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                answer = world.ask("GET", address, "ada")
            assert answer.status_code == 200, (address, answer.content)
            found[address] = len(captured)
        return found

    grow(range(2))
    costs()  # the token's last use is written once a minute
    few = costs()
    grow(range(2, 6))
    costs()
    many = costs()
    assert many == few
    assert max(few.values()) <= 16, few
