"""Imports run in the worker."""

from core.actors import SYSTEM
from core.events import subscribe
from projects import commands
from projects.events import ImportRequested


@subscribe(ImportRequested, outside=True)
def run_requested_import(event: ImportRequested, cause: str) -> None:
    """Fill the repository.

    Delivered again while it runs, it finds the lease held and does nothing; `tasks.resume_imports` takes up what died.
    """
    commands.run_import(SYSTEM, event.import_id)
