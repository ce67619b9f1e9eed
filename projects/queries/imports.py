"""How far an import is."""

from typing import Any

from django.utils.translation import gettext as _

from projects.logic import IMPORT_PHASES
from projects.models import ImportRun, Repository


def import_snapshot(pk: int) -> tuple[dict[str, Any], bool]:
    """What the live page shows of a run, and whether it is over."""
    row = ImportRun.objects.filter(pk=pk).values("state", "phase", "percent").first()
    if row is None:
        return {"percent": 0, "phase": ""}, True
    phase = _(IMPORT_PHASES[row["phase"]]) if row["phase"] in IMPORT_PHASES else ""
    return {"percent": row["percent"], "phase": phase}, row["state"] in (ImportRun.State.DONE, ImportRun.State.FAILED)


def open_import(repository: Repository) -> bool:
    """True while an import of the repository waits, runs or has failed."""
    return ImportRun.objects.filter(repository=repository).exclude(state=ImportRun.State.DONE).exists()
