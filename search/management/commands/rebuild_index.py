"""`manage.py rebuild_index`: build the search index aside and switch to it."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.actors import SYSTEM
from core.errors import DomainError
from search import commands


class Command(BaseCommand):
    """Searches are answered by the old index until the new one is complete."""

    help = "Build the search index anew, aside, and switch to it at once."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--code` for the code index instead."""
        parser.add_argument("--code", action="store_true", help="the code index instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print documents and seconds; exit 1 with one line if it cannot be built now."""
        began = time.monotonic()
        try:
            if options["code"]:
                done = commands.rebuild_code(SYSTEM)
                self.stdout.write(f"code of {done} projects in {time.monotonic() - began:.1f} s")
                return
            built = commands.rebuild_index(SYSTEM)
        except DomainError as error:
            self.stderr.write(error.message)
            sys.exit(1)
        self.stdout.write(f"{built.documents} documents in {time.monotonic() - began:.1f} s ({built.engine}, {built.name})")
