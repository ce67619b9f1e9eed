"""Addresses of repositories; each module of this package is one noun. `/<namespace>` comes last."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
