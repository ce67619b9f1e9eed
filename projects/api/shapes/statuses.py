"""Statuses and check runs of commits."""

from typing import Any

from rest_framework import serializers

from projects.models import CheckAnnotation, CheckRun, CommitStatus
from projects.queries.statuses import Combined

STATES = ["pending", "success", "failure", "error", "neutral"]
OPTIONAL: dict[str, Any] = {"required": False, "allow_blank": True}


class StatusIn(serializers.Serializer[Any]):
    """What a program says about a commit."""

    state = serializers.ChoiceField(choices=CommitStatus.State.values)
    context = serializers.CharField(  # type: ignore[assignment] # as below
        max_length=255, required=False, default="default", help_text="whose word it is; the latest of each counts"
    )
    description = serializers.CharField(max_length=255, default="", **OPTIONAL)
    target_url = serializers.CharField(max_length=1000, default="", help_text="where more is told", **OPTIONAL)


class StatusOut(serializers.Serializer[Any]):
    """A status of a commit."""

    id = serializers.IntegerField()
    commit = serializers.CharField()
    context = serializers.CharField()  # type: ignore[assignment] # DRF takes declared fields away: the word is free
    state = serializers.ChoiceField(choices=CommitStatus.State.values)
    description = serializers.CharField(allow_blank=True)
    target_url = serializers.CharField(allow_blank=True)
    creator = serializers.CharField(allow_null=True)
    latest = serializers.BooleanField(help_text="of its context")
    created = serializers.DateTimeField()


def status_out(row: CommitStatus) -> dict[str, Any]:
    """JSON values of a status with its creator."""
    return {
        "id": row.pk, "commit": row.oid, "context": row.context, "state": row.state, "description": row.description,
        "target_url": row.target, "creator": row.creator.username if row.creator else None, "latest": row.is_latest,
        "created": row.created_at.isoformat(),
    }  # fmt: skip


class CheckResultOut(serializers.Serializer[Any]):
    """The latest word under one name: of a status, or of a check run."""

    name = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    description = serializers.CharField(allow_blank=True)
    target_url = serializers.CharField(allow_blank=True)
    check_run = serializers.IntegerField(allow_null=True, help_text="its id; null: a status")


class ChecksOut(serializers.Serializer[Any]):
    """What was said about a commit, put together: the gravest state counts; empty: nothing was said."""

    commit = serializers.CharField()
    state = serializers.ChoiceField(choices=["", *STATES])
    passed = serializers.IntegerField()
    total = serializers.IntegerField()
    results = CheckResultOut(many=True)


def checks_out(found: Combined) -> dict[str, Any]:
    """JSON values of a commit's results."""
    results = [
        {"name": one.name, "state": one.state, "description": one.description, "target_url": one.target, "check_run": one.run}
        for one in found.results
    ]
    return {"commit": found.oid, "state": found.state, "passed": found.passed, "total": len(found.results), "results": results}


class AnnotationIn(serializers.Serializer[Any]):
    """What a check says about lines of a file."""

    path = serializers.CharField(max_length=1000)
    start_line = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    end_line = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None)
    start_column = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None)
    end_column = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None)
    level = serializers.ChoiceField(choices=CheckAnnotation.Level.values)
    message = serializers.CharField(max_length=65535)
    title = serializers.CharField(max_length=255, default="", **OPTIONAL)
    raw_details = serializers.CharField(max_length=65535, default="", **OPTIONAL)


class AnnotationOut(serializers.Serializer[Any]):
    """What a check says about lines of a file."""

    path = serializers.CharField()
    start_line = serializers.IntegerField()
    end_line = serializers.IntegerField()
    start_column = serializers.IntegerField(allow_null=True)
    end_column = serializers.IntegerField(allow_null=True)
    level = serializers.ChoiceField(choices=CheckAnnotation.Level.values)
    message = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    raw_details = serializers.CharField(allow_blank=True)


def annotation_out(row: CheckAnnotation) -> dict[str, Any]:
    """JSON values of an annotation."""
    names = ("path", "start_line", "end_line", "start_column", "end_column", "level", "message", "title", "raw_details")
    return {name: getattr(row, name) for name in names}


class CheckRunPatch(serializers.Serializer[Any]):
    """What can be changed of a check run; each field alone is enough. Annotations are added to those it has."""

    status = serializers.ChoiceField(choices=CheckRun.Status.values, required=False)
    conclusion = serializers.ChoiceField(choices=CheckRun.Conclusion.values, required=False, help_text="completes the run")
    started = serializers.DateTimeField(required=False)
    completed = serializers.DateTimeField(required=False)
    details_url = serializers.CharField(max_length=1000, **OPTIONAL)
    external_id = serializers.CharField(max_length=200, **OPTIONAL)
    title = serializers.CharField(max_length=255, **OPTIONAL)
    summary = serializers.CharField(max_length=65535, help_text="Markdown", **OPTIONAL)
    text = serializers.CharField(max_length=65535, help_text="Markdown", **OPTIONAL)
    annotations = serializers.ListField(child=AnnotationIn(), required=False, max_length=50)


class CheckRunIn(CheckRunPatch):
    """A new check run of a commit."""

    name = serializers.CharField(max_length=255)
    commit = serializers.CharField(max_length=200, help_text="branch, tag or commit")


class CheckRunOut(serializers.Serializer[Any]):
    """A check run; its annotations have a list of their own."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    commit = serializers.CharField()
    status = serializers.ChoiceField(choices=CheckRun.Status.values)
    conclusion = serializers.ChoiceField(choices=["", *CheckRun.Conclusion.values])
    started = serializers.DateTimeField(allow_null=True)
    completed = serializers.DateTimeField(allow_null=True)
    details_url = serializers.CharField(allow_blank=True)
    external_id = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    summary = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    annotations = serializers.IntegerField(help_text="how many")
    creator = serializers.CharField(allow_null=True, help_text="null: this site's own check")
    latest = serializers.BooleanField(help_text="of its name")


def check_run_out(row: CheckRun) -> dict[str, Any]:
    """JSON values of a run with its creator and `annotations_total`."""
    return {
        "id": row.pk, "name": row.name, "commit": row.oid, "status": row.status, "conclusion": row.conclusion,
        "started": row.started_at.isoformat() if row.started_at else None,
        "completed": row.completed_at.isoformat() if row.completed_at else None, "details_url": row.details,
        "external_id": row.external_id, "title": row.title, "summary": row.summary, "text": row.text,
        "annotations": getattr(row, "annotations_total", 0), "creator": row.creator.username if row.creator else None,
        "latest": row.is_latest,
    }  # fmt: skip


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The words of the API as those of the commands."""
    names = {"started": "started_at", "completed": "completed_at", "details_url": "details", "target_url": "target", "commit": "oid"}
    return {names.get(key, key): value for key, value in values.items()}
