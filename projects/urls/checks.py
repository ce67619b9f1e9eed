"""Checks of commits."""

from django.urls import path

from projects.views import checks

REPOSITORY = "<str:namespace>/<str:name>"

urlpatterns = [
    path(f"{REPOSITORY}/checks/<int:pk>", checks.check_run, name="check_run"),
    path(f"{REPOSITORY}/settings/checks", checks.repository_checks, name="repository_checks"),
]
