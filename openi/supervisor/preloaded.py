"""The web server: granian's first process loads the portal, its workers are forked from it and share that memory.

Nothing is opened before the fork: no database connection, no thread, no descriptor that a worker would share.
"""

import contextlib
import gc
import os
import sys
from pathlib import Path


def preload() -> None:
    """Load what every page needs, then put it out of the garbage collector's sight: what it visits is copied into each worker."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")
    from django.conf import settings
    from django.template import TemplateSyntaxError
    from django.template.loader import get_template
    from django.urls import get_resolver

    import openi.wsgi  # noqa: F401 - settings, models and Git's transport
    from openi.celery import app

    get_resolver().url_patterns  # noqa: B018 - imports every view
    import core.tasks  # noqa: F401 - needs what openi.wsgi has set up

    app.amqp, app.connection_for_write().transport_cls  # noqa: B018 - so does what wakes the worker
    for folder in settings.TEMPLATES[0]["DIRS"]:
        for path in Path(folder).rglob("*.html"):
            with contextlib.suppress(TemplateSyntaxError):  # the page that needs it will say so
                get_template(str(path.relative_to(folder)))
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    sys.path[0:0] = [str(Path(__file__).resolve().parent.parent.parent)]
    preload()
    from granian.cli import entrypoint

    from openi.supervisor.listening import share_socket

    share_socket()
    sys.argv[0] = "granian"
    entrypoint()  # type: ignore[no-untyped-call]
