"""Addresses of repositories; each module of this package is one noun. `/<namespace>` comes last."""

from django.urls import URLPattern, URLResolver

from projects.urls import administration, browse, checks, curation, edits, explore, hosts, manage, market, mirrors, releases, suggesting

urlpatterns: list[URLPattern | URLResolver] = [
    *administration.urlpatterns,
    *explore.urlpatterns,
    *mirrors.urlpatterns,
    *suggesting.urlpatterns,
    *hosts.urlpatterns,
    *curation.urlpatterns,
    *market.urlpatterns,
    *manage.urlpatterns,
    *edits.urlpatterns,
    *releases.urlpatterns,
    *checks.urlpatterns,
    *browse.urlpatterns,
    *explore.last,
]
