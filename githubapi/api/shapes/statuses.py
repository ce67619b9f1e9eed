"""Statuses and check runs."""

from typing import Any

from githubapi.api.shapes.common import At, moment, node_id
from githubapi.api.shapes.people import person
from githubapi.api.shapes.repositories import base, repository
from projects.models import CheckAnnotation, CheckRun, CommitStatus, Repository


def status(row: Repository, one: CommitStatus, at: At) -> dict[str, Any]:
    """A status with its creator."""
    creator = person(one.creator, at)
    return {
        "url": f"{base(row, at)}/statuses/{one.oid}", "avatar_url": (creator or {}).get("avatar_url", ""), "id": one.pk,
        "node_id": node_id("StatusContext", one.pk), "state": one.state, "description": one.description or None,
        "target_url": one.target or None, "context": one.context, "created_at": moment(one.created_at), "updated_at": moment(one.created_at),
        "creator": creator,
    }  # fmt: skip


def combined(row: Repository, oid: str, latest: list[CommitStatus], total: int, state: str, at: At) -> dict[str, Any]:
    """The combined status: some of the latest of each context; `state` of all of them."""
    here = base(row, at)
    return {
        "state": state, "statuses": [status(row, one, at) for one in latest], "sha": oid, "total_count": total, "repository": repository(row, at),
        "commit_url": f"{here}/commits/{oid}", "url": f"{here}/commits/{oid}/status",
    }  # fmt: skip


def check_run(row: Repository, one: CheckRun, at: At) -> dict[str, Any]:
    """A run with its creator and `annotations_total`."""
    here = base(row, at)
    url = f"{here}/check-runs/{one.pk}"
    return {
        "id": one.pk, "head_sha": one.oid, "node_id": node_id("CheckRun", one.pk), "external_id": one.external_id, "url": url,
        "html_url": f"{at.page(row.get_absolute_url())}/checks/{one.pk}", "details_url": one.details or None, "status": one.status,
        "conclusion": one.conclusion or None, "started_at": moment(one.started_at), "completed_at": moment(one.completed_at), "name": one.name,
        "output": {
            "title": one.title or None, "summary": one.summary or None, "text": one.text or None,
            "annotations_count": getattr(one, "annotations_total", 0), "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": one.pk}, "app": None, "pull_requests": [],
    }  # fmt: skip


def annotation(row: Repository, oid: str, one: CheckAnnotation, at: At) -> dict[str, Any]:
    """What a run says about lines."""
    names = ("path", "start_line", "end_line", "start_column", "end_column", "message")
    return {
        **{name: getattr(one, name) for name in names}, "annotation_level": one.level, "title": one.title or None,
        "raw_details": one.raw_details or None, "blob_href": f"{at.page(row.get_absolute_url())}/blob/{oid}/{one.path}",
    }  # fmt: skip
