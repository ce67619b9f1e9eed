"""Scheduled work: pick ids, call one command per id."""

import subprocess
import sys
import time

from celery import shared_task
from django.conf import settings

from core.actors import SYSTEM
from projects import asking, commands, queries, rounds
from projects.commands import mirror_lists, mirror_moves
from projects.queries import suggesting
from projects.queries.curation import overdue_edits

ASSESSMENT_SECONDS = 60  # of each ten minutes
SUGGESTING_SECONDS = 3600
MOVES_SECONDS = 40  # of each minute
MAINTENANCE_SECONDS = 240  # of each five minutes; what is left comes next time


@shared_task
def maintain_repositories() -> None:
    """Record pushes whose process died, then repack what was pushed to, most pushed first."""
    commands.settle_intents()
    started = time.monotonic()
    for repository_id in commands.due_repositories():
        if time.monotonic() - started > MAINTENANCE_SECONDS:
            return
        commands.maintain_repository(SYSTEM, repository_id)


@shared_task
def forget_spools() -> None:
    """What was inflated for readers of large files goes an hour after they left."""
    commands.forget_spools(SYSTEM)


@shared_task
def forget_lost_history() -> None:
    """What upstreams rewrote leaves after its 30 days."""
    for mirror in queries.mirrors_with_lost_history():
        commands.drop_kept(mirror.repository.path)


@shared_task
def follow_moves() -> None:
    """Look at where upstreams say they have moved; what is left comes next time."""
    started = time.monotonic()
    for move_id in mirror_moves.due_moves(SYSTEM):
        if time.monotonic() - started > MOVES_SECONDS:
            return
        mirror_moves.look_at_move(SYSTEM, move_id)


@shared_task
def share_relatives() -> None:
    """Mirrors that grew from the same first commits and stand apart come together, then pools of one family."""
    commands.share_relatives(SYSTEM)
    commands.join_families(SYSTEM)


@shared_task
def sync_mirrors() -> None:
    """Give the worker's sync threads what is due; they go on when this has returned."""
    rounds.top_up()


@shared_task
def push_mirrors() -> None:
    """Give the worker's push threads what is due; they go on when this has returned."""
    rounds.pushes.top_up()


@shared_task
def count_visits() -> None:
    """Count what the servers noted."""
    commands.count_visits(SYSTEM)


@shared_task
def rate_rising() -> None:
    """What is rising, half-hourly."""
    commands.rate_rising(SYSTEM)


@shared_task
def forget_visits() -> None:
    """Traces of visits go after two days."""
    commands.forget_visits(SYSTEM)


@shared_task
def ask_hosts() -> None:
    """Have the APIs of hosts asked about mirrors whose facts are old; threads do it when this has returned."""
    asking.ask_hosts()
    commands.write_route_health(SYSTEM)


@shared_task
def assess_repositories() -> None:
    """Trust reports of repositories nobody has looked at, and of those looked at long ago."""
    started = time.monotonic()
    for repository_id in commands.due_assessments(500):
        if time.monotonic() - started > ASSESSMENT_SECONDS:
            return
        commands.assess_repository(SYSTEM, repository_id)


@shared_task
def suggest_categories() -> None:
    """Train the classifier of categories when it is due, in a process of its own: scikit-learn would stay in this one's memory."""
    if suggesting.is_due():
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "suggest_categories", "--background", "--skip-checks"]
        subprocess.run(command, check=True, timeout=SUGGESTING_SECONDS)


@shared_task
def roll_up_mirrors() -> None:
    """The mirrors' figures of today."""
    commands.roll_up_mirrors(SYSTEM)


@shared_task
def purge_deleted() -> None:
    """Remove repositories whose 7 days of undo are over."""
    for repository in queries.overdue_deletions():
        commands.purge_repository(SYSTEM, repository)


@shared_task
def resume_imports() -> None:
    """Take up imports whose worker died."""
    for import_id in commands.overdue_imports():
        commands.run_import(SYSTEM, import_id)


@shared_task
def resume_mirror_lists() -> None:
    """Take up lists of mirrors whose worker died."""
    for list_id in mirror_lists.overdue_mirror_lists():
        mirror_lists.run_mirror_list(SYSTEM, list_id)


@shared_task
def resume_purges() -> None:
    """Take up removals whose worker died."""
    for purge_id in commands.overdue_purges():
        commands.run_purge(SYSTEM, purge_id)


@shared_task
def resume_edits() -> None:
    """Take up bulk edits whose worker died."""
    for edit_id in overdue_edits():
        commands.run_edit(SYSTEM, edit_id)


@shared_task
def tidy_curation() -> None:
    """Old values of edits go after their 30 days, addresses of reporters after theirs."""
    commands.forget_edits(SYSTEM)
    commands.forget_reporters(SYSTEM)


@shared_task
def inspect_mirrors() -> None:
    """Look into mirrors that moved: first commits, licence, secrets."""
    started = time.monotonic()
    for repository_id in commands.due_inspections():
        if time.monotonic() - started > MAINTENANCE_SECONDS:
            return
        commands.inspect_mirror(SYSTEM, repository_id)


@shared_task
def sweep_pools() -> None:
    """Remove pools nobody borrows from any more."""
    commands.sweep_pools(SYSTEM)
