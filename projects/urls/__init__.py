"""Addresses of repositories; each module of this package is one noun. `/<namespace>` comes last."""

from django.urls import URLPattern, URLResolver

from projects.urls import explore

urlpatterns: list[URLPattern | URLResolver] = [
    *explore.urlpatterns,
    *explore.last,
]
