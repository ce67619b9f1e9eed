"""The worker's mirror threads in a process of their own, on the test database; leases are short, so that a killed one is followed up soon."""

import os
import time
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")

from django.conf import settings  # noqa: E402

settings.DATABASES["default"]["NAME"] = os.environ["OPENI_TEST_DATABASE"]
django.setup()

from projects import tasks  # noqa: E402
from projects.commands import claims, lanes, syncing  # noqa: E402

for module in (claims, lanes, syncing):
    module.LEASE = timedelta(seconds=float(os.environ["OPENI_TEST_LEASE"]))

while True:
    tasks.sync_mirrors()
    time.sleep(0.1)
