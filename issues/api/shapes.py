"""What the API prints and takes of issues."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from issues.models import Comment, Happening, Label, LockReason, Milestone, Thread
from issues.queries import Progress

TEXT_MAX = 200_000  # the command's limit is lower and says so itself


def login(person: User | None) -> str | None:
    """The login, None for a person who is gone."""
    return person.username if person is not None else None


class IssueIn(serializers.Serializer[Any]):
    """A new issue; labels, assignees, milestone and day need write access."""

    title = serializers.CharField(max_length=1000)
    body = serializers.CharField(max_length=TEXT_MAX, required=False, default="", allow_blank=True, trim_whitespace=False)
    labels = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=50)
    assignees = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=20)
    milestone = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    due_on = serializers.DateField(required=False, allow_null=True)


class IssuePatch(serializers.Serializer[Any]):
    """What can be changed. `labels` and `assignees` are the whole new lists."""

    title = serializers.CharField(max_length=1000, required=False)
    body = serializers.CharField(max_length=TEXT_MAX, required=False, allow_blank=True, trim_whitespace=False)
    state = serializers.ChoiceField(choices=["open", "closed"], required=False)
    state_reason = serializers.ChoiceField(choices=["completed", "not_planned", "duplicate"], required=False)
    labels = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=50)
    assignees = serializers.ListField(child=serializers.CharField(max_length=100), required=False, max_length=20)
    milestone = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    due_on = serializers.DateField(required=False, allow_null=True)
    locked = serializers.BooleanField(required=False)
    lock_reason = serializers.ChoiceField(choices=[value for value in LockReason.values if value], required=False)
    pinned = serializers.BooleanField(required=False)


class IssueOut(serializers.Serializer[Any]):
    """An issue. `author_name` is the unclaimed name of an imported one."""

    number = serializers.IntegerField()
    repository = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    state_reason = serializers.CharField(allow_blank=True)
    author = serializers.CharField(allow_null=True)
    author_name = serializers.CharField(allow_blank=True)
    labels = serializers.ListField(child=serializers.CharField())
    assignees = serializers.ListField(child=serializers.CharField())
    milestone = serializers.IntegerField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    locked = serializers.BooleanField()
    lock_reason = serializers.CharField(allow_blank=True)
    pinned = serializers.BooleanField()
    comments = serializers.IntegerField()
    created = serializers.DateTimeField()
    updated = serializers.DateTimeField()
    closed = serializers.DateTimeField(allow_null=True)
    html_url = serializers.CharField()


def issue_out(row: Thread, home: str) -> dict[str, Any]:
    """JSON values of a row of `queries.listed`; `home` is scheme and host."""
    return {
        "number": row.number, "repository": str(row.repository), "title": row.title, "body": row.body, "state": row.state,
        "state_reason": row.state_reason, "author": login(row.author), "author_name": row.author_name,
        "labels": [one.label.name for one in row.labellings.all()], "assignees": [one.user.username for one in row.assignments.all()],
        "milestone": row.milestone.number if row.milestone else None, "due_on": row.due_on.isoformat() if row.due_on else None,
        "locked": row.is_locked, "lock_reason": row.lock_reason, "pinned": row.pinned_at is not None, "comments": row.comment_count,
        "created": row.created_at.isoformat(), "updated": row.updated_at.isoformat(),
        "closed": row.closed_at.isoformat() if row.closed_at else None, "html_url": home + row.get_absolute_url(),
    }  # fmt: skip


class CommentIn(serializers.Serializer[Any]):
    """Words of a comment."""

    body = serializers.CharField(max_length=TEXT_MAX, trim_whitespace=False)


class CommentOut(serializers.Serializer[Any]):
    """A comment."""

    id = serializers.IntegerField()
    body = serializers.CharField()
    author = serializers.CharField(allow_null=True)
    author_name = serializers.CharField(allow_blank=True)
    hidden = serializers.CharField(allow_blank=True)
    created = serializers.DateTimeField()
    edited = serializers.DateTimeField(allow_null=True)
    edited_by = serializers.CharField(allow_null=True)
    html_url = serializers.CharField()


def comment_out(row: Comment, thread: Thread, home: str) -> dict[str, Any]:
    """JSON values of a comment with author and editor selected."""
    return {
        "id": row.pk, "body": row.body, "author": login(row.author), "author_name": row.author_name, "hidden": row.hidden_reason,
        "created": row.created_at.isoformat(), "edited": row.edited_at.isoformat() if row.edited_at else None,
        "edited_by": login(row.edited_by), "html_url": f"{home}{thread.get_absolute_url()}?comment={row.pk}#comment-{row.pk}",
    }  # fmt: skip


class HappeningOut(serializers.Serializer[Any]):
    """One entry of the timeline. `facts` depend on `kind`; `comment` is the id of a comment, `source` what named it."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    facts = serializers.DictField()
    comment = serializers.IntegerField(allow_null=True)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]


def happening_out(row: Happening) -> dict[str, Any]:
    """JSON values of an entry that the reader may know of."""
    reference = row.reference
    source = None
    if reference is not None:
        source = (
            f"{reference.source_repository}#{reference.source.number}"
            if reference.source
            else f"{reference.source_repository}@{reference.oid}"
        )
    return {
        "id": row.pk, "kind": row.kind, "by": login(row.by), "at": row.at.isoformat(), "facts": row.facts, "comment": row.comment_id,
        "source": source,
    }  # fmt: skip


class LabelIn(serializers.Serializer[Any]):
    """A label; without a colour one is chosen."""

    name = serializers.CharField(max_length=200)
    colour = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    description = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class LabelPatch(serializers.Serializer[Any]):
    """What can be changed."""

    name = serializers.CharField(max_length=200, required=False)
    colour = serializers.CharField(max_length=20, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)


class LabelOut(serializers.Serializer[Any]):
    """A label; `colour` is RRGGBB."""

    name = serializers.CharField()
    colour = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    scope = serializers.CharField(allow_blank=True)


def label_out(row: Label) -> dict[str, Any]:
    """JSON values of a label."""
    return {"name": row.name, "colour": row.colour, "description": row.description, "scope": row.scope}


class MilestoneIn(serializers.Serializer[Any]):
    """A milestone."""

    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=TEXT_MAX, required=False, default="", allow_blank=True, trim_whitespace=False)
    due_on = serializers.DateField(required=False, allow_null=True, default=None)


class MilestonePatch(serializers.Serializer[Any]):
    """What can be changed."""

    title = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=TEXT_MAX, required=False, allow_blank=True, trim_whitespace=False)
    due_on = serializers.DateField(required=False, allow_null=True)
    state = serializers.ChoiceField(choices=["open", "closed"], required=False)


class MilestoneOut(serializers.Serializer[Any]):
    """A milestone with the numbers of its issues and pull requests."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    open = serializers.IntegerField()
    closed = serializers.IntegerField()
    created = serializers.DateTimeField()
    html_url = serializers.CharField()


def milestone_out(found: Progress, base: str) -> dict[str, Any]:
    """JSON values of a milestone; `base` is the repository's address."""
    row: Milestone = found.milestone
    return {
        "number": row.number, "title": row.title, "description": row.description, "state": row.state,
        "due_on": row.due_on.isoformat() if row.due_on else None, "open": found.opened, "closed": found.closed,
        "created": row.created_at.isoformat(), "html_url": f"{base}/milestones/{row.number}",
    }  # fmt: skip


class AssignableOut(serializers.Serializer[Any]):
    """Somebody whom issues can be assigned to."""

    login = serializers.CharField()
    name = serializers.CharField()


def person_out(row: User) -> dict[str, Any]:
    """JSON values of a person."""
    return {"login": row.username, "name": row.shown_name}
