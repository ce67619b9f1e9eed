"""Notifications."""

from django.urls import path

from activity.views import inbox

urlpatterns = [
    path("notifications", inbox.notifications, name="notifications"),
    path("notifications/<int:pk>", inbox.notification_open, name="notification_open"),
    path("settings/notifications", inbox.settings_notifications, name="settings_notifications"),
    path("-/unsubscribe/<str:token>", inbox.unsubscribe, name="unsubscribe"),
]
