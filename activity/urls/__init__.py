"""Addresses of webhooks, notifications and feeds; each module one noun."""

from django.urls import URLPattern, URLResolver

from activity.urls import hooks

urlpatterns: list[URLPattern | URLResolver] = [*hooks.urlpatterns]
