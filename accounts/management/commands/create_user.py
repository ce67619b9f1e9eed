"""`manage.py create_user LOGIN --email E --password P [--admin]`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from accounts import commands
from core.actors import SYSTEM
from core.errors import DomainError


class Command(BaseCommand):
    """An account with a confirmed address."""

    help = "Create an account with a confirmed e-mail address."

    def add_arguments(self, parser: CommandParser) -> None:
        """LOGIN and three options."""
        parser.add_argument("login", metavar="LOGIN")
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--admin", action="store_true", help="site administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 2 with one line on a bad argument."""
        try:
            person = commands.create_user(
                SYSTEM, options["login"], email=options["email"], password=options["password"], is_admin=options["admin"]
            )
        except DomainError as error:
            self.stderr.write(f"{error.field}: {error.message}" if error.field else error.message)
            sys.exit(2)
        self.stdout.write(_("Created %s.") % person.username)
