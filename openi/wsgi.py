"""WSGI entry point: Git's wire protocol first (it must not meet Django's request object), pages after."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")

from django.core.wsgi import get_wsgi_application

pages = get_wsgi_application()

from core.bodies import BodyLimit  # noqa: E402 - needs Django to be set up
from projects.transport.http import GitHTTP  # noqa: E402

application = GitHTTP(BodyLimit(pages))
