"""Two people: fork, push, propose, review with a suggestion, accept it, approve, merge; and what the rules of a branch ask on the way."""

import pytest

from accounts.models import Membership
from core.errors import Conflict, Forbidden, Invalid, NotFound
from issues.models import Participation, Thread
from projects import commands as hosting
from projects.models import Push
from pulls import commands, queries, rules
from pulls.commands.merging import merge_pull
from pulls.models import LineThread, Pull, Review
from tests.factories import accounts as make
from tests.factories.projects import commit, git, repository
from tests.factories.pulls import TEXT, changed, line_comment, pull

pytestmark = pytest.mark.django_db


def protect(world, **requirements):
    return hosting.save_protection(
        make.actor(world.ada), world.demo, kind="branch", pattern="main", push_access="maintain", merge_access="write", **requirements
    )


def codes(person, made):
    state = queries.merge_state(make.actor(person), made)
    return {reason.code for reason in state.hindrances}


def test_from_fork_to_merge(client, world, deliver):
    ada, bob = make.actor(world.ada), make.actor(world.bob)
    fork = hosting.fork_repository(bob, world.demo, into=world.bob.namespace)
    commit(fork, {"a.txt": changed(l5=b"five")}, branch="five", message="Five")
    protect(world, required_approvals=1, require_resolved=True)
    made = commands.open_pull(bob, world.demo, head=fork, head_branch="five", base_branch="main", title="Five", body="See #1")
    deliver()
    made = queries.pull(ada, world.demo, made.number)
    assert made.mergeability in ("clean", "forward")
    assert (made.commits, made.files, made.additions, made.deletions) == (1, 1, 1, 1)
    assert codes(world.ada, made) == {"approvals"}
    with pytest.raises(Forbidden):
        commands.submit_review(bob, made, verdict=Review.State.APPROVED)
    line_comment(made, world.ada, path="a.txt", line=5, body="```suggestion\nFIVE\n```", pending=True)
    commands.submit_review(ada, made, verdict=Review.State.CHANGES, body="In capitals, please")
    assert codes(world.ada, made) == {"approvals", "changes", "conversations"}
    make.sign_in(client, world.bob)
    thread = LineThread.objects.get()
    page = client.post(made.get_absolute_url(), {"act": "apply", "suggestion": str(thread.comments.get().pk), "message": "As asked"})
    assert page.status_code == 303
    assert git(fork.path, "show", "five:a.txt").split("\n")[4] == "FIVE"
    assert f"Co-authored-by: {world.ada.shown_name} <{world.ada.email}>" in git(fork.path, "log", "-1", "--format=%B", "five")
    made = queries.pull(ada, world.demo, made.number)
    assert made.versions.count() == 2
    assert made.head_oid == git(fork.path, "rev-parse", "five") == git(world.demo.path, "rev-parse", f"refs/pull/{made.number}/head")
    deliver()
    made = queries.pull(ada, world.demo, made.number)
    assert made.versions.count() == 2, "the push is that version"
    assert codes(world.ada, made) == {"approvals", "changes"}
    commands.submit_review(ada, made, verdict=Review.State.APPROVED, oid=made.head_oid)
    assert codes(world.ada, made) == set()
    with pytest.raises(Forbidden):
        merge_pull(bob, made)
    make.sign_in(client, world.ada)
    answer = client.post(
        made.get_absolute_url(), {"act": "merge", "method": "squash", "expected": made.head_oid, "title": "Five in capitals"}
    )
    assert answer.status_code == 303
    made = queries.pull(ada, world.demo, made.number)
    assert made.is_merged
    assert made.thread.state_reason == Thread.StateReason.MERGED
    assert git(world.demo.path, "show", "main:a.txt").split("\n")[4] == "FIVE"
    assert git(world.demo.path, "log", "-1", "--format=%s", "main") == "Five in capitals"
    page = client.get(made.get_absolute_url()).content.decode()
    assert 'data-s="merged"' in page
    assert Participation.objects.filter(thread=made.thread, user=world.ada).exists()


def test_whom_and_what_opening_refuses(world):
    carol, bob = make.actor(world.carol), make.actor(world.bob)
    made = pull(world.demo, world.carol, branch="topic")
    wanted = {"head": world.demo, "head_branch": "topic", "base_branch": "main", "title": "T"}
    with pytest.raises(commands.AlreadyOpen) as found:
        commands.open_pull(carol, world.demo, **wanted)
    assert found.value.pull.pk == made.pk
    for wrong in (
        {"head_branch": "main"},
        {"head_branch": "gone"},
        {"base_branch": "gone"},
        {"title": " "},
        {"base_branch": "topic", "head_branch": "main"},
    ):
        with pytest.raises(Invalid):
            commands.open_pull(carol, world.demo, **{**wanted, **wrong})
    stranger = repository(world.bob, files={"x": b"1"})
    with pytest.raises(NotFound):
        commands.open_pull(bob, world.demo, **{**wanted, "head": stranger, "head_branch": "main"})
    fork = hosting.fork_repository(bob, world.demo, into=world.bob.namespace)
    commit(fork, {"x": b"1"}, branch="theirs")
    with pytest.raises(Forbidden):
        commands.open_pull(carol, world.demo, **{**wanted, "head": fork, "head_branch": "theirs"})
    commands.close_pull(carol, made)
    with pytest.raises(Forbidden):
        commands.reopen_pull(bob, made)
    again = commands.open_pull(carol, world.demo, **wanted)
    assert again.number == made.number + 1
    with pytest.raises(commands.AlreadyOpen):
        commands.reopen_pull(carol, queries.pull(carol, world.demo, made.number))
    assert queries.pull(carol, world.demo, made.number).thread.state == "closed"
    hosting.set_archived(make.actor(world.ada), world.demo, archived=True)
    with pytest.raises(Forbidden):
        commands.open_pull(carol, world.demo, **wanted)


def test_code_owners_are_asked_and_waited_for(world, deliver):
    owner = make.person()
    hosting.set_collaborator(make.actor(world.ada), world.demo, owner, access="write")
    commit(world.demo, {"CODEOWNERS": f"* @{world.ada.username}\n*.py @{owner.username} @nobody-at-all\n".encode()})
    protect(world, require_owners=True)
    made = pull(world.demo, world.carol, files={"b.py": b"def f():\n    return 2\n"})
    deliver()
    asked = [(request.user, request.as_owner) for request in queries.requests(made)]
    assert asked == [(owner, True)], "the last line that matches wins"
    made = queries.pull(make.actor(owner), world.demo, made.number)
    assert codes(world.ada, made) == {"owners"}
    commands.submit_review(make.actor(world.ada), made, verdict=Review.State.APPROVED)
    assert codes(world.ada, made) == {"owners"}
    commands.submit_review(make.actor(owner), made, verdict=Review.State.APPROVED)
    assert codes(world.ada, made) == set()
    assert not queries.requests(made)


def test_stale_approvals_go_and_strangers_do_not_count(world, deliver):
    rule = protect(world, required_approvals=1, dismiss_stale=True)
    made = pull(world.demo, world.carol, branch="topic", files={"a.txt": changed(l5=b"five")})
    commands.submit_review(make.actor(world.bob), made, verdict=Review.State.APPROVED)
    deliver()
    made = queries.pull(make.actor(world.ada), world.demo, made.number)
    assert codes(world.ada, made) == {"approvals"}, "without write access it does not count"
    commands.submit_review(make.actor(world.ada), made, verdict=Review.State.APPROVED)
    assert codes(world.ada, made) == set()
    old = made.head_oid
    new = commit(world.demo, {"a.txt": changed(l5=b"5!")}, branch="topic")
    deliver()
    made = queries.pull(make.actor(world.ada), world.demo, made.number)
    assert made.head_oid == new
    assert codes(world.ada, made) == {"approvals"}
    with pytest.raises(Conflict):
        commands.submit_review(make.actor(world.ada), made, verdict=Review.State.APPROVED, oid=old)
    hosting.save_protection(
        make.actor(world.ada), world.demo, kind="branch", pattern="main", push_access="maintain", merge_access="write", protection=rule,
        required_checks=["build"], linear_history=True, signed_commits=True,
    )  # fmt: skip
    made = queries.pull(make.actor(world.ada), world.demo, made.number)
    state = queries.merge_state(make.actor(world.ada), made)
    assert {reason.code for reason in state.hindrances} == {"check", "unsigned"}
    assert [str(method) for method in state.methods] == ["forward"]
    with pytest.raises(Forbidden):
        state = rules.can_merge(make.actor(world.bob), made, None).require()


def test_conversations_follow_their_lines(world):
    made = pull(world.demo, world.carol, branch="topic", files={"a.txt": changed(l5=b"five", l20=b"twenty")})
    five, twenty = (line_comment(made, world.ada, path="a.txt", line=number).thread for number in (5, 20))
    new = commit(world.demo, {"a.txt": b"top\n" + changed(l5=b"five", l20=b"2 0")}, branch="topic")
    commands.add_version(make.actor(world.carol), made, source=world.demo, head_oid=new)
    spots = queries.spots(made, [five, twenty])
    assert (spots[five.pk].line, spots[five.pk].is_outdated) == (6, False)
    assert spots[twenty.pk].is_outdated
    old = line_comment(made, world.ada, path="a.txt", line=5, side="old").thread
    assert queries.spots(made, [old])[old.pk].line == 5
    for wrong in (
        {"path": "b.py", "line": 1},
        {"path": "a\0.txt", "line": 1},
        {"path": "a.txt", "line": 99},
        {"path": "a.txt", "line": 5, "oid": "f" * 40},
    ):
        with pytest.raises(Invalid):
            line_comment(made, world.ada, **wrong)
    stale = line_comment(made, world.bob, path="a.txt", line=21, body="```suggestion\nx\n```")
    newer = commit(world.demo, {"a.txt": TEXT}, branch="topic")
    commands.add_version(make.actor(world.carol), made, source=world.demo, head_oid=newer)
    with pytest.raises(Conflict):
        commands.apply_suggestions(make.actor(world.carol), made, [queries.line_comment(make.actor(world.carol), made, stale.pk)])
    assert made.head_oid == newer


def test_two_suggestions_become_one_commit(world):
    made = pull(world.demo, world.carol, branch="topic", files={"a.txt": changed(l5=b"five", l9=b"nine")})
    told = [
        line_comment(made, world.bob, path="a.txt", line=line, body=f"```suggestion\n{word}\nmore\n```")
        for line, word in ((5, "V"), (9, "IX"))
    ]
    clash = line_comment(made, world.bob, path="a.txt", line=9, body="```suggestion\n9\n```")
    carol = make.actor(world.carol)
    with pytest.raises(Forbidden):
        commands.apply_suggestions(make.actor(world.bob), made, told)
    with pytest.raises(Conflict):
        commands.apply_suggestions(carol, made, [queries.line_comment(carol, made, one.pk) for one in (told[1], clash)])
    commands.apply_suggestions(carol, made, [queries.line_comment(carol, made, one.pk) for one in told])
    lines = git(world.demo.path, "show", "topic:a.txt").split("\n")
    assert lines[4:6] + lines[9:11] == ["V", "more", "IX", "more"]
    assert git(world.demo.path, "rev-list", "--count", "main..topic") == "2"
    assert LineThread.objects.exclude(resolved_at=None).count() == 2
    with pytest.raises(Conflict):
        commands.apply_suggestions(carol, made, [queries.line_comment(carol, made, told[0].pk)])


def test_a_maintainer_commits_a_suggestion_to_a_fork_under_its_own_name_and_rules(world):
    ada, bob = make.actor(world.ada), make.actor(world.bob)
    fork = hosting.fork_repository(bob, world.demo, into=world.bob.namespace)
    made = pull(world.demo, world.bob, branch="five", files={"a.txt": changed(l5=b"five")}, head=fork, maintainers_may_push=True)
    told = line_comment(made, world.carol, path="a.txt", line=5, body="```suggestion\nFIVE\n```")
    rule = hosting.save_protection(bob, fork, kind="branch", pattern="five", push_access="maintain", merge_access="write")
    with pytest.raises(Forbidden):
        commands.apply_suggestions(ada, made, [queries.line_comment(ada, made, told.pk)])
    hosting.delete_protection(bob, rule)
    commands.apply_suggestions(ada, made, [queries.line_comment(ada, made, told.pk)])
    assert Push.objects.filter(repository=fork).latest("pk").user == world.ada


def test_a_review_by_the_api_is_kept_whole_or_not_at_all(world, client):
    made = pull(world.demo, world.bob, branch="topic", files={"a.txt": changed(l5=b"five")})
    address = f"/api/v1/repositories/{world.demo}/pulls/{made.number}/reviews"
    headers = {"Authorization": f"Bearer {make.token(world.carol, 'write')}"}
    good, bad = ({"path": "a.txt", "line": line, "body": "Hm"} for line in (5, 4000))
    sent = {"verdict": "comment", "body": "Well", "comments": [good, bad]}
    assert client.post(address, sent, content_type="application/json", headers=headers).status_code == 422
    assert not Review.objects.exists()
    assert not LineThread.objects.exists()
    answer = client.post(address, {**sent, "comments": [good]}, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
    assert Review.objects.get().comments.get().thread.line == 5


def test_reviewers_can_be_people_and_teams(world):
    from accounts import commands as people

    lab = make.organization(owner=world.ada)
    home = repository(lab, files={"a": b"1"}, visibility="private")
    team = people.save_team(make.actor(world.ada), lab, name="Core")
    Membership.objects.create(organization=lab, user=world.carol, role="developer")
    people.set_team_member(make.actor(world.ada), lab and team, world.carol, present=True)
    made = pull(home, world.ada)
    with pytest.raises(Invalid):
        commands.request_review(make.actor(world.ada), made, people=[world.bob])
    with pytest.raises(Invalid):
        commands.request_review(make.actor(world.ada), made, people=[world.ada])
    commands.request_review(make.actor(world.ada), made, teams=[team], people=[world.carol])
    commands.request_review(make.actor(world.ada), made, teams=[team])
    assert len(queries.requests(made)) == 2
    assert queries.readable_pulls(make.actor(world.carol)).filter(queries.asked_of(world.carol.pk)).count() == 1
    assert not queries.readable_pulls(make.actor(world.bob)).exists()
    commands.submit_review(make.actor(world.carol), made, verdict=Review.State.APPROVED)
    assert not queries.requests(made)
    review = Review.objects.get()
    review.pull = made
    with pytest.raises(Invalid):
        commands.dismiss_review(make.actor(world.ada), review, reason=" ")
    commands.dismiss_review(make.actor(world.ada), review, reason="Looked at the wrong one")
    assert queries.verdicts(made)[0].state == "dismissed"
    assert Pull.objects.count() == 1
