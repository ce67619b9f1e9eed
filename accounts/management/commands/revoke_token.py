"""`manage.py revoke_token LOGIN NAME`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from accounts import commands, queries
from core.actors import SYSTEM
from core.errors import DomainError


class Command(BaseCommand):
    """A token stops working at once."""

    help = "Revoke an access token by its name."

    def add_arguments(self, parser: CommandParser) -> None:
        """LOGIN and NAME."""
        parser.add_argument("login", metavar="LOGIN")
        parser.add_argument("name", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 2 with one line if there is no such account or token."""
        try:
            commands.revoke_token(SYSTEM, queries.person(options["login"]), name=options["name"])
        except DomainError as error:
            self.stderr.write(error.message)
            sys.exit(2)
        self.stdout.write(_("Revoked %s.") % options["name"])
