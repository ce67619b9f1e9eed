"""Wiring of the portal: settings, addresses, Celery, WSGI and ASGI entry points, `script/server`'s supervisor. No domain."""
