"""A small world: Ada's public and private repositories, an organisation, one thing of each kind in them."""

import json
from types import SimpleNamespace

import pytest
from django.core.cache import cache

from accounts import commands as people
from activity.commands import hooks
from activity.models import Dispatch, Notification
from core import blobs
from core.actors import SYSTEM, Scope
from issues import commands as issue_commands
from projects import commands, queries
from projects.commands.moves import create_tag
from projects.models import Protection, PushMirror
from pulls import commands as pull_commands
from pulls.models import Pull
from search.commands import rebuild_index
from tests.factories import accounts as make
from tests.factories.projects import commit


def ssh_key(number: int) -> str:
    """A well-formed public key of its own."""
    import base64

    raw = b"\0\0\0\x0bssh-ed25519\0\0\0 " + number.to_bytes(4, "big") * 8
    return "ssh-ed25519 " + base64.b64encode(raw).decode()


@pytest.fixture(autouse=True)
def _enough_budget(settings):
    settings.ANONYMOUS_NETWORK_BUDGET = settings.ANONYMOUS_OVERALL_BUDGET = 10**6


def git_head(repository) -> str:
    """The commit of the default branch."""
    return queries.default_position(repository).oid


def fill(world, repository, owner):
    """One thing of every kind inside a repository."""
    commit(repository, {"README.md": b"# Demo\n", "src/a.py": b"print(1)\n", "old.txt": b""})
    actor = make.actor(owner)
    commands.create_branch(actor, repository, branch="topic", start="main")
    create_tag(actor, repository, tag="v1.0", target="main", message="First")
    release = commands.save_release(actor, repository, tag="v1.0", title="First")
    stored = blobs.put([b"wheel"])
    commands.add_asset(actor, release, name="demo.whl", sha256=stored.sha256, size=stored.size)
    commands.set_collaborator(actor, repository, world.bob, access="write")
    key = commands.add_deploy_key(actor, repository, title="ci", key=ssh_key(1000 + repository.pk))
    rule = commands.save_protection(actor, repository, kind=Protection.Kind.TAG, pattern="v*", push_access="maintain", merge_access="write")
    commands.star_repository(actor, repository)
    commands.set_status(actor, repository, oid=git_head(repository), state="success", context="ci", target="https://ci.example.org/1")
    note = {"path": "src/a.py", "start_line": 1, "level": "warning", "message": "Unused"}
    run = commands.create_check_run(actor, repository, oid=git_head(repository), name="lint", annotations=[note] * 3)
    away = PushMirror.objects.create(
        repository=repository, address="https://example.org/lab/away", key="example.org/lab/away", may_publish=True
    )
    oid = queries.default_position(repository).oid
    issue_commands.save_label(actor, repository, name="bug")
    goal = issue_commands.save_milestone(actor, repository, title="v1")
    issue = issue_commands.open_issue(actor, repository, title="First", body="words", milestone=goal)
    said = issue_commands.add_comment(actor, issue, body="More words")
    issue_commands.make_board(actor, repository, name="Work", by="state")
    return {
        "number": issue.number,
        "label": "bug",
        "comment": said.pk,
        "branch": "topic",
        "tag": "v1.0",
        "file": "demo.whl",
        "path": "src/a.py",
        "key": key.pk,
        "rule": rule.pk,
        "away": away.pk,
        "run": run.pk,
        "ref": "main",
        "commit": oid,
    }


def proposed(world, repository) -> dict:
    """Ada's pull request with a review and a comment on a line, made when an operation needs it: few do."""
    found = Pull.objects.filter(repository=repository).select_related("thread").first()
    if found is None:
        cache.clear()  # tests undo what they did and open it again, faster than people may
        ada, bob = make.actor(world.ada), make.actor(world.bob)
        commit(repository, {"src/a.py": b"print(2)\n"}, branch="proposed")
        commit(repository, {"src/a.py": b"print(4)\n"}, branch="topic")
        found = pull_commands.open_pull(ada, repository, head=repository, head_branch="proposed", base_branch="main", title="Two")
        said = pull_commands.comment_on_lines(ada, found, path="src/a.py", side="new", line=1, body="Hm")
        review = pull_commands.submit_review(bob, found, verdict="approved")
    else:
        said, review = found.line_threads.first().comments.first(), found.reviews.first()
    return {"number": found.thread.number, "comment": said.pk, "review": review.pk}


@pytest.fixture
def world(db, client):
    """`call(operation, who, repository=…)` asks an operation with the body of its example; `who` is a token's text or None."""
    it = SimpleNamespace(ada=make.person("ada"), bob=make.person("bob"), eve=make.person("eve"), root=make.person("root", is_admin=True))
    it.demo = commands.create_repository(make.actor(it.ada), it.ada.namespace, name="demo")
    it.secret = commands.create_repository(make.actor(it.ada), it.ada.namespace, name="secret", visibility="private")
    it.inside = {row.name: fill(it, row, it.ada) for row in (it.demo, it.secret)}
    it.organization = people.create_organization(make.actor(it.ada), "pcl")
    it.team = people.save_team(make.actor(it.ada), it.organization, name="Vision")
    people.set_member(make.actor(it.ada), it.organization, it.bob, role="developer")
    people.set_team_member(make.actor(it.ada), it.team, it.bob, present=True)
    it.invitation = people.invite(make.actor(it.ada), it.organization, email="x@example.org", role="reader")[0]
    rebuild_index(SYSTEM)
    host = people.create_organization(make.actor(it.bob), "host")
    it.offer = people.invite(make.actor(it.bob), host, login="ada", role="reader")[0]
    it.closed = people.create_organization(make.actor(it.ada), "shut")
    people.delete_organization(make.actor(it.ada), it.closed, confirmation="shut")
    it.key = people.add_ssh_key(make.actor(it.ada), key=ssh_key(1))
    it.signing = people.add_signing_key(make.actor(it.ada), key=ssh_key(2))
    people.create_token(SYSTEM, it.ada, name="CI", scope=Scope.READ)
    gone = commands.create_repository(make.actor(it.ada), it.ada.namespace, name="gone")
    commands.delete_repository(make.actor(it.ada), gone, confirmation="ada/gone")
    it.gone = gone
    it.hook = hooks.add_hook(make.actor(it.ada), it.demo, address="https://1.1.1.1/hook")
    it.delivery = Dispatch.objects.create(hook=it.hook, kind="ping", state=Dispatch.State.SENT)
    it.told = Notification.objects.create(
        user=it.ada, repository=it.demo, kind="release", object_id=it.demo.releases.get().pk, why="release", what="released"
    )
    it.tokens = {scope: make.token(it.ada, scope) for scope in ("read", "write", "admin")}
    it.outsider, it.staff = make.token(it.eve), make.token(it.root)

    def address(operation, repository):
        values = dict(it.inside[repository.name])
        pk = {"keys": values["key"], "protections": values["rule"], "push-mirrors": values["away"], "check-runs": values["run"], "comments": values["comment"]} if operation.in_repository else {
            "keys": it.key.pk, "signing-keys": it.signing.pk, "invitations": it.offer.pk if "user" in operation.path.split("/") else it.invitation.pk, "closed-organizations": it.closed.pk, "deleted-repositories": it.gone.pk, "hooks": it.hook.pk,
            "notifications": it.told.pk}  # fmt: skip
        parts = operation.path.split("/")
        values["id"] = next((pk[part] for part in parts if part in pk), 1)
        values["oid"] = values["commit"]
        if "pulls" in parts and operation.in_repository:
            values |= proposed(it, repository)
        if "blobs" in parts or "oid" in [one["name"] for one in operation.found.get("parameters", []) if one["in"] == "query"]:
            import gitstore

            values["oid"] = gitstore.entry_at(repository.path, values["commit"], "src/a.py").oid
        if operation.id in ("get_readme", "get_tree"):
            values["path"] = ""
        values["q"] = "print"
        slug = "pcl"
        confirm = slug if operation.id == "delete_organization" else str(repository)
        return operation.address(
            **{
                **values,
                "namespace": "ada",
                "name": repository.name,
                "login": "ada" if operation.id == "update_membership" else "bob",
                "slug": slug,
                "team": it.team.slug,
                "token": "CI",
                "delivery": it.delivery.pk,
                "confirm": confirm,
            }  # fmt: skip
        )

    def ask(method, path, who=None, body=None, **headers):
        if who:
            headers["Authorization"] = f"Bearer {who}"
        options = {"content_type": "application/json"} if body is not None else {}
        return client.generic(method, path, data="" if body is None else json.dumps(body), headers=headers, **options)

    it.ask = ask
    it.address = address
    it.call = lambda operation, who=None, repository=None, **headers: ask(
        operation.method, address(operation, repository or it.demo), who, operation.body(), **headers
    )
    return it
