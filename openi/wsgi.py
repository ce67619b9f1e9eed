"""WSGI entry point: Git's wire protocol first (it must not meet Django's request object), pages after."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")

from django.core.wsgi import get_wsgi_application

# A page gives up the interpreter at each query and file; with the usual 5 ms it waits so long each time to have it back from a busy thread.
sys.setswitchinterval(0.0005)
pages = get_wsgi_application()

from core.bodies import BodyLimit  # noqa: E402 - needs Django to be set up
from projects.transport.http import GitHTTP  # noqa: E402

application = GitHTTP(BodyLimit(pages))
