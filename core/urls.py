"""Addresses of the ground."""

from django.urls import path

from core import diagrams, help, pages

urlpatterns = [
    path("-/help", help.help_index, name="help"),
    path("-/help/<slug:name>", help.help_topic, name="help_topic"),
    path("-/mermaid", diagrams.mermaid, name="mermaid"),
    path("-/language", pages.language, name="language"),
    path("_components/", pages.components, name="components"),
]
