"""`manage.py import_mirrors FILE`: many mirrors into the catalogue."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actors import SYSTEM
from projects import commands
from projects.mirrors import lists

SAID = {
    "listed": "listed", "known": "in the catalogue already", "duplicate": "twice in the file", "address": "not the address of a repository",
    "host": "of a host that is not configured (OPENI_MIRROR_HOSTS)", "columns": "with missing or extra columns", "json": "not a JSON object",
}  # fmt: skip


class Command(BaseCommand):
    help = "List the repositories of a CSV (column address; description, topics, category, stars), JSON-lines or plain file as mirrors."

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and --faults."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--faults", action="store_true", help="print each row that was left out (at most 1000)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print progress, then the count of each outcome."""
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.", returncode=2)
        report = commands.list_mirrors(
            SYSTEM, lists.read(path), on_batch=lambda so_far: self.stderr.write(f"{so_far.counts['listed']}", ending="\r")
        )
        if options["faults"]:
            for number, code, text in report.faults:
                self.stdout.write(f"row {number}: {SAID[code]} {text}")
        for code, count in report.counts.most_common():
            self.stdout.write(f"{count} {SAID[code]}")
        for name, count in report.unknown_categories.most_common(20):
            self.stdout.write(f"{count} of the unknown category “{name}” stay uncategorised")
