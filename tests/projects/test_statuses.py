"""What programs say about commits: commands, pages, API, and this site's own check."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import licences
from core.actors import SYSTEM, Scope
from core.errors import Forbidden, Invalid, LimitReached, NotFound
from core.models import Event
from projects import commands
from projects.commands import statuses
from projects.commands.house_checks import run_house_check
from projects.models import CheckRun, CommitStatus
from projects.queries.statuses import combined, combined_many
from tests.factories.accounts import actor, person, sign_in, token
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db
HEAD = "refs/heads/main"


def demo(**options):
    owner = person()
    made = repository(owner, files={"a.py": b"print(1)\n"}, **options)
    return owner, made, git(made.path, "rev-parse", "main")


def test_the_latest_word_of_each_name_counts_and_the_gravest_decides():
    owner, made, oid = demo()
    assert combined(made, oid).state == ""
    assert combined(made, oid).missing(["ci"]) == ["ci"]
    commands.set_status(actor(owner), made, oid=oid, state="pending", context="ci")
    commands.set_status(actor(owner), made, oid=oid, state="failure", context="ci")
    done = commands.set_status(actor(owner), made, oid=oid, state="success", context="ci", target="https://ci.example/1")
    run = commands.create_check_run(actor(owner), made, oid=oid, name="lint")
    found = combined(made, oid)
    assert (found.state, found.passed, len(found.results)) == ("pending", 1, 2)
    assert found.missing(["ci", "lint"]) == ["lint"]
    commands.update_check_run(actor(owner), run, conclusion="skipped")
    assert (combined(made, oid).state, combined(made, oid).missing(["ci", "lint"])) == ("success", [])
    commands.create_check_run(actor(owner), made, oid=oid, name="lint", conclusion="timed_out")
    assert combined(made, oid).state == "error"
    assert CommitStatus.objects.filter(is_latest=True).get() == done
    assert Event.objects.filter(name="projects.CommitStatusSet").count() == 6
    assert Event.objects.filter(name="projects.CommitStatusSet").latest("pk").payload["state"] == "error"


def test_who_may_speak_and_about_what():
    owner, made, oid = demo(visibility="private")
    writer, reader, stranger = person(), person(), person()
    commands.set_collaborator(actor(owner), made, writer, access="write")
    commands.set_collaborator(actor(owner), made, reader, access="read")
    assert commands.set_status(actor(writer), made, oid=oid, state="error").context == "default"
    for someone, refusal in ((reader, Forbidden), (stranger, NotFound)):
        with pytest.raises(refusal):
            commands.set_status(actor(someone), made, oid=oid, state="success")
        with pytest.raises(refusal):
            commands.create_check_run(actor(someone), made, oid=oid, name="x")
    with pytest.raises(NotFound):
        commands.set_status(actor(owner), made, oid="1" * 40, state="success")
    hidden = git(made.path, "commit-tree", f"{oid}^{{tree}}", "-m", "nobody's")
    with pytest.raises(NotFound):
        commands.set_status(actor(owner), made, oid=hidden, state="success")
    git(made.path, "update-ref", "refs/pull/1/head", hidden)
    commands.set_status(actor(owner), made, oid=hidden, state="success")
    run = run_of_the_site(made, oid)
    with pytest.raises(Forbidden):
        commands.update_check_run(actor(owner), run, conclusion="success")
    with pytest.raises(Forbidden):
        commands.create_check_run(actor(owner), made, oid=oid, name="x", source="house")
    commands.set_archived(actor(owner), made, archived=True)
    with pytest.raises(Forbidden):
        commands.set_status(actor(owner), made, oid=oid, state="success")


def run_of_the_site(made, oid):
    return commands.create_check_run(SYSTEM, made, oid=oid, name="house", source="house", conclusion="failure")


NOTE = {"path": "a.py", "start_line": 1, "level": "warning", "message": "m"}


@pytest.mark.parametrize(
    "given",
    [
        {"state": "great"},
        {"context": " "},
        {"context": "x" * 256},
        {"target": "javascript:alert(1)"},
        {"target": "https://u:p@x.example/"},
        {"target": "https://x.example/a b"},
    ],
)
def test_odd_statuses_are_refused(given):
    owner, made, oid = demo()
    with pytest.raises(Invalid):
        commands.set_status(actor(owner), made, **{"oid": oid, "state": "success", **given})


def test_odd_check_runs_are_refused(monkeypatch):
    owner, made, oid = demo()
    for given in (
        {"name": ""}, {"status": "done"}, {"conclusion": "fine"}, {"status": "completed"}, {"status": "queued", "conclusion": "success"},
        {"details": "ftp://x"}, {"summary": "x" * 65536}, {"annotations": [NOTE] * 51}, {"annotations": [{**NOTE, "end_line": 0, "start_line": 0}]},
        {"annotations": [{**NOTE, "start_line": 3, "end_line": 2}]}, {"annotations": [{**NOTE, "level": "bad"}]}, {"annotations": [{**NOTE, "path": "/"}]},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            commands.create_check_run(actor(owner), made, **{"oid": oid, "name": "lint", **given})
    assert not CheckRun.objects.exists()
    monkeypatch.setattr(statuses, "PER_COMMIT", 1)
    monkeypatch.setattr(statuses, "ANNOTATIONS_OF_RUN", 60)
    run = commands.create_check_run(actor(owner), made, oid=oid, name="lint", annotations=[NOTE] * 50)
    commands.update_check_run(actor(owner), run, annotations=[NOTE] * 10)
    with pytest.raises(LimitReached):
        commands.update_check_run(actor(owner), run, annotations=[NOTE])
    with pytest.raises(LimitReached):
        commands.create_check_run(actor(owner), made, oid=oid, name="other")
    monkeypatch.setattr(statuses, "PER_MINUTE", 1)
    other = person()
    commands.set_collaborator(actor(owner), made, other, access="write")
    commands.set_status(actor(other), made, oid=oid, state="success")
    with pytest.raises(LimitReached):
        commands.set_status(actor(other), made, oid=oid, state="success")


def test_pages_show_them_and_cost_the_same_for_many_commits(client):
    owner, made, oid = demo()
    base = made.get_absolute_url()
    addresses = [base, f"{base}/commits/main", f"{base}/branches", f"{base}/commit/{oid}"]
    plain = {address: client.get(address) for address in addresses}
    assert all(b"Checks failed" not in answer.content for answer in plain.values())
    commands.set_status(
        actor(owner), made, oid=oid, state="failure", context="<b>ci</b>", description="3 of 7", target="https://ci.example/1"
    )
    run = commands.create_check_run(
        actor(owner), made, oid=oid, name="lint", conclusion="success", summary="**well**<script>1</script>", annotations=[NOTE]
    )
    for address in addresses:
        answer = client.get(address, HTTP_ACCEPT_LANGUAGE="en", HTTP_IF_NONE_MATCH=plain[address].headers.get("ETag", ""))
        assert answer.status_code == 200, "a kept page is not shown again"
        assert b"Checks failed (1 of 2)" in answer.content
        assert b"<b>ci</b>" not in answer.content
    page = client.get(f"{base}/commit/{oid}").content
    assert b'href="https://ci.example/1"' in page
    assert f'href="{base}/checks/{run.pk}"'.encode() in page
    one = client.get(f"{base}/checks/{run.pk}").content
    assert b"<strong>well</strong>" in one
    assert b"<script>1" not in one
    assert f"{base}/blob/{oid}/a.py#L1".encode() in one
    assert client.get(f"{base}/checks/{run.pk + 1}").status_code == 404
    with CaptureQueriesContext(connection) as few:
        client.get(f"{base}/commits/main")
    for number in range(5):
        after = commit(made, {f"f{number}": b"x"})
        commands.set_status(actor(owner), made, oid=after, state="success", context="ci")
    with CaptureQueriesContext(connection) as many:
        assert client.get(f"{base}/commits/main", HTTP_ACCEPT_LANGUAGE="en").content.count(b"Checks passed (1 of 1)") >= 5
    assert len(many) == len(few)
    with CaptureQueriesContext(connection) as queries:
        assert len(combined_many(made, git(made.path, "rev-list", "main").split())) == 6
    assert len(queries) == 2


def test_api(client):
    owner, made, oid = demo()
    api = f"/api/v1/repositories/{made}"
    head = {"Authorization": f"Bearer {token(owner, Scope.WRITE)}"}

    def send(method, address, body, headers=head):
        return client.generic(method, api + address, data=json.dumps(body), content_type="application/json", headers=headers)

    made_status = send("POST", "/statuses/main", {"state": "success", "context": "ci", "target_url": "https://ci.example/1"})
    assert (made_status.status_code, made_status.json()["commit"]) == (201, oid)
    assert send("POST", "/statuses/main", {"state": "success"}, {}).status_code == 401
    assert send("POST", "/statuses/main", {"state": "success", "target_url": "javascript:1"}).status_code == 422
    run = send("POST", "/check-runs", {"name": "lint", "commit": oid, "started": "2026-01-01T00:00:00Z", "annotations": [NOTE]}).json()
    assert (run["status"], run["annotations"]) == ("queued", 1)
    changed = send("PATCH", f"/check-runs/{run['id']}", {"conclusion": "failure", "annotations": [NOTE], "title": "Two"}).json()
    assert (changed["status"], changed["conclusion"], changed["annotations"], changed["title"]) == ("completed", "failure", 2, "Two")
    assert len(client.get(f"{api}/check-runs/{run['id']}/annotations").json()["items"]) == 2
    found = client.get(f"{api}/checks/main").json()
    assert (found["state"], found["passed"], found["total"]) == ("failure", 1, 2)
    assert [one["name"] for one in client.get(f"{api}/check-runs?ref=main").json()["items"]] == ["lint"]
    assert client.get(f"{api}/statuses/nowhere").status_code == 404


def test_the_sites_own_check(client, deliver):
    owner, made, _oid = demo()
    base = made.get_absolute_url()
    first = commit(made, {"b.py": b"1\n"}, branch="quiet", message="feat: one")
    deliver()
    assert not CheckRun.objects.exists(), "off unless somebody switches it on"
    sign_in(client, owner)
    assert client.post(f"{base}/settings/checks", {"act": "house", "is_on": "on"}).status_code == 302
    assert "checked" in client.get(f"{base}/settings/checks").content.decode().partition('name="is_on"')[2][:200]
    secret = b"key = 'ghp_" + b"a1B2" * 9 + b"'\n"
    bad = commit(made, {"c.py": b"x = 1\n" + secret, "big.bin": b"\0" * (5 * 1024**2 + 1)}, branch="bad", message="made things")
    commit(made, {"LICENSE": licences.template("MIT", holder="T").encode()}, message="docs: licence")
    good = commit(made, {"d.py": b"x = 1\n"}, branch="good", message="feat(parser): one")
    deliver()
    found = {run.oid: run for run in CheckRun.objects.all()}
    assert set(found) == {bad, good}, "neither the default branch nor what was pushed before"
    assert (found[good].conclusion, found[bad].conclusion, found[bad].creator, found[bad].source) == ("success", "failure", None, "house")
    note = found[bad].annotations.get()
    assert (note.path, note.start_line, note.level) == ("c.py", 2, "failure")
    assert "big.bin" in found[bad].summary
    assert "made things" in found[bad].summary
    assert "ghp_" not in found[bad].summary + note.message
    assert run_house_check(SYSTEM, made.pk, oids=[bad, good]) == [], "a commit is checked once"
    assert run_house_check(SYSTEM, made.pk, oids=[first])[0].conclusion == "failure", "no licence on that branch"
    with pytest.raises(NotFound):
        run_house_check(actor(owner), made.pk, oids=[bad])
