"""Commits made in the browser; the tail `<branch>/<path>` is read from the raw bytes of the address."""

from django.urls import path

from projects.views import edits

urlpatterns = [
    path("<str:namespace>/<str:name>/new/<path:tail>", edits.file_new, name="file_new"),
    path("<str:namespace>/<str:name>/edit/<path:tail>", edits.file_edit, name="file_edit"),
    path("<str:namespace>/<str:name>/delete/<path:tail>", edits.file_delete, name="file_delete"),
    path("<str:namespace>/<str:name>/upload/<path:tail>", edits.file_upload, name="file_upload"),
]
