"""The web server: granian's first process loads the portal, its workers are forked from it and share that memory.

Nothing is opened before the fork: no database connection, no thread, no descriptor that a worker would share.
"""

import gc
import os
import sys
from pathlib import Path


def preload() -> None:
    """Load what every page needs, then put it out of the garbage collector's sight: what it visits is copied into each worker."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openi.settings")
    from django.urls import get_resolver

    import openi.wsgi  # noqa: F401 - settings, models and Git's transport

    get_resolver().url_patterns  # noqa: B018 - imports every view
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    sys.path[0:0] = [str(Path(__file__).resolve().parent.parent.parent)]
    preload()
    from granian.cli import entrypoint

    sys.argv[0] = "granian"
    entrypoint()  # type: ignore[no-untyped-call]
