"""Addresses of repositories; each module of this package is one noun. `/<namespace>` comes last."""

from django.urls import URLPattern, URLResolver

from projects.urls import browse, explore, manage, releases

urlpatterns: list[URLPattern | URLResolver] = [
    *explore.urlpatterns,
    *browse.urlpatterns,
    *manage.urlpatterns,
    *releases.urlpatterns,
    *explore.last,
]
