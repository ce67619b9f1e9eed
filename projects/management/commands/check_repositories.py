"""`manage.py check_repositories`: rows against disk, after a crash or a restore."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.actors import SYSTEM
from projects import commands


class Command(BaseCommand):
    """Reports and repairs. Exit status 0: sound, or repaired; 1: something needs a person."""

    help = "Compare repositories in the database with those on disk, and repair what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--deep", action="store_true", help="run git fsck on every repository too (slow)")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each finding, then the sum."""
        repaired = open_findings = 0
        for finding in commands.check_repositories(SYSTEM, deep=options["deep"]):
            repaired += finding.repaired and not finding.note
            open_findings += not finding.repaired
            word = "note    " if finding.note else "repaired" if finding.repaired else "BROKEN  "
            self.stdout.write(f"{word}  {finding.where}: {finding.what}")
        self.stdout.write(f"{repaired} repaired, {open_findings} need a look" if repaired or open_findings else "everything is sound")
        if open_findings:
            raise SystemExit(1)
