"""Notifications of whoever asks."""

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from activity.api.shapes import MarkedOut, MarkIn, NotificationOut, PreferencesShape, notification_out, preferences_out
from activity.commands import inbox as commands
from activity.queries import inbox as reads
from core.actors import Scope
from core.apiviews import ApiView, page
from core.errors import NotFound
from core.schema import PAGED, operation, page_of, text


class NotificationsApi(ApiView):
    """`/notifications`."""

    @operation(
        "list_notifications", answer=page_of(NotificationOut), scope=Scope.READ,
        query=[*PAGED, text("box", "inbox (the default) | unread | saved | done"), text("reason"), text("repository", "owner/name")],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Your notifications, the newest first

        What you may not read any more is left out.
        """
        asked = request.query_params
        rows = reads.notifications(
            self.actor(request), box=asked.get("box") or "inbox", why=asked.get("reason", ""), repository=asked.get("repository", "")
        )
        found = page(rows, limit=self.limit(request), cursor=asked.get("cursor", ""), by="-updated_at", show=lambda row: row)
        home = request.build_absolute_uri("/").rstrip("/")
        return self.page(request, {**found, "items": [notification_out(one, home) for one in reads.entries(found["items"])]})


class MarkApi(ApiView):
    """`/notifications/mark`."""

    @operation("mark_notifications", body=MarkIn, answer=MarkedOut, scope=Scope.WRITE, example={"act": "done", "ids": [1, 2]})
    def post(self, request: Request) -> Response:
        """Mark notifications as read, done, saved, or mute their threads

        Numbers that are not yours are passed over.
        """
        given = self.validated(request, MarkIn)
        if given["all"]:
            return Response({"changed": commands.mark_all(self.actor(request), given["act"])})
        return Response({"changed": commands.mark(self.actor(request), given["ids"], given["act"])})


class NotificationApi(ApiView):
    """`/notifications/{id}`."""

    @operation("get_notification", answer=NotificationOut, scope=Scope.READ)
    def get(self, request: Request, pk: int) -> Response:
        """One of your notifications"""
        found = reads.entries([reads.notification(self.actor(request), pk)])
        if not found:
            raise NotFound(_("There is no such notification."))
        return Response(notification_out(found[0], request.build_absolute_uri("/").rstrip("/")))


class PreferencesApi(ApiView):
    """`/user/notification-preferences`."""

    @operation("get_notification_preferences", answer=PreferencesShape, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """How mails come to you"""
        return Response(preferences_out(reads.preferences(self.signed_in(request))))

    @operation(
        "update_notification_preferences",
        body=PreferencesShape,
        answer=PreferencesShape,
        scope=Scope.WRITE,
        example={"mail_watched": "daily"},
        also=[412],
    )
    def patch(self, request: Request) -> Response:
        """Change how mails come to you"""
        self.require_match(request, preferences_out(reads.preferences(self.signed_in(request, Scope.WRITE))))
        return Response(
            preferences_out(commands.change_preferences(self.actor(request), **self.validated(request, PreferencesShape, partial=True)))
        )
