"""`manage.py serve_ssh` on the test database (see `live_wsgi`)."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")

from django.conf import settings  # noqa: E402

settings.DATABASES["default"]["NAME"] = os.environ["OPENI_TEST_DATABASE"]
django.setup()

from django.core.management import call_command  # noqa: E402

call_command("serve_ssh", port=int(sys.argv[1]))
