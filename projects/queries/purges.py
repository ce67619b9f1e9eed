"""How far the removal of unreachable objects is."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from projects.models import PurgeRun, Repository

PHASES = {
    "own": gettext_noop("Removing from this repository"),
    "pool": gettext_noop("Removing from what its forks share"),
    "forks": gettext_noop("Removing from its forks"),
}


def purge_run(repository: Repository) -> PurgeRun | None:
    """The last removal asked for, with who asked; None if there was none."""
    return PurgeRun.objects.filter(repository=repository).select_related("by__namespace").first()


def purge_phase(run: PurgeRun | None) -> str:
    """What it does at the moment, in words."""
    return _(PHASES[run.phase]) if run is not None and run.phase in PHASES else ""


def purge_snapshot(pk: int) -> tuple[dict[str, Any], bool]:
    """What the live page shows of a run, and whether it is over."""
    run = PurgeRun.objects.filter(pk=pk).first()
    if run is None:
        return {"percent": 0, "phase": ""}, True
    return {"percent": run.percent, "phase": purge_phase(run)}, run.state in (PurgeRun.State.DONE, PurgeRun.State.FAILED)
