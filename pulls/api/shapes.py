"""What the API prints and takes of pull requests."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from core.actors import Actor
from pulls import queries
from pulls.models import LineComment, LineThread, Method, Pull, Review, Version
from pulls.queries.places import Spot

TEXT_MAX = 200_000  # the command's limit is lower and says so itself
SIDES = [*LineThread.Side.values]
VERDICTS = ["comment", "approved", "changes"]
METHODS = [value for value in Method.values if value != Method.BY_HAND]


def login(person: User | None) -> str | None:
    """The login, None for a person who is gone."""
    return person.username if person is not None else None


class PullIn(serializers.Serializer[Any]):
    """A new pull request. `head`: a branch, or `namespace/name:branch` of a fork."""

    title = serializers.CharField(max_length=1000)
    body = serializers.CharField(max_length=TEXT_MAX, required=False, default="", allow_blank=True, trim_whitespace=False)
    head = serializers.CharField(max_length=500)
    base = serializers.CharField(max_length=200)
    draft = serializers.BooleanField(required=False, default=False)
    maintainers_may_push = serializers.BooleanField(required=False, default=True)


class PullPatch(serializers.Serializer[Any]):
    """What can be changed; `base` is another branch to merge into."""

    title = serializers.CharField(max_length=1000, required=False)
    body = serializers.CharField(max_length=TEXT_MAX, required=False, allow_blank=True, trim_whitespace=False)
    base = serializers.CharField(max_length=200, required=False)
    draft = serializers.BooleanField(required=False)
    maintainers_may_push = serializers.BooleanField(required=False)
    state = serializers.ChoiceField(choices=["open", "closed"], required=False)


class PullOut(serializers.Serializer[Any]):
    """A pull request. `state`: open, closed or merged; `head` is null where the branch is gone or not for the reader."""

    number = serializers.IntegerField()
    repository = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=["open", "closed", "merged"])
    draft = serializers.BooleanField()
    author = serializers.CharField(allow_null=True)
    base = serializers.CharField()
    base_oid = serializers.CharField()
    head = serializers.CharField(allow_null=True)
    head_oid = serializers.CharField()
    merge_base = serializers.CharField(allow_blank=True)
    maintainers_may_push = serializers.BooleanField()
    commits = serializers.IntegerField()
    files = serializers.IntegerField(allow_null=True)
    additions = serializers.IntegerField(allow_null=True)
    deletions = serializers.IntegerField(allow_null=True)
    mergeability = serializers.ChoiceField(choices=Pull.Mergeability.values)
    conflicts = serializers.ListField(child=serializers.DictField())
    comments = serializers.IntegerField()
    created = serializers.DateTimeField()
    updated = serializers.DateTimeField()
    closed = serializers.DateTimeField(allow_null=True)
    merged = serializers.DateTimeField(allow_null=True)
    merged_by = serializers.CharField(allow_null=True)
    merged_oid = serializers.CharField(allow_blank=True)
    html_url = serializers.CharField()


def pull_out(row: Pull, head: str | None, home: str) -> dict[str, Any]:
    """JSON values of a row of `queries.pulls_of`; `head` as the reader may know it."""
    thread = row.thread
    return {
        "number": thread.number, "repository": str(row.repository), "title": thread.title, "body": thread.body,
        "state": "merged" if row.is_merged else thread.state, "draft": row.is_draft, "author": login(thread.author),
        "base": row.base_branch, "base_oid": row.base_oid, "head": head, "head_oid": row.head_oid, "merge_base": row.merge_base,
        "maintainers_may_push": row.maintainers_may_push, "commits": row.commits, "files": row.files, "additions": row.additions,
        "deletions": row.deletions, "mergeability": row.mergeability if row.is_checked else Pull.Mergeability.UNKNOWN.value,
        "conflicts": row.conflicts if row.is_checked else [], "comments": thread.comment_count, "created": thread.created_at.isoformat(),
        "updated": thread.updated_at.isoformat(), "closed": thread.closed_at.isoformat() if thread.closed_at else None,
        "merged": row.merged_at.isoformat() if row.merged_at else None, "merged_by": login(row.merged_by),
        "merged_oid": row.merged_oid if row.is_merged else "", "html_url": home + row.get_absolute_url(),
    }  # fmt: skip


def pulls_out(actor: Actor, rows: list[Pull], home: str) -> list[dict[str, Any]]:
    """The same of many; one query for the forks they come from."""
    heads = queries.heads_shown(actor, rows)
    return [pull_out(row, heads.get(row.pk), home) for row in rows]


class VersionOut(serializers.Serializer[Any]):
    """What was pushed at one time."""

    number = serializers.IntegerField()
    head_oid = serializers.CharField()
    base_oid = serializers.CharField()
    merge_base = serializers.CharField(allow_blank=True)
    commits = serializers.IntegerField()
    forced = serializers.BooleanField()
    pushed_by = serializers.CharField(allow_null=True)
    pushed = serializers.DateTimeField()


def version_out(row: Version) -> dict[str, Any]:
    """JSON values of a version with who pushed it."""
    return {
        "number": row.number, "head_oid": row.head_oid, "base_oid": row.base_oid, "merge_base": row.merge_base, "commits": row.commits,
        "forced": row.is_forced, "pushed_by": login(row.pushed_by), "pushed": row.at.isoformat(),
    }  # fmt: skip


class LineCommentIn(serializers.Serializer[Any]):
    """A comment on lines `start_line`…`line` of a changed file, or on the whole file (line 0); `in_reply_to` answers another comment."""

    path = serializers.CharField(max_length=4096, required=False)
    line = serializers.IntegerField(required=False, min_value=0, max_value=10**8)
    start_line = serializers.IntegerField(required=False, min_value=0, max_value=10**8, default=0)
    side = serializers.ChoiceField(choices=SIDES, required=False, default="new")
    oid = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    body = serializers.CharField(max_length=TEXT_MAX, trim_whitespace=False)
    in_reply_to = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


class LineCommentOut(serializers.Serializer[Any]):
    """A comment on lines; `line` is null where the lines changed since, `original_line` is the one that was spoken of."""

    id = serializers.IntegerField()
    conversation = serializers.IntegerField()
    path = serializers.CharField()
    side = serializers.ChoiceField(choices=SIDES)
    start_line = serializers.IntegerField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    original_start_line = serializers.IntegerField()
    original_line = serializers.IntegerField()
    oid = serializers.CharField()
    body = serializers.CharField()
    author = serializers.CharField(allow_null=True)
    review = serializers.IntegerField(allow_null=True)
    resolved = serializers.BooleanField()
    created = serializers.DateTimeField()
    edited = serializers.DateTimeField(allow_null=True)
    applied_oid = serializers.CharField(allow_blank=True)
    html_url = serializers.CharField()


def line_comment_out(row: LineComment, spot: Spot, base: str) -> dict[str, Any]:
    """JSON values of a comment with author and conversation; `base` is the pull request's address."""
    thread = row.thread
    return {
        "id": row.pk, "conversation": thread.pk, "path": thread.path, "side": thread.side,
        "start_line": None if spot.is_outdated else spot.start, "line": None if spot.is_outdated else spot.line,
        "original_start_line": thread.start_line, "original_line": thread.line, "oid": thread.oid, "body": row.body, "author": login(row.author),
        "review": row.review_id, "resolved": thread.resolved_at is not None, "created": row.created_at.isoformat(),
        "edited": row.edited_at.isoformat() if row.edited_at else None, "applied_oid": row.applied_oid, "html_url": f"{base}/files#line-{row.pk}",
    }  # fmt: skip


class ReviewIn(serializers.Serializer[Any]):
    """A review, sent at once with its comments on lines. `oid`: the head that was looked at."""

    verdict = serializers.ChoiceField(choices=VERDICTS)
    body = serializers.CharField(max_length=TEXT_MAX, required=False, default="", allow_blank=True, trim_whitespace=False)
    oid = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    comments = serializers.ListField(child=LineCommentIn(), required=False, default=list, max_length=100)


class ReviewOut(serializers.Serializer[Any]):
    """A verdict of one person."""

    id = serializers.IntegerField()
    author = serializers.CharField(allow_null=True)
    verdict = serializers.ChoiceField(choices=VERDICTS)
    body = serializers.CharField(allow_blank=True)
    oid = serializers.CharField()
    submitted = serializers.DateTimeField(allow_null=True)
    dismissed = serializers.DateTimeField(allow_null=True)
    dismissed_reason = serializers.CharField(allow_blank=True)
    html_url = serializers.CharField()


def review_out(row: Review, base: str) -> dict[str, Any]:
    """JSON values of a sent review with its author."""
    return {
        "id": row.pk, "author": login(row.author), "verdict": row.state, "body": row.body, "oid": row.oid,
        "submitted": row.submitted_at.isoformat() if row.submitted_at else None,
        "dismissed": row.dismissed_at.isoformat() if row.dismissed_at else None, "dismissed_reason": row.dismissed_reason,
        "html_url": f"{base}#review-{row.pk}",
    }  # fmt: skip


class DismissalIn(serializers.Serializer[Any]):
    """Why a verdict does not count any more."""

    reason = serializers.CharField(max_length=500)


class ReviewersIn(serializers.Serializer[Any]):
    """Logins, and teams of the owning organization by their names in addresses."""

    people = serializers.ListField(child=serializers.CharField(max_length=39), required=False, default=list, max_length=30)
    teams = serializers.ListField(child=serializers.CharField(max_length=100), required=False, default=list, max_length=30)


class ReviewersOut(serializers.Serializer[Any]):
    """Whose review is waited for."""

    people = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.CharField())


def reviewers_out(pull: Pull) -> dict[str, Any]:
    """JSON values of the requests."""
    rows = queries.requests(pull)
    return {
        "people": [one.user.username for one in rows if one.user is not None],
        "teams": [one.team.slug for one in rows if one.team is not None],
    }


class MergeIn(serializers.Serializer[Any]):
    """How to merge; `expected` is the head you saw. `when`: now, or ready (as soon as nothing hinders it)."""

    method = serializers.ChoiceField(choices=METHODS, required=False, allow_blank=True, default="")
    title = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    message = serializers.CharField(max_length=TEXT_MAX, required=False, default="", allow_blank=True, trim_whitespace=False)
    expected = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    when = serializers.ChoiceField(choices=["now", "ready"], required=False, default="now")


class MergeOut(serializers.Serializer[Any]):
    """Whether it can be merged, and what hinders it."""

    ready = serializers.BooleanField()
    may_merge = serializers.BooleanField()
    methods = serializers.ListField(child=serializers.CharField())
    reasons = serializers.ListField(child=serializers.DictField())


def merge_out(state: queries.MergeState) -> dict[str, Any]:
    """JSON values of the merge box."""
    return {
        "ready": state.ready, "may_merge": bool(state.may), "methods": [str(method.value) for method in state.methods],
        "reasons": [{"state": one.state, "code": one.code, "text": one.text} for one in state.reasons],
    }  # fmt: skip


class ResolvedIn(serializers.Serializer[Any]):
    """Other words, or whether the conversation is settled."""

    body = serializers.CharField(max_length=TEXT_MAX, required=False, trim_whitespace=False)
    resolved = serializers.BooleanField(required=False)


class SuggestionsIn(serializers.Serializer[Any]):
    """Comments whose suggestions become one commit."""

    comments = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=2**62), max_length=50)
    message = serializers.CharField(max_length=5000, required=False, default="", allow_blank=True, trim_whitespace=False)


class AppliedOut(serializers.Serializer[Any]):
    """The commit."""

    oid = serializers.CharField()
