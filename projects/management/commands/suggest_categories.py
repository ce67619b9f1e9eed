"""`manage.py suggest_categories`: train the classifier and say of every unsorted mirror where it belongs."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.actors import SYSTEM
from projects import commands
from projects.queries import suggesting as reads


class Command(BaseCommand):
    """Exit status 0: done, or another process is at it."""

    help = "Train the classifier of categories and suggest one for every mirror in “other”."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--background", action="store_true", help="one core at most, behind everything else")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print progress and the figures."""
        if options["background"]:
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded
            os.environ.setdefault("OMP_NUM_THREADS", "1")
            os.nice(10)
        run = commands.suggest_categories(SYSTEM, on_progress=lambda phase, percent: self.stderr.write(f"{phase} {percent} %", ending="\r"))
        if run is None:
            self.stdout.write("another process is at it")
            return
        figure = reads.figure()
        self.stdout.write(
            f"version {run.pk}: {sum(run.counts['sources'].values())} examples in {run.seconds_training:.1f} s, "
            f"{run.counts['pool']} projects in {run.seconds_suggesting:.1f} s, {figure.above} at or above {figure.precision.threshold:.0%}"
        )
