"""The live process (`core.live`): `granian --interface asgi openi.asgi:application`. Never Git, never pages."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")
django.setup(set_prefix=False)

from core.live import application  # noqa: E402 - after the registry is ready

__all__ = ["application"]
