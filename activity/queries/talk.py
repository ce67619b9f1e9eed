"""What webhooks say of issues, pull requests, comments and reviews, in GitHub's words and ours."""

from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from activity.models import Happens
from activity.queries import shapes
from activity.queries.telling import Hidden, Telling, builders
from activity.queries.things import happened
from issues.models import Assignment, Comment, Labelling, Thread
from issues.rules import is_shown
from projects import queries as projects
from pulls.models import LineComment, Pull, Review

BODY_MOST = 65_536  # characters


def thread_of(told: Telling) -> Thread:
    """The issue or pull request of a message. Raises Hidden."""
    rows = Thread.objects.select_related(
        "author", "milestone", "closed_by", "repository__namespace", "repository__mirror", "repository__thread_counter"
    )
    rows = rows.prefetch_related(
        Prefetch("labellings", Labelling.objects.select_related("label").order_by("label__name")),
        Prefetch("assignments", Assignment.objects.select_related("user").order_by("pk")),
    )
    row = rows.filter(pk=told.about["thread"], repository=told.repository).first()
    if row is None or not is_shown(row):
        raise Hidden
    return row


def github_issue(row: Thread) -> dict[str, Any]:
    """An `issue` of GitHub's API."""
    page = shapes.address(row)
    reason = {"duplicate": "not_planned", "merged": "completed"}.get(row.state_reason, row.state_reason)
    issue: dict[str, Any] = {
        "id": row.pk, "number": row.number, "title": row.title, "body": row.body[:BODY_MOST] or None, "state": row.state, "state_reason": reason or None,
        "user": shapes.github_user(row.author), "html_url": page, "comments": row.comment_count, "locked": row.is_locked,
        "url": f"{shapes.base()}/api/v3/repos/{row.repository}/issues/{row.number}",
        "labels": [
            {"id": one.label.pk, "name": one.label.name, "color": one.label.colour, "description": one.label.description or None} for one in row.labellings.all()
        ],
        "assignees": [shapes.github_user(one.user) for one in row.assignments.all()],
        "milestone": {"id": row.milestone.pk, "number": row.milestone.number, "title": row.milestone.title, "state": row.milestone.state} if row.milestone else None,
        "created_at": row.created_at.isoformat(), "updated_at": row.updated_at.isoformat(), "closed_at": row.closed_at.isoformat() if row.closed_at else None,
    }  # fmt: skip
    issue["assignee"] = issue["assignees"][0] if issue["assignees"] else None
    if not row.is_issue:
        issue["pull_request"] = {"html_url": page, "url": f"{shapes.base()}/api/v3/repos/{row.repository}/pulls/{row.number}"}
    return issue


def github_pull(told: Telling, row: Thread) -> dict[str, Any]:
    """A `pull_request` of GitHub's API; a head that the hook's owner may not read has no repository. Raises Hidden."""
    pull = Pull.objects.filter(thread=row).select_related("merged_by").first()
    if pull is None:
        raise Hidden
    head = projects.repositories(told.actor).filter(pk=pull.head_repository_id or 0, taken_down_at=None).first()
    base = told.repository
    issue = github_issue(row)
    issue.pop("pull_request")
    owner = head.namespace.slug if head else "ghost"
    return {
        **issue, "draft": pull.is_draft, "merged": pull.is_merged, "merged_at": pull.merged_at.isoformat() if pull.merged_at else None,
        "merged_by": shapes.github_user(pull.merged_by) if pull.merged_by else None, "merge_commit_sha": pull.merged_oid or None,
        "commits": pull.commits, "changed_files": pull.files, "additions": pull.additions, "deletions": pull.deletions,
        "url": f"{shapes.base()}/api/v3/repos/{base}/pulls/{row.number}",
        "head": {
            "ref": pull.head_branch, "sha": pull.head_oid, "label": f"{owner}:{pull.head_branch}",
            "repo": shapes.github_repository(head) if head else None, "user": shapes.github_owner(head.namespace) if head else None,
        },
        "base": {
            "ref": pull.base_branch, "sha": pull.base_oid, "label": f"{base.namespace.slug}:{pull.base_branch}",
            "repo": shapes.github_repository(base), "user": shapes.github_owner(base.namespace),
        },
    }  # fmt: skip


def our_thread(row: Thread) -> dict[str, Any]:
    """The thread in our own format."""
    return {
        "id": row.pk, "number": row.number, "kind": row.kind, "title": row.title, "body": row.body[:BODY_MOST], "state": row.state,
        "state_reason": row.state_reason, "url": shapes.address(row), "author": shapes.our_person(row.author),
        "labels": [one.label.name for one in row.labellings.all()], "assignees": [one.user.username for one in row.assignments.all()],
        "milestone": row.milestone.title if row.milestone else "",
    }  # fmt: skip


def _title(told: Telling, row: Thread, what: str) -> str:
    return f"#{row.number} {row.title} · {happened(what, told.who)}"


_WORDS = {
    "opened": "opened", "closed": "closed", "reopened": "reopened", "merged": "merged", "synchronize": "pushed", "submitted": "reviewed", "created": "commented",
    "review_requested": "review_requested", "approved": "approved", "changes": "changes_requested",
}  # fmt: skip


def _say(told: Telling, row: Thread, what: str, text: str = "", url: str = "") -> None:
    told.say(_title(told, row, _WORDS.get(what, what)), url or shapes.address(row), [(text.strip()[:500], "")] if text.strip() else [])


def _issues(told: Telling) -> None:
    row = thread_of(told)
    told.github, told.ours = {"issue": github_issue(row), **_change(told)}, {"issue": our_thread(row)}
    _say(told, row, told.dispatch.action, row.body if told.dispatch.action == "opened" else "")


def _change(told: Telling) -> dict[str, Any]:
    """The one label or person that an action is about."""
    about = told.about
    if "label" in about:
        return {"label": {"name": about["label"]}}
    if "person" in about:
        return {"assignee": shapes.github_user(told.person(about["person"]))}
    return {}


def _issue_comment(told: Telling) -> None:
    row = thread_of(told)
    comment = Comment.objects.select_related("author").filter(pk=told.about["comment"], thread=row).first()
    if comment is None and told.dispatch.action != "deleted":
        raise Hidden
    page = f"{shapes.address(row)}#comment-{told.about['comment']}"
    printed: dict[str, Any] = {"id": told.about["comment"], "html_url": page}
    if comment is not None:
        body = "" if comment.hidden_reason else comment.body[:BODY_MOST]
        printed |= {"body": body, "user": shapes.github_user(comment.author), "created_at": comment.created_at.isoformat()}
    told.github, told.ours = {"issue": github_issue(row), "comment": printed}, {"issue": our_thread(row), "comment": printed}
    told.say(
        _title(told, row, "commented") if told.dispatch.action == "created" else f"#{row.number} {row.title} · " + _("a comment changed"),
        page, [(str(printed["body"]).strip()[:500], "")] if printed.get("body") else [],
    )  # fmt: skip


def _pull_request(told: Telling) -> None:
    row = thread_of(told)
    printed = github_pull(told, row)
    told.github = {"number": row.number, "pull_request": printed, **_change(told)}
    if told.dispatch.action == "synchronize":
        told.github |= {"before": told.about["old"], "after": told.about["new"]}
    told.ours = {
        "pull": {
            **our_thread(row),
            "draft": printed["draft"],
            "merged": printed["merged"],
            "head": told_side(printed["head"]),
            "base": told_side(printed["base"]),
        }
    }
    what = "merged" if told.dispatch.action == "closed" and printed["merged"] else told.dispatch.action
    _say(told, row, what, row.body if what == "opened" else "")


def told_side(side: dict[str, Any]) -> dict[str, str]:
    """One side of a pull request in our own format."""
    return {"branch": side["ref"], "oid": side["sha"], "repository": side["repo"]["full_name"] if side["repo"] else ""}


def _review(told: Telling) -> None:
    row = thread_of(told)
    review = Review.objects.select_related("author").filter(pk=told.about["review"]).exclude(state=Review.State.PENDING).first()
    if review is None:
        raise Hidden
    words = {Review.State.APPROVED: "approved", Review.State.CHANGES: "changes_requested"}
    state = "dismissed" if review.dismissed_at else words.get(Review.State(review.state), "commented")
    printed = {
        "id": review.pk, "state": state, "body": review.body[:BODY_MOST] or None, "user": shapes.github_user(review.author), "commit_id": review.oid,
        "html_url": shapes.address(row), "submitted_at": review.submitted_at.isoformat() if review.submitted_at else None,
    }  # fmt: skip
    told.github, told.ours = {"pull_request": github_pull(told, row), "review": printed}, {"pull": our_thread(row), "review": printed}
    _say(told, row, state if state in ("approved", "changes_requested") else "reviewed", review.body)


def _review_comment(told: Telling) -> None:
    row = thread_of(told)
    comment = LineComment.objects.select_related("author", "thread").filter(pk=told.about["line"], thread__pull__thread=row).first()
    if comment is None or (comment.review_id and Review.objects.filter(pk=comment.review_id, state=Review.State.PENDING).exists()):
        raise Hidden
    printed = {
        "id": comment.pk, "body": comment.body[:BODY_MOST], "user": shapes.github_user(comment.author), "path": comment.thread.path, "line": comment.thread.line,
        "side": "LEFT" if comment.thread.side == "old" else "RIGHT", "commit_id": comment.thread.oid, "html_url": f"{shapes.address(row)}/files",
        "created_at": comment.created_at.isoformat(),
    }  # fmt: skip
    told.github, told.ours = {"pull_request": github_pull(told, row), "comment": printed}, {"pull": our_thread(row), "comment": printed}
    _say(told, row, "commented", comment.body)


for _kind, _builder in (
    (Happens.ISSUES, _issues), (Happens.ISSUE_COMMENT, _issue_comment), (Happens.PULL_REQUEST, _pull_request), (Happens.PULL_REQUEST_REVIEW, _review),
    (Happens.PULL_REQUEST_REVIEW_COMMENT, _review_comment),
):  # fmt: skip
    builders.add((_kind.value, _builder))
