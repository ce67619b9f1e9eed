"""Each list: the number of queries does not grow with its rows, and its pages have neither gaps nor repetitions."""

from datetime import date

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import commands as people
from activity.commands import hooks
from activity.models import Notification
from core.actors import SYSTEM, Scope
from issues import commands as issue_commands
from issues.models import Thread
from projects import commands
from projects.commands.moves import create_tag
from projects.models import ContributionDay, PushMirror
from pulls import commands as pull_commands
from pulls.models import Pull
from search.commands import rebuild_code, rebuild_index
from tests.api.conftest import git_head, ssh_key
from tests.api.operations import LISTS
from tests.factories import accounts as make
from tests.factories.projects import commit

MORE = 10


def forks(world, number):
    person = make.person(f"forker{number}")
    fork = commands.fork_repository(make.actor(person), world.demo, into=person.namespace)
    commands.star_repository(make.actor(world.bob), fork)
    return fork


def shared(world, number):
    """A repository of the organisation that its team may work in."""
    row = commands.create_repository(make.actor(world.ada), world.organization.namespace, name=f"shared{number}", readme=True)
    commands.set_team_access(make.actor(world.ada), row, world.team, access="write")


def teams(world, number):
    """Another team, with access to one repository of the organisation."""
    return people.save_team(make.actor(world.ada), world.organization, name=f"Team {number}")


def members(world, number):
    person = make.person(f"member{number}")
    people.set_member(make.actor(world.ada), world.organization, person, role="reader")
    people.set_team_member(make.actor(world.ada), world.team, person, present=True)


def deleted(world, number):
    row = commands.create_repository(make.actor(world.ada), world.ada.namespace, name=f"gone{number}")
    commands.delete_repository(make.actor(world.ada), row, confirmation=str(row))


def invited(world, number):
    organization = people.create_organization(make.actor(world.bob), f"host-{number}")
    people.invite(make.actor(world.bob), organization, login="ada", role="reader")


def closed(world, number):
    organization = people.create_organization(make.actor(world.ada), f"shut-{number}")
    people.delete_organization(make.actor(world.ada), organization, confirmation=organization.slug)


def contributor(world, number):
    ContributionDay.objects.create(
        repository=world.demo, email=f"c{number}@example.org", name="C", day=date(2026, 1, 1), commits=number + 1
    )


def pushed_to(world, number):
    PushMirror.objects.create(repository=world.demo, address=f"https://example.org/lab/m{number}", key=f"example.org/lab/m{number}")


def push(world, number):
    commit(world.demo, {f"n{number}.txt": b"x"})


def open_issue(world, number):
    """An issue with everything that a list prints of one."""
    label = issue_commands.save_label(SYSTEM, world.demo, name=f"word {number}")
    goal = issue_commands.save_milestone(SYSTEM, world.demo, title=f"aim {number}")
    return issue_commands.open_issue(
        make.actor(world.ada), world.demo, title=f"More {number}", labels=[label], milestone=goal, assignees=[world.ada]
    )


def commented(world, number):
    return issue_commands.add_comment(make.actor(world.ada), Thread.objects.get(repository=world.demo, number=1), body=f"see #1 {number}")


def found(world, number):
    shared(world, number)
    rebuild_index(SYSTEM)


def found_code(world, number):
    commit(world.demo, {f"n{number}.py": f"print({number})".encode()})
    rebuild_code(SYSTEM)


def opened(world, number):
    commit(world.demo, {f"o{number}.txt": b"x"}, branch=f"offer{number}")
    cache.clear()  # a test opens faster than people may
    pull_commands.open_pull(
        make.actor(world.ada), world.demo, head=world.demo, head_branch=f"offer{number}", base_branch="main", title=f"Offer {number}"
    )


def proposed_more(world, number):
    """Another commit of another file is pushed."""
    new = commit(world.demo, {f"q{number}.txt": b"x"}, branch="proposed")
    pull_commands.add_version(make.actor(world.ada), Pull.objects.get(), source=world.demo, head_oid=new)


def notified(world, number):
    """Ada is told of another release."""
    release = commands.save_release(make.actor(world.ada), world.demo, tag=f"v3.{number}", target="main")
    Notification.objects.create(
        user=world.ada, repository=world.demo, kind="release", object_id=release.pk, why="release", what="released", by=world.bob
    )


GROW = {
    "search": found,
    "search_code": found_code,
    "list_repositories": forks,
    "list_own_repositories": lambda world, number: shared(world, number),
    "list_deleted_repositories": deleted,
    "list_forks": forks,
    "list_starred_repositories": forks,
    "list_stargazers": lambda world, number: commands.star_repository(make.actor(make.person(f"fan{number}")), world.demo),
    "list_activity": lambda world, number: commands.create_branch(make.actor(world.ada), world.demo, branch=f"b{number}", start="main"),
    "list_repository_activity": push,
    "list_organizations": lambda world, number: people.create_organization(make.actor(world.ada), f"org-{number}"),
    "list_members": members,
    "list_team_members": members,
    "list_invitations": lambda world, number: people.invite(
        make.actor(world.ada), world.organization, email=f"i{number}@example.org", role="reader"
    ),
    "list_own_invitations": invited,
    "list_closed_organizations": closed,
    "list_teams": teams,
    "list_team_repositories": shared,
    "list_ssh_keys": lambda world, number: people.add_ssh_key(make.actor(world.ada), key=ssh_key(100 + number)),
    "list_signing_keys": lambda world, number: people.add_signing_key(make.actor(world.ada), key=ssh_key(200 + number)),
    "list_tokens": lambda world, number: people.create_token(SYSTEM, world.ada, name=f"more{number}", scope=Scope.READ),
    "list_collaborators": lambda world, number: commands.set_collaborator(
        make.actor(world.ada), world.demo, make.person(f"helper{number}"), access="read"
    ),
    "list_repository_teams": lambda world, number: commands.set_team_access(
        SYSTEM, world.owned, people.save_team(make.actor(world.ada), world.organization, name=f"Team {number}"), access="read"
    ),
    "list_deploy_keys": lambda world, number: commands.add_deploy_key(
        make.actor(world.ada), world.demo, title="k", key=ssh_key(300 + number)
    ),
    "list_protections": lambda world, number: commands.save_protection(
        make.actor(world.ada), world.demo, kind="branch", pattern=f"r{number}", push_access="write", merge_access="write",
        push_users=[world.bob],
    ),
    "list_push_mirrors": pushed_to,
    "list_issues": open_issue,
    "list_own_issues": open_issue,
    "list_issue_comments": commented,
    "list_issue_timeline": commented,
    "list_assignees": lambda world, number: commands.set_collaborator(
        make.actor(world.ada), world.demo, make.person(f"worker{number}"), access="write"
    ),
    "list_pulls": opened,
    "list_own_pulls": opened,
    "list_pull_commits": proposed_more,
    "list_pull_files": proposed_more,
    "list_pull_versions": proposed_more,
    "list_reviews": lambda world, number: pull_commands.submit_review(
        make.actor(make.person(f"reader{number}")), Pull.objects.get(), verdict="comment", body="Hm"
    ),
    "list_line_comments": lambda world, number: pull_commands.comment_on_lines(
        make.actor(make.person(f"reader{number}")), Pull.objects.get(), path="src/a.py", side="new", line=1, body="Hm"
    ),
    "list_labels": lambda world, number: issue_commands.save_label(SYSTEM, world.demo, name=f"label {number}"),
    "list_milestones": lambda world, number: issue_commands.save_milestone(SYSTEM, world.demo, title=f"goal {number}"),
    "list_statuses": lambda world, number: commands.set_status(
        make.actor(world.ada), world.demo, oid=git_head(world.demo), state="success", context=f"ci{number}"
    ),
    "list_check_runs": lambda world, number: commands.create_check_run(
        make.actor(world.ada), world.demo, oid=git_head(world.demo), name=f"run{number}"
    ),
    "list_annotations": lambda world, number: commands.update_check_run(
        make.actor(world.ada), world.demo.check_runs.get(),
        annotations=[{"path": f"f{number}", "start_line": 1, "level": "notice", "message": "m"}],
    ),
    "list_releases": lambda world, number: commands.save_release(make.actor(world.ada), world.demo, tag=f"v2.{number}", target="main"),
    "list_branches": lambda world, number: commands.create_branch(make.actor(world.ada), world.demo, branch=f"b{number}", start="main"),
    "list_tags": lambda world, number: create_tag(make.actor(world.ada), world.demo, tag=f"t{number}"),
    "list_commits": push,
    "list_contributors": contributor,
    "get_tree": push,
    "get_blame": push,
    "list_hooks": lambda world, number: hooks.add_hook(make.actor(world.ada), world.demo, address=f"https://1.1.1.1/{number}"),
    "list_organization_hooks": lambda world, number: hooks.add_hook(
        make.actor(world.ada), world.organization, address=f"https://1.1.1.1/{number}"
    ),
    "list_deliveries": lambda world, number: hooks.test_hook(make.actor(world.ada), world.hook),
    "list_notifications": notified,
    "list_licences": None,  # the same for everybody, from files
    "list_gitignores": None,
}  # fmt: skip


def test_every_list_is_here():
    assert {one.id for one in LISTS} == GROW.keys(), "say how its rows become more"


def count(world, address):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = world.ask("GET", address, world.tokens["admin"])
    assert answer.status_code == 200, answer.content
    return len(captured), answer.json()


@pytest.mark.parametrize("operation", [one for one in LISTS if GROW[one.id]], ids=lambda one: one.id)
def test_queries_do_not_grow_with_rows(operation, world):
    address = world.address(operation, world.demo)
    if operation.id == "list_repository_teams":
        world.owned = commands.create_repository(make.actor(world.ada), world.organization.namespace, name="owned")
        address = "/api/v1/repositories/pcl/owned/teams"
    GROW[operation.id](world, 0)
    count(world, address)  # the token's last use is written once a minute
    few, first = count(world, address)
    for number in range(1, MORE + 1):
        GROW[operation.id](world, number)
    count(world, address)
    many, more = count(world, address)
    assert few == many <= 15
    if operation.id != "get_blame":
        assert len(more["items"]) >= min(30, len(first["items"]) + MORE)


@pytest.mark.parametrize("operation", [one for one in LISTS if one.id != "get_blame"], ids=lambda one: one.id)
def test_pages_have_neither_gaps_nor_repetitions(operation, world):
    address = world.address(operation, world.demo)
    if operation.id == "list_repository_teams":
        world.owned = commands.create_repository(make.actor(world.ada), world.organization.namespace, name="owned")
        address = "/api/v1/repositories/pcl/owned/teams"
    for number in range(3):
        if GROW[operation.id]:
            GROW[operation.id](world, number)
    joint = "&" if "?" in address else "?"
    whole = world.ask("GET", f"{address}{joint}limit=100", world.tokens["admin"]).json()["items"]
    assert len(whole) >= 3
    seen, page = [], f"{address}{joint}limit=2"
    for _turn in range(60):
        answer = world.ask("GET", page, world.tokens["admin"])
        seen += answer.json()["items"]
        if not answer.json()["next"]:
            assert "Link" not in answer
            break
        page = answer["Link"].partition(">")[0].lstrip("<").removeprefix("http://testserver")
    same = [{key: value for key, value in row.items() if key != "used_at"} for row in seen]
    assert same == [{key: value for key, value in row.items() if key != "used_at"} for row in whole]
