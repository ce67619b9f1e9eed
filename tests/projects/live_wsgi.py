"""The portal as the tests' web server runs it: on the test database, with the tests' cheap password hash."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")

from django.conf import settings

settings.DATABASES["default"]["NAME"] = os.environ["OPENI_TEST_DATABASE"]
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]

from openi.wsgi import application  # noqa: E402

__all__ = ["application"]
