"""Registers the ground with Django."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """No `ready` work but the discovery of every app's subscribers and panels."""

    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import each app's `subscribers` and `panels`, so that the registries are complete in every process."""
        from django.utils.module_loading import autodiscover_modules

        autodiscover_modules("events", "subscribers", "panels")
