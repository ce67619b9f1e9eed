"""Addresses about people; each module of this package is one noun."""

from django.urls import URLPattern, URLResolver

from accounts.urls import administration, organizations, settings

urlpatterns: list[URLPattern | URLResolver] = [
    *organizations.urlpatterns,
    *administration.urlpatterns,
    *settings.urlpatterns,
]
