"""`manage.py import_repository PATH_OR_URL NS/NAME [--private] [--description D]`."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from core.actors import SYSTEM
from core.errors import DomainError, Invalid
from projects import commands
from projects.models import ImportRun, Visibility


class Command(BaseCommand):
    """Fills NS/NAME from a folder or an address; running it again brings branches and tags up to date."""

    help = "Import a Git repository from a path or address into NS/NAME; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """PATH_OR_URL NS/NAME and two options."""
        parser.add_argument("source", metavar="PATH_OR_URL")
        parser.add_argument("address", metavar="NS/NAME")
        parser.add_argument("--private", action="store_true")
        parser.add_argument("--description", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 2 with one line on a bad argument, 1 if the import failed."""
        try:
            run = self._run(options["source"], options["address"], private=options["private"], description=options["description"])
            done = commands.run_import(SYSTEM, run.pk, on_progress=self._show)
        except DomainError as error:
            self.stderr.write(error.message)
            sys.exit(2)
        self.stdout.write("")
        if done is None:
            self.stderr.write(_("Another process imports this repository at the moment."))
            sys.exit(1)
        if done.state == ImportRun.State.FAILED:
            self.stderr.write(done.error)
            sys.exit(1)
        self.stdout.write(_("Imported %s.") % options["address"])

    def _run(self, source: str, address: str, *, private: bool, description: str) -> ImportRun:
        slug, slash, name = address.partition("/")
        if not slash or not slug or not name or "/" in name:
            raise Invalid(_("Give the target as NS/NAME."))
        namespace = accounts_queries.namespace(slug)
        visibility = Visibility.PRIVATE if private else Visibility.PUBLIC
        folder = None if "://" in source else Path(source)
        known = (
            ImportRun.objects.filter(repository__namespace=namespace, repository__name__iexact=name, repository__deleted_at=None)
            .select_related("repository__namespace")
            .first()
        )
        if known is not None:
            return commands.renew_import(SYSTEM, known, source=source)
        if folder is not None:
            return commands.request_import_of_folder(
                SYSTEM, namespace, folder=folder, name=name, visibility=visibility, description=description, queued=False
            )
        return commands.request_import(
            SYSTEM, namespace, address=source, name=name, visibility=visibility, description=description, queued=False
        )

    def _show(self, phase: str, percent: int) -> None:
        self.stdout.write(f"\r{percent:3d} %  {phase:<24}", ending="")
        self.stdout.flush()
