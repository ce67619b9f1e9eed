"""`manage.py backup DIR|FILE.tar|FILE.tar.gz`: the whole portal, while it runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import backup
from core.errors import DomainError


class Command(BaseCommand):
    """Prints where the backup is and its size."""

    help = "Writes a backup of database, repositories, blobs and keys to a new folder or tar file. The portal may run meanwhile."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", type=Path, help="a new folder, or a file named .tar, .tar.gz or .tgz")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["target"].absolute()
        try:
            made = backup.back_up(backup.configured(), target)
        except (DomainError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"{target}: {made.files} files, {made.size} bytes")
        if not made.blobs:
            self.stdout.write("Blobs are in S3 and not in this backup: keep versions of the bucket.")
