"""Addresses of the API."""

from django.urls import URLPattern, path

from activity.api import hooks, notifications

urlpatterns: list[URLPattern] = [
    path("repositories/<str:namespace>/<str:name>/hooks", hooks.RepositoryHooksApi.as_view()),
    path("organizations/<str:slug>/hooks", hooks.OrganizationHooksApi.as_view()),
    path("hooks/<int:pk>", hooks.HookApi.as_view()),
    path("hooks/<int:pk>/test", hooks.HookTestApi.as_view()),
    path("hooks/<int:pk>/deliveries", hooks.DeliveriesApi.as_view()),
    path("hooks/<int:pk>/deliveries/<int:delivery>", hooks.DeliveryApi.as_view()),
    path("notifications", notifications.NotificationsApi.as_view()),
    path("notifications/mark", notifications.MarkApi.as_view()),
    path("notifications/<int:pk>", notifications.NotificationApi.as_view()),
    path("user/notification-preferences", notifications.PreferencesApi.as_view()),
]
