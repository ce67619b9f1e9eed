"""Pull requests, reviews, comments on lines."""

from typing import Any

from accounts.models import Team
from core.actors import Actor
from githubapi.api.shapes.common import At, moment, node_id, text
from githubapi.api.shapes.issues import association, issue
from githubapi.api.shapes.people import owner, person
from githubapi.api.shapes.repositories import base, repository
from issues.models import Thread
from projects.models import Repository
from projects.queries.visible import readable_among
from pulls.models import LineComment, LineThread, Pull, Review

STATES = {"pending": "PENDING", "comment": "COMMENTED", "approved": "APPROVED", "changes": "CHANGES_REQUESTED"}
SIDES = {"old": "LEFT", "new": "RIGHT"}
SHARED = (
    "html_url", "title", "user", "labels", "state", "locked", "assignee", "assignees", "milestone", "created_at", "updated_at", "closed_at",
    "author_association", "active_lock_reason", "body",
)  # fmt: skip


def pulls(actor: Actor, row: Repository, found: list[tuple[Pull, Thread]], at: At) -> list[dict[str, Any]]:
    """Pull requests in a list, each with its thread as issues are printed. What the reader may not know of a head is left out; one query."""
    readable = readable_among(actor, [one.head_repository_id for one, _thread in found if one.head_repository_id != row.pk]) | {row.pk}
    return [_pull(row, one, thread, at, knows_head=one.head_repository_id in readable) for one, thread in found]


def _pull(row: Repository, one: Pull, thread: Thread, at: At, *, knows_head: bool) -> dict[str, Any]:
    here, page = base(row, at), at.page(row.get_absolute_url())
    url, shared = f"{here}/pulls/{thread.number}", issue(row, thread, at)
    head = one.head_repository if knows_head and one.head_repository is not None and one.head_repository.deleted_at is None else None
    ends = {
        "head": _end(row, head, text(one.head_branch) if head else "", one.head_oid, thread, at),
        "base": _end(row, row, text(one.base_branch), one.base_oid, thread, at),
    }
    links = {
        "self": url, "html": shared["html_url"], "issue": shared["url"], "comments": f"{shared['url']}/comments", "commits": f"{url}/commits",
        "review_comments": f"{url}/comments", "review_comment": here + "/pulls/comments{/number}", "statuses": f"{here}/statuses/{one.head_oid}",
    }  # fmt: skip
    return {
        "url": url, "id": one.pk, "node_id": node_id("PullRequest", one.pk), "diff_url": f"{page}/pulls/{thread.number}.diff",
        "patch_url": f"{page}/pulls/{thread.number}.patch", "issue_url": shared["url"], "commits_url": links["commits"],
        "review_comments_url": links["review_comments"], "review_comment_url": links["review_comment"], "comments_url": links["comments"],
        "statuses_url": links["statuses"], "number": thread.number, **{key: shared[key] for key in SHARED}, **ends,
        "merged_at": moment(one.merged_at), "merge_commit_sha": one.merged_oid or None, "draft": one.is_draft,
        "requested_reviewers": [], "requested_teams": [], "_links": {key: {"href": value} for key, value in links.items()},
        "auto_merge": {"merge_method": one.auto_merge_method, "enabled_by": person(one.auto_merge_by, at)} if one.auto_merge_method else None,
    }  # fmt: skip


def _end(row: Repository, home: Repository | None, branch: str, oid: str, thread: Thread, at: At) -> dict[str, Any]:
    """One of the two ends; a head that is gone or hidden is the pull request's own ref."""
    if home is None:
        return {"label": "unknown repository", "ref": f"refs/pull/{thread.number}/head", "sha": oid, "user": None, "repo": None}
    ref = branch or f"refs/pull/{thread.number}/head"
    return {
        "label": f"{home.namespace.segment}:{ref}", "ref": ref, "sha": oid, "user": owner(home.namespace, at), "repo": repository(home, at),
    }  # fmt: skip


def whole(short: dict[str, Any], one: Pull, at: At, *, comments: int, line_comments: int, waits: list[Any]) -> dict[str, Any]:
    """A pull request on its own: `short` is its form in a list, `waits` the review requests."""
    clean = one.mergeability in (Pull.Mergeability.CLEAN, Pull.Mergeability.FORWARD)
    known = one.is_checked and one.mergeability != Pull.Mergeability.UNKNOWN
    state = "unknown" if not known else "dirty" if not clean else "draft" if one.is_draft else "clean"
    return {
        **short, "merged": one.is_merged, "mergeable": clean if known and not one.is_merged else None, "rebaseable": None,
        "mergeable_state": state, "merged_by": person(one.merged_by, at), "comments": comments, "review_comments": line_comments,
        "maintainer_can_modify": one.maintainers_may_push, "commits": one.commits, "additions": one.additions or 0,
        "deletions": one.deletions or 0, "changed_files": one.files or 0,
        "requested_reviewers": [shown for each in waits if each.user and (shown := person(each.user, at))],
        "requested_teams": [team(each.team, at) for each in waits if each.team],
    }  # fmt: skip


def team(one: Team, at: At) -> dict[str, Any]:
    """A team with its organization, shortly."""
    url = at.api("orgs", one.organization.slug, "teams", one.slug)
    return {
        "id": one.pk, "node_id": node_id("Team", one.pk), "url": url, "name": one.name, "slug": one.slug, "description": one.description or None,
        "privacy": "closed", "permission": "pull", "html_url": at.page(f"/-/orgs/{one.organization.slug}/teams/{one.slug}"),
        "members_url": url + "/members{/member}", "repositories_url": f"{url}/repos", "parent": None,
    }  # fmt: skip


def review(row: Repository, pull: Pull, one: Review, at: At) -> dict[str, Any]:
    """A review with its author."""
    url = f"{base(row, at)}/pulls/{pull.number}"
    page = f"{at.home}{pull.get_absolute_url()}#review-{one.pk}"
    return {
        "id": one.pk, "node_id": node_id("PullRequestReview", one.pk), "user": person(one.author, at), "body": one.body,
        "state": "DISMISSED" if one.dismissed_at else STATES[one.state], "html_url": page, "pull_request_url": url,
        "author_association": association(row, one.author_id), "commit_id": one.oid, "submitted_at": moment(one.submitted_at),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
    }  # fmt: skip


def line_comment(row: Repository, pull: Pull, one: LineComment, at: At, *, line: int | None, first: int | None) -> dict[str, Any]:
    """A comment with author and thread. `line`: where it stands in the newest version, None where it is outdated; `first`: the id of the
    conversation's first comment if it is an answer."""
    here, thread = base(row, at), one.thread
    url, page = f"{here}/pulls/comments/{one.pk}", f"{at.home}{pull.get_absolute_url()}/files#line-{one.pk}"
    several = thread.start_line != thread.line
    found: dict[str, Any] = {
        "url": url, "pull_request_review_id": one.review_id, "id": one.pk, "node_id": node_id("PullRequestReviewComment", one.pk),
        "diff_hunk": _hunk(thread), "path": text(thread.path), "position": line, "original_position": thread.line, "commit_id": pull.head_oid,
        "original_commit_id": thread.oid, "user": person(one.author, at), "body": one.body, "created_at": moment(one.created_at),
        "updated_at": moment(one.edited_at or one.created_at), "html_url": page, "pull_request_url": f"{here}/pulls/{pull.number}",
        "author_association": association(row, one.author_id), "line": line, "original_line": thread.line or None,
        "start_line": thread.start_line if several else None, "original_start_line": thread.start_line if several else None,
        "side": SIDES[thread.side], "start_side": SIDES[thread.side] if several else None, "subject_type": "line" if thread.line else "file",
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": f"{here}/pulls/{pull.number}"}},
    }  # fmt: skip
    return found if first is None else {**found, "in_reply_to_id": first}


def _hunk(thread: LineThread) -> str:
    """The kept lines as a hunk."""
    lines = [(int(each[0]), str(each[1])) for each in thread.context if isinstance(each, list) and len(each) >= 2]
    if not lines:
        return ""
    sign = "-" if thread.side == LineThread.Side.OLD else "+"
    head = f"@@ {sign}{lines[0][0]},{len(lines)} @@"
    return "\n".join([head, *(f"{sign if thread.start_line <= number <= thread.line else ' '}{words}" for number, words in lines)])
