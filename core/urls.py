"""Addresses of the ground."""

from django.urls import path

from core import pages

urlpatterns = [
    path("-/language", pages.language, name="language"),
    path("_components/", pages.components, name="components"),
]
