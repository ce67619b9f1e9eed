"""Wiring of the portal: settings, addresses, Celery, WSGI and ASGI entry points. No domain."""

from openi.celery import app as celery_app

__all__ = ["celery_app"]
