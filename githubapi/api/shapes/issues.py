"""Issues, comments, labels, milestones; what pull requests share with issues."""

from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import quote

from githubapi.api.shapes.common import At, moment, node_id
from githubapi.api.shapes.people import person
from githubapi.api.shapes.repositories import base
from issues.models import Comment, Label, Milestone, Thread
from projects.models import Repository

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def reactions(url: str, counted: dict[str, int]) -> dict[str, Any]:
    """How many there are of each."""
    found = {name: int(counted.get(name, 0)) for name in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": sum(found.values()), **found}


def label(row: Repository, one: Label, at: At) -> dict[str, Any]:
    """A label."""
    return {
        "id": one.pk, "node_id": node_id("Label", one.pk), "url": f"{base(row, at)}/labels/{quote(one.name, safe='')}", "name": one.name,
        "color": one.colour, "default": False, "description": one.description or None,
    }  # fmt: skip


def milestone(row: Repository, one: Milestone, at: At, *, open_total: int | None = None, closed_total: int | None = None) -> dict[str, Any]:
    """A milestone; its numbers only where they were counted."""
    url = f"{base(row, at)}/milestones/{one.number}"
    due = datetime.combine(one.due_on, time(), UTC) if one.due_on else None
    return {
        "url": url, "html_url": f"{at.page(row.get_absolute_url())}/milestones/{one.number}", "labels_url": f"{url}/labels", "id": one.pk,
        "node_id": node_id("Milestone", one.pk), "number": one.number, "state": one.state, "title": one.title,
        "description": one.description or None, "creator": None, "open_issues": open_total or 0, "closed_issues": closed_total or 0,
        "created_at": moment(one.created_at), "updated_at": moment(one.updated_at), "closed_at": moment(one.closed_at), "due_on": moment(due),
    }  # fmt: skip


def association(row: Repository, author_id: int | None) -> str:
    """How the author stands to the repository, as far as it costs nothing to say."""
    owner = getattr(row.namespace, "user", None) if row.namespace.kind == "person" else None
    return "OWNER" if owner is not None and owner.pk == author_id else "NONE"


def issue(row: Repository, one: Thread, at: At) -> dict[str, Any]:
    """An issue or a pull request as one, with author, labels, people and milestone at hand."""
    here, page = base(row, at), at.page(row.get_absolute_url())
    url = f"{here}/issues/{one.number}"
    people = [shown for each in one.assignments.all() if (shown := person(each.user, at))]
    found: dict[str, Any] = {
        "url": url, "repository_url": here, "labels_url": url + "/labels{/name}", "comments_url": f"{url}/comments", "events_url": f"{url}/events",
        "html_url": at.home + one.get_absolute_url(), "id": one.pk, "node_id": node_id("Issue", one.pk), "number": one.number,
        "title": one.title, "user": person(one.author, at), "labels": [label(row, each.label, at) for each in one.labellings.all()],
        "state": one.state, "locked": one.is_locked, "assignee": people[0] if people else None, "assignees": people,
        "milestone": milestone(row, one.milestone, at) if one.milestone else None, "comments": one.comment_count,
        "created_at": moment(one.created_at), "updated_at": moment(one.updated_at), "closed_at": moment(one.closed_at),
        "author_association": association(row, one.author_id), "active_lock_reason": one.lock_reason or None, "body": one.body or None,
        "closed_by": person(one.closed_by, at), "reactions": reactions(url, one.reactions), "timeline_url": f"{url}/timeline",
        "state_reason": one.state_reason if one.state_reason in ("completed", "not_planned", "duplicate", "reopened") else None,
    }  # fmt: skip
    if not one.is_issue:
        pull = f"{page}/pulls/{one.number}"
        found["pull_request"] = {
            "url": f"{here}/pulls/{one.number}",
            "html_url": pull,
            "diff_url": f"{pull}.diff",
            "patch_url": f"{pull}.patch",
        }
        found["state_reason"] = None
    return found


def comment(row: Repository, one: Comment, at: At) -> dict[str, Any]:
    """A comment with its author and thread."""
    here = base(row, at)
    url = f"{here}/issues/comments/{one.pk}"
    return {
        "url": url, "html_url": f"{at.home}{one.thread.get_absolute_url()}#comment-{one.pk}", "issue_url": f"{here}/issues/{one.thread.number}",
        "id": one.pk, "node_id": node_id("IssueComment", one.pk), "user": person(one.author, at), "created_at": moment(one.created_at),
        "updated_at": moment(one.edited_at or one.created_at), "author_association": association(row, one.author_id), "body": one.body,
        "reactions": reactions(url, one.reactions),
    }  # fmt: skip
