"""What the API of webhooks and notifications parses and prints."""

from typing import Any

from rest_framework import serializers

from activity.models import Dispatch, Format, Happens, Hook, Notification, Preferences
from activity.queries.inbox import Entry
from activity.queries.telling import hook_stop
from core.actors import Actor


class HookIn(serializers.Serializer[Any]):
    """A webhook."""

    address = serializers.CharField(max_length=2000, help_text="https://; that of a chat carries its key")
    format = serializers.ChoiceField(choices=Format.choices, required=False, default=Format.OPENI)
    secret = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True, help_text="signs what is sent; never told again"
    )
    keyword = serializers.CharField(max_length=60, required=False, default="", allow_blank=True, help_text="that a chat asks for")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=Happens.choices), required=False, default=list, max_length=50, help_text="none: all of them"
    )
    active = serializers.BooleanField(required=False, default=True)


class HookChangeIn(serializers.Serializer[Any]):
    """What is given changes; an empty secret takes it away."""

    address = serializers.CharField(max_length=2000, required=False)
    format = serializers.ChoiceField(choices=Format.choices, required=False)
    secret = serializers.CharField(max_length=500, required=False, allow_blank=True)
    keyword = serializers.CharField(max_length=60, required=False, allow_blank=True)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=Happens.choices), required=False, max_length=50, help_text="none: all of them"
    )
    active = serializers.BooleanField(required=False)


class HookOut(serializers.Serializer[Any]):
    """A webhook and how it stands."""

    id = serializers.IntegerField()
    address = serializers.CharField(help_text="without keys")
    format = serializers.CharField()
    has_secret = serializers.BooleanField()
    keyword = serializers.CharField(allow_blank=True)
    events = serializers.ListField(child=serializers.CharField(), help_text="empty: all")
    active = serializers.BooleanField()
    owner = serializers.CharField(allow_blank=True, help_text="login of whoever saved it last; it acts with their rights")
    message = serializers.CharField(allow_blank=True, help_text="what stops it")
    failing_since = serializers.DateTimeField(allow_null=True)
    next_try = serializers.DateTimeField(allow_null=True, help_text="null: nothing waits")


def hook_out(row: Hook, owners: dict[int, Actor] | None = None) -> dict[str, Any]:
    """JSON values of a webhook; `owners` as of `hook_stop`."""
    return {
        "id": row.pk, "address": row.address_shown, "format": row.format, "has_secret": bool(row.secret_encrypted), "keyword": row.keyword,
        "events": row.events, "active": row.is_active, "owner": row.owner.username if row.owner else "", "message": hook_stop(row, owners),
        "failing_since": row.failing_since.isoformat() if row.failing_since else None, "next_try": row.next_at.isoformat() if row.next_at else None,
    }  # fmt: skip


class DeliveryOut(serializers.Serializer[Any]):
    """One message to a webhook."""

    id = serializers.IntegerField()
    key = serializers.CharField(help_text="`X-OpenI-Delivery`")
    event = serializers.CharField()
    action = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=Dispatch.State.choices)
    attempts = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="of HTTP")
    milliseconds = serializers.IntegerField(allow_null=True)
    message = serializers.CharField(allow_blank=True, help_text="why it did not work")
    created = serializers.DateTimeField()
    tried = serializers.DateTimeField(allow_null=True)


class WholeDeliveryOut(DeliveryOut):
    """With what was sent and answered last."""

    request_headers = serializers.DictField(child=serializers.CharField())
    request_body = serializers.CharField(allow_blank=True)
    answer_headers = serializers.DictField(child=serializers.CharField())
    answer_body = serializers.CharField(allow_blank=True)


def delivery_out(row: Dispatch) -> dict[str, Any]:
    """JSON values of a message without its contents."""
    return {
        "id": row.pk, "key": str(row.key), "event": row.kind, "action": row.action, "state": row.state, "attempts": row.attempts, "status": row.status,
        "milliseconds": row.milliseconds, "message": row.said, "created": row.created_at.isoformat(),
        "tried": row.tried_at.isoformat() if row.tried_at else None,
    }  # fmt: skip


def whole_delivery_out(row: Dispatch) -> dict[str, Any]:
    """With its contents."""
    contents = ("request_headers", "request_body", "answer_headers", "answer_body")
    return {**delivery_out(row), **{name: getattr(row, name) for name in contents}}


class NotificationOut(serializers.Serializer[Any]):
    """What a person was told of one thing."""

    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="thread | release | hook")
    title = serializers.CharField()
    url = serializers.CharField()
    repository = serializers.CharField(allow_blank=True)
    number = serializers.IntegerField(help_text="of an issue or pull request; else 0")
    state = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    what = serializers.CharField(help_text="what happened last")
    by = serializers.CharField(allow_blank=True)
    unread = serializers.BooleanField()
    done = serializers.BooleanField()
    saved = serializers.BooleanField()
    updated = serializers.DateTimeField()


def notification_out(entry: Entry, home: str) -> dict[str, Any]:
    """JSON values of a notification."""
    row: Notification = entry.row
    return {
        "id": row.pk, "kind": row.kind, "title": entry.thing.title, "url": home + entry.thing.path, "repository": str(row.repository or ""),
        "number": entry.thing.number, "state": entry.thing.state, "reason": row.why, "what": row.what, "by": row.by.username if row.by else "",
        "unread": row.is_unread, "done": row.is_done, "saved": row.is_saved, "updated": row.updated_at.isoformat(),
    }  # fmt: skip


class MarkIn(serializers.Serializer[Any]):
    """Which notifications, and what becomes of them."""

    act = serializers.ChoiceField(choices=[(one, one) for one in ("read", "unread", "done", "undone", "save", "unsave", "mute", "unmute")])
    ids = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=2**62), required=False, default=list, max_length=1000)
    all = serializers.BooleanField(required=False, default=False, help_text="the whole inbox; with `read` and `done`")


class MarkedOut(serializers.Serializer[Any]):
    """How many were changed."""

    changed = serializers.IntegerField()


class PreferencesShape(serializers.Serializer[Any]):
    """How mails come: once (at once) | daily | never."""

    mail_own = serializers.ChoiceField(choices=Preferences.Mail.choices, required=False, help_text="where one takes part")
    mail_watched = serializers.ChoiceField(
        choices=Preferences.Mail.choices, required=False, help_text="the rest of what one watches or looks after"
    )


def preferences_out(row: Preferences) -> dict[str, Any]:
    """JSON values of the preferences."""
    return {"mail_own": row.mail_own, "mail_watched": row.mail_watched}
