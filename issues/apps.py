"""Registers the app."""

from django.apps import AppConfig


class IssuesConfig(AppConfig):
    """Issues, and the threads of pull requests."""

    name = "issues"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the named places, and follow pushes."""
        from issues import panels, subscribers  # noqa: F401
