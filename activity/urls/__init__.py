"""Addresses of webhooks, notifications and feeds; each module one noun."""

from django.urls import URLPattern, URLResolver

from activity.urls import feed, hooks, inbox

urlpatterns: list[URLPattern | URLResolver] = [*hooks.urlpatterns, *inbox.urlpatterns, *feed.urlpatterns]
