"""`manage.py restore DIR|FILE`: puts a backup into an empty data directory (OPENI_DATA_DIR)."""

import fcntl
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from core import backup
from core.errors import DomainError


class Command(BaseCommand):
    """Refuses while a server runs on the data directory, and when anything is there already."""

    help = "Puts a backup into an empty data directory (OPENI_DATA_DIR), then migrates it to this version."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help="folder or tar file that `manage.py backup` wrote")

        parser.add_argument("--database-only", action="store_true", help="replace the database alone, as it was; nothing is migrated")

    def handle(self, *args: Any, **options: Any) -> None:
        here = backup.configured()
        (here.data / "run").mkdir(parents=True, exist_ok=True)
        with (here.data / "run" / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CommandError(f"A server runs on {here.data}: stop it first.", returncode=2) from error
            if options["database_only"]:
                try:
                    backup.put_back_database(options["source"].absolute(), here)
                except (DomainError, OSError) as error:
                    raise CommandError(str(error), returncode=2) from error
                self.stdout.write(f"The database is as in {options['source']}")
                return
            try:
                made = backup.restore(options["source"].absolute(), here)
            except (DomainError, OSError) as error:
                raise CommandError(str(error), returncode=2) from error
            call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"{here.data}: restored what was backed up at {made.made_at} ({made.files} files, {made.size} bytes)")
