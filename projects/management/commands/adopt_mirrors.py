"""`manage.py adopt_mirrors DIR CSV`: bare repositories of this machine become mirrors, without a byte fetched."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.actors import SYSTEM
from projects import commands
from projects.mirrors import lists

SAID = {
    "address": "not the address of a repository", "host": "of a host that is not configured (OPENI_MIRROR_HOSTS)",
    "columns": "with missing or extra columns", "json": "not a JSON object", "duplicate": "twice in the file", "adopted": "adopted", "known": "filled here already", "busy": "being filled by the worker", "folder": "without a folder below DIR",
    "sha256": "with SHA-256 objects", "borrows": "borrowing objects of another repository (objects/info/alternates)",
    "broken": "refused by git fsck", "empty": "without a branch",
}  # fmt: skip


class Command(BaseCommand):
    """The folders stay as they are: on one file system their objects are linked, not copied. Safe to stop and to repeat."""

    help = "Take over bare repositories below DIR that CSV (columns address and folder; description, topics, category, stars) lists."

    def add_arguments(self, parser: CommandParser) -> None:
        """DIR and CSV."""
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("file", metavar="CSV", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a row, then the count of each outcome; exit 2 on a bad argument, 1 if a row was left out that should have come."""
        folder, path = options["folder"], options["file"]
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.", returncode=2)
        if not path.is_file():
            raise CommandError(f"There is no file {path}.", returncode=2)
        rows = lists.read(path)
        first = next(rows, None)
        if first is None or (first.number == 1 and first.fault == "columns"):
            raise CommandError(f"{path} has no column “address”.", returncode=2)
        counts: Counter[str] = Counter()
        for done in commands.adopt_mirrors(SYSTEM, (wish for part in ([first], rows) for wish in part), under=folder):
            counts[done.code] += 1
            more = f" ({done.refs} branches and tags)" if done.refs else ""
            self.stdout.write(f"row {done.number}: {SAID.get(done.code, done.code)} {done.what}{more}")
        for code, count in counts.most_common():
            self.stdout.write(f"{count} {SAID.get(code, code)}")
        if counts.keys() - {"adopted", "known"}:
            raise CommandError("Some rows were left out; see above. Run it again once they are put right.", returncode=1)
