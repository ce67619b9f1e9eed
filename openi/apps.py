"""Puts the Celery application in place wherever Django is set up, so that tasks find their queue."""

from importlib import import_module

from django.apps import AppConfig


class OpeniConfig(AppConfig):
    """The wiring."""

    name = "openi"

    def ready(self) -> None:
        """`celery.current_app` is ours from now on."""
        import_module("openi.celery")
