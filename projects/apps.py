"""Registers the app."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Repositories."""

    name = "projects"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the named places."""
        from projects import panels  # noqa: F401
