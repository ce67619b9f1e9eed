"""Push mirrors."""

from typing import Any

from rest_framework import serializers

from projects.mirrors import outbound
from projects.models import PushMirror
from projects.queries.pushing import stop_reason

PATTERNS: dict[str, Any] = {"required": False, "default": list, "max_length": 50}


class PushMirrorIn(serializers.Serializer[Any]):
    """Where it goes, and what of it."""

    address = serializers.CharField(max_length=600, help_text="https:// with a token, or ssh:// with a key that is made here")
    username = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    password = serializers.CharField(max_length=500, required=False, default="", allow_blank=True, help_text="a token; never told again")
    branches = serializers.ListField(child=serializers.CharField(max_length=200), help_text="patterns; none: all", **PATTERNS)
    tags = serializers.ListField(child=serializers.CharField(max_length=200), help_text="patterns; none: all, “-” alone: none", **PATTERNS)
    only_protected = serializers.BooleanField(required=False, default=False, help_text="of the branches, those that a protection names")
    prunes = serializers.BooleanField(required=False, default=False, help_text="remove there what is gone here")
    overwrites = serializers.BooleanField(required=False, default=False, help_text="overwrite what moved apart there")
    may_publish = serializers.BooleanField(required=False, default=False, help_text="push although the repository is not public")


class PushMirrorOut(serializers.Serializer[Any]):
    """A push mirror and how it stands."""

    id = serializers.IntegerField()
    address = serializers.CharField(help_text="without token")
    public_key = serializers.CharField(allow_blank=True, help_text="for the other side; SSH only")
    branches = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    only_protected = serializers.BooleanField()
    prunes = serializers.BooleanField()
    overwrites = serializers.BooleanField()
    may_publish = serializers.BooleanField()
    cause = serializers.CharField(allow_blank=True, help_text="code of the last failure; empty while all is well")
    message = serializers.CharField(allow_blank=True, help_text="the cause in words, or what stops it")
    failures = serializers.IntegerField(help_text="in a row")
    pushed = serializers.DateTimeField(allow_null=True, help_text="last push that worked")
    due = serializers.DateTimeField(allow_null=True, help_text="next push; null: nothing waits")


def push_mirror_out(row: PushMirror) -> dict[str, Any]:
    """JSON values of a push mirror."""
    same = ("address", "public_key", "branches", "tags", "only_protected", "prunes", "overwrites", "may_publish", "cause", "failures")
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in same},
        "message": stop_reason(row) or (outbound.title(row.cause) if row.cause else ""),
        "pushed": row.checked_at.isoformat() if row.checked_at else None,
        "due": row.next_at.isoformat() if row.next_at else None,
    }
