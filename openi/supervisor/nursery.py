"""The web server of `--reload`: granian's first process imports the packages, each worker is forked from it and imports our code alone.

`python -P openi/supervisor/nursery.py OPTIONS OF GRANIAN`; HUP replaces the worker. Packages only: what reads settings or models
while it is imported (Django REST framework, allauth) must be imported after a change of ours.
"""

import contextlib
import importlib
import os
import sys
from pathlib import Path

PACKAGES = """
    argon2 boto3 celery.app.base celery.schedules charset_normalizer cryptography.hazmat.primitives.asymmetric.rsa dateutil.parser
    django.contrib.postgres.fields django.contrib.postgres.indexes django.contrib.staticfiles.finders django.core.handlers.wsgi
    django.core.management django.core.validators django.db.backends.sqlite3.base django.db.migrations.executor django.db.models
    django.forms django.template.loader django.test django.urls django.views.generic docutils.core fido2 granian.cli granian.wsgi
    html5lib httpx inflection jinja2 jsonschema kombu.transport.filesystem latex2mathml.converter lxml.etree markdown_it
    marshmallow mdit_py_plugins.footnote nh3 PIL.Image prometheus_client.core psycopg pygit2 pygments.formatters.html
    pygments.lexers qrcode requests rich.console rjieba sqlparse structlog urllib3 uritemplate yaml
"""


def preload() -> None:
    """Import them; one that is not installed is one that is not needed."""
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", os.path.join(os.environ["OPENI_DATA_DIR"], "metrics"))  # noqa: PTH118
    for name in PACKAGES.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


if __name__ == "__main__":
    sys.path[0:0] = [str(Path(__file__).resolve().parent.parent.parent)]
    preload()
    from granian.cli import entrypoint

    from openi.supervisor.listening import share_socket

    share_socket()
    sys.argv[0] = "granian"
    entrypoint()  # type: ignore[no-untyped-call]
