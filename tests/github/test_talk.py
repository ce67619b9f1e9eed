"""PyGithub talks: issues, comments, labels, milestones; pull requests, reviews, merges."""

from datetime import datetime

import pytest
from github import GithubException, UnknownObjectException

from issues import commands as issues
from projects import commands
from tests.factories import accounts as make
from tests.factories.projects import commit, git, repository

pytestmark = pytest.mark.django_db(transaction=True)


def test_issues(hub, ada):
    bob = make.person("bob")
    row = repository(ada, name="demo", files={"a": b"1"})
    commands.set_collaborator(make.actor(ada), row, bob, access="write")
    found = hub(ada).get_repo("ada/demo")
    bug = found.create_label("bug", "d73a4a", "It breaks")
    assert (bug.name, bug.color, bug.description) == ("bug", "d73a4a", "It breaks")
    bug.edit("defect", "0e8a16")
    assert [one.name for one in found.get_labels()] == ["defect"]
    goal = found.create_milestone("v1", description="first", due_on=datetime(2027, 1, 31))
    made = found.create_issue("Broken", "It *breaks*", assignee="bob", milestone=goal, labels=["defect", "fresh"])
    assert (made.number, made.state, made.user.login, made.body) == (1, "open", "ada", "It *breaks*")
    assert ([one.name for one in made.labels], made.assignee.login, made.milestone.title) == (["defect", "fresh"], "bob", "v1")
    assert found.get_milestone(goal.number).open_issues == 1
    reader = hub(make.person("eve")).get_repo("ada/demo")
    theirs = reader.create_issue("Question", "?", labels=["defect"])
    assert (theirs.number, theirs.labels) == (2, []), "who may not label is not refused, as on GitHub"
    with pytest.raises(GithubException) as refused:
        reader.get_issue(1).edit(title="mine")
    assert refused.value.status == 403
    said = theirs.create_comment("Hello @ada")
    said.edit("Hello again")
    assert [(one.body, one.user.login) for one in theirs.get_comments()] == [("Hello again", "eve")]
    assert [one.id for one in found.get_issues_comments()] == [said.id]
    assert [one.number for one in found.get_issues(sort="created", direction="asc")] == [1, 2]
    assert [one.number for one in found.get_issues(labels=["defect"])] == [1]
    assert [one.number for one in found.get_issues(assignee="bob")] == [1]
    assert [one.number for one in found.get_issues(creator="eve")] == [2]
    assert [one.number for one in found.get_issues(milestone=goal)] == [1]
    assert [one.number for one in found.get_issues(milestone="none")] == [2]
    made.edit(title="Better", body="b", labels=["fresh"], assignees=["ada"], milestone=None, state="closed", state_reason="not_planned")
    made = found.get_issue(1)
    assert (made.title, made.body, made.state, made.state_reason, made.milestone) == ("Better", "b", "closed", "not_planned", None)
    assert ([one.name for one in made.labels], [one.login for one in made.assignees], made.closed_by.login) == (["fresh"], ["ada"], "ada")
    assert [one.number for one in found.get_issues(state="closed")] == [1]
    assert found.get_issues(state="all").totalCount == 2
    assert hub(ada).get_repo("ada/demo").open_issues_count == 1
    made.edit(state="open")
    made.add_to_labels("defect")
    made.remove_from_labels("fresh")
    assert [one.name for one in made.get_labels()] == ["defect"]
    made.set_labels("fresh", "third")
    made.delete_labels()
    assert list(made.get_labels()) == []
    made.add_to_assignees("bob")
    made.remove_from_assignees("ada")
    assert [one.login for one in found.get_issue(1).assignees] == ["bob"]
    made.lock("too heated")
    with pytest.raises(GithubException) as refused:
        reader.get_issue(1).create_comment("but")
    assert refused.value.status == 403
    assert found.get_issue(1).active_lock_reason == "too-heated"
    made.unlock()
    reader.get_issue(1).create_comment("well")
    assert [one.number for one in hub(bob).get_user().get_issues()] == [1]
    goal.edit("v1.0", state="closed")
    assert [(one.title, one.state) for one in found.get_milestones(state="closed")] == [("v1.0", "closed")]
    goal.delete()
    said.delete()
    with pytest.raises(UnknownObjectException):
        theirs.get_comment(said.id)
    found.get_label("third").delete()
    private = repository(ada, name="hidden", visibility="private", files={"a": b"1"})
    issues.open_issue(make.actor(ada), private, title="secret")
    with pytest.raises(UnknownObjectException):
        hub(bob).get_repo("ada/hidden")
    assert "secret" not in [one.title for one in hub(bob).get_user().get_issues(filter="all", state="all")]


def test_pull_requests(hub, ada):
    bob = make.person("bob")
    row = repository(ada, name="demo", files={"a.py": b"1\n2\n3\n"})
    upstream, theirs = hub(ada).get_repo("ada/demo"), hub(bob).get_repo("ada/demo")
    hub(bob).get_user().create_fork(theirs)
    fork = hub(bob).get_repo("bob/demo")
    fork.create_git_ref("refs/heads/topic", fork.get_branch("main").commit.sha)
    fork.update_file("a.py", "feat: change", "1\nTWO\n3\n", fork.get_contents("a.py").sha, branch="topic")
    made = theirs.create_pull(base="main", head="bob:topic", title="Change two", body="Please", draft=False)
    assert (made.number, made.state, made.merged, made.user.login, made.head.label, made.base.ref) == (
        1,
        "open",
        False,
        "bob",
        "bob:topic",
        "main",
    )
    assert (made.commits, made.additions, made.deletions, made.changed_files) == (1, 1, 1, 1)
    with pytest.raises(GithubException) as refused:
        theirs.create_pull(base="main", head="bob:topic", title="Again")
    assert refused.value.status == 422
    assert [one.number for one in upstream.get_pulls(head="bob:topic")] == [1]
    assert [one.number for one in upstream.get_pulls(state="closed")] == []
    assert [one.number for one in upstream.get_issues() if one.pull_request] == [1]
    pull = upstream.get_pull(1)
    assert [one.commit.message for one in pull.get_commits()] == ["feat: change"]
    assert [(one.filename, one.status) for one in pull.get_files()] == [("a.py", "modified")]
    assert "+TWO" in pull.get_files()[0].patch
    made.edit(title="Change the second line", body="Better words")
    line = pull.create_review_comment("Why upper case?", pull.get_commits()[0], "a.py", line=2, side="RIGHT")
    assert (line.path, line.line, line.user.login) == ("a.py", 2, "ada")
    answer = theirs.get_pull(1).create_review_comment_reply(line.id, "It is louder")
    assert answer.in_reply_to_id == line.id
    answer.edit("Louder")
    assert [one.body for one in pull.get_review_comments()] == ["Why upper case?", "Louder"]
    with pytest.raises(GithubException) as refused:
        theirs.get_pull(1).create_review(event="APPROVE", body="mine is fine")
    assert refused.value.status == 403, "nobody approves what is his own"
    review = pull.create_review(body="Nearly", event="REQUEST_CHANGES", comments=[{"path": "a.py", "position": 3, "body": "here"}])
    assert (review.state, review.user.login) == ("CHANGES_REQUESTED", "ada")
    assert [(one.body, one.line) for one in pull.get_single_review_comments(review.id)] == [("here", 2)]
    review.dismiss("Settled")
    assert pull.get_review(review.id).state == "DISMISSED"
    assert pull.create_review(event="APPROVE").state == "APPROVED"
    assert [one.state for one in pull.get_reviews()] == ["DISMISSED", "APPROVED"]
    with pytest.raises(GithubException) as refused:
        theirs.get_pull(1).merge()
    assert refused.value.status in (403, 405)
    with pytest.raises(GithubException) as refused:
        pull.merge(sha="0" * 40)
    assert refused.value.status == 409
    done = pull.merge("Merged by a program", merge_method="squash", sha=pull.head.sha)
    assert (done.merged, done.sha) == (True, git(row.path, "rev-parse", "main"))
    assert "Merged by a program" in git(row.path, "log", "-1", "--format=%B", "main")
    assert git(row.path, "show", "main:a.py") == "1\nTWO\n3"
    pull = upstream.get_pull(1)
    assert (pull.merged, pull.state, pull.merged_by.login, pull.merge_commit_sha, pull.is_merged()) == (
        True,
        "closed",
        "ada",
        done.sha,
        True,
    )
    commit(row, {"b": b"1"}, branch="other")
    second = upstream.create_pull(base="main", head="other", title="Other", draft=True)
    assert (second.draft, second.head.repo.full_name, second.is_merged()) == (True, "ada/demo", False)
    second.edit(state="closed")
    assert upstream.get_pull(second.number).state == "closed"
    second.create_issue_comment("never mind")
    assert [one.body for one in second.get_issue_comments()] == ["never mind"]
    assert [one.number for one in upstream.get_pulls(state="all", sort="created", direction="asc")] == [1, 2]
