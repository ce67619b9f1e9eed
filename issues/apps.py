"""Registers the app."""

from django.apps import AppConfig


class IssuesConfig(AppConfig):
    """Issues, and the threads of pull requests."""

    name = "issues"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the named places, follow pushes, add to the demo."""
        from issues import panels, subscribers  # noqa: F401
        from issues.management import demo  # noqa: F401
